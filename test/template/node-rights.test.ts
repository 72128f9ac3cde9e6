// `skep adopt` asks IAM whether the roles of instances may do what the policies of the service give them: it asks for all of that, and for no more.
import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';

import { asksOf } from '../../src/core/adopt/look-roles.ts';
import type { NodeRole } from '../../src/core/names.ts';

const action = z.union([z.string(), z.array(z.string())]);
const policy = z.object({
  Properties: z.object({
    PolicyDocument: z.object({ Statement: z.array(z.object({ Effect: z.enum(['Allow', 'Deny']), Action: action })) }),
  }),
});
const file = z.object({ Resources: z.object({ WorkerNodePolicy: policy, ManagerNodePolicy: policy }) });
const { Resources: policies } = file.parse(parse(readFileSync('resources/node-policies.yaml', 'utf8')));

/** Only for parameters that are longer than a join token: without it no node fails. */
const NOT_NEEDED = 'kms:GenerateDataKey';

const sorted = (actions: readonly string[]): string[] => [...new Set(actions)].toSorted();
const given = ({ Properties: { PolicyDocument } }: z.infer<typeof policy>): string[] =>
  PolicyDocument.Statement.filter(({ Effect }) => Effect === 'Allow').flatMap(({ Action }) => Action);
const asked = (role: NodeRole): string[] =>
  asksOf({
    stage: 'dev',
    cluster: 'demo',
    role,
    key: 'arn:aws:kms:eu-west-1:123456789012:key/0a1b',
    isSilent: false,
  }).flatMap(({ actions }) => actions);

describe('what an adoption asks of a role', () => {
  it('is what the policy of workers gives', () => {
    expect(sorted(asked('worker'))).toEqual(sorted(given(policies.WorkerNodePolicy)));
  });

  it('is what the policy of managers gives', () => {
    const needed = given(policies.ManagerNodePolicy).filter((one) => one !== NOT_NEEDED);

    expect(sorted(asked('manager'))).toEqual(sorted(needed));
  });
});
