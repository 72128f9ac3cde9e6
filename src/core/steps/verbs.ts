// What is sent to which instance for a verb: the document's parameters and its times.
import { createHash } from 'node:crypto';

import { z } from 'zod';

import type { Manager, Plan } from '../model.ts';
import { FlowError } from '../errors.ts';
import { labelList } from '../labels.ts';
import { bringsIn, nodeAddress, nodeIdText, zoneName } from '../names.ts';
import type { Verb } from '../names.ts';
import { fitting, fittingTell } from '../services/shift-limits.ts';

/** What can only be set at founding: the CONFIG item. */
export interface ClusterConfig {
  readonly addressPool: string;
  readonly subnetSize: number;
  readonly dataPathPort: number;
}

/** Away from 10.0.0.0/8, Docker's default, which collides with most VPCs (docs/decisions/address-pool.md). */
export const DEFAULT_CONFIG: ClusterConfig = { addressPool: '172.30.0.0/16', subnetSize: 24, dataPathPort: 4789 };

/** What earlier steps found out of the node: the output of the join, init or leave document. */
export const nodeFacts = z
  .object({
    nodeId: nodeIdText.catch('none'),
    zone: zoneName.catch('unknown'),
    address: nodeAddress.catch('none'),
    /** That it joined in; joins that were sent before this was told say none. */
    epoch: z.number().optional(),
  })
  .loose();
type NodeFacts = z.infer<typeof nodeFacts>;

export interface Command {
  readonly verb: Verb;
  readonly target: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** How long the agent may take to pick it up, seconds. SSM wants at least 30. */
  readonly deliveryTimeout: number;
  /** Until when the membership lock must be held for it, epoch seconds; undefined for what changes no manager set. */
  readonly lockUntil: number | undefined;
}

/** What a tidy repairs of many nodes at once, as the document takes it: `node@instance`, `node@instance@version`, `node@instance`. */
interface Mending {
  readonly forget: readonly string[];
  readonly restore: readonly string[];
  readonly label: readonly string[];
  /** What those of `label` are given: `tier=web,rack=a`. */
  readonly labels: string;
}

/** Changes of services as the document takes them, and what to tell of: see documents/verbs/shift.yaml. */
export interface Shifting {
  readonly changes: readonly string[];
  readonly tell: string;
}

interface CommandRequest {
  readonly verb: Verb;
  readonly plan: Plan;
  readonly node: NodeFacts;
  readonly force: boolean;
  /** The launch is being undone: leave the swarm, do not wait for tasks. */
  readonly undo: boolean;
  /** It is the last manager, and its swarm ends with it. */
  readonly last: boolean;
  readonly offset: number;
  /** Plain healthy workers are told by their number and a digest only. */
  readonly brief: boolean;
  /** Node ids with what they are known by, for a command that is about many nodes. */
  readonly mend: Mending;
  readonly shift: Shifting;
  /** Whether services may hand over before the node is drained. */
  readonly handOver: boolean;
  /** How many managers must be left when this one is demoted. */
  readonly least: number;
  readonly stage: string;
  readonly tokenKey: string;
  readonly config: ClusterConfig;
  /** Those on record. */
  readonly managers: readonly Manager[];
  /** Who may be a manager besides. */
  readonly candidates?: readonly Manager[];
  /** Which command of its step it is, from 1: what one manager did not do is asked of the next. */
  readonly try: number;
  readonly now: number;
}

const ON_MANAGER: readonly Verb[] = ['confirm', 'demote', 'drain', 'forget', 'inspect', 'mend', 'rotate', 'shift'];
/** What adds to the managers of a swarm or takes away from them: one at a time, under the membership lock. */
const CHANGES_MANAGERS: readonly Verb[] = ['join', 'confirm', 'demote'];

export const runsOnManager = (verb: Verb): boolean => ON_MANAGER.includes(verb);

/** How long a document may run, seconds. Those on a manager never wait: its agent runs five commands at a time. */
const EXECUTION_TIMEOUT: Readonly<Record<Verb, number>> = {
  init: 600,
  prepare: 600,
  join: 600,
  confirm: 60,
  demote: 60,
  drain: 60,
  leave: 0, // until its deadline
  forget: 60,
  // All nodes at once, where it is asked briefly.
  inspect: 90,
  // A raft write per node, 200 of them at most.
  mend: 90,
  // All tasks of a swarm at once, and raft writes.
  shift: 90,
  survey: 90,
  fence: 200,
  recover: 300,
  // Seconds, but for Parameter Store, which is asked again where it throttles.
  rotate: 180,
};

/** Documents refuse to start after this, seconds from now: a stray command must not act on a later state of things. */
const START_WITHIN = 600;
/** The same under the membership lock, which must outlast the command: others wait for it. */
const LOCKED_START_WITHIN = 120;
/** A recovery that was given up must not be carried out later, when things have changed. */
const RECOVERY: readonly Verb[] = ['fence', 'recover'];
/** A manager joins a swarm within seconds, since its instance was prepared before. */
const LOCKED_JOIN_TIMEOUT = 180;
/** How long the tasks of a last manager have to stop, while nobody can join: nobody is left who could take them over. */
const LAST_TASKS = 300;
/** Clocks of instances differ. */
const CLOCK_SKEW = 30;

