// A model of rights: for each role of the stack, and for the roles of nodes, all that it may do, written by hand from docs/security.md. Every
// action is tried with every role, on what is its own and on what is another stage's, another cluster's or nobody's: what is not in a
// role's list must be denied.
import { beforeAll, describe, expect, it } from '@jest/globals';

import { Iam } from '../../../../lab/aws/iam/iam.ts';
import type { Role } from '../../../../lab/aws/iam/principals.ts';
import { stackOf } from '../../../../lab/scenario/parts.ts';
import { groupArn } from '../../../../lab/aws/services/auto-scaling.ts';
import type { Caller } from '../../../../lab/aws/services/service.ts';
import type { Stack } from '../../../../lab/aws/stack/stack.ts';
import { VERBS } from '../../../../src/core/names.ts';

const ACCOUNT = '123456789012';
const arn = (service: string, rest: string): string => `arn:aws:${service}:eu-west-1:${ACCOUNT}:${rest}`;

const CLUSTERS: Readonly<Record<string, string | undefined>> = {
  ours: 'demo',
  'another cluster': 'other',
  untagged: undefined,
};
const tagsOf = (of: string): Record<string, string> => {
  const cluster = CLUSTERS[of];
  return cluster === undefined ? {} : { 'skep:cluster': cluster, 'skep:role': 'worker' };
};
const STAGES = { ours: 'dev', 'another stage': 'prod' } as const;
const TOKENS: Readonly<Record<string, string>> = {
  'worker token': '/skep/dev/demo/join-token/worker',
  'manager token': '/skep/dev/demo/join-token/manager',
  'worker token of another cluster': '/skep/dev/other/join-token/worker',
  'manager token of another cluster': '/skep/dev/other/join-token/manager',
  'worker token of another stage': '/skep/prod/demo/join-token/worker',
  'manager token of another stage': '/skep/prod/demo/join-token/manager',
  webhook: '/skep/dev/webhook',
  'webhook of another stage': '/skep/prod/webhook',
};
const MACHINES = ['scale-out', 'scale-in', 'tidy', 'recover', 'rotate-tokens', 'rebalance'];
const FUNCTIONS = ['claim', 'command', 'command-done', 'settle', 'tidy', 'verdict', 'recover', 'rebalance'];

