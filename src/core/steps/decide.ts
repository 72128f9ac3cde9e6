// What one attempt of a step does: one pure function. Where a fact is missing it says which, so that no call is made that is not needed.
//
// It is asked again while facts come in; then the one thing that it says is done. Where that meets an obstacle, or where the step was queued up
// for something that may have come meanwhile, that is one more fact.
import { decideCommand, endOfCommand, failureIn, ifMarked, noticesOfCommand, underWay } from './command.ts';
import { isWait } from '../names.ts';
import { ifLate, superseded } from './give-up.ts';
import { afterObstacle } from './obstacle.ts';
import type { Decision, Facts, StepNotice, Question, Step } from './step.ts';
import { waitForEndOfHold, waitForTurn, whileQueued } from './waits.ts';

export function decide(step: Step, facts: Facts): Decision | Question {
  if (facts.item === null) {
    return superseded(step);
  }
  if (facts.obstacle !== undefined) {
    return afterObstacle(step, facts, facts.obstacle);
  }
  if (facts.queued !== undefined) {
    return whileQueued(step, facts, facts.queued);
  }
  return byVerb(step, facts);
}

function byVerb(step: Step, facts: Facts): Decision | Question {
  switch (step.verb) {
    case 'hold':
      return waitForEndOfHold(step, facts);
    case 'erase':
      return ifMarked(step, facts) ?? { kind: 'deliver', what: 'end of swarm' };
    case 'lock':
      return ifMarked(step, facts) ?? late(step, facts) ?? waitForTurn(step, facts);
    default:
      return endOfCommand(step, step.verb, facts) ?? late(step, facts) ?? decideCommand(step, step.verb, facts);
  }
}

const late = (step: Step, facts: Facts): Decision | Question | undefined =>
  ifLate(step, facts, failureIn(facts), underWay(step, facts));

/** What a person is told besides what is done: once, when all is known. */
export function noticesOfStep(step: Step, facts: Facts): StepNotice[] {
  const { verb } = step;
  return isWait(verb) || facts.item === null ? [] : noticesOfCommand(step, verb, facts);
}
