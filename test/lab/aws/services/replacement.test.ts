import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { Group } from '../../../../lab/aws/services/group.ts';
import { planChange } from '../../../../lab/aws/services/replacement.ts';
import { LAUNCHING, SECOND, TERMINATING, groups, hook } from './groups.ts';

const LAUNCH_FIRST = { minHealthy: 100, maxHealthy: 110 };
const ALL_AT_ONCE = { minHealthy: 100, maxHealthy: 200 };
const TERMINATE_FIRST = { minHealthy: 90, maxHealthy: 100 };
const UNHEALTHY = { respectGracePeriod: true };

type Tried = ReturnType<typeof groups>;

const count = (group: Group, lifecycle: string): number =>
  [...group.members.values()].filter((member) => member.lifecycle === lifecycle).length;

/** Completes every hook that is open: as many as there are now. */
async function complete({ autoScaling, clock }: Tried): Promise<void> {
  for (const action of [...autoScaling.actions.values()]) {
    autoScaling.complete(action, 'CONTINUE');
  }
  await clock.advance(1);
}

async function allUnhealthy(tried: Tried, size: number, changes: Partial<Group>): Promise<Group> {
  const group = await tried.create(size, [hook(LAUNCHING), hook(TERMINATING)], changes);
  await complete(tried);
  for (const instanceId of group.members.keys()) {
    tried.autoScaling.setHealth(instanceId, false, UNHEALTHY);
  }
  await tried.clock.advance(61 * SECOND);
  return group;
}

describe('five unhealthy instances', () => {
  it('all go at once where the group has no policy, and five are launched beside them', async () => {
    const group = await allUnhealthy(groups(), 5, {});

    expect([count(group, 'Terminating:Wait'), count(group, 'Pending:Wait')]).toEqual([5, 5]);
  });

  it('all go at once and nothing is launched before one has gone, where the knob says so', async () => {
    const tried = groups();
    const group = await allUnhealthy(tried, 5, { launchesAfter: 'termination-ends' });
    expect([count(group, 'Terminating:Wait'), group.members.size]).toEqual([5, 5]);
    tried.autoScaling.complete(tried.open(), 'CONTINUE');
    await tried.clock.advance(1);

    expect([count(group, 'Terminating:Wait'), count(group, 'Pending:Wait')]).toEqual([4, 1]);
  });

  it('stay until their replacements are in service, all five at once under 100/200', async () => {
    const tried = groups();
    const group = await allUnhealthy(tried, 5, { maintenance: ALL_AT_ONCE });
    expect([count(group, 'InService'), count(group, 'Pending:Wait')]).toEqual([5, 5]);
    tried.autoScaling.complete(tried.open(), 'CONTINUE');
    expect([count(group, 'InService'), count(group, 'Terminating:Wait'), count(group, 'Pending:Wait')]).toEqual([
      5, 1, 4,
    ]);
    await complete(tried);
    await complete(tried);

    expect([...group.members.values()].map(({ lifecycle, healthy }) => [lifecycle, healthy])).toEqual(
      Array.from({ length: 5 }, () => ['InService', true]),
    );
  });

  it.each([
    ['100/110, launched first', LAUNCH_FIRST, { least: 5, most: 6 }],
    ['90/100, terminated first', TERMINATE_FIRST, { least: 4, most: 5 }],
  ])('are replaced one at a time under %s', async (_, maintenance, { least, most }) => {
    const tried = groups();
    const group = await allUnhealthy(tried, 5, { maintenance });
    const unhealthy = (): boolean => [...group.members.values()].some(({ healthy }) => !healthy);
    let turns = 0;
    for (; unhealthy() && turns < 30; turns += 1) {
      const wanted = [...group.members.values()].filter(({ lifecycle }) => !lifecycle.startsWith('Terminat'));
      expect(count(group, 'InService')).toBeGreaterThanOrEqual(least);
      expect(wanted.length).toBeLessThanOrEqual(most);
      await complete(tried);
    }

    expect(unhealthy()).toBe(false);
    expect(turns).toBeGreaterThanOrEqual(5);
    expect(count(group, 'InService')).toBe(5);
  });
});

describe('the health of an instance', () => {
  it.each([
    [true, 'InService'],
    [false, 'Terminating:Wait'],
  ])('within the grace period, which is respected: %s', async (respectGracePeriod, lifecycle) => {
    const { autoScaling, clock, create, states } = groups();
    const group = await create(1, [hook(TERMINATING)], { gracePeriod: 300 * SECOND });
    const [instanceId = ''] = group.members.keys();
    autoScaling.setHealth(instanceId, false, { respectGracePeriod });
    await clock.advance(61 * SECOND);

    expect(states(group)[0]).toBe(lifecycle);
  });
});

describe('a retained instance', () => {
  it.each([
    ['at-once', []],
    ['hook-again', ['Terminating:Wait']],
  ] as const)('ends when it is terminated once more: %s', async (retainedEndsBy, lifecycles) => {
    const { autoScaling, clock, ec2, create, states, open } = groups();
    const group = await create(1, [hook(TERMINATING)], { retain: true, retainedEndsBy });
    const [instanceId = ''] = group.members.keys();
    autoScaling.terminateInstance(instanceId, true);
    autoScaling.complete(open(), 'ABANDON');
    await clock.advance(1);
    expect(states(group)).toEqual(['Terminating:Retained']);
    autoScaling.terminateInstance(instanceId, false);
    await clock.advance(1);

    expect(states(group)).toEqual(lifecycles);
    expect(ec2.isRunning(instanceId)).toBe(lifecycles.length > 0);
  });
});

