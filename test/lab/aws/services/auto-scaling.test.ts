import { describe, expect, it } from '@jest/globals';

import { LAUNCHING, SECOND, TERMINATING, groups, hook } from './groups.ts';

describe('a launch hook', () => {
  it('holds the instance until it is completed', async () => {
    const { autoScaling, events, create, states, open } = groups();
    const group = await create(1, [hook(LAUNCHING, { metadata: '{"m":1}' })]);

    expect(states(group)).toEqual(['Pending:Wait']);
    expect(events).toEqual([
      {
        'detail-type': 'EC2 Instance-launch Lifecycle Action',
        resources: [expect.stringMatching(/autoScalingGroupName\/workers$/)],
        detail: {
          LifecycleActionToken: expect.stringMatching(/^[0-9a-f-]{36}$/),
          AutoScalingGroupName: 'workers',
          LifecycleHookName: 'launch',
          EC2InstanceId: open().instanceId,
          LifecycleTransition: LAUNCHING,
          NotificationMetadata: '{"m":1}',
          Origin: 'EC2',
          Destination: 'AutoScalingGroup',
        },
      },
    ]);
    autoScaling.complete(open(), 'CONTINUE');
    expect(states(group)).toEqual(['InService']);
    expect(autoScaling.hooks).toEqual({ continued: 1, abandoned: 0, timedOut: 0 });
  });

  it.each([
    ['CONTINUE', 'InService', false],
    ['ABANDON', 'Pending:Wait', true],
  ] as const)('runs out with its default result: %s', async (defaultResult, lifecycle, replaced) => {
    const { clock, autoScaling, create, states } = groups();
    const group = await create(1, [hook(LAUNCHING, { defaultResult })]);
    const [first] = group.members.keys();
    await clock.advance(298 * SECOND);
    expect(states(group)).toEqual(['Pending:Wait']);
    await clock.advance(2 * SECOND);

    expect(states(group)).toEqual([lifecycle]);
    expect([...group.members.keys()][0] !== first).toBe(replaced);
    expect(autoScaling.hooks.timedOut).toBe(1);
  });

  it('that is abandoned ends the instance at once, and another one is launched', async () => {
    const { clock, ec2, autoScaling, create, states, open } = groups();
    const group = await create(1, [hook(LAUNCHING), hook(TERMINATING)]);
    const { instanceId } = open();
    autoScaling.complete(open(), 'ABANDON');
    await clock.advance(1);

    expect(ec2.isRunning(instanceId)).toBe(false);
    expect(states(group)).toEqual(['Pending:Wait']);
    expect(open().instanceId).not.toBe(instanceId);
  });
});

describe('heartbeats', () => {
  it('restart the timer from their own time', async () => {
    const { clock, autoScaling, create, states, open } = groups();
    const group = await create(1, [hook(LAUNCHING)]);
    await clock.advance(200 * SECOND);
    autoScaling.heartbeat(open());
    await clock.advance(299 * SECOND);
    expect(states(group)).toEqual(['Pending:Wait']);
    await clock.advance(2 * SECOND);

    expect(states(group)).toEqual(['InService']);
  });

  it.each([
    [30, 3000],
    [7200, 172_800],
  ])('do not carry a hook of %s s past its global limit of %s s', async (heartbeatTimeout, limit) => {
    const { clock, autoScaling, create, open } = groups();
    await create(1, [hook(LAUNCHING, { heartbeatTimeout })]);
    const began = open().since;
    for (let beats = 0; beats < 200 && autoScaling.actions.size > 0; beats += 1) {
      autoScaling.heartbeat(open());
      await clock.until(() => autoScaling.actions.size === 0, (heartbeatTimeout - 1) * SECOND);
    }

    expect(clock.now() - began).toBe(limit * SECOND);
    expect(autoScaling.hooks.timedOut).toBe(1);
  });
});

