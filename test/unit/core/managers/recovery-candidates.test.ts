import { describe, expect, it } from '@jest/globals';

import { allCandidates, epochOf, notEnded } from '../../../../src/core/managers/recovery-candidates.ts';
import { FOUNDED, INSTANCE, LEADER, MANAGER_INSTANCE, NODE_ID, OTHER_INSTANCE } from '../../support/examples.ts';

describe('whoever may be a manager', () => {
  const [recorded] = LEADER.managers;

  it('is found by the record, by an item or by a tag, and once', () => {
    const items = [{ instance: INSTANCE, nodeId: NODE_ID, phase: 'joined' as const }];
    const found = allCandidates(LEADER.managers, items, [MANAGER_INSTANCE, OTHER_INSTANCE]);

    expect(found.map(({ instance }) => instance).toSorted()).toEqual(
      [INSTANCE, MANAGER_INSTANCE, OTHER_INSTANCE].toSorted(),
    );
  });

  it('is what its item says, before what the record says', () => {
    const items = [{ instance: MANAGER_INSTANCE, phase: 'leaving' as const }];

    expect(allCandidates(LEADER.managers, items, [])).toEqual([{ ...recorded, phase: 'leaving' }]);
    expect(allCandidates(LEADER.managers, [], [])).toEqual([{ ...recorded, phase: 'ready' }]);
  });

  it('is nobody, where nothing is known', () => {
    expect(allCandidates([], [], [])).toEqual([]);
  });
});

it.each([
  ['running', true],
  ['shutting-down', true],
  ['stopping', true],
  ['stopped', false],
  ['terminated', false],
  [undefined, false],
])('an instance that is %s is left of those that were to end: %s', (state, isLeft) => {
  const states = new Map(state === undefined ? [] : [[INSTANCE, state]]);

  expect(notEnded([INSTANCE], states)).toEqual(isLeft ? [INSTANCE] : []);
});

it.each([
  ['nobody has declared', undefined, 0],
  ['has no swarm', { status: 'new' } as const, 0],
  ['was never recovered', FOUNDED, 0],
  ['was recovered twice', { ...FOUNDED, epoch: 2 }, 2],
])('a cluster that %s is in epoch %3$s', (_what, state, epoch) => {
  expect(epochOf(state)).toBe(epoch);
});
