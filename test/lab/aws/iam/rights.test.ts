// A model of rights: for each role of the stack, and for the roles of nodes, all that it may do, written by hand from docs/security.md. Every
// action is tried with every role, on what is its own and on what is another stage's, another cluster's or nobody's: what is not in a
// role's list must be denied.
import { beforeAll, describe, expect, it } from '@jest/globals';

import { Iam } from '../../../../lab/aws/iam/iam.ts';
import type { Role } from '../../../../lab/aws/iam/principals.ts';
import { stackOf } from '../../../../lab/scenario/parts.ts';
import { withoutStatement } from '../../../../lab/aws/iam/statements.ts';
import { groupArn } from '../../../../lab/aws/services/auto-scaling.ts';
import type { Caller } from '../../../../lab/aws/services/service.ts';
import type { Stack } from '../../../../lab/aws/stack/stack.ts';
import { VERBS } from '../../../../src/core/names.ts';
import { OPEN_KEY, OTHER_KEYS, permissions, tagsOf, tries } from './tries.ts';
import type { Stacks, Try } from './tries.ts';

let stacks: Stacks;
let iam: Iam;
beforeAll(async () => {
  stacks = { dev: await stackOf('dev'), prod: await stackOf('prod') };
  iam = iamOf(stacks.dev, stacks.prod);
}, 120_000);

function iamOf(dev: Stack, prod: Stack): Iam {
  const keyOf = (name: string): string | undefined => (name.startsWith('/skep/prod/') ? prod : dev).keys[0]?.arn;
  return new Iam([{ ...dev, keys: [...dev.keys, OPEN_KEY] }, prod], {
    groupArn,
    groupTags: tagsOf,
    groupOf: (instance) => instance,
    instanceTags: tagsOf,
    parameterKey: keyOf,
    profileOf: (instance) => ({
      name: `skep-${instance}`,
      stage: 'dev',
      role: instance === 'manager' ? 'manager' : 'worker',
      tags: { 'skep:cluster': 'demo', 'skep:role': instance },
      managedInstanceCore: true,
    }),
  });
}

function isAllowed(caller: Caller, role: Role | undefined, one: Try, held: Iam): boolean {
  if ('action' in one) {
    return held.may(role, one, caller.name);
  }
  const [service = '', operation = ''] = one.call.split('.');
  try {
    held.authorize(caller, service, operation, one.input);
    return true;
  } catch (error) {
    // Anything but a refusal is a mistake of this test.
    expect(error).toHaveProperty('message', expect.stringMatching(/not authorized to perform/));
    return false;
  }
}

function allowed(caller: Caller, role: Role | undefined, held = iam): string[] {
  return [...tries(stacks)].filter(([, one]) => isAllowed(caller, role, one, held)).map(([name]) => name);
}

const each = (what: string, on: readonly string[]): string[] => on.map((one) => `${what}: ${one}`);
const table = (...operations: readonly string[]): string[] => operations.map((one) => `dynamodb:${one}: ours`);
const CHECK = 'dynamodb:TransactWriteItems: check, ours';
const start = (...machines: readonly string[]): string[] =>
  machines.map((one) => `states:StartExecution: ${one}, ours`);
const look = (...machines: readonly string[]): string[] =>
  machines.map((one) => `states:DescribeExecution: ${one}, ours`);
const invoke = (...names: readonly string[]): string[] => names.map((one) => `lambda:InvokeFunction: ${one}, ours`);
/** By the tag, whatever it says: docs/security.md, Isolation between clusters. */
const TAGGED = ['ours', 'another cluster'];

