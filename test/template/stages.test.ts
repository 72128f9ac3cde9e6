// Two stages in one account: no rule of one may match an event of the other, also where one's name begins with the other's.
import { beforeAll, describe, expect, it } from '@jest/globals';

import { matchesPattern, parsePattern } from '../../lab/aws/events/pattern.ts';
import type { Stack } from '../../lab/aws/stack/stack.ts';
import { VERBS } from '../../src/core/names.ts';
import { packaged, PACKAGING_TIMEOUT, PLACE } from './packaged.ts';

const STAGES = ['dev', 'dev-2', 'prod'];
const stacks = new Map<string, Stack>();

beforeAll(async () => {
  // One after the other: the machines that run tests have few cores.
  for (const stage of STAGES) stacks.set(stage, (await packaged(stage)).stack);
}, 3 * PACKAGING_TIMEOUT);

function stackOf(stage: string): Stack {
  const stack = stacks.get(stage);
  if (stack === undefined) throw new Error(`no stack ${stage}`);
  return stack;
}

function matching(stage: string, event: Record<string, unknown>): string[] {
  return stackOf(stage)
    .rules.filter(({ pattern }) => pattern !== undefined && matchesPattern(parsePattern(pattern), event))
    .map(({ logicalId }) => logicalId);
}

function envelope(source: string, detailType: string, detail: Record<string, unknown>): Record<string, unknown> {
  return {
    version: '0',
    id: '12345678-1234-1234-1234-123456789012',
    'detail-type': detailType,
    source,
    account: PLACE.account,
    time: '2026-11-20T10:00:00Z',
    region: PLACE.region,
    resources: [],
    detail,
  };
}

function lifecycle(transition: 'launch' | 'terminate', hook: string): Record<string, unknown> {
  return envelope('aws.autoscaling', `EC2 Instance-${transition} Lifecycle Action`, {
    LifecycleActionToken: '87654321-4321-4321-4321-210987654321',
    AutoScalingGroupName: 'web',
    LifecycleHookName: hook,
    EC2InstanceId: 'i-1234567890abcdef0',
    LifecycleTransition: `autoscaling:EC2_INSTANCE_${transition === 'launch' ? 'LAUNCHING' : 'TERMINATING'}`,
    NotificationMetadata: '{"cluster":"prod","role":"worker","timeout":1800}',
  });
}

function invocation(document: string, status: string): Record<string, unknown> {
  return envelope('aws.ssm', 'EC2 Command Invocation Status-change Notification', {
    'command-id': 'e8d3c0e4-71f7-4491-898f-c9b35bee5f3b',
    'document-name': document,
    'instance-id': 'i-02573cafcfEXAMPLE',
    'requested-date-time': '2024-07-10T21:51:30.049Z',
    status,
  });
}

function execution(machineArn: string, status: string, output: string | null = null): Record<string, unknown> {
  return envelope('aws.states', 'Step Functions Execution Status Change', {
    executionArn: `${machineArn.replace(':stateMachine:', ':execution:')}:e1`,
    stateMachineArn: machineArn,
    name: 'e1',
    status,
    startDate: 1_551_225_146_847,
    stopDate: 1_551_225_151_881,
    input: '{}',
    output,
  });
}

interface Fixture {
  readonly what: string;
  readonly event: (stage: string) => Record<string, unknown>;
  readonly rule: string | undefined;
}

const machineOf = (stage: string, logicalId: string): string =>
  stackOf(stage).stateMachines.find((it) => it.logicalId === logicalId)?.arn ?? 'none';

