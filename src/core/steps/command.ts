// What an attempt of a step with a command does: send it, look at it again, deliver its end, or give it up.
import { FlowError } from '../errors.ts';
import { holdText } from '../lifecycle/hold.ts';
import { digestOf } from '../managers/leader-record.ts';
import { leastBeside } from '../managers/quorum.ts';
import type { Manager, Plan, PlannedSwarm } from '../model.ts';
import type { Verb } from '../names.ts';
import { endOfMoves, hasTimeToHandOver } from '../services/hand-over.ts';
import { giveUp, marked, nextTry } from './give-up.ts';
import { nextRound } from './hand-over-round.ts';
import { mayHaveBeenSent, nextMove, tryOf } from './rendezvous.ts';
import type { Move, RendezvousItem } from './rendezvous.ts';
import { outcomeOf } from './result.ts';
import type { Decision, Facts, GiveUp, Note, StepNotice, Question, Send, Sent, Step } from './step.ts';
import { DEFAULT_CONFIG, bringsIn, commandFor, runsOnManager, traitsOf } from './verbs.ts';
import type { Shifting } from './verbs.ts';
import { noticesOf, whomToAsk } from './whom-to-ask.ts';
import { addressesFor, asksWhoseNode, ifNotItsOwn, noteOnAnothers, toProve } from './whose-node.ts';

type Next = Decision | Question;
type Try = Extract<Move, { kind: 'send' }>;

const FIRST: Try = { kind: 'send', try: 1, begun: false };

const itemIn = ({ item }: Facts): RendezvousItem | undefined => item ?? undefined;

/** A first attempt finds nothing: what the item has is an earlier step's. */
function moveOf({ key }: Step, facts: Facts): Move {
  const item = itemIn(facts);
  return item === undefined ? FIRST : nextMove(item, key.step);
}

/** What the try before this one ended with. */
export function failureIn({ item }: Facts): string | undefined {
  const result = item?.result;
  return result?.ok === false ? result.error : undefined;
}

/** The command that is under way: as the item has it, or as SSM knows it where its answer was lost. */
export function underWay(step: Step, facts: Facts): Sent | undefined {
  const move = moveOf(step, facts);
  const item = itemIn(facts);
  if (move.kind === 'look') {
    return { try: move.try, commandId: move.commandId, target: move.target, sentAt: item?.sentAt };
  }
  const { earlier } = facts;
  return item === undefined || earlier === undefined || earlier === null
    ? undefined
    : { try: tryOf(item, step.key.step), commandId: earlier.commandId, target: earlier.target, sentAt: item.sentAt };
}

/** What is so whatever the time: an end that was heard of, an obstacle, or a fact that must be known to say so. */
export function endOfCommand(step: Step, verb: Verb, facts: Facts): Next | undefined {
  const move = moveOf(step, facts);
  switch (move.kind) {
    case 'deliver':
      return {
        kind: 'deliver',
        what: 'stored',
        outcome: move.outcome,
        item: itemIn(facts) ?? { owner: step.key.owner },
      };
    case 'fail':
      return { kind: 'give up', error: move.error, cause: move.cause };
    case 'look':
      return endOfSent(step, verb, facts);
    case 'send':
      return move.begun ? beforeSendingAgain(step, verb, facts, move) : beforeSending(step, verb, facts, move);
  }
}

function beforeSending(step: Step, verb: Verb, facts: Facts, move: Try): Next | undefined {
  return ifClusterHeld(step, facts) ?? notReady(prepare(step, verb, facts, move));
}

/** The same try again: its command was refused, or it is there and only its end was not heard. */
function beforeSendingAgain(step: Step, verb: Verb, facts: Facts, move: Try): Next | undefined {
  const prepared = prepare(step, verb, facts, move);
  return (
    notReady(prepared) ??
    (prepared.kind === 'send' ? searched(step, verb, facts, prepared) : undefined) ??
    (underWay(step, facts) === undefined ? (ifMarked(step, facts) ?? ifClusterHeld(step, facts)) : undefined)
  );
}

