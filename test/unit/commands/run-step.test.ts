import {
  DescribeAutoScalingInstancesCommand,
  RecordLifecycleActionHeartbeatCommand,
} from '@aws-sdk/client-auto-scaling';
import { SendTaskFailureCommand, SendTaskSuccessCommand } from '@aws-sdk/client-sfn';
import {
  CancelCommandCommand,
  GetCommandInvocationCommand,
  ListCommandsCommand,
  SendCommandCommand,
} from '@aws-sdk/client-ssm';
import { beforeEach, describe, expect, it } from '@jest/globals';

import { storeAndDeliver } from '../../../src/commands/deliver.ts';
import {
  CA_DIGEST,
  EXECUTION,
  LEADER,
  MANAGER_INSTANCE,
  NODE_ID,
  NOW,
  SWARM_ID,
  actionOf,
} from '../support/examples.ts';
import {
  autoScaling,
  awsError,
  busy,
  db,
  joined,
  ports,
  scene,
  sends,
  sfn,
  ssm,
  time,
  woken,
} from '../support/step-scene.ts';

describe('the first attempt', () => {
  it('sends, writes down what it sent, and leaves the wait to the event', async () => {
    const { step, item, ended } = await scene();
    await step();

    expect(sends()).toHaveLength(1);
    expect(await item()).toMatchObject({
      phase: 'joining',
      step: 'Join',
      try: 1,
      taskToken: 'token-0',
      commandId: 'command-1',
    });
    expect(woken()).toEqual([]);
    expect(await ended(joined)).toBe(true);
    expect(woken()).toEqual(['token-0 ok']);
    expect(await item()).toMatchObject({ phase: 'joined', nodeId: NODE_ID, zone: 'eu-west-1a' });
  });

  it('delivers what came before it could write', async () => {
    const { step, ended } = await scene();
    ssm.on(SendCommandCommand).callsFake(async () => {
      await ended(joined);
      return { Command: { CommandId: 'quick' } };
    });
    await step();

    expect(woken()).toEqual(['token-0 ok']);
  });

  it('after the deadline sends nothing', async () => {
    const { step } = await scene();
    time.now = NOW + 1740;

    await expect(step()).rejects.toMatchObject({ name: 'DeadlineReached' });
    expect(sends()).toEqual([]);
  });

  it('after the deadline undoes all the same', async () => {
    const { step } = await scene();
    time.now = NOW + 5000;
    await step({ verb: 'leave', step: 'Leave', undo: true });

    expect(sends()).toMatchObject([{ DocumentName: 'skep-dev-leave', Parameters: { depart: ['yes'] } }]);
  });

  it('of an execution that was superseded meanwhile ends it', async () => {
    const { step } = await scene();

    await expect(step({ execution: `${EXECUTION}-superseded` })).rejects.toMatchObject({ name: 'Superseded' });
    await expect(step({ execution: `${EXECUTION}-superseded`, attempt: 1 })).rejects.toMatchObject({
      name: 'Superseded',
    });
  });
});

describe('later attempts', () => {
  it('look at a command that is under way, and send nothing', async () => {
    const { step, item } = await scene();
    await step();
    ssm.on(GetCommandInvocationCommand).resolves({ Status: 'InProgress' });
    await step({ attempt: 1, taskToken: 'token-1' });

    expect(sends()).toHaveLength(1);
    expect(await item()).toMatchObject({ taskToken: 'token-1' });
  });

  it('deliver an end whose event was lost', async () => {
    const { step } = await scene();
    await step();
    ssm.on(GetCommandInvocationCommand).resolves({
      Status: 'Success',
      ResponseCode: 0,
      StandardOutputContent: JSON.stringify(joined.output),
    });
    await step({ attempt: 1, taskToken: 'token-1' });

    expect(woken()).toEqual(['token-1 ok']);
  });

  it('deliver again what was delivered to a token that had run out', async () => {
    const { step, ended } = await scene();
    await step();
    await ended(joined);
    await step({ attempt: 1, taskToken: 'token-1' });

    expect(woken()).toEqual(['token-0 ok', 'token-1 ok']);
    expect(sends()).toHaveLength(1);
  });

  it('send again what failed and may be tried again, under a new number, to the managers of the moment', async () => {
    const { step, ended, item } = await scene();
    await step();
    await ended(busy);
    await step({ attempt: 1, taskToken: 'token-1' });

    expect(sends().map(({ Comment }) => Comment?.split(' ').at(-1))).toEqual(['1', '2']);
    expect(await item()).toMatchObject({ try: 2, commandId: 'command-2', taskToken: 'token-1' });
  });

  it('fail with what cannot be tried again', async () => {
    const { step, ended } = await scene();
    await step();
    await ended({ ok: false, error: 'ForeignSwarm', cause: 'c', retryable: false });

    await expect(step({ attempt: 1 })).rejects.toMatchObject({ name: 'ForeignSwarm', message: 'c' });
  });

  it('cancel the command and end the wait at the deadline', async () => {
    const { step } = await scene();
    await step();
    ssm.on(GetCommandInvocationCommand).resolves({ Status: 'InProgress' });
    ssm.on(CancelCommandCommand).rejects(awsError('InvalidCommandId'));
    time.now = NOW + 1740;

    await expect(step({ attempt: 1 })).rejects.toMatchObject({ name: 'DeadlineReached' });
    expect(ssm.commandCalls(CancelCommandCommand)).toHaveLength(1);
  });
});

