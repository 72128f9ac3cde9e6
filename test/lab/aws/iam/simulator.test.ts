// The evaluator against a second one that was written by others: random small policies, the same answer.
import { runSimulation } from '@cloud-copilot/iam-simulate';
import type { Simulation } from '@cloud-copilot/iam-simulate';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { decide } from '../../../../lab/aws/iam/decision.ts';
import { compilePolicy } from '../../../../lab/aws/iam/policy.ts';
import type { PolicyDocument, PolicyStatement } from '../../../../lab/aws/stack/stack.ts';

const ACCOUNT = '123456789012';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/worker`;
const arn = (service: string, rest: string): string => `arn:aws:${service}:eu-west-1:${ACCOUNT}:${rest}`;

interface Case {
  readonly action: string;
  readonly resources: readonly string[];
  /** The condition keys that the service knows for it. */
  readonly keys: readonly string[];
}

const TAG = 'skep:cluster';
const CASES: readonly Case[] = [
  {
    action: 'ssm:GetParameter',
    resources: [arn('ssm', 'parameter/skep/dev/prod/join-token/worker'), arn('ssm', 'parameter/skep/dev/test')],
    keys: [`aws:PrincipalTag/${TAG}`],
  },
  {
    action: 'ssm:SendCommand',
    resources: [arn('ec2', 'instance/i-0123456789abcdef0')],
    keys: [`aws:PrincipalTag/${TAG}`, `ssm:resourceTag/${TAG}`],
  },
  {
    action: 'autoscaling:CompleteLifecycleAction',
    resources: [arn('autoscaling', 'autoScalingGroup:1:autoScalingGroupName/workers')],
    keys: [`aws:ResourceTag/${TAG}`, `autoscaling:ResourceTag/${TAG}`],
  },
  {
    action: 'kms:Decrypt',
    resources: [arn('kms', 'key/1')],
    // Not kms:EncryptionContext:PARAMETER_ARN, which the other one takes for no key of KMS, and leaves out.
    keys: ['kms:ViaService', 'kms:CallerAccount', `aws:PrincipalTag/${TAG}`],
  },
];

const VALUES = ['prod', 'test', 'p*', 'pro?', `\${aws:PrincipalTag/${TAG}}`, `\${aws:PrincipalTag/${TAG}}*`];
const some = fc.constantFrom;
const oneOrMore = <T>(one: fc.Arbitrary<T>) => fc.array(one, { minLength: 1, maxLength: 2 });

const conditionOf = (keys: readonly string[]) =>
  fc.oneof(
    fc.record({
      operator: some('StringEquals', 'StringNotEquals', 'StringLike', 'StringNotLike'),
      key: some(...keys),
      values: oneOrMore(some(...VALUES)),
    }),
    fc.record({ operator: some('Null'), key: some(...keys), values: some(['true'], ['false']) }),
    fc.record({
      operator: some('ArnEquals', 'ArnLike', 'ArnNotEquals', 'ArnNotLike'),
      key: some('aws:PrincipalArn'),
      values: oneOrMore(some(ROLE, 'arn:aws:iam::*:role/w*', 'arn:aws:iam::*:role/manager', 'arn:aws:iam::*:*/worker')),
    }),
  );

const actionsOf = (action: string) => {
  const [service = '', name = ''] = action.split(':');
  return some(
    action,
    action.toUpperCase(),
    `${service}:*`,
    `${service}:${name.slice(0, 3)}*`,
    `${service}:?${name.slice(1)}`,
    '*',
    's3:GetObject',
  );
};
const resourcesOf = (resources: readonly string[]) =>
  some(
    '*',
    ...resources,
    ...resources.map((one) => one.replace(ACCOUNT, '*')),
    ...resources.map((one) => `${one.slice(0, -2)}*`),
    ...resources.map((one) => one.replace('prod', `\${aws:PrincipalTag/${TAG}}`)),
    arn('ssm', 'parameter/*/prod/*/worker'),
    'arn:aws:*:*:*:*',
  );

const statementOf = ({ action, resources, keys }: Case): fc.Arbitrary<PolicyStatement> =>
  fc
    .record({
      Effect: some('Allow', 'Allow', 'Deny'),
      not: fc.record({ action: some(false, false, true), resource: some(false, false, true) }),
      actions: oneOrMore(actionsOf(action)),
      resources: oneOrMore(resourcesOf(resources)),
      conditions: fc.array(conditionOf(keys), { maxLength: 2 }),
    })
    .map(({ Effect, not, actions, resources: on, conditions }) => ({
      Effect: Effect,
      ...(not.action ? { NotAction: actions } : { Action: actions }),
      ...(not.resource ? { NotResource: on } : { Resource: on }),
      // The same operator twice would be one key of the object: the later one wins, for both evaluators.
      ...(conditions.length === 0
        ? {}
        : {
            Condition: Object.fromEntries(conditions.map(({ operator, key, values }) => [operator, { [key]: values }])),
          }),
    }));

const policyOf = (one: Case): fc.Arbitrary<PolicyDocument> =>
  fc
    .array(statementOf(one), { minLength: 1, maxLength: 3 })
    .map((Statement) => ({ Version: '2012-10-17' as const, Statement }));

const PRINCIPALS = [
  { AWS: `arn:aws:iam::${ACCOUNT}:root` },
  { AWS: ROLE },
  { AWS: `arn:aws:iam::${ACCOUNT}:role/other` },
];

/** KMS is the one service here that always has a policy of the resource. */
const resourcePolicyOf = (one: Case): fc.Arbitrary<PolicyDocument | undefined> =>
  one.action.startsWith('kms:')
    ? fc.array(fc.tuple(statementOf(one), some(...PRINCIPALS)), { minLength: 1, maxLength: 3 }).map((pairs) => ({
        Version: '2012-10-17' as const,
        Statement: pairs.map(([statement, Principal]) => ({ ...statement, Principal })),
      }))
    : fc.constant(undefined);

const request = fc.constantFrom(...CASES).chain((one) =>
  fc.record({
    action: fc.constant(one.action),
    resource: some(...one.resources),
    keys: fc.dictionary(some(...one.keys), some('prod', 'test', '*', 'p*')),
    identity: policyOf(one),
    resourcePolicy: resourcePolicyOf(one),
  }),
);
type Request = typeof request extends fc.Arbitrary<infer T> ? T : never;

function ours({ action, resource, keys, identity, resourcePolicy }: Request): boolean {
  const context = new Map(
    Object.entries({ ...keys, 'aws:PrincipalArn': ROLE }).map(([key, value]) => [key.toLowerCase(), value]),
  );
  const policy = resourcePolicy === undefined ? undefined : compilePolicy(resourcePolicy, 'key');
  return decide(
    { action, resource, context },
    { roleArn: ROLE, account: ACCOUNT },
    compilePolicy(identity, 'role'),
    policy === undefined ? undefined : { policy, alone: true },
  ).allowed;
}

async function theirs({ action, resource, keys, identity, resourcePolicy }: Request): Promise<boolean> {
  const simulation: Simulation = {
    request: {
      principal: ROLE,
      action,
      resource: { resource, accountId: ACCOUNT },
      contextVariables: { ...keys, 'aws:PrincipalArn': ROLE },
    },
    identityPolicies: [{ name: 'role', policy: identity }],
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    ...(resourcePolicy === undefined ? {} : { resourcePolicy }),
  };
  const result = await runSimulation(simulation, {});
  if (result.resultType === 'error') {
    throw new Error(JSON.stringify(result.errors));
  }
  return result.overallResult === 'Allowed';
}

describe('the evaluator', () => {
  it('answers as @cloud-copilot/iam-simulate does, for random policies and requests', async () => {
    let allowed = 0;
    await fc.assert(
      fc.asyncProperty(request, async (one) => {
        const answer = await theirs(one);
        allowed += answer ? 1 : 0;
        expect(ours(one)).toBe(answer);
      }),
      { numRuns: 1000 },
    );

    // Neither all nor none: otherwise it would have compared nothing.
    expect(allowed).toBeGreaterThan(100);
    expect(allowed).toBeLessThan(900);
  }, 120_000);
});
