// What skep knows of clusters, nodes and actions: the shapes that are kept in the table and carried from state to state.
import type { ClosedError } from './errors.ts';
import type { Completion, WishedAvailability } from './lifecycle/event.ts';
import type { NodePhase, NodeRole } from './names.ts';

/** A person has stopped everything: since when, epoch seconds, and why. An attribute of the STATE item. */
export interface Hold {
  readonly since: number;
  readonly because: string;
}

export interface Manager {
  readonly instance: string;
  readonly nodeId: string;
  /** `ip:2377` */
  readonly address: string;
}

/** By `hook@group`, seconds: see `shortTimeouts`. */
export type HookTimeouts = Readonly<Record<string, number>>;

interface AnyState {
  readonly hold?: Hold | undefined;
  /** Of hooks that run out sooner than their metadata say, as the last tidy saw them. */
  readonly hookTimeouts?: HookTimeouts | undefined;
}

export type ClusterState =
  | (AnyState & { readonly status: 'new' })
  | (AnyState & {
      readonly status: 'founded';
      readonly swarmId: string;
      readonly caDigest: string;
      /** Raised by each recovery; absent is 0. */
      readonly epoch?: number | undefined;
    });

export interface LeaderRecord {
  readonly leader: Manager;
  /** Every manager that was confirmed. */
  readonly managers: readonly Manager[];
  /** Only grows: every change is a conditional write on the old term. */
  readonly term: number;
  /** When it was written, epoch seconds. An answer from before that time does not change it. */
  readonly asOf?: number;
}

export interface NodeItem {
  readonly instance: string;
  readonly group: string;
  readonly role: NodeRole;
  readonly phase: NodePhase;
  /** The execution that may act on the node: its short key and its ARN. */
  readonly owner: string;
  readonly ownerArn: string;
  /** Until then the owner is trusted to be at work. Epoch seconds. */
  readonly leaseUntil: number;
  readonly nodeId?: string | undefined;
  /** `ip:2377`, as the instance told it. */
  readonly address?: string | undefined;
  readonly taskToken?: string | undefined;
  /** AWS has said that it takes the instance then. Epoch seconds. */
  readonly diesAt?: number | undefined;
}

export interface ActionItem {
  readonly owner: string;
  readonly ownerArn: string;
  readonly actionToken?: string | undefined;
  readonly time: number;
  readonly leaseUntil: number;
  /** By an execution that AWS's warning has started: no hook had begun to wait then. */
  readonly warned?: boolean | undefined;
}

/** What an execution carries from state to state: plain JSON, under 256 KiB, no secret. */
export interface Plan {
  readonly v: 1;
  readonly route: 'found' | 'ask' | 'join' | 'leave' | 'retain' | 'force' | 'complete' | 'reject' | 'ignore';
  readonly because: string;
  readonly rejection?: ClosedError;
  readonly completion?: Completion;
  readonly cluster?: string;
  readonly role?: NodeRole;
  readonly instance?: string;
  readonly group?: string;
  readonly hook?: {
    readonly name: string;
    readonly timeout: number;
    readonly time: number;
    readonly actionToken?: string;
  };
  /** Epoch seconds. */
  readonly deadline?: number;
  /** How long the action may take, seconds: after a hold it has all of that again. */
  readonly patience?: number;
  /** Seconds of one sleep. */
  readonly look?: number;
  readonly lookSoon?: number;
  readonly lookSlow?: number;
  readonly labels?: Readonly<Record<string, string>>;
  /** What the node gets when it is confirmed for the first time; plans of older versions say none. */
  readonly availability?: WishedAvailability;
  /** Where Auto Scaling launched the instance. */
  readonly zone?: string;
  readonly depart?: boolean;
  /** The same instance joins again: no other one is launched for it. */
  readonly comesBack?: boolean;
  /** AWS takes the instance then. Epoch seconds. */
  readonly diesAt?: number;
  /** AWS's warning has started it: no hook waits for it. */
  readonly warned?: boolean;
  /** The nodes that AWS takes with it, as `node@instance`: these are paused first. */
  readonly together?: readonly string[];
  /** A launch of an instance that is in service: no hook waits for it, and its node may be at work. */
  readonly serves?: boolean;
  /** The node is to have, or has, a name in DNS. */
  readonly dns?: boolean;
  readonly nodeId?: string;
  readonly address?: string;
  /** Of whom EC2 is to be asked where it is to be decided who may found. */
  readonly founder?: string;
  /** Undefined while the cluster has none. */
  readonly swarm?: PlannedSwarm;
}

export interface PlannedSwarm {
  readonly swarmId: string;
  readonly caDigest: string;
  readonly epoch?: number | undefined;
  /** Those on record; none where the record was lost. */
  readonly managers: readonly Manager[];
  /** The instance that leads, as the record has it. */
  readonly leader?: string;
  /** Who may be a manager besides: asked when nobody on record has answered. */
  readonly candidates?: readonly Manager[];
}
