import {
  DescribeAutoScalingGroupsCommand,
  DescribeAutoScalingInstancesCommand,
  RecordLifecycleActionHeartbeatCommand,
} from '@aws-sdk/client-auto-scaling';
import { SendTaskFailureCommand, SendTaskSuccessCommand } from '@aws-sdk/client-sfn';
import {
  CancelCommandCommand,
  GetCommandInvocationCommand,
  SendCommandCommand,
  ListCommandsCommand,
} from '@aws-sdk/client-ssm';
import type { SendCommandCommandInput } from '@aws-sdk/client-ssm';
import { beforeEach, describe, expect, it } from '@jest/globals';

import { storeAndDeliver } from '../../../src/steps/deliver.ts';
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
  useStepScene,
  accept,
  autoScaling,
  awsError,
  busy,
  db,
  joined,
  ports,
  scene,
  searches,
  sends,
  sfn,
  ssm,
  time,
  woken,
} from '../support/step-scene.ts';

useStepScene();

describe('the first attempt', () => {
  it('writes down what it begins, sends, and leaves the wait to the event', async () => {
    const { step, item, ended } = await scene();
    await step();

    expect(sends()).toHaveLength(1);
    expect(await item()).toMatchObject({
      phase: 'joining',
      step: 'Join',
      try: 1,
      waits: 'Join',
      taskToken: 'token-0',
      sentAt: NOW,
    });
    expect(woken()).toEqual([]);
    expect(await ended(joined)).toBe(true);
    expect(woken()).toEqual(['token-0 ok']);
    expect(await item()).toMatchObject({ phase: 'joined', nodeId: NODE_ID, zone: 'eu-west-1a' });
  });

  it('has written all before it sends: the end of the command finds its try and its token', async () => {
    const { step, item, ended } = await scene();
    let seen: unknown;
    ssm.on(SendCommandCommand).callsFake(async (input: SendCommandCommandInput) => {
      seen = await item();
      await ended(joined);
      return accept(input);
    });
    await step();

    expect(seen).toMatchObject({ step: 'Join', try: 1, waits: 'Join', taskToken: 'token-0', phase: 'joining' });
    expect(woken()).toEqual(['token-0 ok']);
    expect(await item()).toMatchObject({ phase: 'joined', result: joined });
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

  it('of an execution that was superseded meanwhile sends nothing, and ends it', async () => {
    const { step } = await scene();

    await expect(step({ execution: `${EXECUTION}-superseded` })).rejects.toMatchObject({ name: 'Superseded' });
    await expect(step({ execution: `${EXECUTION}-superseded`, attempt: 1 })).rejects.toMatchObject({
      name: 'Superseded',
    });
    // Not even at its first attempt: a node that somebody else is taking away must not be sent a join.
    expect(sends()).toEqual([]);
  });
});

/** The look after a sleep: a state's timeout has passed, and nothing was heard. */
function sleptALook(): void {
  time.now += 90;
}

describe('later attempts', () => {
  it('look at a command that is under way, and send nothing', async () => {
    const { step, item } = await scene();
    await step();
    ssm.on(GetCommandInvocationCommand).resolves({ Status: 'InProgress' });
    for (const attempt of [1, 2]) {
      sleptALook();
      await step({ attempt, taskToken: `token-${attempt}` });
    }

    expect(sends()).toHaveLength(1);
    expect(await item()).toMatchObject({ taskToken: 'token-2', commandId: 'command-1', waits: 'Join' });
    // Its id was kept when it was sent: a list may not show what no agent has taken yet.
    expect(searches()).toHaveLength(0);
  });

  it('deliver an end whose event was lost', async () => {
    const { step } = await scene();
    await step();
    ssm.on(GetCommandInvocationCommand).resolves({
      Status: 'Success',
      ResponseCode: 0,
      StandardOutputContent: JSON.stringify(joined.output),
    });
    sleptALook();
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

  it('send again what failed and may be tried again, under a new number, and forget what the first try has left', async () => {
    const { step, ended, item } = await scene();
    await step();
    ssm.on(GetCommandInvocationCommand).resolves({ Status: 'InProgress' });
    sleptALook();
    await step({ attempt: 1 });
    expect(await item()).toMatchObject({ commandId: 'command-1', target: expect.any(String) });
    await ended(busy);
    await step({ attempt: 2, taskToken: 'token-2' });

    expect(sends().map(({ Comment }) => Comment?.split(' ').at(-1))).toEqual(['1', '2']);
    const now = await item();
    expect(now).toMatchObject({ try: 2, taskToken: 'token-2', sentAt: time.now });
    expect(['result', 'uncertain'].filter((name) => name in (now ?? {}))).toEqual([]);
    expect(now).toMatchObject({ commandId: 'command-2' });
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
    sleptALook();
    await step({ attempt: 1 });
    time.now = NOW + 1740;

    await expect(step({ attempt: 2 })).rejects.toMatchObject({ name: 'DeadlineReached' });
    expect(ssm.commandCalls(CancelCommandCommand)).toHaveLength(1);
  });
});

describe('an instance that SSM does not take commands for', () => {
  beforeEach(() => {
    ssm.on(SendCommandCommand).rejects(awsError('InvalidInstanceId'));
  });

  it('that is to join has no agent yet, and is sent the same try again without a search', async () => {
    const { step } = await scene();

    await expect(step()).rejects.toMatchObject({ name: 'AgentNotRegistered' });
    time.now += 15;
    await expect(step({ attempt: 1 })).rejects.toMatchObject({ name: 'AgentNotRegistered' });
    expect(sends().map(({ Comment }) => Comment?.split(' ').at(-1))).toEqual(['1', '1']);
    expect(searches()).toEqual([]);
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

describe('a role that may not send a command', () => {
  beforeEach(() => {
    ssm.on(SendCommandCommand).rejects(awsError('AccessDeniedException'));
  });

  const there = [{ InstanceId: 'i' }];
  it.each([
    [0, [], 'AgentNotRegistered'],
    [3, [], 'AgentNotRegistered'],
    [4, there, 'AccessDeniedException'],
    [40, there, 'AccessDeniedException'],
    [4, [], 'InstanceGone'],
    [5, [], 'InstanceGone'],
  ])('to an instance that is to join, at attempt %s, in groups %j: %s', async (attempt, found, name) => {
    const { step } = await scene();
    autoScaling.on(DescribeAutoScalingInstancesCommand).resolves({ AutoScalingInstances: found as never });

    await expect(step({ attempt })).rejects.toMatchObject({ name });
  });

  it.each([
    { verb: 'leave', step: 'Leave' },
    { verb: 'leave', step: 'Leave', undo: true },
  ] as const)('%j fails as it is: nothing to wait for', async (changes) => {
    const { step } = await scene();

    await expect(step(changes)).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  it('to a manager asks the next one, since the record may name a stranger, and fails when nobody is left', async () => {
    const { step } = await scene();
    const drain = { verb: 'drain', step: 'Drain' } as const;

    await expect(step(drain)).rejects.toMatchObject({ name: 'CommandUndelivered' });
    await expect(step({ ...drain, attempt: 1 })).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });
});

describe('a join before there is a swarm', () => {
  it('is queued, and woken by the founding', async () => {
    const { plan, step, item } = await scene({ founded: false });
    await step();

    expect(sends()).toEqual([]);
    expect(await item()).toMatchObject({ phase: 'joining', taskToken: 'token-0', waits: 'Join' });
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
    const key = { cluster, instance: MANAGER_INSTANCE, owner: 'founder', belongsTo: 'node' as const, step: 'Found' };
    await db.table.begin({ ...key, try: 1 }, { taskToken: 'of the founder', target: MANAGER_INSTANCE });
    const { nodeId, address } = LEADER.leader;
    const output = { nodeId, address, swarmId: SWARM_ID, caDigest: CA_DIGEST };
    sfn.reset();
    const order: string[] = [];
    sfn.on(SendTaskFailureCommand).callsFake(() => order.push('waiter'));
    sfn.on(SendTaskSuccessCommand).callsFake(() => order.push('founder'));
    await storeAndDeliver(ports, {
      key: { ...key, try: 1 },
      verb: 'init',
      target: key.instance,
      commandId: 'c',
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

  it('is kept alive by a wait for the lock, which sends nothing and ends at its deadline', async () => {
    const { step, plan } = await scene({ kind: 'terminate', role: 'manager' });
    autoScaling.on(DescribeAutoScalingGroupsCommand).resolves({ AutoScalingGroups: [] });
    const wait = { verb: 'lock', step: 'Lock', plan: { ...plan, deadline: NOW + 100_000 } } as const;
    time.now = NOW + 900;
    await step({ ...wait, attempt: 0 });
    expect(beats()).toBe(1);
    time.now = NOW + 100_000;
    await expect(step({ ...wait, attempt: 1 })).rejects.toMatchObject({ name: 'DeadlineReached' });
    expect(sends()).toEqual([]);
  });
});

describe('a command to a manager', () => {
  const drain = { verb: 'drain', step: 'Drain' } as const;

  it.each(['Pending', 'Delayed', 'InProgress', 'not shown'] as const)(
    'that was terminated is not waited for (%s): the next manager is asked',
    async (seen) => {
      const { step, item } = await scene({ kind: 'terminate' });
      await step(drain);
      see(seen);
      autoScaling.on(DescribeAutoScalingInstancesCommand).resolves({ AutoScalingInstances: [] });
      sleptALook();

      await expect(step({ ...drain, attempt: 1 })).rejects.toMatchObject({ name: 'CommandUndelivered' });
      // The event of its end would come for this very try, and CommandCancelled is final.
      expect(ssm.commandCalls(CancelCommandCommand)).toHaveLength(0);
      expect(await item()).toMatchObject({ result: { error: 'CommandUndelivered' } });
      await step({ ...drain, attempt: 2 });
      expect(sends().map(({ Comment }) => Comment?.split(' ').at(-1))).toEqual(['1', '2']);
    },
  );

  it('that is there is waited for', async () => {
    const { step } = await scene({ kind: 'terminate' });
    await step(drain);
    see('Pending');
    sleptALook();
    await step({ ...drain, attempt: 1 });

    expect(ssm.commandCalls(CancelCommandCommand)).toHaveLength(0);
    expect(sends()).toHaveLength(1);
  });
});

/** How SSM shows the command from now on. */
function see(status: 'Pending' | 'Delayed' | 'InProgress' | 'not shown'): void {
  const invocation = ssm.on(GetCommandInvocationCommand);
  if (status === 'not shown') {
    invocation.rejects(awsError('InvocationDoesNotExist'));
  } else {
    invocation.resolves({ Status: status });
  }
}

describe('a command on a manager that nobody picks up', () => {
  const confirm = { verb: 'confirm', step: 'Confirm', node: { nodeId: NODE_ID, zone: 'a', address: 'none' } } as const;
  /** Two looks later; `endedAt` is when the agent was last done with anything. */
  const lookTwice = async (endedAt: number | undefined): Promise<Promise<unknown>> => {
    const { step } = await scene();
    await step(confirm);
    see('Pending');
    time.now += 61;
    await step({ ...confirm, attempt: 1 });
    expect(ssm.commandCalls(CancelCommandCommand)).toHaveLength(0);
    const other = { CommandId: 'other', RequestedDateTime: new Date((NOW - 300) * 1000) };
    ssm.on(ListCommandsCommand).resolves({ Commands: endedAt === undefined ? [] : [other] });
    ssm
      .on(GetCommandInvocationCommand, { CommandId: 'other' })
      .resolves({ Status: 'Success', ExecutionEndDateTime: new Date((endedAt ?? 0) * 1000).toISOString() });
    time.now += 61;
    return step({ ...confirm, attempt: 2 });
  };

  it.each([
    ['has done nothing for ten minutes', undefined],
    ['has done nothing since it was sent, by a clock that is half a minute ahead', NOW + 29],
  ])('goes to the next one at its second look, where the agent %s', async (_what, endedAt) => {
    await expect(lookTwice(endedAt)).rejects.toMatchObject({ name: 'CommandUndelivered' });
    expect(ssm.commandCalls(CancelCommandCommand)).toHaveLength(1);
  });

  it.each([
    ['', NOW + 100],
    [', by a clock that is half a minute behind', NOW + 30],
  ])('waits on, where the agent has done others meanwhile: it is only busy%s', async (_what, endedAt) => {
    await lookTwice(endedAt);
    expect(ssm.commandCalls(CancelCommandCommand)).toHaveLength(0);
    expect(sends()).toHaveLength(1);
  });
});

describe('a command to an instance that is to come, and that nobody picks up', () => {
  it.each([
    { verb: 'init', step: 'Found' },
    { verb: 'prepare', step: 'Prepare' },
    { verb: 'join', step: 'Join' },
  ] as const)('is sent anew after four minutes, and not before: $verb', async (it) => {
    const { step } = await scene({ role: 'manager' });
    await step(it);
    see('Pending');
    time.now += 239;
    await step({ ...it, attempt: 1 });
    expect(ssm.commandCalls(CancelCommandCommand)).toHaveLength(0);
    time.now += 1;
    await expect(step({ ...it, attempt: 2 })).rejects.toMatchObject({ name: 'CommandUndelivered' });
    expect(ssm.commandCalls(CancelCommandCommand)).toHaveLength(1);

    await step({ ...it, attempt: 3 });
    expect(sends().map(({ Comment }) => Comment?.split(' ').at(-1))).toEqual(['1', '2']);
  });

  it('is waited for where its agent has taken it', async () => {
    const { step } = await scene();
    const join = { verb: 'join', step: 'Join' } as const;
    await step(join);
    see('InProgress');
    time.now += 600;
    await step({ ...join, attempt: 1 });

    expect(ssm.commandCalls(CancelCommandCommand)).toHaveLength(0);
    expect(sends()).toHaveLength(1);
  });
});

describe('a leave that nobody picks up', () => {
  const leave = { verb: 'leave', step: 'Leave' } as const;

  it.each(['Pending', 'Delayed', 'not shown'] as const)(
    'is given up at its second look: an agent that is away must not hold the group (%s)',
    async (seen) => {
      const { step } = await scene({ kind: 'terminate' });
      await step(leave);
      see(seen);
      time.now += 900;
      await step({ ...leave, attempt: 1 });
      expect(ssm.commandCalls(CancelCommandCommand)).toHaveLength(0);
      time.now += 800;

      await expect(step({ ...leave, attempt: 2 })).rejects.toMatchObject({ name: 'NodeUnresponsive' });
      expect(ssm.commandCalls(CancelCommandCommand)).toHaveLength(1);
    },
  );

  it('one that has begun may take its time', async () => {
    const { step } = await scene({ kind: 'terminate' });
    await step(leave);
    ssm.on(GetCommandInvocationCommand).resolves({ Status: 'InProgress' });
    await step({ ...leave, attempt: 1 });
    await step({ ...leave, attempt: 9 });

    expect(ssm.commandCalls(CancelCommandCommand)).toHaveLength(0);
  });
});
