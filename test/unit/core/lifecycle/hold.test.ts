import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { latestDeadlineOf } from '../../../../src/core/lifecycle/deadline.ts';
import { afterHold, heldLease, heldUntil, holdText, isForgotten } from '../../../../src/core/lifecycle/hold.ts';
import { NOW, planOf } from '../../support/examples.ts';

const HOUR = 3600;
const hook = { name: 'skep-dev-launch', timeout: 1800, time: NOW };
const limit = latestDeadlineOf(hook);

describe('a hold', () => {
  it('says since when, why, and how it ends', () => {
    expect(holdText('prod', { since: NOW, because: 'a test' })).toBe(
      'prod is held since 2026-01-01T00:00:00.000Z (a test): skep unhold prod',
    );
    expect(holdText('prod', { since: NOW, because: '' })).toBe(
      'prod is held since 2026-01-01T00:00:00.000Z: skep unhold prod',
    );
  });

  it('is forgotten, perhaps, after an hour', () => {
    const hold = { since: NOW, because: '' };

    expect([isForgotten(hold, NOW + HOUR - 1), isForgotten(hold, NOW + HOUR)]).toEqual([false, true]);
  });
});

describe('what is held', () => {
  it('waits as long as AWS lets its hook live, less the margin; without a hook for ever', () => {
    expect(heldUntil({ hook })).toBe(limit);
    expect(limit).toBeLessThan(NOW + 48 * HOUR);
    expect(heldUntil({})).toBe(Number.POSITIVE_INFINITY);
  });

  it('is nobody else’s until then', () => {
    expect(heldLease({ hook, deadline: NOW + 1740 }, NOW)).toBe(limit + 120);
    expect(heldLease({ deadline: NOW + 1740 }, NOW)).toBe(NOW + 1740 + 120);
  });

  it('has all of its time again when the hold ends', () => {
    const plan = planOf({ hook, deadline: NOW + 1740, patience: 1740 });

    expect(afterHold(plan, NOW + 3 * HOUR)).toEqual({
      deadline: NOW + 3 * HOUR + 1740,
      leaseUntil: NOW + 3 * HOUR + 1740 + 120,
    });
  });

  it('never waits longer than its hook can live, nor shorter than it would have without a hold', () => {
    const times = fc.integer({ min: 0, max: 200_000 });
    fc.assert(
      fc.property(times, times, fc.integer({ min: 60, max: 172_800 }), (held, deadline, patience) => {
        const plan = { hook, deadline: Math.min(limit, NOW + deadline), patience };
        const after = afterHold(plan, NOW + held);

        expect(after.deadline).toBeLessThanOrEqual(limit);
        expect(after.deadline).toBeGreaterThanOrEqual(plan.deadline);
        expect(after.leaseUntil).toBeGreaterThan(after.deadline);
      }),
    );
  });
});
