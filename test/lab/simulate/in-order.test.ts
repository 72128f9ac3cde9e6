// Seeds that are played beside each other are told in their order.
import { describe, expect, it } from '@jest/globals';

import { InOrder } from '../../../lab/simulate/in-order.ts';
import type { SeedShown } from '../../../lab/simulate/one-seed.ts';

const shown = (seed: number, broken = false): SeedShown => ({
  played: { seed, hash: '', broken: [], useful: 1, virtualSeconds: 1, executions: [] },
  violations: broken ? [{ seed, what: 'a rule', seen: null, file: undefined, steps: 1 }] : [],
  reached: { states: [], pairs: [], errors: [] },
});

function play(
  untilBroken: boolean,
  done: readonly (readonly [index: number, broken: boolean])[],
): InOrder & { told: number[] } {
  const told: number[] = [];
  const inOrder = new InOrder(untilBroken, ({ played }) => told.push(played.seed));
  for (const [index, broken] of done) inOrder.put(index, shown(index + 1, broken));
  expect(inOrder.all.map(({ played }) => played.seed)).toEqual(told);
  return Object.assign(inOrder, { told });
}

describe('seeds that are done in another order', () => {
  it('wait for those before them', () => {
    const { told } = play(false, [
      [1, false],
      [2, false],
    ]);
    expect(told).toEqual([]);
  });

  it('are told in that of their numbers', () => {
    const done = [2, 0, 3, 1].map((index) => [index, index === 1] as const);
    expect(play(false, done)).toMatchObject({ told: [1, 2, 3, 4], isComplete: false });
  });

  it('are told up to the first broken rule, where that is what was asked for', () => {
    const done = [3, 1, 0, 2].map((index) => [index, index === 1 || index === 3] as const);
    expect(play(true, done)).toMatchObject({ told: [1, 2], isComplete: true });
  });
});