const OF_FUNCTIONS: Readonly<Record<string, readonly string[]>> = {
  claim: [
    ...table('BatchGetItem', 'PutItem', 'UpdateItem'),
    CHECK,
    'autoscaling:DescribeAutoScalingGroups',
    'autoscaling:DescribeAutoScalingInstances',
    'states:SendTaskFailure',
  ],
  command: [
    ...table('GetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'),
    CHECK,
    // What a person sends by hand no role may send.
    ...VERBS.filter((verb) => verb !== 'availability').flatMap((verb) =>
      each('ssm:SendCommand', [`${verb} to ours`, `${verb} to another cluster`]),
    ),
    'ssm:GetCommandInvocation',
    'ssm:ListCommands',
    'ssm:CancelCommand',
    'autoscaling:DescribeAutoScalingGroups',
    'autoscaling:DescribeAutoScalingInstances',
    'autoscaling:DescribeLifecycleHooks',
    'ec2:DescribeInstances',
    ...each('autoscaling:RecordLifecycleActionHeartbeat', TAGGED),
    // Of all clusters of the stage: the functions of one stack serve them all.
    ...each('ssm:DeleteParameter', [
      'worker token',
      'manager token',
      'worker token of another cluster',
      'manager token of another cluster',
    ]),
    'states:SendTaskSuccess',
    'states:SendTaskFailure',
  ],
  'command-done': [
    ...table('GetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'),
    CHECK,
    'ssm:GetCommandInvocation',
    'states:SendTaskSuccess',
    'states:SendTaskFailure',
    'sqs:SendMessage',
  ],
  settle: [
    ...table('Query', 'PutItem', 'UpdateItem', 'DeleteItem'),
    'states:SendTaskSuccess',
    ...start('scale-out', 'scale-in'),
    'sqs:SendMessage',
  ],
  warn: [
    ...table('Query', 'UpdateItem'),
    'dynamodb:Query: index, ours',
    'autoscaling:DescribeAutoScalingGroups',
    ...start('scale-in', 'tidy'),
    'sqs:SendMessage',
  ],
  dns: [
    ...table('GetItem', 'Query', 'UpdateItem'),
    'autoscaling:DescribeAutoScalingGroups',
    'ec2:DescribeInstances',
    'route53:ListResourceRecordSets',
    'route53:GetHostedZone',
    'route53:GetChange',
    ...each('route53:ChangeResourceRecordSets', ['A', 'TXT']),
    'sqs:SendMessage',
  ],
  tidy: [
    ...table('Query', 'UpdateItem', 'DeleteItem'),
    'autoscaling:DescribeAutoScalingGroups',
    'autoscaling:DescribeAutoScalingInstances',
    'autoscaling:DescribeLifecycleHooks',
    'ec2:DescribeInstances',
    'ec2:DescribeInstanceStatus',
    ...look('scale-out', 'scale-in'),
  ],
  verdict: [
    ...table('BatchGetItem', 'GetItem', 'PutItem'),
    'sqs:GetQueueAttributes: ours',
    'sns:Publish: ours',
    'ssm:GetParameter: webhook',
  ],
  recover: [
    ...table('GetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'),
    'ec2:DescribeInstances',
    ...each('ec2:TerminateInstances', TAGGED),
    'states:SendTaskSuccess',
    'states:SendTaskFailure',
    ...look('recover'),
  ],
  rebalance: [...table('GetItem', 'PutItem', 'DeleteItem'), ...look('rebalance')],
};

const OF_MACHINES: Readonly<Record<string, readonly string[]>> = {
  'scale-out': [
    ...invoke('claim', 'command', 'settle'),
    ...each('autoscaling:CompleteLifecycleAction', TAGGED),
    'ec2:DescribeInstances',
  ],
  'scale-in': [
    ...invoke('claim', 'command', 'dns'),
    ...each('autoscaling:CompleteLifecycleAction', TAGGED),
    'ec2:DescribeInstances',
  ],
  tidy: [
    ...invoke('command', 'tidy', 'verdict', 'dns'),
    ...table('Query'),
    // Not recover: that a person starts.
    ...start('scale-out', 'scale-in', 'tidy', 'rotate-tokens', 'rebalance'),
    ...['SetInstanceHealth', 'TerminateInstanceInAutoScalingGroup', 'PutLifecycleHook'].flatMap((what) =>
      each(`autoscaling:${what}`, TAGGED),
    ),
  ],
  recover: invoke('command', 'recover'),
  'rotate-tokens': [...invoke('command'), ...table('Query'), ...start('rotate-tokens')],
  rebalance: invoke('command', 'rebalance'),
};

