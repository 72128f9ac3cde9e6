// One attempt of a token wait: sends the command of a step, or looks at it once, or delivers what the event has left.
import { desiredManagers, isUnhealthy } from '../aws/auto-scaling.ts';
import { findCommand, sendCommand } from '../aws/run-command.ts';
import { succeedTask } from '../aws/task-callbacks.ts';
import type { Plan, PlannedSwarm } from '../core/model.ts';
import { DEFAULT_CONFIG, commandFor, runsOnManager } from '../core/steps/verbs.ts';
import type { ClusterConfig, Command } from '../core/steps/verbs.ts';
import { longestAbsence } from '../core/lifecycle/deadline.ts';
import { FlowError } from '../core/errors.ts';
import { hasTimeToHandOver } from '../core/services/hand-over.ts';
import { digestOf } from '../core/managers/leader-record.ts';
import { terminateHook } from '../core/names.ts';
import type { Verb } from '../core/names.ts';
import { isOwnItem, mayHaveBeenSent, nextMove, toComment, tryOf } from '../core/steps/rendezvous.ts';
import type { Move, RendezvousItem, StepKey } from '../core/steps/rendezvous.ts';
import { deliver } from './deliver.ts';
import { recordEnd } from '../operations/erase.ts';
import { refuseIfClusterHeld, refuseIfHeld, waitForRelease, whyNotBegun } from './hold.ts';
import { nextRound } from './hand-over-round.ts';
import { beatBetween, keepHookAlive } from './heartbeat.ts';
import { findManagers, queueForLeader, readSwarm } from './leader.ts';
import type { Asked } from './leader.ts';
import { waitForLock } from './lock.ts';
import { look } from './look.ts';
import { refusal } from './refusal.ts';
import { releaseLock } from './release-lock.ts';
import { isWait, refuseAfterDeadline, stepKey, superseded, verbOf } from './step.ts';
import type { StepPorts } from './ports.ts';
import type { StepRequest } from './step.ts';

const DAY = 86_400;

/** How long a node that nobody hears of is waited for, seconds. */
const WRITTEN_OFF_AFTER = 3600;

export async function runStep(ports: StepPorts, request: StepRequest): Promise<void> {
  const { attempt, step, taskToken, verb } = request;
  const key = stepKey(request);
  if (attempt === 0 && !isWait(verb)) {
    const before = request.leaving.length > 0 ? await beatBetween(ports, request) : {};
    await begin(ports, { ...request, ...before }, 1);
    return;
  }
  const item = await ports.table.park(key, { taskToken, waits: step });
  if (item === undefined) {
    throw superseded(key);
  }
  await keepHookAlive(ports, request, item);
  if (verb === 'hold') {
    await waitForRelease(ports, request);
  } else if (verb === 'lock') {
    refuseIfHeld(request, item);
    await waitForLock(ports, request);
  } else if (verb === 'erase') {
    refuseIfHeld(request, item);
    await recordEnd(ports, request);
  } else {
    await keepLock(ports, request);
    await make(ports, request, nextMove(item, step), item);
  }
}

async function make(ports: StepPorts, request: StepRequest, move: Move, item: RendezvousItem): Promise<void> {
  const verb = verbOf(request);
  switch (move.kind) {
    case 'send':
      await (move.begun ? sendAgain(ports, request, move.try, item) : begin(ports, request, move.try, errorOf(item)));
      return;
    case 'look':
      await look(ports, request, verb, { ...move, sentAt: item.sentAt });
      return;
    case 'deliver':
      await deliver(ports, { key: stepKey(request), verb, outcome: move.outcome, item, now: ports.now() });
      return;
    case 'fail':
      throw asError(move);
  }
}

/** What the try before this one ended with. */
function errorOf({ result }: RendezvousItem): string | undefined {
  return result?.ok === false ? result.error : undefined;
}

/** An error with the name that the state machine matches. */
function asError({ error, cause }: { error: string; cause: string }): Error {
  return Object.assign(new Error(cause), { name: error });
}

/** First the item, then the command: whoever has lost the node sends nothing, and the command's end finds its try. */
async function begin(ports: StepPorts, request: StepRequest, number: number, failure?: string): Promise<void> {
  const now = ports.now();
  await refuseIfClusterHeld(ports, request);
  const command = await prepare(ports, request, now, { number, failure });
  if (command === undefined) {
    return;
  }
  await refuseAfterDeadline(ports, request, now, failure);
  const key = stepKey(request);
  await holdLock(ports, request, command, now);
  const begun = { ...key, try: number };
  const item = await ports.table.begin(begun, {
    taskToken: request.taskToken,
    sentAt: now,
    target: command.target,
    ...(command.record === undefined ? {} : { record: command.record }),
    ...(isOwnItem(key) ? { expiresAt: now + DAY } : {}),
    ...(command.verb === 'join' || command.verb === 'init' ? { phase: 'joining' } : {}),
  });
  if (item === undefined) {
    throw await whyNotBegun(ports, request);
  }
  await sendOnce(ports, request, command, { ...key, try: tryOf(item, key.step) });
}

