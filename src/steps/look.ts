// One look at a command that was sent and whose end was not heard of.
import { isInAnyGroup } from '../aws/auto-scaling.ts';
import { cancelCommand, hasWorkedSince, readInvocation } from '../aws/run-command.ts';
import { outcomeOf } from '../core/steps/result.ts';
import { bringsIn, runsOnManager } from '../core/steps/verbs.ts';
import { FlowError } from '../core/errors.ts';
import type { Verb } from '../core/names.ts';
import type { Outcome } from '../core/steps/rendezvous.ts';
import { storeAndDeliver } from './deliver.ts';
import { stepKey, whyTooLate } from './step.ts';
import type { StepPorts } from './ports.ts';
import type { StepRequest } from './step.ts';

/** After this many looks at a command that was never picked up, its agent is taken for dead. */
const UNRESPONSIVE_LOOKS = 2;

/**
 * A manager that has left a command lying for so long is asked for, seconds: less than two looks. Not at the first one, where a burst of
 * workers still waits for agents that are only busy.
 */
const ASK_AFTER = 100;

/**
 * A command to an instance that is to come is sent anew when it has lain for so long, seconds: longer than a warm instance needs to
 * bring up its agent, and so short that three that get lost, one after the other, cost half of the shortest patience. SSM itself tells
 * of one only when its delivery timeout and its execution timeout have passed together.
 */
const SEND_ANEW_AFTER = 240;

interface Sent {
  readonly try: number;
  readonly commandId: string;
  readonly target: string;
  /** Epoch seconds. */
  readonly sentAt: number | undefined;
}

/** Delivers the end that was not heard of. Returns when the command is to be waited for, throws when it is not. */
export async function look(ports: StepPorts, request: StepRequest, verb: Verb, sent: Sent): Promise<void> {
  const now = ports.now();
  const invocation = await readInvocation(ports.ssm, sent.commandId, sent.target);
  const outcome = invocation === undefined ? undefined : outcomeOf(verb, invocation);
  if (outcome !== undefined) {
    const key = { ...stepKey(request), try: sent.try };
    await storeAndDeliver(ports, { key, verb, outcome, target: sent.target, endedAt: invocation?.endedAt, now });
    return;
  }
  const waiting = invocation === undefined || ['Pending', 'Delayed'].includes(invocation.status);
  if (verb === 'leave' && waiting && request.attempt >= UNRESPONSIVE_LOOKS) {
    await cancelQuietly(ports, sent);
    throw new FlowError('NodeUnresponsive', `the agent of ${sent.target} does not pick up its command`);
  }
  await giveUpLate(ports, request, sent, now);
  await giveUpGone(ports, request, verb, sent);
  if (waiting) {
    await giveUpLying(ports, request, verb, sent);
  }
}

/** The agent has not taken it. Should it do so after all, documents are idempotent and have a notAfter. */
async function giveUpLying(ports: StepPorts, request: StepRequest, verb: Verb, sent: Sent): Promise<void> {
  const now = ports.now();
  if (runsOnManager(verb)) {
    await giveUpSilent(ports, request, sent, now);
  } else if (bringsIn(verb) && now - (sent.sentAt ?? now) >= SEND_ANEW_AFTER) {
    throw await passOn(ports, request, sent, `the agent of ${sent.target} has not picked up its command`);
  }
}

/**
 * The instance lives, and its agent may be dead: SSM keeps the command for ten minutes. An agent that is full has carried out others
 * meanwhile, and is left alone: to send again would make a burst a storm. Should the agent come back and take it after all, documents
 * are idempotent and have a notAfter.
 */
async function giveUpSilent(ports: StepPorts, request: StepRequest, sent: Sent, now: number): Promise<void> {
  const { sentAt = now, target } = sent;
  if (now - sentAt < ASK_AFTER || (await hasWorkedSince(ports.ssm, target, sentAt))) {
    return;
  }
  throw await passOn(ports, request, sent, `the agent of ${target} does not pick up its command`);
}

/** What is held goes on: its end is heard of when the hold is lifted, or asked for again. */
async function giveUpLate(ports: StepPorts, request: StepRequest, sent: Sent, now: number): Promise<void> {
  const late = await whyTooLate(ports, request, now, undefined);
  if (late !== undefined && late.name !== 'Held') {
    await cancelQuietly(ports, sent);
  }
  if (late !== undefined) {
    throw late;
  }
}

/**
 * SSM takes commands for an instance that was terminated a moment ago, and ends them only by their timeouts. Whatever has begun
 * there has ended with it; should it run after all, on a manager that was detached by hand, documents may run twice. It is not
 * cancelled: the event of that would come for the present try, and say that a person had ended it.
 */
async function giveUpGone(ports: StepPorts, request: StepRequest, verb: Verb, sent: Sent): Promise<void> {
  if (runsOnManager(verb) && !(await isInAnyGroup(ports.autoScaling, sent.target))) {
    throw await nextTry(ports, request, `${sent.target} is in no group any more`);
  }
}

/** First what is to come next, then the cancellation, whose event would end the step. */
async function passOn(ports: StepPorts, request: StepRequest, sent: Sent, cause: string): Promise<Error> {
  const error = await nextTry(ports, request, cause);
  await cancelQuietly(ports, sent);
  return error;
}

/** Ends this try: the next one is sent anew, to the next manager where one is asked. */
export async function nextTry({ table }: StepPorts, request: StepRequest, cause: string): Promise<Error> {
  const error = 'CommandUndelivered';
  const result: Outcome = { ok: false, error, cause, retryable: true };
  await table.park(stepKey(request), { result });
  return new FlowError(error, cause);
}

/** Best effort by nature: CancelCommand promises nothing, and the document's notAfter is what holds. */
async function cancelQuietly({ ssm }: StepPorts, { commandId, target }: Sent): Promise<void> {
  try {
    await cancelCommand(ssm, commandId, target);
  } catch {
    // The wait ends either way.
  }
}
