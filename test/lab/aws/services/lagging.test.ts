// Describe calls are late by as much as their knob says, and what they show comes in the order in which it happened.
import { describe, expect, it } from '@jest/globals';

import { Clock } from '../../../../lab/time/clock.ts';
import { Lagging, lagsOf } from '../../../../lab/aws/services/lagging.ts';

const START = Date.parse('2026-01-01T00:00:00Z');

describe('what is seen of a value', () => {
  const script = async (lag: number): Promise<(string | undefined)[]> => {
    const clock = new Clock({ virtual: true, start: START });
    const state = new Lagging<string>(clock, lag);
    const seen: (string | undefined)[] = [];
    for (const value of ['pending', 'running', 'terminated', undefined, undefined]) {
      if (value !== undefined) {
        state.note(value);
      }
      seen.push(state.seen);
      await clock.advance(1000);
    }
    return seen;
  };

  it.each([
    { lag: 0, seen: ['pending', 'running', 'terminated', 'terminated', 'terminated'] },
    { lag: 1000, seen: [undefined, 'pending', 'running', 'terminated', 'terminated'] },
    { lag: 2500, seen: [undefined, undefined, undefined, 'pending', 'running'] },
  ])('with $lag ms of lag', async ({ lag, seen }) => {
    expect(await script(lag)).toEqual(seen);
  });
});

describe('the lags of a lab', () => {
  const drawn = (lag: () => number): number[] => Array.from({ length: 50 }, lag);

  it('are those of EC2 where time is virtual, and none where it is the wall’s', () => {
    const late = drawn(lagsOf({ seed: 1, virtual: true }).instances);

    expect(Math.max(...late)).toBeGreaterThan(2500);
    expect(Math.max(...late)).toBeLessThanOrEqual(5000);
    expect(new Set(drawn(lagsOf({ seed: 1, virtual: false }).instances))).toEqual(new Set([0]));
    expect(lagsOf({ seed: 1, virtual: true }).groups).toBeUndefined();
  });

  it('are the same for the same seed', () => {
    const lags = (seed: number): number[] =>
      drawn(lagsOf({ seed, virtual: true }, { groups: 9000 }).groups ?? (() => 0));

    expect(lags(7)).toEqual(lags(7));
    expect(lags(7)).not.toEqual(lags(8));
  });
});
