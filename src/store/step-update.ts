// The one write of the rendezvous: changes the item of a step on the condition that it is still its execution's, and reads it back.
import type { UpdateCommandInput } from '@aws-sdk/lib-dynamodb';

import { itemOf } from '../core/steps/rendezvous.ts';
import type { StepKey } from '../core/steps/rendezvous.ts';

type Values = Readonly<Record<string, unknown>>;

export interface Besides {
  /** What the item may say, or not say at all: anything else, and nothing is written. */
  readonly unlessOther?: Values;
  /** Lists, to the ends of which something is added. */
  readonly appended?: Readonly<Record<string, readonly unknown[]>>;
}

/**
 * @param expected what the item must say for the write to be made, besides its owner; undefined for what must not be there
 * @param counter what is to become one more
 */
export function stepUpdate(
  key: Omit<StepKey, 'try'>,
  changes: Values,
  removed: readonly string[],
  expected: Values,
  counter?: string,
  { unlessOther = {}, appended = {} }: Besides = {},
): Omit<UpdateCommandInput, 'TableName'> {
  const own = key.belongsTo === 'execution';
  const set = { ...changes, ...(own ? { owner: key.owner } : {}) };
  const seen: Values = { owner: key.owner, ...expected };
  // The item of an execution's own step is made by its first write.
  const mayBeNew = own && Object.keys(expected).length === 0;
  const counted = counter === undefined ? [] : [counter];
  const names = new Set([
    ...Object.keys(set),
    ...Object.keys(seen),
    ...removed,
    ...counted,
    ...Object.keys(unlessOther),
    ...Object.keys(appended),
  ]);
  const conditions = [
    ...Object.entries(seen).map(condition),
    ...Object.keys(unlessOther).map((name) => `(attribute_not_exists(#${name}) OR #${name} = :seen_${name})`),
  ];
  const assignments = [
    ...Object.keys(set).map((name) => `#${name} = :${name}`),
    ...Object.keys(appended).map((name) => `#${name} = list_append(if_not_exists(#${name}, :nothing), :${name})`),
  ];
  return {
    Key: itemOf(key),
    UpdateExpression: [
      `SET ${assignments.join(', ')}`,
      ...removal(removed),
      ...counted.map((name) => `ADD #${name} :one`),
    ].join(' '),
    ConditionExpression: mayBeNew ? `attribute_not_exists(#owner) OR ${conditions.join()}` : conditions.join(' AND '),
    ExpressionAttributeNames: Object.fromEntries([...names].map((name) => [`#${name}`, name])),
    ExpressionAttributeValues: {
      ...(counter === undefined ? {} : { ':one': 1 }),
      ...valuesOf({ ...set, ...appended }, ':'),
      ...valuesOf({ ...seen, ...unlessOther }, ':seen_'),
      ...(Object.keys(appended).length === 0 ? {} : { ':nothing': [] }),
    },
    ReturnValues: 'ALL_NEW',
  };
}

const removal = (names: readonly string[]): string[] =>
  names.length === 0 ? [] : [`REMOVE ${names.map((name) => `#${name}`).join(', ')}`];

const condition = ([name, value]: readonly [string, unknown]): string =>
  value === undefined ? `attribute_not_exists(#${name})` : `#${name} = :seen_${name}`;

/** DynamoDB refuses a value that no expression names. */
const valuesOf = (values: Values, prefix: string): Values =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[`${prefix}${name}`, value]])),
  );
