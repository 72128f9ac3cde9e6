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
export const nodeFacts = z.object({ nodeId: z.string().default('none'), zone: z.string().default('unknown') }).loose();
export type NodeFacts = z.infer<typeof nodeFacts>;

export interface Command {
  readonly verb: Verb;
  readonly target: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** How long the agent may take to pick it up, seconds. SSM wants at least 30. */
  readonly deliveryTimeout: number;
}

interface CommandRequest {
  readonly verb: Verb;
  readonly plan: Plan;
  readonly node: NodeFacts;
  readonly force: boolean;
  /** The launch is being undone: leave the swarm, do not wait for tasks. */
  readonly undo: boolean;
  readonly offset: number;
  readonly stage: string;
  readonly tokenKey: string;
  readonly config: ClusterConfig;
  readonly managers: readonly Manager[];
  readonly now: number;
}

const ON_MANAGER: readonly Verb[] = ['confirm', 'drain', 'forget', 'inspect'];

export const runsOnManager = (verb: Verb): boolean => ON_MANAGER.includes(verb);

/** How long a document may run, seconds. Those on a manager never wait: its agent runs five commands at a time. */
const EXECUTION_TIMEOUT: Readonly<Record<Verb, number>> = {
  init: 600,
  join: 600,
  confirm: 60,
  drain: 60,
  leave: 0, // until its deadline
  forget: 60,
  inspect: 60,
};

/** Documents refuse to start after this, seconds from now: a stray command must not act on a later state of things. */
const START_WITHIN = 600;

export function commandFor(request: CommandRequest): Command {
  const { verb, plan, now, undo } = request;
  const runtime = verb === 'leave' ? leaveTimeout(request) : EXECUTION_TIMEOUT[verb];
  return {
    verb,
    target: targetOf(request),
    parameters: {
      cluster: needed(plan.cluster, 'cluster'),
      notAfter: String(now + START_WITHIN),
      executionTimeout: String(runtime),
      ...parametersOf(request),
    },
    // A manager may be busy with a burst: a short delivery timeout would turn it into a storm of new sends.
    deliveryTimeout: runsOnManager(verb) ? START_WITHIN : undo ? 30 : 60,
  };
}

/** Any reachable manager will do; the instance id spreads the load and keeps the choice stable over retries. */
export function pickManager(managers: readonly Manager[], instance: string): Manager | undefined {
  if (managers.length === 0) {
    return undefined;
  }
  return managers[createHash('sha256').update(instance).digest().readUInt16BE(0) % managers.length];
}

function targetOf({ verb, plan, managers }: CommandRequest): string {
  if (!runsOnManager(verb)) {
    return needed(plan.instance, 'instance');
  }
  const manager = pickManager(managers, plan.instance ?? plan.cluster ?? '');
  if (manager === undefined) {
    throw new FlowError('BadInput', `${verb} needs a manager, and none is known`);
  }
  return manager.instance;
}

function parametersOf(request: CommandRequest): Record<string, string> {
  const { verb, plan, node } = request;
  const { nodeId } = node;
  const { instance: instanceId = 'none' } = plan;
  switch (verb) {
    case 'init':
      return initParameters(request, instanceId);
    case 'join':
      return joinParameters(request, instanceId);
    case 'confirm':
      return { instanceId, nodeId, labels: labelsOf(plan, node), availability: 'active' };
    case 'drain':
      return { instanceId, nodeId };
    case 'leave':
      return { instanceId, waitUntil: String(leaveUntil(request)), depart: yesNo(departs(request)) };
    case 'forget':
      return { instanceId, nodeId, force: yesNo(request.force) };
    case 'inspect':
      return { offset: String(request.offset) };
  }
}

const yesNo = (flag: boolean): string => (flag ? 'yes' : 'no');

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
