// Where the sender of a command and the event of its end meet: one item, keyed by step, never by command.
//
// The item of a node is also the item of its rendezvous, since the execution that owns the node takes one step at a time: one
// conditional write then checks who owns the node, parks the task token and reads what the event has brought, all at once.
import * as z from 'zod';

import { keys } from '../names.ts';
import type { Key, Verb } from '../names.ts';
import { bringsIn } from './verbs.ts';
import { UNITS } from './verbs/all.ts';
import { told } from './verbs/verb.ts';
import type { NodeChanges } from './verbs/verb.ts';

/**
 * Whose step it is, and so where its item lies. A step of the `node` meets its end in the item of the node, which only the owner of the
 * node may write to. A step of the `execution` has an item of its own, with a TTL: it must not disturb whoever owns the node.
 */
export const belongsTo = z.enum(['node', 'execution']);
type BelongsTo = z.infer<typeof belongsTo>;

/**
 * For executions and commands that began before they said whose step it is: a step that concerned no instance, or had a hyphen in its name,
 * was the execution's.
 */
export function belongedTo({ instance, step }: Pick<StepKey, 'instance' | 'step'>): BelongsTo {
  return instance === '-' || step.includes('-') ? 'execution' : 'node';
}

/** One command of one step: what travels in SendCommand's Comment, and comes back with GetCommandInvocation. */
export interface StepKey {
  readonly cluster: string;
  /** The instance that the step concerns, or `-` where it concerns none. */
  readonly instance: string;
  readonly belongsTo: BelongsTo;
  /** The short key of the execution. */
  readonly owner: string;
  readonly step: string;
  /**
   * Counts the commands of a step: a document that failed in a retryable way is sent again under a new number. So is one of a step
   * that is entered again: what a command of its first time left behind must not count for the second.
   */
  readonly try: number;
}

/** AWS: Comment has at most 100 characters. */
export const COMMENT_LIMIT = 100;

/** The first word of a comment says that it is skep's, and whose step it is: there is no room for one more word. */
const FIRST_WORD = { node: 'skepN', execution: 'skepE' } as const satisfies Record<BelongsTo, string>;
/** The same of commands that were sent before there were two. */
const FIRST_WORD_BEFORE = 'skep1';

/** @example skepN prod i-0123456789abcdef0 6f1ed002ab55 Join 1 */
export function toComment(key: StepKey): string {
  return [FIRST_WORD[key.belongsTo], key.cluster, key.instance, key.owner, key.step, key.try].join(' ');
}

/** Undefined for a comment that is not ours. */
export function fromComment(comment: string): StepKey | undefined {
  const [first, cluster, instance, owner, step, number, ...rest] = comment.split(' ');
  if (cluster === undefined || instance === undefined || owner === undefined || step === undefined) {
    return undefined;
  }
  const whose = whoseStep(first, { instance, step });
  return whose === undefined || number === undefined || rest.length > 0 || !/^\d+$/.test(number)
    ? undefined
    : { cluster, instance, belongsTo: whose, owner, step, try: Number(number) };
}

function whoseStep(first: string | undefined, key: Pick<StepKey, 'instance' | 'step'>): BelongsTo | undefined {
  return first === FIRST_WORD_BEFORE ? belongedTo(key) : belongsTo.options.find((whose) => FIRST_WORD[whose] === first);
}

/** Where the step's item lies. */
export function itemOf({ cluster, instance, owner, step, belongsTo: whose }: Omit<StepKey, 'try'>): Key {
  return whose === 'execution' ? { pk: `STEP#${owner}#${step}`, sk: 'STEP' } : keys.node(cluster, instance);
}

/** How a document ended. */
const outcome = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), output: z.record(z.string(), z.unknown()) }),
  z.object({ ok: z.literal(false), error: z.string(), cause: z.string(), retryable: z.boolean() }),
]);
export type Outcome = z.infer<typeof outcome>;