const FIXTURES: readonly Fixture[] = [
  { what: 'a launch', event: (stage) => lifecycle('launch', `skep-${stage}-launch`), rule: 'LaunchRule' },
  { what: 'a termination', event: (stage) => lifecycle('terminate', `skep-${stage}-terminate`), rule: 'TerminateRule' },
  { what: 'a launch in a hook of somebody else', event: () => lifecycle('launch', 'their-hook'), rule: undefined },
  {
    what: 'a launch in a hook whose name goes on',
    event: (stage) => lifecycle('launch', `skep-${stage}-launch-too`),
    rule: undefined,
  },
  ...VERBS.map((verb) => ({
    what: `the end of ${verb}`,
    event: (stage: string) => invocation(`skep-${stage}-${verb}`, 'Success'),
    // What a person sends by hand wakes nobody.
    rule: verb === 'availability' ? undefined : 'CommandRule',
  })),
  ...['Failed', 'TimedOut', 'Canceled', 'Cancelled', 'Undeliverable', 'DeliveryTimedOut'].map((status) => ({
    what: `a command that ended ${status}`,
    event: (stage: string) => invocation(`skep-${stage}-join`, status),
    rule: 'CommandRule',
  })),
  ...['Pending', 'InProgress', 'Delayed', 'Cancelling'].map((status) => ({
    what: `a command that is ${status}`,
    event: (stage: string) => invocation(`skep-${stage}-join`, status),
    rule: undefined,
  })),
  { what: 'a command of somebody else', event: () => invocation('AWS-RunPatchBaseline', 'Success'), rule: undefined },
  {
    what: 'the event of a command, which repeats its parameters',
    event: (stage) =>
      envelope('aws.ssm', 'EC2 Command Status-change Notification', {
        'command-id': 'e8d3c0e4-71f7-4491-898f-c9b35bee5f3b',
        'document-name': `skep-${stage}-join`,
        parameters: { cluster: ['prod'] },
        status: 'Success',
      }),
    rule: undefined,
  },
  ...['FAILED', 'TIMED_OUT', 'ABORTED'].flatMap((status) =>
    ['ScaleOut', 'ScaleIn'].map((id) => ({
      what: `an execution of ${id} that ended ${status}`,
      event: (stage: string) => execution(machineOf(stage, id), status),
      rule: 'ExecutionRule',
    })),
  ),
  ...['RUNNING', 'SUCCEEDED', 'PENDING_REDRIVE'].map((status) => ({
    what: `an execution that is ${status}`,
    event: (stage: string) => execution(machineOf(stage, 'ScaleOut'), status),
    rule: undefined,
  })),
  {
    what: 'a scale-out of a group whose nodes have names',
    event: (stage) => execution(machineOf(stage, 'ScaleOut'), 'SUCCEEDED', '"dns: worker of blue, to join"'),
    rule: 'ReadyRule',
  },
  // It holds nothing that would have to be settled, and its next run comes by itself.
  { what: 'a tidy that failed', event: (stage) => execution(machineOf(stage, 'Tidy'), 'FAILED'), rule: undefined },
];

describe.each(STAGES)('the rules of stage %s', (stage) => {
  it.each(FIXTURES)('take up $what only if it is meant for them', ({ event, rule }) => {
    expect(matching(stage, event(stage))).toEqual(rule === undefined ? [] : [rule]);
  });

  it.each(FIXTURES)('leave $what of another stage alone', ({ event }) => {
    const others = STAGES.filter((it) => it !== stage);
    expect(others.map((other) => matching(stage, event(other)))).toEqual(others.map(() => []));
  });
});

describe('a warning of EC2', () => {
  it.each(STAGES)('names no stage, and reaches the function of %s, as that of every other one', (stage) => {
    const about = (type: string) => envelope('aws.ec2', type, { 'instance-id': 'i-1234567890abcdef0' });

    expect(matching(stage, about('EC2 Spot Instance Interruption Warning'))).toEqual(['WarningRule']);
    expect(matching(stage, about('EC2 Instance Rebalance Recommendation'))).toEqual(['WarningRule']);
    const health = (service: string, eventTypeCategory: string) =>
      envelope('aws.health', 'AWS Health Event', { service, eventTypeCategory });
    expect(matching(stage, health('EC2', 'scheduledChange'))).toEqual(['WarningRule']);
    expect(matching(stage, health('RDS', 'scheduledChange'))).toEqual([]);
    expect(matching(stage, health('EC2', 'issue'))).toEqual([]);
    expect(matching(stage, about('EC2 Instance State-change Notification'))).toEqual([]);
  });
});

describe('what two stages own', () => {
  const arns = ({
    functions,
    stateMachines,
    rules,
    documents,
    queues,
    roles,
    managedPolicies,
    keys,
    topics,
  }: Stack): string[] =>
    [functions, stateMachines, rules, documents, queues, roles, managedPolicies, keys, topics]
      .flat()
      .map(({ arn }) => arn);
  const names = (stack: Stack): string[] => [
    ...arns(stack),
    stack.table.arn,
    ...stack.alarms.map(({ name }) => name),
    ...stack.logGroups.map(({ name }) => name),
    ...stack.keys.flatMap(({ aliases }) => aliases),
  ];

  it('never has the same name', () => {
    const all = STAGES.flatMap((stage) => names(stackOf(stage)));
    expect(new Set(all).size).toBe(all.length);
    expect(all.length).toBeGreaterThan(100);
  });

  it('counts its metrics apart', () => {
    const dimensions = STAGES.map((stage) =>
      stackOf(stage)
        .alarms.filter(({ namespace }) => namespace === 'skep')
        .map(({ dimensions: it }) => it),
    );
    expect(dimensions).toEqual(STAGES.map((stage) => Array.from({ length: 17 }, () => ({ service: `skep-${stage}` }))));
  });
});