export function commandFor(request: CommandRequest): Command {
  const { verb, now, undo } = request;
  const locked = isLocked(request);
  const startWithin = locked || fencesLocked(request) || RECOVERY.includes(verb) ? LOCKED_START_WITHIN : START_WITHIN;
  const runtime = runtimeOf(request, locked);
  return {
    verb,
    target: targetOf(request),
    parameters: {
      ...commonParameters(request),
      notAfter: String(now + startWithin),
      executionTimeout: String(runtime),
      ...parametersOf(request),
    },
    deliveryTimeout: mayBePickedUpLate(verb) ? startWithin : undo ? 30 : 60,
    // A lease fences nothing on a node, so it outlives whatever was sent under it.
    lockUntil: locked ? now + startWithin + runtime + CLOCK_SKEW : undefined,
  };
}

/**
 * As long as the document may still begin. A manager may be busy with a burst: a short delivery timeout would turn it into a storm of new
 * sends. An instance that comes from a warm pool is known to SSM already, so its command is taken before its agent is up; and what
 * "won't run" any more after the delivery timeout is reported only when the execution timeout has passed as well.
 */
const mayBePickedUpLate = (verb: Verb): boolean => runsOnManager(verb) || bringsIn(verb);

function commonParameters({ verb, plan: { cluster, swarm } }: CommandRequest): Record<string, string> {
  return {
    cluster: needed(cluster, 'cluster'),
    // A manager that missed a recovery has a swarm of the very same id: this is what it is told by.
    epoch: String(swarm?.epoch ?? 0),
    // The record may name a manager of another cluster, by somebody's hand: it knows nothing of this one's nodes.
    ...(runsOnManager(verb) ? { swarmId: swarm?.swarmId ?? 'none' } : {}),
  };
}

/** The founder is alone: there is nobody yet who could join beside it. Beside the last one nobody may. */
function isLocked({ verb, plan, last }: CommandRequest): boolean {
  return last || (plan.role === 'manager' && plan.route !== 'found' && CHANGES_MANAGERS.includes(verb));
}

/**
 * What a leave leaves behind as its fence is its own `notAfter`, and a join is refused whose `notAfter` is not later. So both start within
 * the same time, or the fence of a leave would refuse joins that were sent after it: those of a manager start within two minutes, and a
 * manager that was undone would be kept out for as long as somebody tries again every few minutes.
 */
function fencesLocked({ verb, plan }: CommandRequest): boolean {
  return verb === 'leave' && plan.role === 'manager' && plan.route !== 'found';
}

function runtimeOf(request: CommandRequest, locked: boolean): number {
  const { verb } = request;
  if (verb === 'leave') {
    return leaveTimeout(request);
  }
  return verb === 'join' && locked ? LOCKED_JOIN_TIMEOUT : EXECUTION_TIMEOUT[verb];
}

/**
 * Any reachable manager will do; the instance id spreads the load and keeps the choice stable over retries. What one manager did
 * not do is asked of the next, and after all on record of whoever else may be one.
 */
export function pickManager(
  managers: readonly Manager[],
  instance: string,
  number = 1,
  candidates: readonly Manager[] = [],
): Manager | undefined {
  // Of what becomes of a manager the others decide, where there are any: a node cannot demote itself, nor see itself as others do.
  const isOther = (manager: Manager): boolean => manager.instance !== instance;
  const alone = ![...managers, ...candidates].some(isOther);
  const first = createHash('sha256').update(instance).digest().readUInt16BE(0);
  const order = [managers, candidates].flatMap((list) => rotated(alone ? list : list.filter(isOther), first));
  return order[(number - 1) % order.length];
}

function rotated<T>(list: readonly T[], by: number): readonly T[] {
  const from = by % Math.max(1, list.length);
  return [...list.slice(from), ...list.slice(0, from)];
}

function targetOf({ verb, plan, managers, candidates, try: number }: CommandRequest): string {
  if (!runsOnManager(verb)) {
    return needed(plan.instance, 'instance');
  }
  const manager = pickManager(managers, plan.instance ?? plan.cluster ?? '', number, candidates);
  if (manager === undefined) {
    throw new FlowError('BadInput', `${verb} needs a manager, and none is known`);
  }
  return manager.instance;
}

function parametersOf(request: CommandRequest): Record<string, string> {
  return PARAMETERS[request.verb](request, request.plan.instance ?? 'none');
}

type Parameters = (request: CommandRequest, instanceId: string) => Record<string, string>;

