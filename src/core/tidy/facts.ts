// The four truths that a tidy compares, and what becomes of them: all plain data.
import type { HookFacts, HookWish } from '../lifecycle/hooks.ts';
import type { WarningPolicy } from '../lifecycle/warning-policy.ts';
import type { NodePhase, NodeRole } from '../names.ts';
import type { TidySummary } from './summary-shape.ts';
import type { ReportName } from '../verdict/reports.ts';

/** Of a cluster: whether a tidy begins a rebalance by itself. */
export const REBALANCE_WHEN = ['off', 'after-scale-out'] as const;
export type RebalanceWhen = (typeof REBALANCE_WHEN)[number];

/** A node as the managers see it. */
export interface SwarmNode {
  readonly nodeId: string;
  readonly role: NodeRole;
  readonly status: 'ready' | 'down' | 'unknown' | 'disconnected';
  readonly availability: 'active' | 'pause' | 'drain';
  /** By the label that skep sets; undefined for a node that nobody labelled. */
  readonly instance: string | undefined;
  /** A member of raft right now (the role is only what is wished for). */
  readonly isManager: boolean;
  readonly isReachable: boolean;
  /** Bears the mark of a drain of skep's, or of a demotion. */
  readonly isLeaving: boolean;
  /** Of a node that bears the mark. */
  readonly version: string | undefined;
  /** Of one that is not Ready: seconds since the managers changed anything about it, by the clocks of two of them. */
  readonly age: number | undefined;
  /** Where its engine spoke from last. Known of managers, and of nodes that have no label. */
  readonly address: string | undefined;
  /** It has a certificate, and no engine has ever come with it. */
  readonly neverUp: boolean;
}

/** EC2's name of what it is, and when it comes at the earliest, epoch seconds. */
export interface ScheduledEvent {
  readonly code: string;
  readonly at: number;
  /** EC2 lists it still, and says that it is done or called off. */
  readonly isOver?: boolean;
}

export interface GroupInstance {
  readonly instance: string;
  readonly lifecycle: string;
  readonly healthy: boolean;
}

export interface TidyGroup {
  readonly name: string;
  readonly role: NodeRole;
  readonly desired: number;
  /** Its tag `skep:replace-down` says that instances whose node stays down are to be replaced. */
  readonly replaceDown: boolean;
  /** What its tags wish where AWS warns of its instances; the usual where nothing is said. */
  readonly policy?: WarningPolicy;
  /** Auto Scaling replaces by itself what EC2 recommends to replace. */
  readonly capacityRebalance?: boolean;
  /** Such tags that say nothing that can be done. */
  readonly tagProblems?: readonly string[];
  /** As the group lists them: none that is in its warm pool. */
  readonly instances: readonly GroupInstance[];
  /** Of its warm pool, those that were asked for. They are not in service, and nothing waits for them to be. */
  readonly warm?: readonly GroupInstance[];
  readonly hooks: readonly HookFacts[];
}

/** A group that claims a cluster by its tag or by the metadata of a hook, and whose events are refused. */
export interface RefusedGroup {
  readonly name: string;
  /** Why its last event was refused; undefined where only its tags were seen. */
  readonly because: string | undefined;
  /** As Auto Scaling shows it now; undefined where there is no such group any more. */
  readonly now:
    | { readonly cluster: string | undefined; readonly role: string | undefined; readonly hooks: readonly HookFacts[] }
    | undefined;
  readonly instances: readonly GroupInstance[];
}

/** An item of the table. */
export interface KnownNode {
  readonly instance: string;
  readonly phase: NodePhase;
  readonly role: NodeRole;
  readonly nodeId?: string | undefined;
  /** The group that launched it. */
  readonly group: string;
  /** Which own labels of its group it was given, as a digest; items of older versions say nothing. */
  readonly labelled?: string | undefined;
  /** Of earlier launches of the instance that were run again. */
  readonly formerNodeIds?: readonly string[] | undefined;
  readonly owner: string;
  readonly ownerArn: string;
  /** Until then an execution is trusted to be at work on it. Epoch seconds. */
  readonly leaseUntil: number;
  /** AWS has said that it takes the instance then. Epoch seconds. */
  readonly diesAt?: number | undefined;
  /** What AWS Health has announced of it, by EC2's code, and for when. Epoch seconds. */
  readonly announced?: string | undefined;
  readonly announcedAt?: number | undefined;
  /** Since when EC2 recommends to have another one in its place. Epoch seconds. */
  readonly recommendedAt?: number | undefined;
  /** The hook's last heartbeat. */
  readonly beatAt?: number | undefined;
  /** Its engine was found in a swarm that is not the cluster's: since when (epoch seconds), and what was seen. */
  readonly foreignSwarm?: { readonly at: number; readonly because: string } | undefined;
}

export interface TokenDigests {
  readonly worker: string;
  readonly manager: string;
}

export interface PublishedTokens extends TokenDigests {
  /** The ARN of the key that they lie under. Items of older versions do not say. */
  readonly key?: string | undefined;
}

/** Tasks that are told to be at work on nodes that are not in the swarm (moby#37320). */
export interface Ghosts {
  readonly count: number;
  /** Of the first of them, `task@node`. */
  readonly tasks: readonly string[];
}

/** What skep itself has put on services and not taken away again. */
export interface LeftOnServices {
  /** As the label says it: see `readMark`. */
  readonly marks: readonly { readonly serviceId: string; readonly name: string; readonly mark: string }[];
  /** Services that bear the label of a mark, and of which there was no room to tell more. */
  readonly untold?: number;
  /** Histories that were not put back; epoch seconds. The phase is there where that was begun. */
  readonly kept: readonly { readonly serviceId: string; readonly since: number; readonly phase?: string }[];
}