/** With AmazonSSMManagedInstanceCore, which may read every parameter: what it cannot is decrypt one that is under a key of skep's. */
const OF_NODES: Readonly<Record<string, readonly string[]>> = {
  worker: ['ssm:GetParameter: worker token'],
  manager: ['ssm:GetParameter: manager token', ...each('ssm:PutParameter', ['worker token', 'manager token'])],
};

describe('the model of rights', () => {
  it('has every function and every machine of the stack, and tries many things', () => {
    const { functions, stateMachines, documents } = stacks.dev;
    const named = (list: readonly { readonly name: string }[]): string[] =>
      list.map(({ name }) => name.replace('skep-dev-', '')).toSorted();
    expect(named(functions)).toEqual(Object.keys(OF_FUNCTIONS).toSorted());
    expect(named(stateMachines)).toEqual(Object.keys(OF_MACHINES).toSorted());
    expect(documents.map(({ verb }) => verb).toSorted()).toEqual(VERBS.toSorted());
    expect(tries(stacks).size).toBeGreaterThan(200);
  });

  it('expects nothing that is not tried', () => {
    const names = tries(stacks);
    const expected = [OF_FUNCTIONS, OF_MACHINES, OF_NODES].flatMap((lists) => Object.values(lists).flat());
    expect(expected.filter((name) => !names.has(name))).toEqual([]);
  });

  it.each(Object.keys(OF_FUNCTIONS))('the function %s may do what it needs, and nothing else', (key) => {
    const name = `skep-dev-${key}`;
    const role = iam.role(stacks.dev.functions.find((one) => one.name === name)?.roleArn ?? '');
    const may = [...(OF_FUNCTIONS[key] ?? []), `logs:PutLogEvents: ${key}`];
    expect(allowed({ kind: 'function', name }, role).toSorted()).toEqual(may.toSorted());
  });

  it.each(Object.keys(OF_MACHINES))('the machine %s may do what it needs, and nothing else', (key) => {
    const name = `skep-dev-${key}`;
    const role = iam.role(stacks.dev.stateMachines.find((one) => one.name === name)?.roleArn ?? '');
    const may = [...(OF_MACHINES[key] ?? []), 'logs:CreateLogDelivery'];
    expect(allowed({ kind: 'machine', name }, role).toSorted()).toEqual(may.toSorted());
  });

  it.each(Object.keys(OF_NODES))('a node that is a %s may do what it needs, and nothing else', (name) => {
    const may = OF_NODES[name] ?? [];
    expect(allowed({ kind: 'instance', name }, iam.roleOfInstance(name)).toSorted()).toEqual(may.toSorted());
  });

  it('a manager without the Deny of its policy might publish its tokens under keys that let others in', () => {
    const dev = withoutStatement(stacks.dev, 'ManagerNodePolicy.PublishUnderNoOtherKey');
    const open = iamOf(dev, stacks.prod);
    const more = Object.keys(OTHER_KEYS).flatMap((key) =>
      ['worker', 'manager'].map((role) => `ssm:PutParameter: ${role} token under ${key}`),
    );
    const may = allowed({ kind: 'instance', name: 'manager' }, open.roleOfInstance('manager'), open);
    expect(may.toSorted()).toEqual([...(OF_NODES['manager'] ?? []), ...more].toSorted());
  });

  it('the role that the rules take on may start four machines, and nothing else', () => {
    const [arnOfRules, ...more] = new Set(
      stacks.dev.rules.flatMap(({ targets }) => targets.flatMap((one) => one.roleArn ?? [])),
    );
    expect(more).toEqual([]);
    const role = iam.role(arnOfRules ?? '');
    const may = [...permissions(stacks)].filter(([, one]) => iam.may(role, one, 'a rule'));
    expect(may.map(([name]) => name).toSorted()).toEqual(
      start('scale-out', 'scale-in', 'tidy', 'rotate-tokens').toSorted(),
    );
  });

  it('is of every role of the stack', () => {
    const { functions, stateMachines, rules, roles } = stacks.dev;
    const targets = rules.flatMap((one) => one.targets);
    const known = new Set([...functions, ...stateMachines, ...targets].map(({ roleArn }) => roleArn));
    expect(roles.length).toBeGreaterThan(10);
    expect(roles.map((role) => role.arn).filter((one) => !known.has(one))).toEqual([]);
  });
});
