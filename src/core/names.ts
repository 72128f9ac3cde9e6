// Names that carry the stage, so that two stacks in one account never touch each other's events, and the keys of the table.
import { createHash } from 'node:crypto';

import * as z from 'zod';

export const clusterName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, 'a cluster name is 1 to 32 of a-z, 0-9 and -, and begins with a letter');
/** The state machines: skep-<stage>-<name>. */
export const MACHINES = ['scale-out', 'scale-in', 'tidy', 'recover', 'rebalance', 'rotate-tokens'] as const;
/** Of groups and hooks. Auto Scaling: at most 255 characters. */
export const awsName = z.string().min(1).max(255);
export const instanceId = z.string().regex(/^i-([0-9a-f]{8}|[0-9a-f]{17})$/, 'not an EC2 instance id');
/** Of a swarm's service: SwarmKit takes what could be a host's name. */
export const SERVICE_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;
/** Of a swarm's node, as SwarmKit makes it. */
export const nodeIdText = z.string().regex(/^[0-9a-z]{25}$/, 'not the id of a swarm node');
/** `ip:port`, as the documents tell it, or the address alone. */
export const nodeAddress = z.string().regex(/^[0-9]{1,3}(\.[0-9]{1,3}){3}(:[0-9]{1,5})?$/, 'not an address');
/** `eu-west-1a`, `us-west-2-lax-1a`, `use1-az1`: nothing that could end a label and begin another. */
export const zoneName = z.string().regex(/^[a-z0-9-]{1,40}$/, 'not an availability zone');
export const nodeRole = z.enum(['worker', 'manager']);
export type NodeRole = z.infer<typeof nodeRole>;
/** How far the node of an instance is. */
export const nodePhase = z.enum(['launching', 'joining', 'joined', 'ready', 'leaving', 'gone']);
export type NodePhase = z.infer<typeof nodePhase>;

export const VERBS = [
  'init',
  'prepare',
  'join',
  'confirm',
  'demote',
  'drain',
  'leave',
  'forget',
  'inspect',
  'survey',
  'fence',
  'recover',
  'rotate',
  'mend',
  'shift',
  'availability',
] as const;
/** A document's verb. */
export type Verb = (typeof VERBS)[number];

/** Steps that send no document: for a turn, for the end of a hold, for the end of a cluster. */
export const WAITS = ['lock', 'hold', 'erase'] as const;
type Wait = (typeof WAITS)[number];
export const isWait = (step: string): step is Wait => WAITS.some((one) => one === step);

/** What a state of a machine waits for. */
export type StepKind = Verb | Wait;

export const documentName = (stage: string, verb: Verb): string => `skep-${stage}-${verb}`;

/** The verb of a document of this stage; undefined for anybody else's. */
export function verbOf(stage: string, document: string): Verb | undefined {
  return VERBS.find((verb) => documentName(stage, verb) === document);
}

/** Of Parameter Store. */
export const joinTokenName = (stage: string, cluster: string, role: NodeRole): string =>
  `/skep/${stage}/${cluster}/join-token/${role}`;

export const launchHook = (stage: string): string => `skep-${stage}-launch`;
export const terminateHook = (stage: string): string => `skep-${stage}-terminate`;

/**
 * Of the key of the join tokens, by its alias: the template names it by the stage.
 *
 * @param beside any ARN of the stage, which has the partition, the region and the account
 */
export function tokenKeyArn(beside: string, stage: string): string {
  const [, partition = 'aws', , region = '', account = ''] = beside.split(':');
  return `arn:${partition}:kms:${region}:${account}:alias/skep-${stage}-join-token`;
}

/** A key of the table. */
export interface Key {
  readonly pk: string;
  readonly sk: string;
}

/** What an execution waits for: the founding, one more manager, or the end of a hold. */
export type WaitCause = 'leader' | 'manager' | 'hold';

export const waiterPrefix = (cause: WaitCause): string => `WAIT#${cause}#`;

export const keys = {
  clusters: (): string => 'CLUSTERS',
  cluster: (cluster: string): string => `CLUSTER#${cluster}`,
  state: (cluster: string): Key => ({ pk: `CLUSTER#${cluster}`, sk: 'STATE' }),
  leader: (cluster: string): Key => ({ pk: `CLUSTER#${cluster}`, sk: 'LEADER' }),
  founder: (cluster: string): Key => ({ pk: `CLUSTER#${cluster}`, sk: 'FOUNDER' }),
  config: (cluster: string): Key => ({ pk: `CLUSTER#${cluster}`, sk: 'CONFIG' }),
  verdict: (cluster: string): Key => ({ pk: `CLUSTER#${cluster}`, sk: 'VERDICT' }),
  forced: (cluster: string): Key => ({ pk: `CLUSTER#${cluster}`, sk: 'FORCED' }),
  failed: (cluster: string): Key => ({ pk: `CLUSTER#${cluster}`, sk: 'FAILED' }),
  refused: (cluster: string, group: string): Key => ({ pk: `CLUSTER#${cluster}`, sk: `${REFUSED_PREFIX}${group}` }),
  /** Groups that name a cluster which nobody declared, or none. */
  refusals: (): string => 'REFUSED',
  node: (cluster: string, instance: string): Key => ({ pk: `CLUSTER#${cluster}`, sk: `NODE#${instance}` }),
  waiter: (cluster: string, cause: WaitCause, owner: string): Key => ({
    pk: `CLUSTER#${cluster}`,
    sk: `${waiterPrefix(cause)}${owner}`,
  }),
  membershipLock: (cluster: string): Key => ({ pk: `CLUSTER#${cluster}`, sk: 'LOCK#membership' }),
  rebalanceLock: (cluster: string): Key => ({ pk: `CLUSTER#${cluster}`, sk: 'LOCK#rebalance' }),
  rebalanced: (cluster: string): Key => ({ pk: `CLUSTER#${cluster}`, sk: 'REBALANCED' }),
  membershipWaiter: (cluster: string, instance: string): Key => ({
    pk: `CLUSTER#${cluster}`,
    sk: `LOCK#membership#WAIT#${instance}`,
  }),
  action: (group: string, instance: string, transition: string): Key => ({
    pk: `ACTION#${group}#${instance}#${transition}`,
    sk: 'ACTION',
  }),
  group: (group: string): Key => ({ pk: `GROUP#${group}`, sk: 'GROUP' }),
  dnsName: (cluster: string, zone: string, name: string): Key => ({
    pk: `CLUSTER#${cluster}`,
    sk: `DNS#${zone}#${name}`,
  }),
} as const;

export const NODE_PREFIX = 'NODE#';
/** A group that claims the cluster and was refused. */
export const REFUSED_PREFIX = 'REFUSED#';
/** The membership lock and, after it, those who wait for it: one query reads both. */
export const MEMBERSHIP_LOCK_PREFIX = 'LOCK#membership';

/** A short, stable name for an execution: what owns an item, and what fits in a command's 100 characters of comment. */
export function ownerKey(executionArn: string): string {
  return createHash('sha256').update(executionArn).digest('hex').slice(0, 12);
}
