// One attempt of a token state: what the state machine asks, what it is done with, and what holds for every attempt.
import { z } from 'zod';

import type { Plan } from '../core/model.ts';
import { nodeFacts } from '../core/steps/verbs.ts';
import { FlowError } from '../core/errors.ts';
import { holdText } from '../core/lifecycle/hold.ts';
import { VERBS, ownerKey } from '../core/names.ts';
import type { Verb } from '../core/names.ts';
import type { StepKey } from '../core/steps/rendezvous.ts';
import { shiftPage } from '../swarm/services-page.ts';
import type { StepPorts } from './ports.ts';

/** Steps without a command. */
export const WAITS = ['lock', 'hold', 'erase'] as const;
export const isWait = (verb: string): verb is (typeof WAITS)[number] => WAITS.some((one) => one === verb);

/** What a state machine passes to the command function. */
export const stepRequest = z.object({
  v: z.literal(1),
  /** Those of `WAITS` send nothing: they wait, or write, and keep the hook alive. */
  verb: z.enum([...VERBS, ...WAITS]),
  step: z.string().regex(/^[A-Za-z0-9-]{1,24}$/),
  taskToken: z.string().min(1),
  attempt: z.number().int().nonnegative(),
  execution: z.string().min(1),
  plan: z.custom<Plan>((value) => typeof value === 'object' && value !== null && 'cluster' in value, 'not a plan'),
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
  /** Of a hand-over: the nodes that leave together, this execution's first, and what was told last: undefined where that is no page. */
  leaving: z.array(z.string()).default([]),
  told: shiftPage.optional().catch(undefined),
  /** The services that it has begun with, as the item of the node has them. */
  tried: z.array(z.string()).default([]),
  unplaced: z.array(z.string()).default([]),
  /** It takes back what its execution has changed itself: also where a person holds the cluster by now. */
  finishing: z.boolean().default(false),
  /** It was refused a moment ago, and waits for something to change. */
  refused: z.boolean().default(false),
});
export type StepRequest = z.infer<typeof stepRequest>;

export function stepKey({ plan, execution, step }: StepRequest): Omit<StepKey, 'try'> {
  return { cluster: plan.cluster ?? '', instance: plan.instance ?? '-', owner: ownerKey(execution), step };
}

/** The item of the node, also for the rounds of a hand-over, whose steps have items of their own. */
export const ofNode = (request: StepRequest): Omit<StepKey, 'try'> => ({ ...stepKey(request), step: 'Beat' });

export function superseded({ instance }: { readonly instance: string }): FlowError {
  return new FlowError('Superseded', `another execution has taken over ${instance}`);
}

/** What undoes has no deadline: nothing of a failed launch may stay, however late it is. */
function isAfterDeadline({ plan, undo }: StepRequest, now: number): boolean {
  return !undo && plan.deadline !== undefined && now >= plan.deadline;
}

/** What a manager with a leader says of a node that is none yet. With any other error nobody has said how it stands. */
const NOT_A_NODE = 'NotReady';

/**
 * What is held has no deadline but its hook's own end. Only who is late pays for the question.
 *
 * @param failure what the try before this one ended with
 */
export async function whyTooLate(
  ports: StepPorts,
  request: StepRequest,
  now: number,
  failure: string | undefined,
): Promise<FlowError | undefined> {
  if (!isAfterDeadline(request, now)) {
    return undefined;
  }
  const { cluster = '', instance = 'this action' } = request.plan;
  const hold = await ports.holds.read(cluster);
  if (hold !== undefined) {
    return new FlowError('Held', holdText(cluster, hold));
  }
  return request.verb === 'confirm' && failure !== NOT_A_NODE
    ? new FlowError('Unconfirmed', `no manager has said how ${instance} stands: ${failure ?? 'none has answered'}`)
    : new FlowError('DeadlineReached', `the time for ${instance} is over`);
}

export async function refuseAfterDeadline(
  ports: StepPorts,
  request: StepRequest,
  now: number,
  failure?: string,
): Promise<void> {
  const late = await whyTooLate(ports, request, now, failure);
  if (late !== undefined) {
    throw late;
  }
}

/** @throws FlowError BadInput for a wait that sends nothing */
export function verbOf({ verb }: StepRequest): Verb {
  if (isWait(verb)) {
    throw new FlowError('BadInput', `${verb} sends no command`);
  }
  return verb;
}
