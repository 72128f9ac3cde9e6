// What holds of every claim, whatever is asked and whatever the table says.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { decideClaim } from '../../../../src/core/lifecycle/claim.ts';
import type { Claim, ClaimFacts } from '../../../../src/core/lifecycle/claim.ts';
import type { Action } from '../../../../src/core/lifecycle/event.ts';
import {
  COMPLETION,
  EXECUTION,
  FOUNDED,
  INSTANCE,
  LEADER,
  MANAGER_INSTANCE,
  NODE_ID,
  NOW,
  OTHER_INSTANCE,
  actionOf,
  factsOf,
  nodeOf,
} from '../../support/examples.ts';

const OWNER = 'me';

const instance = fc.constantFrom(INSTANCE, OTHER_INSTANCE, MANAGER_INSTANCE);
const anyAction = fc.record({
  kind: fc.constantFrom('launch', 'terminate'),
  ask: fc.constantFrom('join', 'leave', 'nothing'),
  role: fc.constantFrom('worker', 'manager'),
  instance,
  time: fc.integer({ min: NOW - 4000, max: NOW + 60 }),
  timeout: fc.integer({ min: 30, max: 7200 }),
  patience: fc.integer({ min: 60, max: 172_800 }),
  actionToken: fc.constantFrom(undefined, 'a', 'b'),
  replaces: fc.constantFrom(undefined, [`${EXECUTION}-else`]),
});
const anyFacts = fc.record({
  state: fc.constantFrom(undefined, { status: 'new' } as const, FOUNDED),
  leader: fc.constantFrom(undefined, LEADER),
  founder: fc.option(fc.record({ instance, since: fc.integer({ min: NOW - 3600, max: NOW }) }), { nil: undefined }),
  founderView: fc.option(
    fc.record({ instance, states: fc.array(fc.constantFrom('pending', 'running', 'shutting-down', 'terminated')) }),
    { nil: undefined },
  ),
  node: fc.option(
    fc.record({
      phase: fc.constantFrom('launching', 'joining', 'joined', 'ready', 'leaving', 'gone'),
      owner: fc.constantFrom('somebody-else', OWNER),
      nodeId: fc.constantFrom(undefined, NODE_ID),
      taskToken: fc.constantFrom(undefined, 'a token'),
      role: fc.constantFrom('worker', 'manager'),
    }),
    { nil: undefined },
  ),
  action: fc.option(
    fc.record({
      owner: fc.constantFrom('somebody-else', OWNER),
      ownerArn: fc.constant(`${EXECUTION}-else`),
      actionToken: fc.constantFrom(undefined, 'a', 'b'),
      time: fc.integer({ min: NOW - 4000, max: NOW }),
      leaseUntil: fc.integer({ min: NOW - 4000, max: NOW + 4000 }),
    }),
    { nil: undefined },
  ),
});

describe('whatever is asked, and whatever the table says', () => {
  const decided = (check: (claim: Claim, facts: ClaimFacts, action: Action) => void): void => {
    fc.assert(
      fc.property(anyAction, anyFacts, fc.integer({ min: NOW, max: NOW + 10_000 }), (some, stored, now) => {
        const action = actionOf(some);
        const facts = factsOf({
          ...stored,
          node: stored.node === undefined ? undefined : nodeOf(stored.node),
          group: { cluster: 'prod', role: action.role, abandons: 0 },
        });
        check(decideClaim({ action, completion: COMPLETION, facts, owner: OWNER, now }), facts, action);
      }),
      { numRuns: 2000 },
    );
  };

  it('only a founder may found, and only while there is no swarm or where it has founded itself', () => {
    const mayFound = ({ state, founder: known, founderView: view }: ClaimFacts): boolean => {
      const gone = view?.instance === known?.instance && view?.states.every((one) => one === 'terminated');
      return state?.status === 'new' && (known === undefined || gone === true);
    };
    decided(({ plan, take }, facts, action) => {
      if (plan.route === 'found') {
        expect(action.role).toBe('manager');
        expect(facts.state).toBeDefined();
        expect(facts.founder?.instance === action.instance || mayFound(facts)).toBe(true);
      }
      expect(take?.founder ?? false).toBe(plan.route === 'found');
    });
  });

  it('a route that acts on a node owns it first, and one that does not own it only completes', () => {
    decided(({ plan, take }) => {
      if (['found', 'join', 'leave'].includes(plan.route)) {
        expect(take).toBeDefined();
      }
      if (take === undefined) {
        expect(['complete', 'reject', 'ignore', 'ask', 'retain', 'force']).toContain(plan.route);
      }
    });
  });

  it('nobody takes a node of which the plan says nothing', () => {
    decided(({ plan }) => {
      if (plan.route !== 'ignore') {
        expect(plan).toMatchObject({ completion: COMPLETION, cluster: 'prod' });
      }
    });
  });
});
