// The steps that send no command: a manager's wait for its turn, and the wait for the end of a hold.
import { heldLease, heldUntil, holdText } from '../lifecycle/hold.ts';
import { mayLeave } from '../managers/leader-record.ts';
import { leastBeside } from '../managers/quorum.ts';
import type { Plan } from '../model.ts';
import { giveUp } from './give-up.ts';
import type { Decision, Facts, Queue, QueueFor, Question, Step } from './step.ts';
import { foundedSwarm } from './whom-to-ask.ts';

type Next = Decision | Question;

const queueFor = (queue: Queue): Decision => ({ kind: 'wait', queue });

/**
 * Until there is a swarm, or until it may go, and then until no other manager joins or leaves. One look: the wait ends by the task token, at
 * once where nothing is in the way, else when it is woken. A lock whose holder is gone is taken at the look after its lease has run out.
 */
export const waitForTurn = (step: Step, facts: Facts): Next =>
  step.plan.route === 'leave' ? turnToLeave(step, facts) : turnToJoin(step, facts);

function turnToJoin({ plan, key, attempt }: Step, facts: Facts): Next {
  if (plan.swarm === undefined && facts.swarm === undefined) {
    return { kind: 'ask', fact: 'swarm' };
  }
  if (plan.swarm !== undefined || foundedSwarm(facts) !== undefined) {
    return queueFor({ for: 'turn', since: sinceOf(plan, facts), last: false });
  }
  // After a look EC2 should be asked whether the founder still lives.
  return attempt > 0 ? giveUp('NotFounded', `${key.cluster} has no swarm yet`) : queueFor({ for: 'founding' });
}

/** The longest waiter comes first. */
const sinceOf = ({ hook }: Plan, { now }: Facts): number => hook?.time ?? now;

/** What waits for a replacement waits without the lock, which the replacement needs. */
function turnToLeave(step: Step, facts: Facts): Next {
  const { attempt, plan, ask } = step;
  if (ask.refused && attempt === 0) {
    return queueFor({ for: 'managers', releaseLock: true });
  }
  if (facts.goesLast === undefined) {
    return { kind: 'ask', fact: 'goesLast' };
  }
  if (facts.goesLast || ask.force) {
    // The execution that hands the lock over does not know of the last one: then a demotion is tried first, in vain. One that is gone counts against
    // the quorum until it is out: it comes before any other manager.
    return queueFor({ for: 'turn', since: 0, last: facts.goesLast });
  }
  if (facts.wanted === undefined) {
    return { kind: 'ask', fact: 'wanted' };
  }
  const may = mayGo(step, facts);
  return typeof may === 'object'
    ? may
    : queueFor(
        may ? { for: 'turn', since: sinceOf(plan, facts), last: false } : { for: 'managers', releaseLock: false },
      );
}

function mayGo({ key, plan }: Step, { record, wanted = 0 }: Facts): boolean | Question {
  return record === undefined
    ? { kind: 'ask', fact: 'record' }
    : mayLeave(record ?? undefined, key.instance, leastBeside(wanted, plan));
}

/** The wait ends at once where there is no hold any more, else when `skep unhold` wakes it. */
export function waitForEndOfHold({ plan, key, attempt }: Step, { hold, now }: Facts): Next {
  if (hold === undefined) {
    return { kind: 'ask', fact: 'hold' };
  }
  if (hold === null) {
    return { kind: 'deliver', what: 'end of hold' };
  }
  if (now >= heldUntil(plan)) {
    // AWS would end the hook by itself: nothing may be changed in the swarm, and nothing is.
    return giveUp('HeldTooLong', `the hook of ${key.instance} ends now: ${holdText(key.cluster, hold)}`);
  }
  return queueFor({ for: 'end of hold', leaseUntil: attempt === 0 ? heldLease(plan, now) : undefined });
}

/** What it queued up for may have come just before, when it was not in the queue yet. So the fact is read once more. */
export function whileQueued(step: Step, facts: Facts, queued: QueueFor): Next {
  switch (queued) {
    case 'founding':
      return founded(step, facts);
    case 'managers':
      return managersChanged(step, facts);
    case 'end of hold':
      return heldStill(facts);
    case 'turn':
      // The lock is looked at again where it is queued for.
      return { kind: 'wait' };
  }
}

function founded({ key: { cluster } }: Step, facts: Facts): Next {
  if (facts.swarm === undefined) {
    return { kind: 'ask', fact: 'swarm' };
  }
  return foundedSwarm(facts) === undefined ? { kind: 'wait' } : giveUp('LeaderFound', `${cluster} has been founded`);
}

function managersChanged(step: Step, facts: Facts): Next {
  // It asks again only after a look, where it was refused a moment ago.
  const may = step.ask.refused && step.attempt === 0 ? false : mayGo(step, facts);
  if (typeof may === 'object') {
    return may;
  }
  return may ? giveUp('ManagersChanged', `a manager of ${step.key.cluster} has joined`) : { kind: 'wait' };
}

function heldStill({ hold }: Facts): Next {
  if (hold === undefined) {
    return { kind: 'ask', fact: 'hold' };
  }
  return hold === null ? { kind: 'deliver', what: 'end of hold' } : { kind: 'wait' };
}
