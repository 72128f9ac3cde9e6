import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  deadlineOf,
  heartbeatDue,
  latestDeadlineOf,
  longestAbsence,
  slowLook,
} from '../../../../src/core/lifecycle/deadline.ts';

const timeout = fc.integer({ min: 30, max: 7200 });
const patience = fc.integer({ min: 60, max: 172_800 });
const time = fc.integer({ min: 1_500_000_000, max: 2_500_000_000 });
/** As AWS defines it: the smaller of 48 hours and 100 times the timeout of the hook. */
const globalLimit = (seconds: number): number => Math.min(48 * 3600, 100 * seconds);

describe('the deadline of an action', () => {
  it.each([
    ['the default hook', 1800, 1800, 1740],
    ['a patient cluster', 1800, 7200, 7140],
    ['the shortest hook ends by itself after 50 minutes', 30, 172_800, 3000 - 6],
    ['the longest hook ends by itself after 48 hours', 7200, 172_800, 172_800 - 60],
  ])('%s', (_what, seconds, patient, after) => {
    expect(deadlineOf({ time: 1000, timeout: seconds, patience: patient })).toBe(1000 + after);
  });

  it('leaves room before the hook ends by itself, and before the patience is over', () => {
    fc.assert(
      fc.property(time, timeout, patience, (start, seconds, patient) => {
        const deadline = deadlineOf({ time: start, timeout: seconds, patience: patient });
        const latest = latestDeadlineOf({ time: start, timeout: seconds });

        expect(deadline).toBeGreaterThan(start);
        expect(deadline).toBeLessThan(start + Math.min(patient, globalLimit(seconds)));
        expect(latest).toBeLessThan(start + globalLimit(seconds));
        // A look may find it half a timeout late.
        expect(latest + slowLook(seconds)).toBeLessThan(start + globalLimit(seconds));
      }),
    );
  });
});

describe('the heartbeat', () => {
  it('is due at every slow look, and not at once', () => {
    fc.assert(
      fc.property(time, timeout, (start, seconds) => {
        expect(heartbeatDue(start, seconds, start)).toBe(false);
        expect(heartbeatDue(start, seconds, start + slowLook(seconds))).toBe(true);
      }),
    );
  });

  it('comes before the hook runs out, however the looks fall: two slow looks are never a whole timeout apart', () => {
    fc.assert(
      fc.property(timeout, fc.double({ min: 0, max: 1, noNaN: true }), (seconds, share) => {
        // The last moment at which none was due, and the look after it.
        const look = Math.floor(share * seconds);
        const skipped = !heartbeatDue(0, seconds, look);
        expect(skipped ? look + slowLook(seconds) : look).toBeLessThanOrEqual(seconds);
      }),
    );
  });
});

describe('the moment of a heartbeat', () => {
  // As early as this, and no earlier: a look that comes a second too soon leaves it to the next, and AWS counts 100 heartbeats at most.
  it.each([
    [1800, 720],
    [300, 120],
    [31, 12],
  ])('of a hook with %i s is due after %i s', (seconds, after) => {
    expect(heartbeatDue(1000, seconds, 1000 + after)).toBe(true);
    expect(heartbeatDue(1000, seconds, 1000 + after - 1)).toBe(false);
  });
});

describe('what is held through a pause', () => {
  it.each([
    ['the first', 0, 900, 125],
    ['the fifth', 5, 900, 158],
    ['one of many', 40, 900, 1020],
    ['of a short hook', 40, 60, 180],
  ])('outlives %s', (_which, attempt, lookSlow, seconds) => {
    expect(longestAbsence(attempt, lookSlow)).toBe(seconds);
  });
});