export const rendezvousItem = z
  .object({
    owner: z.string(),
    step: z.string().optional(),
    /** Since the step was entered. What its commands are counted by, over all its entries, is `tried_<step>`. */
    try: z.number().optional(),
    taskToken: z.string().optional(),
    commandId: z.string().optional(),
    target: z.string().optional(),
    sentAt: z.number().optional(),
    /** The answer of SendCommand was lost: there may be a command that nobody knows of. */
    uncertain: z.boolean().optional(),
    /** The step whose state sleeps on the task token: a late event of another must not wake it. */
    waits: z.string().optional(),
    beatAt: z.number().optional(),
    /** The services that a hand-over has begun with. */
    handedOver: z.array(z.string()).optional(),
    /** Those of them that had a task without a node in the round before. */
    unplaced: z.array(z.string()).optional(),
    /** The leader record that the command was sent by, as a digest. */
    record: z.string().optional(),
    /** Of the present step and try. */
    result: outcome.optional(),
    abandons: z.number().optional(),
    diesAt: z.number().optional(),
    /** A person holds the cluster. */
    held: z.number().optional(),
  })
  .loose();
export type RendezvousItem = z.infer<typeof rendezvousItem>;

export type Move =
  /** `try`: since the step was entered. `begun`: the item says that it is under way; whether its command was sent is not known. */
  | { readonly kind: 'send'; readonly try: number; readonly begun: boolean }
  | { readonly kind: 'look'; readonly try: number; readonly commandId: string; readonly target: string }
  | { readonly kind: 'deliver'; readonly outcome: Outcome }
  | { readonly kind: 'fail'; readonly error: string; readonly cause: string };

/** Where an item counts the commands of a step. */
export const counterOf = (step: string): string => `tried_${step.replaceAll('-', '_')}`;

/** The number of the present command of a step. */
export function tryOf(item: RendezvousItem, step: string): number {
  const counted = item[counterOf(step)];
  return typeof counted === 'number' ? counted : (item.try ?? 1);
}

/** What a new attempt of a step does, from what its item says. */
export function nextMove(item: RendezvousItem, step: string): Move {
  if (item.step !== step) {
    return { kind: 'send', try: 1, begun: false };
  }
  const number = item.try ?? 1;
  if (item.result !== undefined) {
    return afterResult(item.result, number);
  }
  return item.commandId !== undefined && item.target !== undefined
    ? { kind: 'look', try: tryOf(item, step), commandId: item.commandId, target: item.target }
    : { kind: 'send', try: number, begun: true };
}

function afterResult(result: Outcome, number: number): Move {
  if (result.ok) {
    return { kind: 'deliver', outcome: result };
  }
  const { retryable, error, cause } = result;
  return retryable ? { kind: 'send', try: number + 1, begun: false } : { kind: 'fail', error, cause };
}

/**
 * Whether SSM is to be asked for the command of a try that has begun, before it is sent again. Not for a join that was refused a
 * moment ago, since its agent had not registered: that would be one more call each time, and documents are idempotent.
 *
 * @param look how long a state sleeps, seconds: after that it was not refused, it slept
 */
export function mayHaveBeenSent(item: RendezvousItem, verb: Verb, look: number, now: number): boolean {
  return item.uncertain === true || !bringsIn(verb) || now - (item.sentAt ?? 0) >= look - 5;
}

/** The node id by which an instance calls itself; undefined for documents that are about others, and for what is no node id. */
export function ownNodeId(verb: Verb, output: Readonly<Record<string, unknown>>): string | undefined {
  return UNITS[verb].tellsOwnNodeId === true ? told.parse(output).nodeId : undefined;
}

/** What a command's good end changes in the item of its node. What is undefined there is not changed. */
export function nodeChanges(verb: Verb, output: Readonly<Record<string, unknown>>): NodeChanges {
  return UNITS[verb].record?.(told.parse(output)) ?? {};
}
