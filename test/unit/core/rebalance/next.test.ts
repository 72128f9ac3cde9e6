// What a rebalance does next: a round, or another try after a command that came to nothing.
import { describe, expect, it } from '@jest/globals';

import { decideRound } from '../../../../src/core/rebalance/next.ts';
import { planRebalance } from '../../../../src/core/rebalance/plan.ts';
import { startRuns } from '../../../../src/core/rebalance/round.ts';
import type { ServiceRun } from '../../../../src/core/rebalance/round.ts';
import { aNode, aService } from '../../support/services.ts';

const NOW = 1_700_000_000;
const web = aService('web', { a: 4 });
const planned = planRebalance(
  { nodes: [aNode('a'), aNode('b')], services: [web], now: NOW },
  { only: [], maxMoves: 100 },
);
const [queued] = startRuns(planned, NOW) as [ServiceRun];
const ready: ServiceRun = { ...queued, phase: 'ready' };
const look = {
  ...{ runs: [ready], seen: [web], unreadable: [], cut: false, moved: false, failed: '', troubles: 0, closing: '' },
  now: NOW + 5,
};

describe('after a look', () => {
  it('the next change is made, as the document takes it', () => {
    const { changes, ask, over } = decideRound(look);
    expect([changes, ask, over]).toEqual([[`id-web@10@more@${NOW + 905}`], ['id-web'], false]);
  });

  it('earlier troubles count no more', () => {
    expect(decideRound({ ...look, troubles: 2 }).troubles).toBe(0);
  });

  it('nothing new is begun where it is to end, and then it is over', () => {
    const { runs, changes, closing, over } = decideRound({ ...look, closing: 'it was cancelled' });
    expect([changes, closing, over]).toEqual([[], 'it was cancelled', true]);
    expect(runs).toEqual([expect.objectContaining({ outcome: 'stopped', because: 'it was cancelled' })]);
  });
});

describe('after a command that came to nothing', () => {
  it.each<[number, number, boolean]>([
    [0, 1, false],
    [1, 2, false],
    [2, 3, true],
  ])('after %i of them before, that is the %i. one: it is over %s', (troubles, counted, isOver) => {
    const { runs, changes, ...next } = decideRound({ ...look, seen: [], failed: 'NoLeader', troubles });
    expect([next.troubles, next.over, changes]).toEqual([counted, isOver, []]);
    expect(runs[0]?.phase).toBe(isOver ? 'ended' : 'ready');
  });
});
