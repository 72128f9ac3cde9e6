// The ends of a step that are no success, by the names that the state machines match.
import { holdText } from '../lifecycle/hold.ts';
import type { FlowErrorName } from '../errors.ts';
import type { Facts, GiveUp, Question, Sent, Step } from './step.ts';
import { traitsOf } from './verbs.ts';

type Details = Omit<GiveUp, 'kind' | 'error' | 'cause'>;

export const giveUp = (error: FlowErrorName, cause: string, details: Details = {}): GiveUp => ({
  kind: 'give up',
  error,
  cause,
  ...details,
});

export const superseded = ({ key: { instance } }: Step): GiveUp =>
  giveUp('Superseded', `another execution has taken over ${instance}`);

/** By a mark on the node. Whether there still is a hold is asked where its end is waited for. */
export const marked = ({ key: { cluster } }: Step): GiveUp =>
  giveUp('Held', `${cluster} is held: skep unhold ${cluster}`);

/** Ends this try: the next one is sent anew, to the next manager where one is asked. It is noted first, since the event of a cancellation would end the step. */
export const nextTry = (cause: string, cancel?: Sent): GiveUp =>
  giveUp('CommandUndelivered', cause, {
    note: { on: 'step', result: { ok: false, error: 'CommandUndelivered', cause, retryable: true } },
    cancel,
  });

/** What a manager with a leader says of a node that is none yet. With any other error nobody has said how it stands. */
const NOT_A_NODE = 'NotReady';

/**
 * The one place where the deadline is asked. What undoes has none: nothing of a failed launch may stay, however late it is. What is held has
 * none but its hook's own end; only where it is late that costs a question.
 *
 * @param failure what the try before this one ended with
 * @param sent the command that is under way: it is cancelled, but not for a hold, after whose end it is heard of or asked for again
 */
export function ifLate(
  { verb, key, plan, ask }: Step,
  facts: Facts,
  failure: string | undefined,
  sent: Sent | undefined,
): GiveUp | Question | undefined {
  if (ask.undo || plan.deadline === undefined || facts.now < plan.deadline) {
    return undefined;
  }
  if (facts.hold === undefined) {
    return { kind: 'ask', fact: 'hold' };
  }
  if (facts.hold !== null) {
    return giveUp('Held', holdText(key.cluster, facts.hold));
  }
  const { instance = 'this action' } = plan;
  return traitsOf(verb).tellsHowNodeStands === true && failure !== NOT_A_NODE
    ? giveUp('Unconfirmed', `no manager has said how ${instance} stands: ${failure ?? 'none has answered'}`, {
        cancel: sent,
      })
    : giveUp('DeadlineReached', `the time for ${instance} is over`, { cancel: sent });
}