const PARAMETERS: Readonly<Record<Verb, Parameters>> = {
  init: initParameters,
  prepare: (_request, instanceId) => ({ instanceId }),
  join: joinParameters,
  confirm: ({ plan, node }, instanceId) => {
    refuseFormer(plan, node);
    const { availability = 'active' } = plan;
    return { instanceId, nodeId: node.nodeId, labels: labelsOf(plan, node), availability };
  },
  demote: ({ node, least }, instanceId) => {
    return { instanceId, nodeId: node.nodeId, address: node.address, least: String(least) };
  },
  drain: (request, instanceId) => ({ instanceId, nodeId: request.node.nodeId, handOver: yesNo(request.handOver) }),
  leave: (request, instanceId) => {
    return {
      instanceId,
      swarmId: request.plan.swarm?.swarmId ?? 'none',
      waitUntil: String(leaveUntil(request)),
      depart: request.last ? 'last' : yesNo(departs(request)),
    };
  },
  forget: ({ node, force }, instanceId) => ({ instanceId, nodeId: node.nodeId, force: yesNo(force) }),
  inspect: ({ offset, brief }) => ({ offset: String(offset), brief: yesNo(brief) }),
  mend: ({ mend }) => ({
    forget: listed(mend.forget),
    restore: listed(mend.restore),
    label: listed(mend.label),
    labels: mend.labels,
  }),
  shift: ({ shift, offset }) => ({
    changes: listed(fitting(shift.changes)),
    tell: fittingTell(shift.tell),
    offset: String(offset),
  }),
  survey: (_request, instanceId) => ({ instanceId }),
  fence: (_request, instanceId) => ({ instanceId }),
  recover: recoverParameters,
  rotate: ({ stage, tokenKey }) => ({ stage, tokenKey }),
};

/**
 * The cluster was recovered while a manager was on its way in: it may have come in after the recovery, and would for ever be one of the
 * old epoch, whom no document takes a command from. It goes, and another one is launched.
 */
function refuseFormer({ role, instance, swarm }: Plan, { epoch }: NodeFacts): void {
  const current = swarm?.epoch ?? 0;
  if (role === 'manager' && epoch !== undefined && epoch < current) {
    throw new FlowError(
      'MissedRecovery',
      `${instance ?? ''} joined in epoch ${epoch}, the cluster is in epoch ${current}`,
    );
  }
}
const listed = (items: readonly string[]): string => (items.length === 0 ? 'none' : items.join(','));

function yesNo(flag: boolean): string {
  return flag ? 'yes' : 'no';
}

function initParameters(request: CommandRequest, instanceId: string): Record<string, string> {
  const { stage, tokenKey, config, plan } = request;
  const { addressPool, subnetSize, dataPathPort } = config;
  return {
    stage,
    instanceId,
    swarmId: plan.swarm?.swarmId ?? 'none',
    tokenKey,
    addressPool,
    subnetSize: String(subnetSize),
    dataPathPort: String(dataPathPort),
  };
}

/** The most that the pattern of the document lets through. */
const JOIN_ADDRESSES = 32;

function recoverParameters(
  { stage, tokenKey, config, plan }: CommandRequest,
  instanceId: string,
): Record<string, string> {
  const { swarmId, epoch = 0 } = needed(plan.swarm, 'swarm');
  const { dataPathPort } = config;
  return { stage, instanceId, tokenKey, swarmId, dataPathPort: String(dataPathPort), newEpoch: String(epoch + 1) };
}

function joinParameters(request: CommandRequest, instanceId: string): Record<string, string> {
  const { stage, plan, managers, candidates = [] } = request;
  const { swarmId, caDigest } = needed(plan.swarm, 'swarm');
  const known = [...managers, ...candidates].map(({ address }) => address);
  const addresses = [...new Set(known)].slice(0, JOIN_ADDRESSES).join(',');
  return { stage, role: needed(plan.role, 'role'), instanceId, managers: addresses, swarmId, caDigest };
}

function labelsOf(plan: Plan, node: NodeFacts): string {
  return labelList({
    instance: needed(plan.instance, 'instance'),
    group: needed(plan.group, 'group'),
    role: needed(plan.role, 'role'),
    // As AWS has it; plans of older versions have none, and what the node says is at least a zone.
    zone: plan.zone ?? node.zone,
    own: plan.labels ?? {},
  });
}

/** A node that was never activated has no tasks to wait for and no reason to stay a member. */
function departs({ plan, undo, node }: CommandRequest): boolean {
  return undo || plan.depart === true || node.nodeId === 'none';
}

function leaveUntil({ plan, undo, last, now }: CommandRequest): number {
  const end = Math.max(now + 20, (plan.deadline ?? now) - 30);
  return undo ? now + 20 : last ? Math.min(end, now + LAST_TASKS) : end;
}

function leaveTimeout(request: CommandRequest): number {
  return Math.max(60, leaveUntil(request) - request.now + 30);
}

function needed<T>(value: T | undefined, name: string): T {
  if (value === undefined) {
    throw new FlowError('BadInput', `the plan has no ${name}`);
  }
  return value;
}