describe('a terminate hook', () => {
  it('holds the instance, which lives on, until it is completed', async () => {
    const { clock, ec2, autoScaling, events, create, states, open } = groups();
    const group = await create(1, [hook(TERMINATING)]);
    autoScaling.setDesired('workers', 0);

    expect(states(group)).toEqual(['Terminating:Wait']);
    expect(events.at(-1)?.detail).toMatchObject({ Origin: 'AutoScalingGroup', Destination: 'EC2' });
    const { instanceId } = open();
    expect(ec2.isRunning(instanceId)).toBe(true);
    autoScaling.complete(open(), 'CONTINUE');
    await clock.advance(1);
    expect([states(group), ec2.isRunning(instanceId)]).toEqual([[], false]);
  });

  it('that does not exist lets nothing be retained: a retention policy has no effect without it', async () => {
    const { clock, ec2, autoScaling, create, states } = groups();
    const group = await create(2, [], { retain: true });
    const [instanceId = ''] = group.members.keys();
    autoScaling.terminateInstance(instanceId, true);
    await clock.advance(1);

    expect(ec2.isRunning(instanceId)).toBe(false);
    expect(states(group)).toEqual(['InService']);
  });

  it('that is abandoned ends the instance all the same, unless the group retains it', async () => {
    for (const retain of [false, true]) {
      const { clock, ec2, autoScaling, create, states, open } = groups();
      const group = await create(1, [hook(TERMINATING)], { retain });
      const [instanceId = ''] = group.members.keys();
      autoScaling.terminateInstance(instanceId, false);
      autoScaling.complete(open(), 'ABANDON');
      await clock.advance(1);

      expect(ec2.isRunning(instanceId)).toBe(retain);
      // What is retained does not count: its replacement is there.
      expect(states(group).toSorted()).toEqual(retain ? ['InService', 'Terminating:Retained'] : ['InService']);
    }
  });

  it('comes for an instance that still waits in its launch hook, whose action is then over', async () => {
    const { autoScaling, create, open } = groups();
    await create(1, [hook(LAUNCHING), hook(TERMINATING)]);
    const launch = open();
    autoScaling.setDesired('workers', 0);

    expect(open().hook.transition).toBe(TERMINATING);
    expect(() => autoScaling.findAction('workers', 'launch', { token: launch.token })).toThrow(
      `No active Lifecycle Action found with token ${launch.token}`,
    );
    expect(() => autoScaling.findAction('workers', 'launch', { instanceId: launch.instanceId })).toThrow(
      `No active Lifecycle Action found with instance ID ${launch.instanceId}`,
    );
  });

  it('comes for an instance that died without a word, at the next health check, and it is replaced', async () => {
    const { clock, ec2, create, states, open } = groups();
    const group = await create(1, [hook(TERMINATING)]);
    const [instanceId = ''] = group.members.keys();
    ec2.kill(instanceId);
    expect(states(group)).toEqual(['InService']);
    await clock.advance(61 * SECOND);

    expect(open().instanceId).toBe(instanceId);
    expect(states(group)).toEqual(['Terminating:Wait', 'InService']);
  });
});

describe('scaling', () => {
  it('out goes to the emptiest zone, in takes from the fullest, the oldest first', async () => {
    const { clock, autoScaling, create } = groups();
    const group = await create(1);
    for (let desired = 2; desired <= 5; desired += 1) {
      await clock.advance(SECOND);
      autoScaling.setDesired('workers', desired);
    }
    const zones = (): string => [...group.members.values()].map(({ zone }) => zone).join('');
    const [first] = group.members.keys();
    expect(zones()).toBe('ababa');
    autoScaling.setDesired('workers', 4);
    expect(zones()).toBe('baba');
    expect(group.members.has(first ?? '')).toBe(false);
    autoScaling.setDesired('workers', 2);

    expect(['ab', 'ba']).toContain(zones());
  });

  it('a terminated instance is replaced, or the group gets smaller', async () => {
    const { clock, autoScaling, create, states } = groups();
    const group = await create(2);
    const [first = '', second = ''] = group.members.keys();
    autoScaling.terminateInstance(first, false);
    await clock.advance(1);
    expect([group.desired, states(group)]).toEqual([2, ['InService', 'InService']]);
    autoScaling.terminateInstance(second, true);
    await clock.advance(1);

    expect([group.desired, states(group)]).toEqual([1, ['InService']]);
  });
});