/** The same try again: its command was refused, or it is there and only its end was not heard. */
async function sendAgain(ports: StepPorts, request: StepRequest, number: number, item: RendezvousItem): Promise<void> {
  const now = ports.now();
  const command = await prepare(ports, request, now, { number, failure: errorOf(item) });
  if (command === undefined) {
    return;
  }
  const key: StepKey = { ...stepKey(request), try: tryOf(item, request.step) };
  const { verb } = command;
  // The managers may have changed since, and with them whom it would be sent to.
  const target = item.target ?? command.target;
  if (mayHaveBeenSent(item, verb, request.plan.look ?? 0, now)) {
    const commandId = await findCommand(ports.ssm, target, toComment(key), item.sentAt ?? now);
    if (commandId !== undefined) {
      await ports.table.park(key, { commandId, target });
      await look(ports, request, verb, { try: key.try, commandId, target, sentAt: item.sentAt });
      return;
    }
  }
  refuseIfHeld(request, item);
  await refuseIfClusterHeld(ports, request);
  await refuseAfterDeadline(ports, request, now, errorOf(item));
  await holdLock(ports, request, command, now);
  await sendOnce(ports, request, command, key);
}

/** What changes the managers of a swarm is sent only under the membership lock, whose lease outlives it. */
async function holdLock({ lock }: StepPorts, request: StepRequest, command: Command, now: number): Promise<void> {
  const { cluster, instance } = stepKey(request);
  const { lockUntil } = command;
  if (lockUntil !== undefined && !(await lock.take({ cluster, instance }, now, lockUntil))) {
    throw new FlowError('LockTaken', `another manager of ${cluster} joins or leaves`);
  }
}

/**
 * A demotion that was accepted, and is not seen yet, is a change under way through every pause between its tries: the lease outlives
 * the longest one. Where somebody else has the lock by now, the next send says so.
 */
async function keepLock({ lock, now }: StepPorts, request: StepRequest): Promise<void> {
  const { attempt, plan, undo, verb } = request;
  if (verb === 'demote' && !undo) {
    const { cluster, instance } = stepKey(request);
    await lock.take({ cluster, instance }, now(), now() + longestAbsence(attempt, plan.lookSlow ?? 0));
  }
}

async function sendOnce(ports: StepPorts, request: StepRequest, command: Prepared, key: StepKey): Promise<void> {
  const sent = await sendCommand(ports.sending, ports.stage, command, toComment(key));
  switch (sent.kind) {
    case 'sent':
      await keepCommand(ports, key, { commandId: sent.commandId, target: command.target });
      return;
    case 'uncertain':
      await ports.table.park(stepKey(request), { uncertain: true });
      throw new FlowError('AwsUnavailable', `SendCommand did not answer: ${sent.because}`);
    case 'refused':
      throw await refusal(ports, request, sent.because, undefined);
    case 'denied':
      throw await refusal(ports, request, sent.error.message, command.last ? sent.error : undefined);
  }
}

/** The command is on its way whatever becomes of this write: what is not kept is searched for by its comment. */
async function keepCommand(
  { table }: StepPorts,
  key: StepKey,
  command: { readonly commandId: string; readonly target: string },
): Promise<void> {
  try {
    await table.keepCommand(key, command);
  } catch {
    // The wait goes on as well without it.
  }
}

/** The command to send, and by what record; undefined when there is none to send: see withSwarm. */
async function prepare(
  ports: StepPorts,
  request: StepRequest,
  now: number,
  asked: Tried,
): Promise<Prepared | undefined> {
  const verb = verbOf(request);
  const { number } = asked;
  const plan = await withSwarm(ports, request, now, asked);
  if (plan === undefined) {
    return undefined;
  }
  await refuseIfOnly(ports, request, plan);
  const shift = await nextRound(ports, request, now);
  if (shift === undefined) {
    return undefined;
  }
  const { node, undo, last, offset, brief, mend } = request;
  const force = request.force || (await isWrittenOff(ports, request, now));
  const command = commandFor({
    verb,
    plan,
    node,
    force,
    undo,
    last,
    offset,
    brief,
    mend,
    shift,
    handOver: request.handOver && hasTimeToHandOver(plan.deadline, now),
    least: await managersLeft(ports, request),
    config: await configFor(ports, verb, plan),
    managers: plan.swarm?.managers ?? [],
    candidates: plan.swarm?.candidates ?? [],
    try: number,
    now,
    stage: ports.stage,
    tokenKey: ports.tokenKey,
  });
  return runsOnManager(verb) ? { ...command, ...sentBy(plan.swarm, number) } : { ...command, last: true };
}

function configFor({ table }: StepPorts, verb: Verb, { cluster = '' }: Plan): Promise<ClusterConfig> | ClusterConfig {
  return verb === 'init' || verb === 'recover' ? table.readConfig(cluster) : DEFAULT_CONFIG;
}