let stacks: Readonly<Record<'dev' | 'prod', Stack>>;
let iam: Iam;
beforeAll(async () => {
  stacks = { dev: await stackOf('dev'), prod: await stackOf('prod') };
  const { dev, prod } = stacks;
  const keyOf = (name: string): string | undefined => (name.startsWith('/skep/prod/') ? prod : dev).keys[0]?.arn;
  iam = new Iam([dev, prod], {
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
}, 120_000);

/** What is tried: by its name a call, as somebody makes it, or a single permission. */
type Try =
  | { readonly call: string; readonly input: Record<string, unknown> }
  | { readonly action: string; readonly resource: string };

function tries(): Map<string, Try> {
  const all = new Map<string, Try>();
  const call = (what: string, on: string, input: Record<string, unknown>): void => {
    all.set(on === '' ? what : `${what}: ${on}`, { call: what.replace(':', '.'), input });
  };
  for (const what of ['DescribeAutoScalingGroups', 'DescribeAutoScalingInstances', 'DescribeLifecycleHooks']) {
    call(`autoscaling:${what}`, '', {});
  }
  for (const what of ['GetCommandInvocation', 'ListCommands', 'CancelCommand', 'DescribeInstanceInformation']) {
    call(`ssm:${what}`, '', {});
  }
  for (const what of ['SendTaskSuccess', 'SendTaskFailure', 'SendTaskHeartbeat']) {
    call(`states:${what}`, '', {});
  }
  call('ec2:DescribeInstances', '', {});
  ofTables(call);
  ofGroupsAndInstances(call);
  ofParameters(call);
  ofStages(call);
  for (const [name, one] of singlePermissions()) {
    all.set(name, one);
  }
  return all;
}

type Call = (what: string, on: string, input: Record<string, unknown>) => void;

function ofTables(call: Call): void {
  const plain = ['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'Query', 'Scan', 'DeleteTable', 'UpdateTable'];
  for (const [whose, stage] of Object.entries(STAGES)) {
    const table = { TableName: `skep-${stage}` };
    for (const what of plain) {
      call(`dynamodb:${what}`, whose, table);
    }
    for (const what of ['BatchGetItem', 'BatchWriteItem']) {
      call(`dynamodb:${what}`, whose, { RequestItems: { [table.TableName]: [] } });
    }
    call('dynamodb:TransactWriteItems', `check, ${whose}`, { TransactItems: [{ ConditionCheck: table }] });
  }
}

function ofGroupsAndInstances(call: Call): void {
  const onGroups = [
    'CompleteLifecycleAction',
    'RecordLifecycleActionHeartbeat',
    'PutLifecycleHook',
    'SetDesiredCapacity',
    'StartInstanceRefresh',
    'TerminateInstanceInAutoScalingGroup',
    'SetInstanceHealth',
  ];
  for (const whose of Object.keys(CLUSTERS)) {
    for (const what of onGroups) {
      call(`autoscaling:${what}`, whose, { AutoScalingGroupName: whose, InstanceId: whose });
    }
    call('ec2:TerminateInstances', whose, { InstanceIds: [whose] });
    for (const verb of VERBS) {
      call('ssm:SendCommand', `${verb} to ${whose}`, { DocumentName: `skep-dev-${verb}`, InstanceIds: [whose] });
    }
  }
  call('ssm:SendCommand', 'inspect of another stage', { DocumentName: 'skep-prod-inspect', InstanceIds: ['ours'] });
  call('ssm:SendCommand', 'a shell', { DocumentName: 'AWS-RunShellScript', InstanceIds: ['ours'] });
}

function ofParameters(call: Call): void {
  for (const [which, name] of Object.entries(TOKENS)) {
    const KeyId = (name.startsWith('/skep/prod/') ? stacks.prod : stacks.dev).keys[0]?.arn;
    call('ssm:GetParameter', which, { Name: name, WithDecryption: true });
    call('ssm:PutParameter', which, { Name: name, KeyId });
    call('ssm:DeleteParameter', which, { Name: name });
  }
}

function ofStages(call: Call): void {
  for (const [whose, stage] of Object.entries(STAGES)) {
    for (const machine of MACHINES) {
      const on = `${machine}, ${whose}`;
      const execution = { executionArn: arn('states', `execution:skep-${stage}-${machine}:a`) };
      call('states:StartExecution', on, { stateMachineArn: arn('states', `stateMachine:skep-${stage}-${machine}`) });
      for (const what of ['DescribeExecution', 'GetExecutionHistory', 'StopExecution']) {
        call(`states:${what}`, on, execution);
      }
    }
    for (const name of FUNCTIONS) {
      call('lambda:InvokeFunction', `${name}, ${whose}`, {
        FunctionName: arn('lambda', `function:skep-${stage}-${name}`),
      });
    }
    call('sns:Publish', whose, { TopicArn: stacks[stage].topics[0]?.arn });
    call('sqs:GetQueueAttributes', whose, { QueueUrl: stacks[stage].queues[0]?.url });
  }
}

const firstArn = (list: readonly { readonly arn: string }[]): string => list[0]?.arn ?? '';

/** What skep never calls, or calls where the lab has no endpoint: what would let a role grow, or get round the others. */
function singlePermissions(): [string, Try][] {
  const [key, queue] = [stacks.dev.keys, stacks.dev.queues].map((list) => firstArn(list));
  const function_ = arn('lambda', 'function:skep-dev-command');
  const role = `arn:aws:iam::${ACCOUNT}:role/skep-dev-command`;
  const log = (name: string): string => `${arn('logs', `log-group:/aws/lambda/skep-dev-${name}`)}:log-stream:a`;
  const group = groupArn('ours');
  const single: readonly (readonly [string, string | undefined])[] = [
    ['iam:PassRole', role],
    ['iam:PutRolePolicy', role],
    ['iam:TagRole', role],
    ['sts:AssumeRole', role],
    ['lambda:UpdateFunctionCode', function_],
    ['ssm:UpdateDocument', arn('ssm', 'document/skep-dev-join')],
    ['ssm:GetParametersByPath', arn('ssm', 'parameter/skep/dev/demo/join-token')],
    ['ssm:StartSession', arn('ec2', 'instance/ours')],
    ['autoscaling:CreateOrUpdateTags', group],
    ['autoscaling:UpdateAutoScalingGroup', group],
    ['autoscaling:DeleteLifecycleHook', group],
    ['ec2:CreateTags', arn('ec2', 'instance/ours')],
    ['ec2:RunInstances', arn('ec2', 'instance/*')],
    ['events:PutEvents', arn('events', 'event-bus/default')],
    ['events:PutRule', arn('events', 'rule/skep-dev-launch')],
    ['kms:Decrypt', key],
    ['kms:CreateGrant', key],
    ['kms:PutKeyPolicy', key],
    ['sqs:SendMessage', queue],
    ['sqs:ReceiveMessage', queue],
    ['logs:CreateLogDelivery', '*'],
  ];
  return [
    ...single.map(([action, resource = '']): [string, Try] => [action, { action, resource }]),
    ...['claim', 'command', 'command-done', 'settle', 'tidy', 'verdict', 'recover', 'rebalance'].map(
      (name): [string, Try] => [`logs:PutLogEvents: ${name}`, { action: 'logs:PutLogEvents', resource: log(name) }],
    ),
  ];
}

function isAllowed(caller: Caller, role: Role | undefined, one: Try): boolean {
  if ('action' in one) {
    return iam.may(role, one, caller.name);
  }
  const [service = '', operation = ''] = one.call.split('.');
  try {
    iam.authorize(caller, service, operation, one.input);
    return true;
  } catch (error) {
    // Anything but a refusal is a mistake of this test.
    expect(error).toHaveProperty('message', expect.stringMatching(/not authorized to perform/));
    return false;
  }
}

function allowed(caller: Caller, role: Role | undefined): string[] {
  return [...tries()].filter(([, one]) => isAllowed(caller, role, one)).map(([name]) => name);
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
    ...VERBS.flatMap((verb) => each('ssm:SendCommand', [`${verb} to ours`, `${verb} to another cluster`])),
    'ssm:GetCommandInvocation',
    'ssm:ListCommands',
    'ssm:CancelCommand',
    'autoscaling:DescribeAutoScalingGroups',
    'autoscaling:DescribeAutoScalingInstances',
    'autoscaling:DescribeLifecycleHooks',
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
  tidy: [
    ...table('Query', 'UpdateItem', 'DeleteItem'),
    'autoscaling:DescribeAutoScalingGroups',
    'autoscaling:DescribeLifecycleHooks',
    'ec2:DescribeInstances',
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
    ...invoke('claim', 'command'),
    ...each('autoscaling:CompleteLifecycleAction', TAGGED),
    'ec2:DescribeInstances',
  ],
  tidy: [
    ...invoke('command', 'tidy', 'verdict'),
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
    expect(tries().size).toBeGreaterThan(200);
  });

  it('expects nothing that is not tried', () => {
    const names = tries();
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
});