describe('an answer that was lost', () => {
  it.each([1, 2])('try %s: the command is searched for by its comment, and not sent twice', async (number) => {
    const { step, ended, item } = await scene();
    if (number === 2) {
      await step();
      await ended(busy);
    }
    ssm.on(SendCommandCommand).rejects(awsError('InternalServerError', 500));
    const attempt = number - 1;
    await expect(step({ attempt })).rejects.toMatchObject({ name: 'AwsUnavailable' });
    const lost = sends().at(-1)?.Comment ?? '';
    ssm.on(ListCommandsCommand).resolves({ Commands: [{ CommandId: 'found', Comment: lost }] });
    const before = sends().length;
    await step({ attempt: attempt + 1, taskToken: 'later' });

    expect(sends()).toHaveLength(before);
    expect(await item()).toMatchObject({ commandId: 'found', try: number, taskToken: 'later', uncertain: false });
  });
});

describe('an instance that SSM does not take commands for', () => {
  beforeEach(() => {
    ssm.on(SendCommandCommand).rejects(awsError('InvalidInstanceId'));
  });

  it('that is to join has no agent yet', async () => {
    const { step } = await scene();

    await expect(step()).rejects.toMatchObject({ name: 'AgentNotRegistered' });
    expect(autoScaling.calls()).toHaveLength(0);
  });

  it.each([
    [4, [], 'InstanceGone'],
    [4, [{ InstanceId: 'i' }], 'AgentNotRegistered'],
    [5, [], 'AgentNotRegistered'],
    [14, [], 'InstanceGone'],
  ])('that is to join, at attempt %s, in groups %j: %s', async (attempt, found, name) => {
    const { step } = await scene();
    autoScaling.on(DescribeAutoScalingInstancesCommand).resolves({ AutoScalingInstances: found as never });

    await expect(step({ attempt })).rejects.toMatchObject({ name });
  });

  it('that is to leave is unreachable; a manager may be another one soon', async () => {
    const { step } = await scene();

    await expect(step({ verb: 'leave', step: 'Leave' })).rejects.toMatchObject({ name: 'InstanceUnreachable' });
    await expect(step({ verb: 'drain', step: 'Drain' })).rejects.toMatchObject({ name: 'CommandUndelivered' });
  });
});

describe('a join before there is a swarm', () => {
  it('is queued, and woken by the founding', async () => {
    const { plan, step, item } = await scene({ founded: false });
    await step();

    expect(sends()).toEqual([]);
    expect(await item()).toMatchObject({ phase: 'joining', taskToken: 'token-0' });
    const cluster = plan.cluster ?? '';
    await founding(cluster);
    expect(woken()).toEqual(['of the founder ok', 'token-0 LeaderFound']);
    await step({ attempt: 1, taskToken: 'token-1' });
    expect(sends()).toMatchObject([{ Parameters: { managers: ['10.0.1.11:2377'], swarmId: [SWARM_ID] } }]);
  });

  async function founding(cluster: string): Promise<void> {
    const action = actionOf({ cluster, instance: MANAGER_INSTANCE, role: 'manager', group: `m-${cluster}` });
    const seen = await db.table.readFacts(action);
    const take = { phase: 'launching', leaseUntil: NOW + 100, founder: true } as const;
    const group = { cluster, role: 'manager', abandons: 0, readAt: NOW };
    await db.table.writeClaim({ action, take, owner: { key: 'founder', arn: 'arn' }, seen, group, now: time.now });
    const key = { cluster, instance: MANAGER_INSTANCE, owner: 'founder', step: 'Found' };
    await db.table.park(key, { step: 'Found', try: 1, taskToken: 'of the founder' });
    const { nodeId, address } = LEADER.leader;
    const output = { nodeId, address, swarmId: SWARM_ID, caDigest: CA_DIGEST };
    sfn.reset();
    const order: string[] = [];
    sfn.on(SendTaskFailureCommand).callsFake(() => order.push('waiter'));
    sfn.on(SendTaskSuccessCommand).callsFake(() => order.push('founder'));
    await storeAndDeliver(ports, {
      key: { ...key, try: 1 },
      verb: 'init',
      outcome: { ok: true, output },
      now: time.now,
    });
    // Recorded before the founder goes on: whoever it wakes finds a leader.
    expect(order).toEqual(['waiter', 'founder']);
    expect(await db.table.readState(cluster)).toMatchObject({ status: 'founded' });
  }
});