export interface TidyFacts {
  readonly cluster: string;
  readonly stage: string;
  readonly nodes: readonly SwarmNode[];
  /** Every page was read, and they are of one and the same swarm. */
  readonly whole: boolean;
  readonly groups: readonly TidyGroup[];
  /** Groups that claim the cluster, and that are not taken as its own. */
  readonly refused?: readonly RefusedGroup[];
  readonly known: readonly KnownNode[];
  /** What EC2 says of the instances that it was asked for; those that it does not show are missing. */
  readonly states: ReadonlyMap<string, string>;
  /** What AWS has announced of instances of the account; undefined where it was not asked. */
  readonly scheduled?: ReadonlyMap<string, ScheduledEvent> | undefined;
  /** Whose status checks fail, since when (epoch seconds); undefined where EC2 was not asked. */
  readonly impaired?: ReadonlyMap<string, number> | undefined;
  /** Of those that are missing the ones that EC2, asked for by id, says that there are not. */
  readonly notFound: ReadonlySet<string>;
  /** Which addresses EC2 has for the instances of nodes that tell theirs; an instance that is gone has none. */
  readonly addresses?: ReadonlyMap<string, readonly string[]>;
  /** By address: the instances that EC2 says have it now. Of unlabelled nodes that are down, and where EC2 lists it for another instance than the node's. */
  readonly owners: ReadonlyMap<string, readonly string[]>;
  /** Executions that own a node and have ended, by ARN. */
  readonly ended: ReadonlySet<string>;
  readonly lock: { readonly instance: string; readonly leaseUntil: number } | undefined;
  readonly tokens: {
    readonly held: TokenDigests | undefined;
    readonly published: PublishedTokens | undefined;
    /** The stack's key of now: one that was deployed anew has another. */
    readonly key?: string | undefined;
  };
  /** Undefined where the managers did not say. */
  readonly ghosts?: Ghosts | undefined;
  readonly left?: LeftOnServices | undefined;
  /** How long a node may be down before its instance is reported, seconds. */
  readonly downAfter: number;
  readonly repairHooks: boolean;
  /** Off where nothing is said. */
  readonly rebalance?: RebalanceWhen;
  /** The workers, as a digest, of the last rebalance that the tidy has started and that ended well. */
  readonly rebalancedFor?: string | undefined;
  /** Epoch seconds. */
  readonly now: number;
}

export interface NodeRef {
  readonly nodeId: string;
  /** `none` of a node that never was anybody's. */
  readonly instance: string;
  readonly version?: string;
}

export interface ItemRef {
  readonly instance: string;
  readonly group: string;
  readonly role: NodeRole;
  readonly nodeId: string;
  /** Whose item it was when the plan was made; undefined where there is none. */
  readonly owner?: string;
}

/** What is to be done: what the tidy machine goes through, one by one, and what `skep plan` prints. */
export type Repair =
  | { readonly kind: 'forget'; readonly nodes: readonly NodeRef[]; readonly because: string }
  /** A drain or a pause of skep's whose execution died is taken back. */
  | { readonly kind: 'restore'; readonly nodes: readonly NodeRef[]; readonly because: string }
  | {
      readonly kind: 'join' | 'leave';
      readonly instance: string;
      readonly group: string;
      readonly role: NodeRole;
      readonly because: string;
      /** Of the execution: the same for two tidies that see the same. */
      readonly name: string;
      readonly event: Readonly<Record<string, unknown>>;
    }
  /** An instance that its group retained, and that is out of the swarm. */
  | { readonly kind: 'end'; readonly instance: string; readonly group: string; readonly because: string }
  | { readonly kind: 'replace'; readonly instance: string; readonly group: string; readonly because: string }
  /** Labels that the group has got since its nodes were confirmed. Afterwards the items of the table say so. */
  | {
      readonly kind: 'label';
      readonly group: string;
      readonly nodes: readonly NodeRef[];
      readonly labels: string;
      readonly items: readonly { readonly instance: string; readonly owner: string }[];
      readonly labelled: string;
      readonly because: string;
    }
  | { readonly kind: 'record'; readonly items: readonly ItemRef[]; readonly because: string }
  | {
      readonly kind: 'erase';
      readonly items: readonly { readonly instance: string; readonly owner: string }[];
      readonly because: string;
    }
  /** The record of a group that was refused, and has been mended or deleted since. */
  | { readonly kind: 'dismiss'; readonly groups: readonly string[]; readonly because: string }
  | { readonly kind: 'unlock'; readonly instance: string; readonly leaseUntil: number; readonly because: string }
  /** Started as a rebalance that moves nothing: it takes back what another execution has left on services. */
  | { readonly kind: 'take-back'; readonly name: string; readonly because: string }
  | { readonly kind: 'rebalance'; readonly name: string; readonly workers: string; readonly because: string }
  | { readonly kind: 'publish'; readonly name: string; readonly because: string }
  | { readonly kind: 'hook'; readonly group: string; readonly hook: HookWish; readonly because: string };

/** What is only told. */
export interface Report {
  /** What it is for the verdict; without a name it is a note: somebody meant it so, or nothing can be done. */
  readonly name?: ReportName;
  readonly because: string;
  readonly nodeId?: string;
  readonly instance?: string;
  readonly group?: string;
}

export interface TidyPlan {
  readonly repairs: readonly Repair[];
  readonly reports: readonly Report[];
  /** A person holds the cluster: the first report says since when. */
  readonly held?: true;
  /** Null where the swarm was not seen as a whole. */
  readonly seen: TidySummary | null;
  /** Where groups have names in DNS: they are compared, whatever else is planned. */
  readonly names?: readonly { readonly kind: 'names'; readonly because: string }[];
}
