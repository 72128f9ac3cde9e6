// What a state machine asks of one attempt of a token state, as it comes over the wire, and as a step has it.
import * as z from 'zod';

import { planShape } from '../core/lifecycle/plan-shape.ts';
import { nodeFacts } from '../core/steps/verbs.ts';
import { FlowError } from '../core/errors.ts';
import { VERBS, WAITS, isWait, ownerKey } from '../core/names.ts';
import type { Verb } from '../core/names.ts';
import { belongedTo, belongsTo } from '../core/steps/rendezvous.ts';
import type { ItemKey, HandOverRound, Step } from '../core/steps/step.ts';
import { nodeAt, readServicesIfAny, shiftPage } from '../swarm/services-page.ts';

/** What a state machine passes to the command function. */
export const stepRequest = z.object({
  v: z.literal(1),
  /** Those of `WAITS` send nothing: they wait, or write, and keep the hook alive. */
  verb: z.enum([...VERBS, ...WAITS]),
  step: z.string().regex(/^[A-Za-z0-9-]{1,24}$/),
  /** Executions of older versions do not say it. */
  belongsTo: belongsTo.optional(),
  taskToken: z.string().min(1),
  attempt: z.number().int().nonnegative(),
  execution: z.string().min(1),
  plan: planShape,
  node: nodeFacts.default({ nodeId: 'none', zone: 'unknown', address: 'none' }),
  force: z.boolean().default(false),
  undo: z.boolean().default(false),
  /** It is the last manager, and its swarm ends with it. */
  last: z.boolean().default(false),
  offset: z.number().int().nonnegative().default(0),
  brief: z.boolean().default(false),
  mend: z
    .object({
      forget: z.array(z.string()).default([]),
      restore: z.array(z.string()).default([]),
      label: z.array(z.string()).default([]),
      labels: z.string().default('none'),
    })
    .default({ forget: [], restore: [], label: [], labels: 'none' }),
  shift: z
    .object({ changes: z.array(z.string()).default([]), tell: z.string().default('nodes') })
    .default({ changes: [], tell: 'nodes' }),
  /** Of a drain: whether services may hand over before. */
  handOver: z.boolean().default(false),
  /** Of a hand-over: the nodes that leave together, this execution's first, and the page that was told last, undefined if that was no page. */
  leaving: z.array(z.string()).default([]),
  told: shiftPage.optional().catch(undefined),
  /** Which round of it, from 0. Executions of older versions say it in the name of the step. */
  round: z.int().nonnegative().optional(),
  /** It takes back what its own execution has changed, even if a person holds the cluster by now. */
  finishing: z.boolean().default(false),
  /** It was refused a moment ago, and waits for something to change. */
  refused: z.boolean().default(false),
});
export type StepRequest = z.infer<typeof stepRequest>;

/** A request is parsed here only: all other code of a step gets plain data. */
export function toStep(request: StepRequest): Step {
  const { verb, taskToken, attempt, plan } = request;
  const { node, force, undo, last, offset, brief, mend, shift, handOver, finishing, refused } = request;
  const ask = { node, force, undo, last, offset, brief, mend, shift, handOver, finishing, refused };
  return { verb, key: keyOf(request), taskToken, attempt, plan, ask, round: roundOf(request) };
}

function keyOf({ plan, execution, step, belongsTo: whose }: StepRequest): ItemKey {
  const { cluster = '', instance = '-' } = plan;
  return { cluster, instance, belongsTo: whose ?? belongedTo({ instance, step }), owner: ownerKey(execution), step };
}

function roundOf({ leaving, told, round, step }: StepRequest): HandOverRound | undefined {
  if (leaving.length === 0) {
    return undefined;
  }
  const page = told?.unreadable === undefined ? told : undefined;
  return {
    // `HandOver-7`, where only the name of the step says it.
    number: round ?? Number(/-(\d+)$/.exec(step)?.[1] ?? 0),
    leaving,
    told: page && readServicesIfAny(page, nodeAt(page, leaving)),
  };
}

/** The item of the node, also for the rounds of a hand-over, whose steps have items of their own. */
export const ofNode = ({ key }: Pick<Step, 'key'>): ItemKey => ({ ...key, belongsTo: 'node', step: 'Beat' });

/** @throws FlowError BadInput for a wait that sends nothing */
export function verbOf({ verb }: Pick<Step, 'verb'>): Verb {
  if (isWait(verb)) {
    throw new FlowError('BadInput', `${verb} sends no command`);
  }
  return verb;
}
