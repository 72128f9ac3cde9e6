// Warm pools: instances beside a group, stopped or running, which pass the same hooks (Auto Scaling user guide, warm pools; event reference).
import { describe, expect, it } from '@jest/globals';

import type { Group } from '../../../../lab/aws/services/group.ts';
import { LAUNCHING, SECOND, TERMINATING, groups, hook } from './groups.ts';

const HOOKS = [hook(LAUNCHING), hook(TERMINATING)];

type Tried = ReturnType<typeof groups>;
type Wish = Parameters<Tried['autoScaling']['warmPools']['put']>[1];

/** Completes what waits, until nothing does and all machines are off or up. */
async function completeActions({ autoScaling, clock }: Tried): Promise<void> {
  await clock.advance(1);
  while (autoScaling.actions.size > 0) {
    for (const action of [...autoScaling.actions.values()]) autoScaling.complete(action, 'CONTINUE');
    await clock.advance(60 * SECOND);
  }
  await clock.advance(60 * SECOND);
}

async function pool(tried: Tried, desired: number, wish: Wish, changes: Partial<Group> = {}): Promise<Group> {
  const group = await tried.create(desired, HOOKS, { max: 10, ...changes });
  tried.autoScaling.warmPools.put(group, wish);
  await completeActions(tried);
  tried.events.splice(0);
  return group;
}

const warm = ({ warmPool }: Group): string[] =>
  [...(warmPool?.members.values() ?? [])].map(({ lifecycle }) => lifecycle);
const told = ({ events }: Tried): string[] =>
  events.map(({ detail }) => `${String(detail['Origin'])} to ${String(detail['Destination'])}`);

describe('a warm pool', () => {
  it.each<[string, Wish, number]>([
    ['as far as the group may grow, if nothing is said', {}, 8],
    ['up to what is to be prepared, less what the group wants', { prepared: 5 }, 3],
    ['at least of its minimum', { prepared: 3, min: 2 }, 2],
    ['of nothing, where the group wants more than is prepared', { prepared: 1 }, 0],
  ])('is filled %s', async (_name, wish, size) => {
    expect(warm(await pool(groups(), 2, wish))).toHaveLength(size);
  });

  it.each(['Stopped', 'Running', 'Hibernated'] as const)(
    'launches by the launch hook, and its instances are then %s',
    async (state) => {
      const tried = groups();
      const group = await tried.create(0, HOOKS);
      tried.autoScaling.warmPools.put(group, { prepared: 1, state });
      await tried.clock.advance(1);
      expect([warm(group), told(tried), group.members.size]).toEqual([['Warmed:Pending:Wait'], ['EC2 to WarmPool'], 0]);

      tried.autoScaling.complete(tried.open(), 'CONTINUE');
      await tried.clock.advance(60 * SECOND);
      const [instance = ''] = group.warmPool?.members.keys() ?? [];
      expect([warm(group), tried.ec2.isRunning(instance)]).toEqual([[`Warmed:${state}`], state === 'Running']);
    },
  );

  it('is filled when AWS launches instances again', async () => {
    const tried = groups();
    const group = await tried.create(0, HOOKS);
    const { launchFailures, warmPools } = tried.autoScaling;
    launchFailures.knobs.push({ group: 'workers', message: 'no capacity' });
    warmPools.put(group, { prepared: 2 });
    await tried.clock.advance(600 * SECOND);
    expect([warm(group), launchFailures.describe({})]).toEqual([
      [],
      { Activities: expect.arrayContaining([expect.objectContaining({ StatusCode: 'Failed' })]) },
    ]);

    launchFailures.knobs.splice(0);
    await tried.clock.advance(60 * SECOND);
    expect(warm(group)).toEqual(['Warmed:Pending:Wait', 'Warmed:Pending:Wait']);
  });

  it('has another one launched where a launch into it is abandoned', async () => {
    const tried = groups();
    const group = await tried.create(0, HOOKS);
    tried.autoScaling.warmPools.put(group, { prepared: 1 });
    await tried.clock.advance(1);
    const first = tried.open();
    tried.autoScaling.complete(first, 'ABANDON');
    await tried.clock.advance(1);
    expect([warm(group), tried.ec2.isThere(first.instanceId)]).toEqual([['Warmed:Pending:Wait'], false]);
    expect(tried.open().instanceId).not.toBe(first.instanceId);
  });

  it.each(['Stopped', 'Running'] as const)(
    'gives its instances (%s) to a group that grows, by the launch hook, and is not filled for them',
    async (state) => {
      const tried = groups();
      const group = await pool(tried, 1, { prepared: 3, state });
      const before = [...(group.warmPool?.members.keys() ?? [])];
      tried.autoScaling.setDesired('workers', 2);
      await tried.clock.advance(1);
      expect([told(tried), tried.states(group), warm(group)]).toEqual([
        ['WarmPool to AutoScalingGroup'],
        ['InService', 'Pending:Wait'],
        [`Warmed:${state}`],
      ]);
      expect(before).toContain(tried.open().instanceId);
    },
  );

  it('that is empty lets a group launch by itself', async () => {
    const tried = groups();
    const group = await pool(tried, 1, { prepared: 1 });
    tried.autoScaling.setDesired('workers', 2);
    await tried.clock.advance(1);
    expect([told(tried), group.members.size]).toEqual([['EC2 to AutoScalingGroup'], 2]);
  });
});

