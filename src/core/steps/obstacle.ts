// What a step does next when the one thing that it decided on could not be done: somebody else has the lock or the node by now, or SSM or
// IAM refuses the command.
import { giveUp, marked, nextTry, superseded } from './give-up.ts';
import type { Facts, GiveUp, Obstacle, Question, Step } from './step.ts';
import { bringsIn, runsOnManager } from './verbs.ts';

export function afterObstacle(step: Step, facts: Facts, obstacle: Obstacle): GiveUp | Question {
  switch (obstacle.kind) {
    case 'locked':
      return giveUp('LockTaken', `another manager of ${step.key.cluster} joins or leaves`);
    case 'taken over':
      return superseded(step);
    case 'not begun':
      return whyNotBegun(step, facts);
    case 'unanswered':
      return giveUp('AwsUnavailable', `SendCommand did not answer: ${obstacle.because}`, {
        note: { on: 'step', uncertain: true },
      });
    case 'refused':
      return afterRefusal(step, facts, obstacle);
  }
}

/** By the mark of a hold, or since the node is another execution's by now. */
function whyNotBegun(step: Step, { isMarked }: Facts): GiveUp | Question {
  if (isMarked === undefined) {
    return { kind: 'ask', fact: 'isMarked' };
  }
  return isMarked ? marked(step) : superseded(step);
}

type Refused = Extract<Obstacle, { kind: 'refused' }>;

/** SSM has one error for an agent that is not there yet, not there any more, and an instance that never was. */
function afterRefusal(step: Step, facts: Facts, refused: Refused): GiveUp | Question {
  const { verb, because } = refused;
  if (!step.ask.undo && bringsIn(verb)) {
    return joinRefused(step, facts, refused);
  }
  return denied(refused) ?? (runsOnManager(verb) ? nextTry(because) : giveUp('InstanceUnreachable', because));
}

const denied = ({ denied: error, because }: Refused): GiveUp | undefined =>
  error === undefined ? undefined : { kind: 'give up', error, cause: because };

/** Refused this often, the instance may be gone: one more question to AWS is worth it. Then every tenth time. */
const ASK_WHETHER_GONE = 4;
const ASK_AGAIN = 10;

function joinRefused({ attempt, plan }: Step, { isGone }: Facts, refused: Refused): GiveUp | Question {
  const notYet = giveUp('AgentNotRegistered', refused.because);
  if (attempt < ASK_WHETHER_GONE) {
    // Whether a tag counts before the agent has registered is not documented: a denial may be of the first moments only.
    return notYet;
  }
  // An instance that does not exist has no tags, so that IAM denies it before SSM says that it is invalid.
  const asks = refused.denied !== undefined || (attempt - ASK_WHETHER_GONE) % ASK_AGAIN === 0;
  if (asks && isGone === undefined) {
    return { kind: 'ask', fact: 'isGone' };
  }
  return isGone === true
    ? giveUp('InstanceGone', `${plan.instance ?? ''} is in no group any more`)
    : (denied(refused) ?? notYet);
}
