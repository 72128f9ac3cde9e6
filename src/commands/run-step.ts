// One attempt of a token wait: sends the command of a step, or looks at it once, or delivers what the event has left.
import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import type { SSMClient } from '@aws-sdk/client-ssm';
import { z } from 'zod';

import { beat, isInAnyGroup } from '../aws/auto-scaling.ts';
import { cancelCommand, findCommand, readInvocation, sendCommand } from '../aws/run-command.ts';
import { succeedTask } from '../aws/task-callbacks.ts';
import type { Manager, Plan } from '../core/claim.ts';
import { outcomeOf } from '../core/command-result.ts';
import { DEFAULT_CONFIG, commandFor, nodeFacts, runsOnManager } from '../core/commands.ts';
import type { ClusterConfig, Command } from '../core/commands.ts';
import { heartbeatDue } from '../core/deadline.ts';
import { FlowError } from '../core/errors.ts';
import { VERBS, ownerKey } from '../core/names.ts';
import type { Verb } from '../core/names.ts';
import { isOwnItem, mayHaveBeenSent, nextMove, toComment } from '../core/rendezvous.ts';
import type { Move, RendezvousItem, StepKey } from '../core/rendezvous.ts';
import { deliver, storeAndDeliver } from './deliver.ts';
import type { DeliverPorts } from './deliver.ts';

/** What a state machine passes to the command function. */
export const stepRequest = z.object({
  v: z.literal(1),
  /** `hold` sends nothing: it keeps the hook alive. */
  verb: z.enum([...VERBS, 'hold']),
  step: z.string().regex(/^[A-Za-z0-9-]{1,24}$/),
  taskToken: z.string().min(1),
  attempt: z.number().int().nonnegative(),
  execution: z.string().min(1),
  plan: z.custom<Plan>((value) => typeof value === 'object' && value !== null && 'cluster' in value, 'not a plan'),
  node: nodeFacts.default({ nodeId: 'none', zone: 'unknown' }),
  force: z.boolean().default(false),
  undo: z.boolean().default(false),
  offset: z.number().int().nonnegative().default(0),
});
export type StepRequest = z.infer<typeof stepRequest>;

export interface StepPorts extends DeliverPorts {
  readonly ssm: SSMClient;
  readonly sending: SSMClient;
  readonly autoScaling: AutoScalingClient;
  readonly stage: string;
  readonly tokenKey: string;
  readonly now: () => number;
}

const DAY = 86_400;

/** Refused this often, the instance may be gone: one more question to AWS is worth it. Then every tenth time. */
const ASK_WHETHER_GONE = 4;
const ASK_AGAIN = 10;

/** After this many looks at a command that was never picked up, its agent is taken for dead. */
const UNRESPONSIVE_LOOKS = 2;

export async function runStep(ports: StepPorts, request: StepRequest): Promise<void> {
  const { attempt, step, taskToken } = request;
  const key = stepKey(request);
  if (attempt === 0 && request.verb !== 'hold') {
    await begin(ports, request, 1);
    return;
  }
  const item = await ports.table.park(key, { taskToken, waits: step });
  if (item === undefined) {
    throw superseded(key);
  }
  await keepHookAlive(ports, request, item);
  if (request.verb === 'hold') {
    hold(ports, request);
    return;
  }
  await make(ports, request, nextMove(item, step), item);
}

function stepKey({ plan, execution, step }: StepRequest): Omit<StepKey, 'try'> {
  return { cluster: plan.cluster ?? '', instance: plan.instance ?? '-', owner: ownerKey(execution), step };
}

async function make(ports: StepPorts, request: StepRequest, move: Move, item: RendezvousItem): Promise<void> {
  const verb = verbOf(request);
  switch (move.kind) {
    case 'send':
      await (move.begun ? sendAgain(ports, request, move.try, item) : begin(ports, request, move.try));
      return;
    case 'look':
      await look(ports, request, move);
      return;
    case 'deliver':
      await deliver(ports, { key: stepKey(request), verb, outcome: move.outcome, item });
      return;
    case 'fail':
      throw asError(move);
  }
}

/** An error with the name that the state machine matches. */
function asError({ error, cause }: { error: string; cause: string }): Error {
  return Object.assign(new Error(cause), { name: error });
}

function verbOf({ verb }: StepRequest): Verb {
  if (verb === 'hold') {
    throw new FlowError('BadInput', 'hold sends no command');
  }
  return verb;
}

