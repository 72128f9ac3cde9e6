// What is sent to which instance for a verb: the document's parameters and its times.
import { createHash } from 'node:crypto';

import { z } from 'zod';

import type { Manager, Plan } from './claim.ts';
import { FlowError } from './errors.ts';
import { labelList } from './labels.ts';
import type { Verb } from './names.ts';

/** What can only be set at founding: the CONFIG item. */
export interface ClusterConfig {
  readonly addressPool: string;
  readonly subnetSize: number;
  readonly dataPathPort: number;
}

/** Away from 10.0.0.0/8, Docker's default, which collides with most VPCs (design 4). */
export const DEFAULT_CONFIG: ClusterConfig = { addressPool: '172.30.0.0/16', subnetSize: 24, dataPathPort: 4789 };

/** What earlier steps found out of the node: the output of the join, init or leave document. */
export const nodeFacts = z
  .object({
    nodeId: z.string().default('none'),
    zone: z.string().default('unknown'),
    address: z.string().default('none'),
  })
  .loose();
export type NodeFacts = z.infer<typeof nodeFacts>;

export interface Command {
  readonly verb: Verb;
  readonly target: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** How long the agent may take to pick it up, seconds. SSM wants at least 30. */
  readonly deliveryTimeout: number;
  /** Until when the membership lock must be held for it, epoch seconds; undefined for what changes no manager set. */
  readonly lockUntil: number | undefined;
}

interface CommandRequest {
  readonly verb: Verb;
  readonly plan: Plan;
  readonly node: NodeFacts;
  readonly force: boolean;
  /** The launch is being undone: leave the swarm, do not wait for tasks. */
  readonly undo: boolean;
  readonly offset: number;
  /** How many managers must be left when this one is demoted. */
  readonly least: number;
  readonly stage: string;
  readonly tokenKey: string;
  readonly config: ClusterConfig;
  readonly managers: readonly Manager[];
  /** Which command of its step it is, from 1: what one manager did not do is asked of the next. */
  readonly try: number;
  readonly now: number;
}

const ON_MANAGER: readonly Verb[] = ['confirm', 'demote', 'drain', 'forget', 'inspect'];
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
  inspect: 60,
};

/** Documents refuse to start after this, seconds from now: a stray command must not act on a later state of things. */
const START_WITHIN = 600;
/** The same under the membership lock, which must outlast the command: others wait for it. */
const LOCKED_START_WITHIN = 120;
/** A manager joins a swarm within seconds, since its instance was prepared before. */
const LOCKED_JOIN_TIMEOUT = 180;
/** Clocks of instances differ. */
const CLOCK_SKEW = 30;

export function commandFor(request: CommandRequest): Command {
  const { verb, plan, now, undo } = request;
  const locked = isLocked(request);
  const startWithin = locked ? LOCKED_START_WITHIN : START_WITHIN;
  const runtime = runtimeOf(request, locked);
  return {
    verb,
    target: targetOf(request),
    parameters: {
      cluster: needed(plan.cluster, 'cluster'),
      notAfter: String(now + startWithin),
      executionTimeout: String(runtime),
      ...parametersOf(request),
    },
    // A manager may be busy with a burst: a short delivery timeout would turn it into a storm of new sends.
    deliveryTimeout: runsOnManager(verb) ? startWithin : undo ? 30 : 60,
    // A lease fences nothing on a node, so it outlives whatever was sent under it.
    lockUntil: locked ? now + startWithin + runtime + CLOCK_SKEW : undefined,
  };
}

/** The founder is alone: there is nobody yet who could join beside it. */
function isLocked({ verb, plan }: CommandRequest): boolean {
  return plan.role === 'manager' && plan.route !== 'found' && CHANGES_MANAGERS.includes(verb);
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
 * not do is asked of the next.
 */
export function pickManager(managers: readonly Manager[], instance: string, number = 1): Manager | undefined {
  // Of what becomes of a manager the others decide, where there are any: a node cannot demote itself, nor see itself as others do.
  const others = managers.filter((manager) => manager.instance !== instance);
  const able = others.length > 0 ? others : managers;
  if (able.length === 0) {
    return undefined;
  }
  const first = createHash('sha256').update(instance).digest().readUInt16BE(0);
  return able[(first + number - 1) % able.length];
}

function targetOf({ verb, plan, managers, try: number }: CommandRequest): string {
  if (!runsOnManager(verb)) {
    return needed(plan.instance, 'instance');
  }
  const manager = pickManager(managers, plan.instance ?? plan.cluster ?? '', number);
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
    return { instanceId, nodeId: node.nodeId, labels: labelsOf(plan, node), availability: 'active' };
  },
  demote: ({ node, least }, instanceId) => {
    return { instanceId, nodeId: node.nodeId, address: node.address, least: String(least) };
  },
  drain: ({ node }, instanceId) => ({ instanceId, nodeId: node.nodeId }),
  leave: (request, instanceId) => {
    return { instanceId, waitUntil: String(leaveUntil(request)), depart: yesNo(departs(request)) };
  },
  forget: ({ node, force }, instanceId) => ({ instanceId, nodeId: node.nodeId, force: yesNo(force) }),
  inspect: ({ offset }) => ({ offset: String(offset) }),
};

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

function joinParameters({ stage, plan, managers }: CommandRequest, instanceId: string): Record<string, string> {
  const { swarmId, caDigest } = needed(plan.swarm, 'swarm');
  const addresses = managers.map(({ address }) => address).join(',');
  return { stage, role: needed(plan.role, 'role'), instanceId, managers: addresses, swarmId, caDigest };
}

function labelsOf(plan: Plan, node: NodeFacts): string {
  return labelList({
    instance: needed(plan.instance, 'instance'),
    group: needed(plan.group, 'group'),
    role: needed(plan.role, 'role'),
    zone: node.zone,
    own: plan.labels ?? {},
  });
}

/** A node that was never activated has no tasks to wait for and no reason to stay a member. */
function departs({ plan, undo, node }: CommandRequest): boolean {
  return undo || plan.depart === true || node.nodeId === 'none';
}

function leaveUntil({ plan, undo, now }: CommandRequest): number {
  return undo ? now + 20 : Math.max(now + 20, (plan.deadline ?? now) - 30);
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