function searched(step: Step, verb: Verb, facts: Facts, { command }: Send): Next | undefined {
  const item = itemIn(facts);
  if (item === undefined || !mayHaveBeenSent(item, verb, step.plan.look ?? 0, facts.now)) {
    return undefined;
  }
  if (facts.earlier === undefined) {
    const number = tryOf(item, step.key.step);
    // The managers may have changed since, and with them whom it would be sent to.
    const target = item.target ?? command.target;
    return { kind: 'ask', fact: 'earlier', try: number, target, since: item.sentAt ?? facts.now };
  }
  return facts.earlier === null ? undefined : endOfSent(step, verb, facts);
}

/** The mark on the node is enough to stop. */
export const ifMarked = (step: Step, { item }: Facts): GiveUp | undefined =>
  item?.held === undefined ? undefined : marked(step);

/**
 * The own steps of an execution (of a tidy, a rotation) carry no mark, and no budget either: they read the state. What changes nothing new
 * goes on, and so does what a person says.
 */
function ifClusterHeld({ verb, key, ask }: Step, { hold }: Facts): Next | undefined {
  if (key.belongsTo === 'node' || traitsOf(verb).underHold?.(ask) === true) {
    return undefined;
  }
  if (hold === undefined) {
    return { kind: 'ask', fact: 'hold' };
  }
  return hold === null ? undefined : giveUp('Held', holdText(key.cluster, hold));
}

type Prepared = Next | { readonly kind: 'unfounded' } | { readonly kind: 'nobody' };

/** What stands in the way of a command; undefined for what only the time may end. */
function notReady(prepared: Prepared): Next | undefined {
  const { kind } = prepared;
  return kind === 'send' || kind === 'unfounded' || kind === 'nobody' ? undefined : prepared;
}

/** The command that would be sent now. */
function prepare(step: Step, verb: Verb, facts: Facts, move: Try): Prepared {
  const asked = whomToAsk(step, verb, facts, move.try);
  if (asked.kind === 'unfounded' && step.ask.undo) {
    // The founding failed: there is no swarm that could know the node.
    return { kind: 'deliver', what: 'output', output: { member: false } };
  }
  if (asked.kind !== 'known') {
    return asked;
  }
  const only = ifOnly(step, asked.plan);
  if (only !== undefined) {
    return only;
  }
  return ready(step, verb, facts, { move, plan: asked.plan, shift: step.ask.shift, note: undefined });
}

function ready(step: Step, verb: Verb, facts: Facts, parts: Parts): Next {
  const { round } = step;
  const next = round === undefined ? undefined : nextRound(step, round, facts);
  if (next?.isDone === true) {
    const { skipped, note } = next;
    return { kind: 'deliver', what: 'output', output: { done: true, skipped }, note };
  }
  const { shift = parts.shift, note } = next ?? {};
  return (
    missingFor(step, verb, facts) ??
    ifNotItsOwn(step, verb, facts) ??
    compose(step, verb, facts, { ...parts, shift, note })
  );
}

/** Those that were there when it queued for its turn have gone since: it waits like any last manager, and not with the lock. */
function ifOnly(step: Step, { cluster = '', instance = '', swarm }: Plan): GiveUp | undefined {
  const known = swarm?.managers ?? [];
  const isOnly = known.length > 0 && known.every((one) => one.instance === instance);
  return mustLeaveEnough(step) && isOnly
    ? giveUp('OnlyManager', `${instance} is the only manager of ${cluster} on record`, { releaseLock: true })
    : undefined;
}

/** How long a node that nobody hears of is waited for, seconds. */
const WRITTEN_OFF_AFTER = 3600;

/** What must be known to make the command. */
function missingFor(step: Step, verb: Verb, facts: Facts): Question | undefined {
  if (mayBeWrittenOff(step, facts) && facts.isUnhealthy === undefined) {
    return { kind: 'ask', fact: 'isUnhealthy' };
  }
  if (mustLeaveEnough(step) && facts.wanted === undefined) {
    return { kind: 'ask', fact: 'wanted' };
  }
  if (asksWhoseNode(step, verb, facts) && facts.addresses === undefined) {
    return { kind: 'ask', fact: 'addresses' };
  }
  return traitsOf(verb).needsConfig === true && facts.config === undefined
    ? { kind: 'ask', fact: 'config' }
    : toProve(verb, facts);
}