/** First the item, then the command: whoever has lost the node sends nothing, and the command's end finds its try. */
async function begin(ports: StepPorts, request: StepRequest, number: number): Promise<void> {
  const now = ports.now();
  const command = await prepare(ports, request, now, number);
  if (command === undefined) {
    return;
  }
  refuseAfterDeadline(request, now);
  const key: StepKey = { ...stepKey(request), try: number };
  const item = await ports.table.begin(key, {
    taskToken: request.taskToken,
    sentAt: now,
    ...(isOwnItem(key) ? { expiresAt: now + DAY } : {}),
    ...(command.verb === 'join' || command.verb === 'init' ? { phase: 'joining' } : {}),
  });
  if (item === undefined) {
    throw superseded(key);
  }
  await sendOnce(ports, request, command, toComment(key));
}

/** The same try again: its command was refused, or it is there and only its end was not heard. */
async function sendAgain(ports: StepPorts, request: StepRequest, number: number, item: RendezvousItem): Promise<void> {
  const now = ports.now();
  const command = await prepare(ports, request, now, number);
  if (command === undefined) {
    return;
  }
  const key: StepKey = { ...stepKey(request), try: number };
  const comment = toComment(key);
  const { verb, target } = command;
  if (mayHaveBeenSent(item, verb, request.plan.look ?? 0, now)) {
    const commandId = await findCommand(ports.ssm, target, comment, item.sentAt ?? now);
    if (commandId !== undefined) {
      await ports.table.park(key, { commandId, target });
      await look(ports, request, { kind: 'look', try: number, commandId, target });
      return;
    }
  }
  refuseAfterDeadline(request, now);
  await sendOnce(ports, request, command, comment);
}

function superseded({ instance }: { readonly instance: string }): FlowError {
  return new FlowError('Superseded', `another execution has taken over ${instance}`);
}

/** What undoes has no deadline: nothing of a failed launch may stay, however late it is. */
function isAfterDeadline({ plan, undo }: StepRequest, now: number): boolean {
  return !undo && plan.deadline !== undefined && now >= plan.deadline;
}

function refuseAfterDeadline(request: StepRequest, now: number): void {
  if (isAfterDeadline(request, now)) {
    throw new FlowError('DeadlineReached', `the time for ${request.plan.instance ?? 'this action'} is over`);
  }
}

async function sendOnce(ports: StepPorts, request: StepRequest, command: Command, comment: string): Promise<void> {
  const sent = await sendCommand(ports.sending, ports.stage, command, comment);
  switch (sent.kind) {
    case 'sent':
      return;
    case 'uncertain':
      await ports.table.park(stepKey(request), { uncertain: true });
      throw new FlowError('AwsUnavailable', `SendCommand did not answer: ${sent.because}`);
    case 'refused':
      throw await refusal(ports, request, sent.because, undefined);
    case 'denied':
      throw await refusal(ports, request, sent.error.message, sent.error);
  }
}

/** SSM has one error for an agent that is not there yet, not there any more, and an instance that never was. */
async function refusal(
  ports: StepPorts,
  request: StepRequest,
  because: string,
  denied: Error | undefined,
): Promise<Error> {
  const { undo, verb } = request;
  if (!undo && (verb === 'join' || verb === 'init')) {
    return joinRefusal(ports, request, because, denied);
  }
  return (
    denied ?? new FlowError(runsOnManager(verbOf(request)) ? 'CommandUndelivered' : 'InstanceUnreachable', because)
  );
}

async function joinRefusal(
  { autoScaling }: StepPorts,
  { attempt, plan: { instance = '' } }: StepRequest,
  because: string,
  denied: Error | undefined,
): Promise<Error> {
  // Whether a tag counts before the agent has registered is not documented: a denial may be of the first moments only.
  if (denied !== undefined && attempt >= ASK_WHETHER_GONE) {
    return denied;
  }
  const ask = attempt >= ASK_WHETHER_GONE && (attempt - ASK_WHETHER_GONE) % ASK_AGAIN === 0;
  return ask && !(await isInAnyGroup(autoScaling, instance))
    ? new FlowError('InstanceGone', `${instance} is in no group any more`)
    : new FlowError('AgentNotRegistered', because);
}

/** The command to send; undefined when there is none to send: see withSwarm. */
async function prepare(
  ports: StepPorts,
  request: StepRequest,
  now: number,
  number: number,
): Promise<Command | undefined> {
  const verb = verbOf(request);
  const plan = await withSwarm(ports, request, now, number);
  if (plan === undefined) {
    return undefined;
  }
  const config: ClusterConfig = verb === 'init' ? await ports.table.readConfig(plan.cluster ?? '') : DEFAULT_CONFIG;
  const { node, force, undo, offset } = request;
  const managers: readonly Manager[] = plan.swarm?.managers ?? [];
  return commandFor({
    verb,
    plan,
    node,
    force,
    undo,
    offset,
    config,
    managers,
    now,
    stage: ports.stage,
    tokenKey: ports.tokenKey,
  });
}

