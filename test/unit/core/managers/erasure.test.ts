// Whether the last manager of a cluster may go, and its swarm with it.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { isPermitted, whyNotErase } from '../../../../src/core/managers/erasure.ts';
import { INSTANCE, MANAGER_INSTANCE, NOW, SWARM_ID } from '../../support/examples.ts';

const erasure = { since: NOW, until: NOW + 3600, swarmId: SWARM_ID };
const asked = { erasure, swarmId: SWARM_ID, instance: INSTANCE, target: 0, others: [], now: NOW };

describe('the last manager may go', () => {
  it.each<[string, boolean, Partial<Parameters<typeof whyNotErase>[0]>]>([
    ['with the word, and nothing else left', true, {}],
    ['not without the word', false, { erasure: undefined }],
    ['to the last second of it', true, { now: NOW + 3599 }],
    ['not when it is over', false, { now: NOW + 3600 }],
    ['not by a word about another swarm', false, { swarmId: 'another' }],
    ['not while a manager is wanted: a replacement is to come', false, { target: 1 }],
    ['not while there is any other instance', false, { others: [MANAGER_INSTANCE] }],
    [
      'when the word is over, if it has begun by it',
      true,
      { erasure: { ...erasure, begun: INSTANCE }, now: NOW + 9999 },
    ],
    ['not where another one has begun', false, { erasure: { ...erasure, begun: MANAGER_INSTANCE }, now: NOW + 9999 }],
    ['not in an action of much later', false, { erasure: { ...erasure, begun: INSTANCE }, now: NOW + 3600 + 172_800 }],
    ['not with others left, though it has begun', false, { erasure: { ...erasure, begun: INSTANCE }, others: ['i'] }],
  ])('%s: %s', (_what, may, changes) => {
    expect(whyNotErase({ ...asked, ...changes }) === undefined).toBe(may);
  });

  it('never without a word about this swarm, never beside anything else, whatever the rest', () => {
    const words = fc.option(
      fc.record({
        since: fc.constant(NOW),
        until: fc.integer({ min: NOW - 1e6, max: NOW + 1e6 }),
        swarmId: fc.constantFrom(SWARM_ID, 'another'),
        begun: fc.constantFrom(undefined, INSTANCE, MANAGER_INSTANCE),
      }),
      { nil: undefined },
    );
    const anything = fc.record({
      erasure: words,
      swarmId: fc.constant(SWARM_ID),
      instance: fc.constant(INSTANCE),
      target: fc.nat(3),
      others: fc.array(fc.constantFrom(MANAGER_INSTANCE), { maxLength: 2 }),
      now: fc.constant(NOW),
    });
    fc.assert(
      fc.property(anything, (one) => {
        const may = whyNotErase(one) === undefined;
        expect(may && (one.target > 0 || one.others.length > 0 || one.erasure?.swarmId !== SWARM_ID)).toBe(false);
        const given = isPermitted(one.erasure, SWARM_ID, NOW) && one.target === 0 && one.others.length === 0;
        expect(given && !may).toBe(false);
      }),
    );
  });
});
