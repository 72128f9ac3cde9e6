import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { goneAfter, holdOf, holdUntil } from '../../../../src/core/dns/hold.ts';
import type { NameState } from '../../../../src/core/dns/hold.ts';

const ID = 'i-1';
const state = (changes: Partial<NameState> = {}): NameState => ({
  gone: { [ID]: 1000 },
  change: '/change/C1',
  changedAt: 1000,
  syncedAt: undefined,
  ...changes,
});
const limits = (now: number, until = 5000) => ({ ttl: 60, until, now });

describe('holdOf', () => {
  it.each([
    ['looks again soon, as long as not all servers may know', 1000, state(), 15],
    ['looks again soon, where an earlier change was known', 1010, state({ syncedAt: 900 }), 15],
    ['waits for the TTL and a margin from when they do', 1050, state({ syncedAt: 1045 }), 65],
    ['waits for what is left of that', 1100, state({ syncedAt: 1045 }), 15],
    ['is over then', 1115, state({ syncedAt: 1045 }), 0],
    ['waits for no server for longer than two minutes', 1121, state(), 69],
    ['is over for whoever has no name', 1000, state({ gone: {} }), 0],
  ])('%s', (_, now, seen, wait) => {
    expect(holdOf(ID, seen, limits(now))).toBe(wait);
  });

  it('never goes beyond its end', () => {
    const time = fc.integer({ min: 900, max: 2000 });
    fc.assert(
      fc.property(
        time,
        time,
        fc.option(time, { nil: undefined }),
        fc.integer({ min: 1, max: 3600 }),
        (now, until, syncedAt, ttl) => {
          const wait = holdOf(ID, state({ syncedAt }), { ttl, until, now });
          expect(wait).toBeGreaterThanOrEqual(0);
          expect(wait === 0 || now + wait <= until).toBe(true);
        },
      ),
    );
  });
});

it.each([
  [1000, 5000, 1800, 1720],
  [1000, 5000, 60, 1024],
  [1000, 1300, 1800, 1100],
  [1000, 900, 1800, 1000],
  [1000, 0, 0, 1000],
])(
  'the end of a hold that begins at %d, with the deadline %d and a hook of %d s, is %d',
  (now, deadline, hook, until) => {
    expect(holdUntil(now, deadline, hook)).toBe(until);
  },
);

describe('when an instance was taken out of a name', () => {
  const DAY = 86_400;
  it.each([
    ['is when the records were changed', {}, { leaving: [ID] }, { [ID]: 900 }],
    ['stays what it was, however often it is looked at', { [ID]: 500 }, { leaving: [ID] }, { [ID]: 500 }],
    ['is not said of one that has its record still', {}, { leaving: [ID], named: [ID] }, {}],
    ['is forgotten where it has come back', { [ID]: 500 }, { named: [ID] }, {}],
    ['is remembered of one that has left', { [ID]: 500 }, {}, { [ID]: 500 }],
    ['is remembered for a day', { [ID]: 1001 - DAY, 'i-2': 1000 - DAY }, {}, { [ID]: 1001 - DAY }],
  ])('%s', (_, gone, now, wanted) => {
    expect(goneAfter(gone, { named: [], leaving: [], changedAt: 900, now: 1000, ...now })).toEqual(wanted);
  });
});