describe('a group that scales in', () => {
  it('gives back to the pool by the terminate hook, where that is its policy, and is no longer the one that has it', async () => {
    const tried = groups();
    const group = await pool(tried, 2, { prepared: 2, reuse: true });
    const [first = ''] = group.members.keys();
    tried.autoScaling.setDesired('workers', 1);
    await tried.clock.advance(1);
    expect([told(tried), warm(group), group.members.has(first)]).toEqual([
      ['AutoScalingGroup to WarmPool'],
      ['Warmed:Pending:Wait'],
      false,
    ]);
    await completeActions(tried);
    expect([warm(group), tried.ec2.isThere(first), tried.ec2.isRunning(first)]).toEqual([
      ['Warmed:Stopped'],
      true,
      false,
    ]);
  });

  it.each<[string, Wish]>([
    ['without that policy', { prepared: 2 }],
    ['where the pool has no room', { prepared: 0, min: 0, reuse: true }],
  ])('terminates %s', async (_name, wish) => {
    const tried = groups();
    await pool(tried, 2, wish);
    tried.autoScaling.setDesired('workers', 1);
    await tried.clock.advance(1);
    expect(told(tried)).toContain('AutoScalingGroup to EC2');
    expect(told(tried)).not.toContain('AutoScalingGroup to WarmPool');
  });

  it('terminates what is unhealthy, whatever its policy', async () => {
    const tried = groups();
    const group = await pool(tried, 2, { prepared: 2, reuse: true });
    const [first = ''] = group.members.keys();
    tried.autoScaling.setHealth(first, false, { respectGracePeriod: false });
    await tried.clock.advance(60 * SECOND);
    expect(told(tried)).toContain('AutoScalingGroup to EC2');
  });

  it.each([
    [false, []],
    [true, ['Warmed:Pending:Retained']],
  ])('whose return is abandoned, with retention %s', async (retain, wanted) => {
    const tried = groups();
    const group = await pool(tried, 2, { prepared: 2, reuse: true }, { retain });
    tried.autoScaling.setDesired('workers', 1);
    await tried.clock.advance(1);
    const { instanceId } = tried.open();
    tried.autoScaling.complete(tried.open(), 'ABANDON');
    expect([warm(group).filter((one) => one.endsWith('Retained')), tried.ec2.isThere(instanceId)]).toEqual([
      wanted,
      retain,
    ]);
    if (retain) {
      tried.autoScaling.terminateInstance(instanceId, false);
      expect(tried.ec2.isThere(instanceId)).toBe(false);
    }
  });
});

describe('an instance of a warm pool', () => {
  it('passes the terminate hook when the pool is made smaller', async () => {
    const tried = groups();
    const group = await pool(tried, 0, { prepared: 2 });
    tried.autoScaling.warmPools.put(group, { prepared: 1 });
    expect([told(tried), warm(group).toSorted()]).toEqual([
      ['WarmPool to EC2'],
      ['Warmed:Stopped', 'Warmed:Terminating:Wait'],
    ]);
    await completeActions(tried);
    expect(warm(group)).toEqual(['Warmed:Stopped']);
  });

  it('is replaced when somebody has ended it', async () => {
    const tried = groups();
    const group = await pool(tried, 0, { prepared: 1 });
    const [first = ''] = group.warmPool?.members.keys() ?? [];
    tried.ec2.kill(first);
    await tried.clock.advance(61 * SECOND);
    expect(told(tried)).toContain('WarmPool to EC2');
    await completeActions(tried);
    expect([warm(group), group.warmPool?.members.has(first)]).toEqual([['Warmed:Stopped'], false]);
  });

  it('is not terminated by TerminateInstanceInAutoScalingGroup', async () => {
    const tried = groups();
    const group = await pool(tried, 0, { prepared: 1 });
    const [first = ''] = group.warmPool?.members.keys() ?? [];
    expect(() => {
      tried.autoScaling.terminateInstance(first, false);
    }).toThrow('No managed instance found');
  });

  it.each([
    [false, ['WarmPool to EC2']],
    [true, []],
  ])('goes with a pool that is deleted, by force: %s', async (force, wanted) => {
    const tried = groups();
    const group = await pool(tried, 0, { prepared: 1 });
    tried.autoScaling.warmPools.delete(group, force);
    expect(told(tried)).toEqual(wanted);
    await completeActions(tried);
    expect(group.warmPool).toBeUndefined();
    expect(() => {
      tried.autoScaling.warmPools.delete(group, force);
    }).toThrow('No warm pool found');
  });

  it('keeps its group from being deleted', async () => {
    const tried = groups();
    await pool(tried, 0, { prepared: 1 });
    expect(() => {
      tried.autoScaling.deleteGroup('workers');
    }).toThrow('cannot delete');
  });
});
