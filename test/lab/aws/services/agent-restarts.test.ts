// Agents that are started anew by themselves: when, how often, and what that does to what they have at hand.
import { describe, expect, it } from '@jest/globals';

import { nextRestart } from '../../../../lab/aws/services/agent-restarts.ts';

const HALF_AN_HOUR = 30 * 60_000;
const ids = Array.from({ length: 200 }, (_, number) => `i-${String(number).padStart(17, '0')}`);

describe('restarts of agents that nobody asked for', () => {
  it('come at the same times for the same instance, and at others for another', () => {
    expect(nextRestart('i-1', 0, HALF_AN_HOUR)).toEqual(nextRestart('i-1', 0, HALF_AN_HOUR));
    expect(new Set(ids.map((id) => nextRestart(id, 0, HALF_AN_HOUR).after)).size).toBeGreaterThan(190);
    expect(nextRestart('i-1', 1, HALF_AN_HOUR)).not.toEqual(nextRestart('i-1', 0, HALF_AN_HOUR));
  });

  it('are never at once, and on average as far apart as they are said to be', () => {
    const after = ids.map((id) => nextRestart(id, 0, HALF_AN_HOUR).after);
    expect(Math.min(...after)).toBeGreaterThanOrEqual(HALF_AN_HOUR / 10);
    expect(Math.max(...after)).toBeLessThanOrEqual(1.9 * HALF_AN_HOUR);
    const average = after.reduce((sum, one) => sum + one, 0) / after.length;
    expect(average / HALF_AN_HOUR).toBeGreaterThan(0.9);
    expect(average / HALF_AN_HOUR).toBeLessThan(1.1);
  });

  it('are updates now and then', () => {
    const updates = ids.filter((id) => nextRestart(id, 0, HALF_AN_HOUR).what === 'update').length;
    expect(updates).toBeGreaterThan(25);
    expect(updates).toBeLessThan(75);
  });
});