/** The plan with the swarm's managers; undefined when there are none: a join is queued then, and woken by the founding. */
async function withSwarm(
  ports: StepPorts,
  request: StepRequest,
  now: number,
  number: number,
): Promise<Plan | undefined> {
  const { plan } = request;
  if (!readsLeader(request, number)) {
    return plan;
  }
  const swarm = await readSwarm(ports, plan.cluster ?? '');
  if (swarm !== undefined) {
    return { ...plan, swarm };
  }
  await doWithoutSwarm(ports, request, now);
  return undefined;
}

async function doWithoutSwarm(ports: StepPorts, request: StepRequest, now: number): Promise<void> {
  const { plan, verb, undo, taskToken } = request;
  const cluster = plan.cluster ?? '';
  if (undo) {
    // The founding failed: there is no swarm that could know the node.
    await succeedTask(ports.states, taskToken, { member: false });
    return;
  }
  refuseAfterDeadline(request, now);
  if (verb === 'join') {
    await queueForLeader(ports, request, now);
    return;
  }
  const state = await ports.table.readState(cluster);
  throw state?.status === 'new'
    ? new FlowError('NotFounded', `${cluster} has no swarm yet`)
    : new FlowError('CommandUndelivered', `no manager of ${cluster} is known`);
}

/**
 * What was claimed before the founding, or has failed with the managers it knew, reads the leader anew: at the moment of use. A
 * join whose agent has not registered yet has not failed with anybody.
 */
function readsLeader(request: StepRequest, number: number): boolean {
  const { plan, verb, attempt } = request;
  const onManager = runsOnManager(verbOf(request));
  const failed = number > 1 || (attempt > 0 && onManager);
  return (verb === 'join' || onManager) && (plan.swarm === undefined || failed);
}

async function queueForLeader(ports: StepPorts, request: StepRequest, now: number): Promise<void> {
  const { plan, taskToken } = request;
  const cluster = plan.cluster ?? '';
  const key = stepKey(request);
  if ((await ports.table.park(key, { taskToken, waits: key.step, phase: 'joining' })) === undefined) {
    throw superseded(key);
  }
  await ports.table.addWaiter(cluster, key.owner, taskToken, now + DAY);
  // The founding may have looked for waiters just before this one was written.
  if ((await readSwarm(ports, cluster)) !== undefined) {
    throw new FlowError('LeaderFound', `${cluster} has been founded`);
  }
}

async function readSwarm({ table }: StepPorts, cluster: string): Promise<Plan['swarm']> {
  const [state, leader] = await Promise.all([table.readState(cluster), table.readLeader(cluster)]);
  return state?.status === 'founded' && leader !== undefined
    ? { swarmId: state.swarmId, caDigest: state.caDigest, managers: leader.managers }
    : undefined;
}

async function look(ports: StepPorts, request: StepRequest, move: Extract<Move, { kind: 'look' }>): Promise<void> {
  const { attempt } = request;
  const verb = verbOf(request);
  const now = ports.now();
  const invocation = await readInvocation(ports.ssm, move.commandId, move.target);
  const outcome = invocation === undefined ? undefined : outcomeOf(invocation);
  if (outcome !== undefined) {
    await storeAndDeliver(ports, { key: { ...stepKey(request), try: move.try }, verb, outcome, now });
    return;
  }
  const waiting = invocation === undefined || ['Pending', 'Delayed'].includes(invocation.status);
  if (verb === 'leave' && waiting && attempt >= UNRESPONSIVE_LOOKS) {
    await cancelQuietly(ports, move);
    throw new FlowError('NodeUnresponsive', `the agent of ${move.target} does not pick up its command`);
  }
  if (isAfterDeadline(request, now)) {
    await cancelQuietly(ports, move);
    refuseAfterDeadline(request, now);
  }
}

/** Best effort by nature: CancelCommand promises nothing, and the document's notAfter is what holds. */
async function cancelQuietly(
  { ssm }: StepPorts,
  { commandId, target }: { commandId: string; target: string },
): Promise<void> {
  try {
    await cancelCommand(ssm, commandId, target);
  } catch {
    // The wait ends either way.
  }
}

async function keepHookAlive(ports: StepPorts, request: StepRequest, item: RendezvousItem): Promise<void> {
  const { plan } = request;
  const now = ports.now();
  if (plan.hook === undefined || !heartbeatDue(item.beatAt ?? plan.hook.time, plan.hook.timeout, now)) {
    return;
  }
  await beat(ports.autoScaling, plan);
  await ports.table.park(stepKey(request), { beatAt: now });
}

function hold(ports: StepPorts, request: StepRequest): void {
  refuseAfterDeadline(request, ports.now());
}