/**
 * The hardware may fail while EC2 says running, or stopping: then managers see the tasks of the node as running for a day. After an hour of
 * refusals it is written off where its group calls it unhealthy; its instance ends as soon as its hook is completed. While a person held the cluster
 * nobody was refused anything: the hour begins with the time that the action got afterwards.
 */
function mayBeWrittenOff({ verb, ask, attempt, plan }: Step, { now }: Facts): boolean {
  const { hook, deadline = now, patience = Number.POSITIVE_INFINITY } = plan;
  const isLate = hook !== undefined && now - Math.max(hook.time, deadline - patience) >= WRITTEN_OFF_AFTER;
  return traitsOf(verb).mayWriteOff === true && !ask.force && !ask.undo && attempt > 0 && isLate;
}

/** One that is gone, or whose launch failed, is missed by nobody. */
const mustLeaveEnough = ({ verb, ask }: Step): boolean =>
  traitsOf(verb).changesManagers === 'takes away' && !ask.force && !ask.undo;

interface Parts {
  readonly move: Try;
  readonly plan: Plan;
  readonly shift: Shifting;
  readonly note: Note | undefined;
}

function compose(step: Step, verb: Verb, facts: Facts, { move, plan, shift, note }: Parts): Send | GiveUp {
  const { node, force, undo, last, offset, brief, mend, handOver } = step.ask;
  const { now, stage, tokenKey, wanted = 0, config = DEFAULT_CONFIG } = facts;
  const addresses = addressesFor(step, verb, facts);
  const moves = endOfMoves(plan);
  try {
    const command = commandFor({
      ...{ verb, plan, node, undo, last, offset, brief, mend, shift, config, now, stage, tokenKey, addresses },
      force: force || facts.isUnhealthy === true,
      handOver: handOver && hasTimeToHandOver(moves.deadline, now, moves.isTaken),
      least: mustLeaveEnough(step) ? leastBeside(wanted, plan) : 0,
      ...managersOf(plan),
      try: move.try,
    });
    return {
      kind: 'send',
      command,
      try: move.try,
      begun: move.begun,
      note: note ?? noteOnAnothers(step, verb, facts),
      ...sentBy(verb, plan.swarm, move.try),
    };
  } catch (error) {
    if (error instanceof FlowError) {
      return { kind: 'give up', error: error.name, cause: error.message };
    }
    throw error;
  }
}

const managersOf = ({ swarm }: Plan): { managers: readonly Manager[]; candidates: readonly Manager[] } => ({
  managers: swarm?.managers ?? [],
  candidates: swarm?.candidates ?? [],
});

/** By the record's digest the command's end tells, without reading it, whether the record still is what the managers told. */
function sentBy(verb: Verb, swarm: PlannedSwarm | undefined, number: number): Pick<Send, 'record' | 'last'> {
  if (!runsOnManager(verb)) {
    return { last: true };
  }
  const { managers = [], leader, candidates } = swarm ?? {};
  const leading = managers.find(({ instance }) => instance === leader);
  return {
    record: leading === undefined ? 'unknown' : digestOf({ leader: leading, managers }),
    last: candidates !== undefined && number >= managers.length + candidates.length,
  };
}

/** After this many looks at a command that was never picked up, its agent is taken for dead. */
const UNRESPONSIVE_LOOKS = 2;

/** Undefined as long as the command is under way. */
function endOfSent(step: Step, verb: Verb, facts: Facts): Next | undefined {
  const sent = underWay(step, facts);
  if (sent === undefined) {
    return undefined;
  }
  const { invocation } = facts;
  if (invocation === undefined) {
    return { kind: 'ask', fact: 'invocation', of: sent };
  }
  const outcome = invocation === null ? undefined : outcomeOf(verb, invocation);
  if (outcome !== undefined) {
    // When it ended is told by the clock of the instance only; that it was sent before, by ours.
    return { kind: 'deliver', what: 'found', outcome, of: sent, notBefore: sent.sentAt ?? 0 };
  }
  return traitsOf(verb).givesUpOnSilence === true && isLyingThere(facts) && step.attempt >= UNRESPONSIVE_LOOKS
    ? giveUp('NodeUnresponsive', `the agent of ${sent.target} does not pick up its command`, { cancel: sent })
    : undefined;
}

