// CreateTags and DeleteTags of EC2, of instances only.
import { z } from 'zod';

import { QUOTAS } from './quotas.ts';
import { AwsError } from './service.ts';

type Tags = Readonly<Record<string, string>>;

const ids = z.array(z.string().startsWith('i-')).min(1).max(1000);
const key = z.string().min(1).max(QUOTAS.tagKey.value);
const value = z.string().max(QUOTAS.tagValue.value);
export const createTags = z.strictObject({
  Resources: ids,
  Tags: z.array(z.strictObject({ Key: key, Value: value.default('') })).min(1),
});
/** Without tags AWS takes all away that a person may: the lab refuses that. */
export const deleteTags = z.strictObject({
  Resources: ids,
  Tags: z.array(z.strictObject({ Key: key, Value: value.optional() })).min(1),
});

export function withTags(before: Tags, { Tags: asked }: z.infer<typeof createTags>): Tags {
  refuseReserved(asked);
  const tags = { ...before, ...Object.fromEntries(asked.map(({ Key, Value }) => [Key, Value])) };
  if (Object.keys(tags).length > QUOTAS.tags.value) {
    throw new AwsError('TagLimitExceeded', `More than ${QUOTAS.tags.value} tags specified`);
  }
  return tags;
}

/** One of another value than was said stays, and one that is not there is no error. */
export function withoutTags(before: Tags, { Tags: asked }: z.infer<typeof deleteTags>): Tags {
  refuseReserved(asked);
  const isMeant = ([name, has]: [string, string]): boolean =>
    asked.some(({ Key, Value }) => Key === name && (Value === undefined || Value === has));
  return Object.fromEntries(Object.entries(before).filter((tag) => !isMeant(tag)));
}

function refuseReserved(asked: readonly { readonly Key: string }[]): void {
  if (asked.some(({ Key }) => /^aws:/i.test(Key))) {
    throw new AwsError('InvalidParameterValue', 'Tag keys starting with aws: are reserved for internal use');
  }
}
