// Members that come and go by other ways than scaling.
import { describe, expect, it } from '@jest/globals';

import type { Group } from '../../../../lab/aws/services/group.ts';
import { LAUNCHING, SECOND, TERMINATING, groups, hook } from './groups.ts';

const DAY = 86_400 * SECOND;
const HOOKS = [hook(LAUNCHING), hook(TERMINATING)];

type Tried = ReturnType<typeof groups>;

/** Completes every hook that is open, as long as there are any: what goes at the same time is seen by `look`. */
async function completeActions({ autoScaling, clock }: Tried, look: () => void = () => undefined): Promise<void> {
  // What was launched a moment ago comes up first.
  await clock.advance(1);
  for (let turns = 0; autoScaling.actions.size > 0 && turns < 50; turns += 1) {
    look();
    for (const action of [...autoScaling.actions.values()]) autoScaling.complete(action, 'CONTINUE');
    await clock.advance(1);
  }
}

async function inService(tried: Tried, size: number, changes: Partial<Group> = {}): Promise<Group> {
  const group = await tried.create(size, HOOKS, changes);
  await completeActions(tried);
  tried.events.splice(0);
  return group;
}

const ids = ({ members }: Group): string[] => [...members.keys()];
const zones = ({ members }: Group): string[] => [...members.values()].map(({ zone }) => zone).toSorted();

describe('an instance that is detached', () => {
  it.each([
    [false, 2],
    [true, 1],
  ])('runs on, no hook waits for it, and it is replaced unless the group is to be smaller: %s', async (less, size) => {
    const tried = groups();
    const group = await inService(tried, 2);
    const [first = ''] = ids(group);
    tried.autoScaling.memberships.detach(first, less);

    expect(tried.events.filter(({ detail }) => detail['EC2InstanceId'] === first)).toEqual([]);
    expect([tried.ec2.isRunning(first), group.members.has(first), group.members.size]).toEqual([true, false, size]);
  });

  it('is in service at once when it is attached, and the group is larger by one', async () => {
    const tried = groups();
    const group = await inService(tried, 2);
    const [first = ''] = ids(group);
    tried.autoScaling.memberships.detach(first, true);
    tried.autoScaling.memberships.attach(group, first);

    expect([group.desired, group.members.get(first)?.lifecycle, tried.events]).toEqual([2, 'InService', []]);
  });

  it('is not attached where the group has not its zone, where it does not run, and where the group is full', async () => {
    const tried = groups();
    const group = await inService(tried, 2);
    const [first = ''] = ids(group);
    const { memberships } = tried.autoScaling;
    memberships.detach(first, true);
    const zone = group.zones;
    group.zones = ['elsewhere'];
    expect(() => {
      memberships.attach(group, first);
    }).toThrow('Invalid Instance');
    group.zones = zone;
    group.max = 1;
    expect(() => {
      memberships.attach(group, first);
    }).toThrow('above max');
    tried.ec2.kill(first);
    expect(() => {
      memberships.attach(group, first);
    }).toThrow('Invalid Instance');
  });
});

describe('an instance that is protected from scale-in', () => {
  it('is passed over, even where the group then stays larger than it is wanted', async () => {
    const tried = groups();
    const group = await inService(tried, 3);
    const [first = '', second = ''] = ids(group);
    for (const one of [first, second]) tried.autoScaling.memberships.protect(one, true);
    tried.autoScaling.setDesired('workers', 0);
    await completeActions(tried);

    expect(ids(group)).toEqual([first, second]);
    tried.autoScaling.memberships.protect(first, false);
    await completeActions(tried);
    expect(ids(group)).toEqual([second]);
  });

  it('goes where it is dead, and where somebody ends it by name', async () => {
    const tried = groups();
    const group = await inService(tried, 2);
    const [first = '', second = ''] = ids(group);
    for (const one of [first, second]) tried.autoScaling.memberships.protect(one, true);
    tried.ec2.kill(first);
    tried.autoScaling.terminateInstance(second, true);
    await tried.clock.advance(61 * SECOND);
    await completeActions(tried);

    expect([group.members.has(first), group.members.has(second), group.members.size]).toEqual([false, false, 1]);
  });
});

describe('a group whose zones change', () => {
  it('launches first, a tenth of it at a time, and is even in the end', async () => {
    const tried = groups();
    const group = await inService(tried, 6, { zones: ['a', 'b', 'c'] });
    tried.autoScaling.memberships.setZones(group, ['a', 'b']);
    const serving: number[] = [];
    await completeActions(tried, () => {
      serving.push([...group.members.values()].filter(({ lifecycle }) => lifecycle === 'InService').length);
    });

    expect(zones(group)).toEqual(['a', 'a', 'a', 'b', 'b', 'b']);
    expect([Math.min(...serving), Math.max(...serving)]).toEqual([6, 6]);
  });

  it('leaves those alone that are protected', async () => {
    const tried = groups();
    const group = await inService(tried, 2);
    for (const one of ids(group)) tried.autoScaling.memberships.protect(one, true);
    const before = ids(group);
    tried.autoScaling.memberships.setZones(group, ['c']);
    await completeActions(tried);

    expect(ids(group)).toEqual(before);
  });
});

describe('a group with a maximum instance lifetime', () => {
  it('replaces its instances one at a time, and those that are protected not at all', async () => {
    const tried = groups();
    const group = await inService(tried, 3, { lifetime: DAY });
    const [first = '', ...others] = ids(group);
    tried.autoScaling.memberships.protect(first, true);
    await tried.clock.advance(DAY + 2 * 61 * SECOND);
    const leaving = (): number =>
      [...group.members.values()].filter(({ lifecycle }) => lifecycle.startsWith('Terminating')).length;
    for (let turn = 0; turn < 2; turn += 1) {
      expect(leaving()).toBe(1);
      await completeActions(tried);
      await tried.clock.advance(2 * 61 * SECOND);
    }

    expect([leaving(), group.members.has(first), others.some((one) => group.members.has(one))]).toEqual([
      0,
      true,
      false,
    ]);
  });
});

describe('an instance whose root volume is to be replaced', () => {
  it.each([
    ['comes again as the same one', false, 'Pending:Wait'],
    ['is replaced by another one where it has ended while its hook waited', true, undefined],
  ])('%s', async (_what, ends, lifecycle) => {
    const tried = groups();
    const group = await inService(tried, 1);
    const [only = ''] = ids(group);
    tried.autoScaling.replaceRootVolume(only);
    if (ends) tried.ec2.kill(only);
    for (const action of [...tried.autoScaling.actions.values()]) tried.autoScaling.complete(action, 'CONTINUE');
    await tried.clock.advance(60 * SECOND);

    expect(group.members.get(only)?.lifecycle).toBe(lifecycle);
    expect(group.members.size).toBe(1);
  });
});