describe('an instance refresh', () => {
  it.each([
    ['of its own range', {}, LAUNCH_FIRST, 4],
    ['of the range of its group', { maintenance: LAUNCH_FIRST }, {}, 4],
    ['of 90/100 where neither has one', {}, {}, 3],
  ])('replaces one after the other, in the range %s', async (_, changes, own, most) => {
    const tried = groups();
    const group = await tried.create(3, [hook(LAUNCHING), hook(TERMINATING)], changes);
    await complete(tried);
    const before = [...group.members.keys()];
    const refresh = tried.autoScaling.startRefresh('workers', own, true);
    let peak = 0;
    for (let turn = 0; turn < 20 && refresh.status === 'InProgress'; turn += 1) {
      const wanted = [...group.members.values()].filter(({ lifecycle }) => !lifecycle.startsWith('Terminat'));
      peak = Math.max(peak, wanted.length);
      expect(count(group, 'Terminating:Wait')).toBeLessThanOrEqual(1);
      await complete(tried);
    }

    expect([refresh.status, peak]).toEqual(['Successful', most]);
    expect([...group.members.keys()].filter((id) => before.includes(id))).toEqual([]);
  });

  it.each([
    [true, 0],
    [false, 1],
  ])(
    'begins with the next one while the last one still waits in its hook: not if it awaits that, %s',
    async (awaits, launched) => {
      const tried = groups();
      const group = await tried.create(3, [hook(LAUNCHING), hook(TERMINATING)]);
      await complete(tried);
      tried.autoScaling.startRefresh('workers', LAUNCH_FIRST, awaits);
      await tried.clock.advance(1);
      tried.autoScaling.complete(tried.open(), 'CONTINUE');
      await tried.clock.advance(1);

      expect([count(group, 'Terminating:Wait'), count(group, 'Pending:Wait')]).toEqual([1, launched]);
    },
  );

  it('that awaits a termination does not keep health checks from replacing what is dead', async () => {
    const tried = groups();
    const group = await tried.create(3, [hook(LAUNCHING), hook(TERMINATING)]);
    await complete(tried);
    tried.autoScaling.startRefresh('workers', {}, true);
    await tried.clock.advance(1);
    // The first old one waits in its hook for its replacement, which dies as soon as it is in service.
    const launch = [...tried.autoScaling.actions.values()].find(({ hook: { name } }) => name === 'launch');
    if (launch === undefined) throw new Error('nothing is launched');
    tried.autoScaling.complete(launch, 'CONTINUE');
    tried.ec2.kill(launch.instanceId);
    await tried.clock.advance(61 * SECOND);

    expect(group.members.get(launch.instanceId)?.lifecycle).toBe('Terminating:Wait');
    expect(count(group, 'Pending:Wait')).toBe(1);
    // And nothing that is old and well goes meanwhile.
    expect(count(group, 'InService')).toBe(2);
  });

  it('is refused while another one is under way', async () => {
    const { autoScaling, create } = groups();
    await create(2, [hook(TERMINATING)]);
    autoScaling.startRefresh('workers', {}, true);

    expect(() => autoScaling.startRefresh('workers', {}, true)).toThrow('already in progress');
  });
});

describe('any group, whatever happens to it', () => {
  const range = fc.constantFrom(undefined, LAUNCH_FIRST, ALL_AT_ONCE, TERMINATE_FIRST, {
    minHealthy: 0,
    maxHealthy: 100,
  });
  const lifecycles = ['Pending', 'Pending:Wait', 'InService', 'Terminating:Wait', 'Terminating:Retained'] as const;
  const member = fc.record({
    zone: fc.constantFrom('a', 'b'),
    since: fc.nat(9),
    lifecycle: fc.constantFrom(...lifecycles),
    healthy: fc.boolean(),
  });

  it('is never made larger than its range, nor do members go that are on their way out', () => {
    fc.assert(
      fc.property(fc.array(member, { maxLength: 9 }), fc.nat(6), range, (members, desired, maintenance) => {
        const all = members.map((one, index) => ({ ...one, instanceId: `i-${index}`, inServiceSince: undefined }));
        const group = { desired, maintenance, members: new Map(all.map((one) => [one.instanceId, one])) };
        const { launch, terminate } = planChange(group);
        const present = all.filter(({ lifecycle }) => !lifecycle.startsWith('Terminat'));
        const most = Math.max(desired + 1, Math.floor((desired * (maintenance?.maxHealthy ?? 100)) / 100));

        expect(terminate.every((one) => present.some(({ instanceId }) => instanceId === one.instanceId))).toBe(true);
        expect(present.length - terminate.length + launch).toBeLessThanOrEqual(Math.max(most, desired));
        expect(present.length - terminate.length + launch).toBeGreaterThanOrEqual(desired);
      }),
    );
  });
});
