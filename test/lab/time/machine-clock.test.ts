import { describe, expect, it } from '@jest/globals';

import { usualClock } from '../../../lab/time/machine-clock.ts';

const ids = Array.from({ length: 500 }, (_, n) => `i-0${n.toString(16).padStart(16, '0')}`);
const clocks = ids.map(usualClock);

describe('the clocks of machines', () => {
  it('are never exact, differ by some 100 ms mostly and by seconds seldom, in both directions', () => {
    const sizes = clocks.map(Math.abs).toSorted((a, b) => a - b);

    expect(sizes[0]).toBeGreaterThanOrEqual(100);
    expect(sizes[250]).toBeLessThan(1000);
    expect(sizes.at(-1)).toBeGreaterThan(2000);
    expect(sizes.at(-1)).toBeLessThanOrEqual(3000);
    expect(clocks.filter((ahead) => ahead < 0).length).toBeGreaterThan(150);
    expect(clocks.filter((ahead) => ahead > 0).length).toBeGreaterThan(150);
  });

  it('are the same for the same instance', () => {
    expect(ids.map(usualClock)).toEqual(clocks);
  });
});
