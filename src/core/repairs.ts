// What a tidy does: compares groups, instances, the swarm and the table, and says what is to be repaired.
import type { NodePhase } from './claim.ts';
import type { NodeRole } from './names.ts';

/** A node as the managers see it. */
export interface SwarmNode {
  readonly nodeId: string;
  readonly role: NodeRole;
  readonly status: 'ready' | 'down' | 'unknown' | 'disconnected';
  /** By the label that skep sets; undefined for a node that nobody labelled. */
  readonly instance: string | undefined;
  /** A member of raft right now (the role is only what is wished for). */
  readonly isManager: boolean;
  readonly address: string | undefined;
}

export interface GroupInstance {
  readonly instance: string;
  readonly group: string;
  readonly role: NodeRole;
  readonly lifecycle: string;
}

export interface KnownNode {
  readonly instance: string;
  readonly phase: NodePhase;
  readonly nodeId: string | undefined;
  /** The group that launched it. */
  readonly group: string;
  /** Of earlier launches of the instance that were run again. */
  readonly formerNodeIds?: readonly string[] | undefined;
  /** Until then an execution is trusted to be at work on it. Epoch seconds. */
  readonly leaseUntil: number;
}

export interface TidyFacts {
  readonly nodes: readonly SwarmNode[];
  readonly instances: readonly GroupInstance[];
  readonly known: readonly KnownNode[];
  /** Instances that EC2 knows as pending, running, stopping or stopped. */
  readonly alive: ReadonlySet<string>;
  readonly now: number;
}

export type Repair =
  | { readonly kind: 'forget'; readonly nodeId: string; readonly instance: string; readonly because: string }
  | {
      readonly kind: 'join' | 'leave';
      readonly instance: string;
      readonly group: string;
      readonly role: NodeRole;
      readonly because: string;
    }
  | { readonly kind: 'report'; readonly nodeId?: string; readonly instance?: string; readonly because: string };

export function planRepairs(facts: TidyFacts): Repair[] {
  const repairs = [
    ...facts.nodes.flatMap((node) => repairNode(node, facts)),
    ...facts.instances.flatMap((it) => repairInstance(it, facts)),
  ];
  // One that was a manager twice is let go once: what is left of it is the next tidy's.
  const isFirst = ({ kind, instance }: Repair, index: number): boolean =>
    kind !== 'leave' || index === repairs.findIndex((it) => it.kind === kind && it.instance === instance);
  return repairs.filter(isFirst);
}

function repairNode(node: SwarmNode, facts: TidyFacts): Repair[] {
  const { nodeId } = node;
  const instance = node.instance ?? knownBy(node, facts.known)?.instance;
  if (instance === undefined) {
    return [{ kind: 'report', nodeId, because: 'a node without an instance that skep knows: never touched' }];
  }
  // Only Down is down: Unknown is what every node is for a while after the leader changed.
  return node.status === 'down' ? repairDownNode(node, instance, facts) : [];
}

function repairDownNode(node: SwarmNode, instance: string, facts: TidyFacts): Repair[] {
  const { nodeId } = node;
  if (node.isManager || node.role === 'manager') {
    return repairDownManager(node, instance, facts);
  }
  const successor = facts.nodes.find(
    (other) => other.instance === instance && other.nodeId !== nodeId && other.status === 'ready',
  );
  if (successor !== undefined) {
    return [{ kind: 'forget', nodeId, instance, because: `${instance} has joined again as ${successor.nodeId}` }];
  }
  if (facts.alive.has(instance)) {
    return [{ kind: 'report', nodeId, instance, because: 'the node is down, but its instance lives: not forgotten' }];
  }
  // Where the group still waits for its hook, the scale-in forgets the node and completes the hook too.
  const waits = facts.instances.some((it) => it.instance === instance && it.lifecycle === 'Terminating:Wait');
  return waits ? [] : [{ kind: 'forget', nodeId, instance, because: 'the node is down and its instance is gone' }];
}

/**
 * One whose instance is gone counts against the quorum until it is out. Its terminate event may have been lost, or have ended before
 * its time: the scale-in demotes it under the lock, and forgets it. One whose instance lives may come back.
 */
function repairDownManager({ nodeId }: SwarmNode, instance: string, facts: TidyFacts): Repair[] {
  const known = facts.known.find((other) => other.instance === instance);
  if (facts.alive.has(instance) || known === undefined) {
    const because = known === undefined ? 'skep knows nothing of its instance' : 'its instance lives';
    return [{ kind: 'report', nodeId, instance, because: `a manager is down, and ${because}: not demoted` }];
  }
  const waits = facts.instances.some((it) => it.instance === instance && it.lifecycle === 'Terminating:Wait');
  return waits || isUnderWay(instance, facts)
    ? []
    : [
        {
          kind: 'leave',
          instance,
          group: known.group,
          role: 'manager',
          because: 'a manager is down and its instance is gone: it counts against the quorum',
        },
      ];
}

/** By node id, exactly. */
export function knownBy(node: SwarmNode, known: readonly KnownNode[]): KnownNode | undefined {
  return known.find(
    ({ nodeId, formerNodeIds }) => nodeId === node.nodeId || formerNodeIds?.includes(node.nodeId) === true,
  );
}

function repairInstance(it: GroupInstance, facts: TidyFacts): Repair[] {
  const { instance, group, role, lifecycle } = it;
  if (isUnderWay(instance, facts)) {
    return [];
  }
  if (lifecycle === 'Terminating:Wait') {
    return [
      { kind: 'leave', instance, group, role, because: 'it waits to be terminated, and no execution is at work on it' },
    ];
  }
  if (!isMissing(it, facts)) {
    return [];
  }
  return [{ kind: 'join', instance, group, role, because: `it is ${lifecycle} and not in the swarm` }];
}

/** An execution holds the instance, and its lease is not over. */
function isUnderWay(instance: string, { known, now }: TidyFacts): boolean {
  const node = known.find((other) => other.instance === instance);
  return node !== undefined && now < node.leaseUntil && node.phase !== 'gone' && node.phase !== 'ready';
}

/** A node that is down is a member still: to join its instance again would end in forgetting a node that may come back. */
function isMissing({ instance, lifecycle }: GroupInstance, { nodes, alive }: TidyFacts): boolean {
  const isMember = nodes.some((node) => node.instance === instance);
  return !isMember && ['InService', 'Pending:Wait'].includes(lifecycle) && alive.has(instance);
}

/**
 * The same while a person holds the cluster: nothing is repaired, and what would be is told. Instances that wait in a hook, and of
 * which nobody has heard, are handed over all the same: their executions wait for the end of the hold, and keep the hooks alive.
 */
export function underHold(repairs: readonly Repair[], instances: readonly GroupInstance[], hold: string): Repair[] {
  const waiting = new Set(instances.filter(({ lifecycle }) => lifecycle.endsWith(':Wait')).map((it) => it.instance));
  const told = repairs.map((repair): Repair => {
    const { kind, because, instance } = repair;
    const goesOn = kind === 'report' || (kind !== 'forget' && waiting.has(repair.instance));
    return goesOn
      ? repair
      : {
          kind: 'report',
          ...('nodeId' in repair ? { nodeId: repair.nodeId } : {}),
          instance,
          because: `held, would ${kind}: ${because}`,
        };
  });
  return [{ kind: 'report', because: hold }, ...told];
}