/** Those that were there when it queued for its turn have gone since: it waits like any last manager, and not with the lock. */
async function refuseIfOnly(ports: StepPorts, { verb, force: gone, undo }: StepRequest, plan: Plan): Promise<void> {
  const { cluster = '', instance = '', swarm } = plan;
  const known = swarm?.managers ?? [];
  if (verb === 'demote' && !gone && !undo && known.length > 0 && known.every((one) => one.instance === instance)) {
    await releaseLock(ports, { cluster, instance }, ports.now());
    throw new FlowError('OnlyManager', `${instance} is the only manager of ${cluster} on record`);
  }
}

type Tried = Omit<Asked, 'ofManagers'>;

/**
 * The hardware may fail while EC2 says running, or stopping: then managers see the tasks of the node as running for a day. After an hour of
 * refusals it is written off where its group calls it unhealthy; its instance ends as soon as its hook is completed.
 */
async function isWrittenOff({ autoScaling }: StepPorts, request: StepRequest, now: number): Promise<boolean> {
  const { verb, undo, attempt, plan } = request;
  const isLate = plan.hook !== undefined && now - plan.hook.time >= WRITTEN_OFF_AFTER;
  const asks = verb === 'forget' && !undo && attempt > 0 && isLate;
  return asks && (await isUnhealthy(autoScaling, plan.instance ?? ''));
}

interface Prepared extends Command {
  /** The digest of the record that it is sent by. */
  readonly record?: string;
  /** Nobody is left who was not asked: where one may not be sent to, it is not because the record names a stranger. */
  readonly last: boolean;
}

/** By the record's digest the command's end tells, without reading it, whether the record still is what the managers told. */
function sentBy(swarm: PlannedSwarm | undefined, number: number): Pick<Prepared, 'record' | 'last'> {
  const { managers = [], leader, candidates } = swarm ?? {};
  const leading = managers.find(({ instance }) => instance === leader);
  return {
    record: leading === undefined ? 'unknown' : digestOf({ leader: leading, managers }),
    last: candidates !== undefined && number >= managers.length + candidates.length,
  };
}

/** How many managers must be left when one that lives is demoted. One that is gone, or whose launch failed, is missed by nobody. */
async function managersLeft({ autoScaling, stage }: StepPorts, request: StepRequest): Promise<number> {
  const { verb, plan, force: gone, undo } = request;
  const asks = verb === 'demote' && !gone && !undo;
  return asks ? desiredManagers(autoScaling, plan.cluster ?? '', terminateHook(stage)) : 0;
}

/** The plan with the swarm's managers; undefined when there are none: a join is queued then, and woken by the founding. */
async function withSwarm(ports: StepPorts, request: StepRequest, now: number, asked: Tried): Promise<Plan | undefined> {
  const { plan } = request;
  if (request.verb === 'leave' && plan.swarm === undefined) {
    // Claimed before the founding: by the swarm's id it knows which one is not to be left.
    const swarm = await readSwarm(ports, plan.cluster ?? '');
    return swarm === undefined ? plan : { ...plan, swarm };
  }
  if (!readsLeader(request, asked.number)) {
    return plan;
  }
  const ofManagers = runsOnManager(verbOf(request));
  const swarm = await findManagers(ports, plan.cluster ?? '', { ...asked, ofManagers });
  if (swarm === undefined) {
    await doWithoutSwarm(ports, request, now);
    return undefined;
  }
  if (swarm.managers.length + (swarm.candidates ?? []).length === 0) {
    // A reason to wait, never to give up: the next look asks again.
    await refuseAfterDeadline(ports, request, now, asked.failure);
    return undefined;
  }
  return { ...plan, swarm };
}

async function doWithoutSwarm(ports: StepPorts, request: StepRequest, now: number): Promise<void> {
  const { plan, verb, undo, taskToken } = request;
  const cluster = plan.cluster ?? '';
  if (undo) {
    // The founding failed: there is no swarm that could know the node.
    await succeedTask(ports.states, taskToken, { member: false });
    return;
  }
  await refuseAfterDeadline(ports, request, now);
  if (verb === 'join' && plan.swarm === undefined) {
    await queueForLeader(ports, request, now, { phase: 'joining' });
    return;
  }
  const state = await ports.table.readState(cluster);
  throw state?.status === 'new'
    ? new FlowError('NotFounded', `${cluster} has no swarm yet`)
    : new FlowError('CommandUndelivered', `nothing is on record of ${cluster}`);
}

/**
 * What was claimed before the founding, or has failed with the managers it knew, reads the leader anew: at the moment of use. So does
 * a manager, since it has waited for its turn, and others came or went meanwhile. A join whose agent has not registered yet has not
 * failed with anybody.
 */
function readsLeader(request: StepRequest, number: number): boolean {
  const { plan, verb, attempt } = request;
  const onManager = runsOnManager(verbOf(request));
  if (verb !== 'join' && !onManager) {
    return false;
  }
  const failed = number > 1 || (attempt > 0 && onManager);
  const waited = plan.role === 'manager' && (verb === 'join' || verb === 'demote');
  return failed || waited || !knowsManagers(plan);
}

const knowsManagers = ({ swarm }: Plan): boolean => (swarm?.managers ?? []).length > 0;