describe('the hook', () => {
  const beats = (): number => autoScaling.commandCalls(RecordLifecycleActionHeartbeatCommand).length;

  it('gets a heartbeat when its time is half over, and not before, nor twice', async () => {
    const { step } = await scene();
    await step();
    ssm.on(GetCommandInvocationCommand).resolves({ Status: 'InProgress' });
    time.now = NOW + 90;
    await step({ attempt: 1 });
    expect(beats()).toBe(0);
    time.now = NOW + 900;
    await step({ attempt: 2 });
    expect(beats()).toBe(1);
    time.now = NOW + 990;
    await step({ attempt: 3 });
    expect(beats()).toBe(1);
  });

  it('is kept alive by a hold, which sends nothing and ends at its deadline', async () => {
    const { step, plan } = await scene({ kind: 'terminate' });
    const hold = { verb: 'hold', step: 'Hold', plan: { ...plan, deadline: NOW + 100_000 } } as const;
    time.now = NOW + 900;
    await step({ ...hold, attempt: 0 });
    expect(beats()).toBe(1);
    time.now = NOW + 100_000;
    await expect(step({ ...hold, attempt: 1 })).rejects.toMatchObject({ name: 'DeadlineReached' });
    expect(sends()).toEqual([]);
  });
});

describe('a leave that nobody picks up', () => {
  it('is given up at its second look: an agent that is away must not hold the group', async () => {
    const { step } = await scene({ kind: 'terminate' });
    const leave = { verb: 'leave', step: 'Leave' } as const;
    await step(leave);
    ssm.on(GetCommandInvocationCommand).resolves({ Status: 'Pending' });

    await expect(step({ ...leave, attempt: 1 })).rejects.toMatchObject({ name: 'NodeUnresponsive' });
    expect(ssm.commandCalls(CancelCommandCommand)).toHaveLength(1);
  });

  it('one that has begun may take its time', async () => {
    const { step } = await scene({ kind: 'terminate' });
    const leave = { verb: 'leave', step: 'Leave' } as const;
    await step(leave);
    ssm.on(GetCommandInvocationCommand).resolves({ Status: 'InProgress' });
    await step({ ...leave, attempt: 1 });
    await step({ ...leave, attempt: 9 });

    expect(ssm.commandCalls(CancelCommandCommand)).toHaveLength(0);
  });
});

describe('an end that comes late', () => {
  it('of a node that somebody else owns by now changes nothing and wakes nobody', async () => {
    const { step, plan, item } = await scene();
    await step();
    const before = await item();
    const key = { cluster: plan.cluster ?? '', instance: plan.instance ?? '', owner: 'long-ago', step: 'Join', try: 1 };

    expect(await storeAndDeliver(ports, { key, verb: 'join', outcome: joined, now: time.now })).toBe(false);
    expect(await item()).toEqual(before);
    expect(woken()).toEqual([]);
  });

  it('of an earlier step wakes nobody', async () => {
    const { step, ended } = await scene();
    await step({ verb: 'confirm', step: 'Confirm', node: { nodeId: NODE_ID, zone: 'eu-west-1a' } });
    await ended(joined, 1, 'Join');

    expect(woken()).toEqual([]);
  });

  it('a second time, after its step was tried again, does not end the wait for the newer command', async () => {
    const { step, ended } = await scene();
    await step();
    await ended(busy);
    await step({ attempt: 1, taskToken: 'token-1' });
    await ended(busy);

    expect(woken()).toEqual(['token-0 Busy']);
    expect(await ended(joined, 2)).toBe(true);
    expect(woken()).toContain('token-1 ok');
  });
});
