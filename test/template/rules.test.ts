// The rules: what they match, where it goes, and what happens to an event that cannot be handed over.
import { beforeAll, describe, expect, it } from '@jest/globals';

import type { Stack, StackRule } from '../../lab/aws/stack/stack.ts';
import { list, packaged, PACKAGING_TIMEOUT, roleOf } from './packaged.ts';

let stack: Stack;
beforeAll(async () => {
  ({ stack } = await packaged('dev'));
}, PACKAGING_TIMEOUT);

const NAMES = [
  ...['LaunchRule', 'TerminateRule', 'CommandRule', 'ExecutionRule', 'WarningRule', 'ReadyRule'],
  ...['TidySchedule', 'RotateTokensSchedule'],
];

function rule(logicalId: string): StackRule {
  const found = stack.rules.find((it) => it.logicalId === logicalId);
  if (found === undefined) throw new Error(`no rule ${logicalId}`);
  return found;
}

const machine = (logicalId: string): string | undefined =>
  stack.stateMachines.find((it) => it.logicalId === logicalId)?.arn;
const lambda = (key: string): string | undefined => stack.functions.find((it) => it.key === key)?.arn;

describe('the rules', () => {
  it('are these, and no other', () => {
    expect(stack.rules.map(({ logicalId }) => logicalId).sort()).toEqual([...NAMES].sort());
  });

  it('send each kind of event to its one target', () => {
    const wiring = Object.fromEntries(stack.rules.map((it) => [it.logicalId, it.targets.map(({ arn }) => arn)]));
    expect(wiring).toEqual({
      LaunchRule: [machine('ScaleOut')],
      TerminateRule: [machine('ScaleIn')],
      CommandRule: [lambda('commandDone')],
      ExecutionRule: [lambda('settle')],
      WarningRule: [lambda('warn')],
      ReadyRule: [lambda('dns')],
      TidySchedule: [machine('Tidy')],
      RotateTokensSchedule: [machine('RotateTokens')],
    });
  });

  it.each(NAMES)('%s keeps trying for an hour, and then leaves the event in the dead-letter queue', (name) => {
    const [target] = rule(name).targets;
    expect(target?.retry.maximumEventAgeSeconds).toBe(3600);
    expect(target?.deadLetterArn).toBe(stack.queues[0]?.arn);
  });

  it.each(['LaunchRule', 'TerminateRule', 'TidySchedule', 'RotateTokensSchedule'])(
    '%s may start its machine',
    (name) => {
      const [target] = rule(name).targets;
      const { statements } = roleOf(stack, target?.roleArn ?? 'none');
      const started = statements.filter((it) => list(it.Action).includes('states:StartExecution'));
      expect(started.flatMap((it) => list(it.Resource))).toContain(target?.arn);
    },
  );

  it.each(['LaunchRule', 'TerminateRule', 'TidySchedule', 'RotateTokensSchedule'])(
    'only the rules of the stack, like %s, use the role',
    (name) => {
      const role = stack.roles.find(({ arn }) => arn === rule(name).targets[0]?.roleArn);
      const [trust, ...more] = role?.assumeRolePolicy.Statement ?? [];
      expect(more).toEqual([]);
      expect(trust?.Principal).toEqual({ Service: 'events.amazonaws.com' });
      expect(trust?.Condition?.['ArnEquals']?.['aws:SourceArn']).toContain(rule(name).arn);
    },
  );

  it.each(['CommandRule', 'ExecutionRule', 'WarningRule', 'ReadyRule'])(
    '%s may invoke its function, and no other rule may',
    (name) => {
      const { arn, targets } = rule(name);
      const permissions = stack.lambdaPermissions.filter(({ functionArn }) => functionArn === targets[0]?.arn);
      expect(permissions).toEqual([
        expect.objectContaining({ action: 'lambda:InvokeFunction', principal: 'events.amazonaws.com', sourceArn: arn }),
      ]);
    },
  );

  it('makes join tokens anew once a week, of all clusters, where nobody says otherwise', () => {
    expect(rule('RotateTokensSchedule')).toMatchObject({ schedule: 'rate(7 days)', targets: [{ input: '{}' }] });
  });

  it('gives the tidy an empty input in place of the event', () => {
    expect(rule('TidySchedule')).toMatchObject({ schedule: 'rate(10 minutes)', targets: [{ input: '{}' }] });
  });

  it('hands everything else the event as it is', () => {
    const inputs = stack.rules.filter(({ schedule }) => schedule === undefined).map(({ targets }) => targets[0]?.input);
    expect(inputs).toEqual([undefined, undefined, undefined, undefined, undefined]);
  });
});

describe('the dead-letter queue', () => {
  it('takes messages from each rule of the stack, and from nothing else that EventBridge runs', () => {
    const statements = stack.queues.flatMap(({ policies }) => policies.flatMap((it) => it.Statement));
    expect(stack.queues).toHaveLength(1);
    expect(statements).toHaveLength(1);
    expect(statements[0]).toMatchObject({
      Effect: 'Allow',
      Principal: { Service: 'events.amazonaws.com' },
      Action: 'sqs:SendMessage',
      Resource: stack.queues[0]?.arn,
    });
    expect(list(statements[0]?.Condition?.['ArnEquals']?.['aws:SourceArn'])).toEqual(NAMES.map((it) => rule(it).arn));
  });

  it('also gets the events that a function failed on, from each function that a rule calls', () => {
    const called = stack.rules.flatMap(({ targets }) => targets.map(({ arn }) => arn));
    const asynchronous = stack.functions.filter(({ arn }) => called.includes(arn));
    expect(asynchronous.map(({ key }) => key).sort()).toEqual(['commandDone', 'dns', 'settle', 'warn']);
    for (const { name, roleArn } of asynchronous) {
      expect(stack.eventInvokeConfigs.find(({ functionName }) => functionName === name)).toMatchObject({
        maximumEventAgeSeconds: 3600,
        onFailureArn: stack.queues[0]?.arn,
      });
      const sending = roleOf(stack, roleArn).statements.filter((it) => list(it.Action).includes('sqs:SendMessage'));
      expect(sending.map((it) => it.Resource)).toEqual([stack.queues[0]?.arn]);
    }
  });
});
