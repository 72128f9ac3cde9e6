// A claim as tests ask for it: what is not said is as in the examples.
import { decideClaim } from '../../../src/core/lifecycle/claim.ts';
import type { Claim, ClaimFacts } from '../../../src/core/lifecycle/claim.ts';
import type { Action } from '../../../src/core/lifecycle/event.ts';
import { COMPLETION, EXECUTION, NOW, actionOf, factsOf } from './examples.ts';

export interface Question {
  readonly action?: Partial<Action>;
  readonly facts?: Partial<ClaimFacts>;
  readonly now?: number;
}

export const OWNER = 'me';

export function decide({ action, facts, now = NOW + 1 }: Question): Claim {
  return decideClaim({
    action: actionOf(action),
    completion: COMPLETION,
    facts: factsOf(facts),
    owner: OWNER,
    now,
  });
}

export const terminate = { kind: 'terminate' } as const;

/** The action of another execution, whose lease runs. */
export const held = {
  owner: 'somebody-else',
  ownerArn: `${EXECUTION}-else`,
  actionToken: 'old',
  time: NOW,
  leaseUntil: NOW + 900,
};