/** Nobody has picked it up. */
const isLyingThere = ({ invocation }: Facts): boolean =>
  invocation === undefined || invocation === null || ['Pending', 'Delayed'].includes(invocation.status);

/** In time, and nothing has ended: it goes on. */
export function decideCommand(step: Step, verb: Verb, facts: Facts): Next {
  const move = moveOf(step, facts);
  const sent = underWay(step, facts);
  if (sent !== undefined) {
    return lookAgain(verb, facts, sent);
  }
  if (move.kind !== 'send') {
    throw new Error(`a step that has come to its end is to go on: ${move.kind}`);
  }
  const prepared = prepare(step, verb, facts, move);
  switch (prepared.kind) {
    case 'unfounded':
      return withoutSwarm(step, facts);
    case 'nobody':
      // A reason to wait, never to give up: the next look asks again.
      return { kind: 'wait' };
    default:
      return prepared;
  }
}

/**
 * After so many seconds in which a manager has not picked up a command, its agent is asked after: less than two looks. Not at the first one, where a burst of
 * workers still waits for agents that are only busy.
 */
const ASK_AFTER = 100;

/**
 * A command to an instance that joins is sent anew when its agent has not taken it for so long, seconds. That is longer than a warm instance needs
 * to bring up its agent, and so short that three lost commands in a row cost half of the shortest patience. SSM itself tells of a lost command
 * only when its delivery timeout and then its execution timeout have passed.
 */
const SEND_ANEW_AFTER = 240;

function lookAgain(verb: Verb, facts: Facts, sent: Sent): Next {
  if (!runsOnManager(verb)) {
    return ifNeverTaken(verb, facts, sent);
  }
  if (facts.isInAnyGroup === undefined) {
    return { kind: 'ask', fact: 'isInAnyGroup', of: sent };
  }
  if (!facts.isInAnyGroup) {
    // SSM takes commands for an instance that was terminated a moment ago, and ends them only by their timeouts. Whatever has begun there
    // has ended with it; should it run after all, on a manager that was detached by hand, documents may run twice. It is not cancelled:
    // the event of that would come for the present try, and say that a person had ended it.
    return nextTry(`${sent.target} is in no group any more`);
  }
  return isLyingThere(facts) && facts.now - (sent.sentAt ?? facts.now) >= ASK_AFTER
    ? ifSilent(facts, sent)
    : { kind: 'look again' };
}

/** The agent has not taken it. Should it do so after all, documents are idempotent and have a notAfter. */
function ifNeverTaken(verb: Verb, facts: Facts, sent: Sent): Next {
  const isOver = facts.now - (sent.sentAt ?? facts.now) >= SEND_ANEW_AFTER;
  return bringsIn(verb) && isLyingThere(facts) && isOver
    ? nextTry(`the agent of ${sent.target} has not picked up its command`, sent)
    : { kind: 'look again' };
}

/**
 * The instance lives, and its agent may be dead: SSM keeps the command for ten minutes. An agent that is full has carried out others
 * meanwhile, and is left alone: to send again would make a burst a storm. Should the agent come back and take it after all, documents
 * are idempotent and have a notAfter.
 */
function ifSilent({ hasWorked }: Facts, sent: Sent): Next {
  if (hasWorked === undefined) {
    return { kind: 'ask', fact: 'hasWorked', of: sent };
  }
  return hasWorked ? { kind: 'look again' } : nextTry(`the agent of ${sent.target} does not pick up its command`, sent);
}

function withoutSwarm({ verb, plan, key: { cluster } }: Step, { swarm }: Facts): Next {
  if (traitsOf(verb).waitsForFounding === true && plan.swarm === undefined) {
    return { kind: 'wait', queue: { for: 'founding', phase: 'joining' } };
  }
  return swarm?.state?.status === 'new'
    ? giveUp('NotFounded', `${cluster} has no swarm yet`)
    : giveUp('CommandUndelivered', `nothing is on record of ${cluster}`);
}

/** What a person is told besides: once, when all is known. */
export function noticesOfCommand(step: Step, verb: Verb, facts: Facts): StepNotice[] {
  const move = moveOf(step, facts);
  return move.kind === 'send' ? noticesOf(step, verb, facts, move.try, failureIn(facts)) : [];
}
