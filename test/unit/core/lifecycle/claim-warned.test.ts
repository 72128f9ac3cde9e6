import { describe, expect, it } from '@jest/globals';

import type { Claim, ClaimFacts } from '../../../../src/core/lifecycle/claim.ts';
import { decide, held, terminate } from '../../support/claims.ts';
import { NODE_ID, NOW, OTHER_INSTANCE, nodeOf } from '../../support/examples.ts';

describe('a claim that a warning of AWS has begun', () => {
  const together = [`${NODE_ID}@${OTHER_INSTANCE}`];
  const warned = { kind: 'terminate', actionToken: undefined, patience: 600, warned: { together } } as const;
  const doomed = { node: nodeOf({ diesAt: NOW + 120 }) };

  it('lets the instance go within the time that it has, and says who goes with it', () => {
    const { plan, take } = decide({ action: warned, facts: doomed });

    expect(plan).toMatchObject({ route: 'leave', diesAt: NOW + 120, warned: true, together, deadline: NOW + 540 });
    expect(take).toMatchObject({ phase: 'leaving' });
  });

  it('is believed only where the table has the warning: whoever starts an execution may write one', () => {
    const { plan, take } = decide({ action: warned, facts: { node: nodeOf() } });

    expect([plan.route, plan.rejection, take]).toEqual(['reject', 'BadEvent', undefined]);
    expect(plan).not.toHaveProperty('completion');
  });

  it.each([
    ['the node is out of the swarm already', { node: nodeOf({ diesAt: NOW + 120, phase: 'gone' }) }, NOW + 1],
    [
      'another execution is at work on it',
      { node: nodeOf({ phase: 'leaving', diesAt: NOW + 120 }), action: held },
      NOW + 1,
    ],
    ['it comes when its time is over', doomed, NOW + 600],
  ] as const)('has nothing to do where %s', (_what, facts, now) => {
    const { plan, take } = decide({ action: warned, facts, now });

    expect([plan.route, take]).toEqual(['ignore', undefined]);
  });

  it('gives way to a hook that begins to wait beside it, also in the same second: that has to be completed', () => {
    const byWarning = { ...held, actionToken: undefined, warned: true };
    const leaving = nodeOf({ phase: 'leaving', diesAt: NOW + 120 });
    const hooked = (action: ClaimFacts['action']): Claim =>
      decide({ action: terminate, facts: { node: leaving, action } });

    expect(hooked(byWarning).plan).toMatchObject({ route: 'leave', diesAt: NOW + 120 });
    expect(hooked(byWarning).plan).not.toHaveProperty('warned');
    expect(hooked({ ...held, actionToken: undefined }).plan.route).toBe('ignore');
  });

  it('is followed by a hook that finds the work done', () => {
    const { plan } = decide({ action: terminate, facts: { node: nodeOf({ phase: 'gone', diesAt: NOW + 120 }) } });

    expect(plan.route).toBe('complete');
  });
});

describe('a launch of an instance that AWS is about to take', () => {
  it('does not join any more, and completes its hook', () => {
    const at = (now: number): string =>
      decide({ facts: { node: nodeOf({ phase: 'gone', diesAt: NOW + 120 }) }, now }).plan.route;

    expect([at(NOW + 119), at(NOW + 120)]).toEqual(['complete', 'join']);
  });
});
