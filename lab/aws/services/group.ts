// An Auto Scaling group as the lab keeps it: its instances, its hooks, and how it replaces what is in it.
import type { SpeaksFrom } from '../../nodes/machines.ts';

export interface InstanceRefresh {
  readonly id: string;
  readonly startedAt: number;
  endedAt: number | undefined;
  status: RefreshStatus;
  /** Why it has this status, in words. */
  reason: string | undefined;
  readonly range: HealthyRange;
  /** A knob, since AWS does not say: whether the next one is replaced only when the last one has gone. */
  readonly awaitsTermination: boolean;
  /** The instances that it replaces; while it is rolled back, those that it has launched. */
  of: ReadonlySet<string>;
  /** So many it began with. */
  readonly total: number;
  /** Any of these fails it. */
  readonly alarms: readonly string[];
  readonly autoRollback: boolean;
  /** Versions of the launch template, where it brings another one. */
  readonly version: { readonly from: number; readonly to: number } | undefined;
  /** When a replacement last came into service. */
  progressAt: number;
}

export type RefreshStatus =
  | 'InProgress'
  | 'Successful'
  | 'Failed'
  | 'Cancelling'
  | 'Cancelled'
  | 'RollbackInProgress'
  | 'RollbackSuccessful'
  | 'RollbackFailed';

/** What an instance is launched as. */
interface LaunchedAs {
  readonly dockerAfter: number;
  readonly agentAfter: number;
  /** Of instance metadata, and what cloud-init would do: told, and not played. */
  readonly hopLimit?: number | undefined;
  readonly securityGroups?: readonly string[] | undefined;
  readonly userData?: string | undefined;
  /** Of its machines, in place of what instances usually have, ms. */
  readonly clockAhead?: number | undefined;
  /** Where others see its machines, if not at their addresses. */
  readonly speaksFrom?: SpeaksFrom | undefined;
  /** The group whose oldest instance has left its swarm folder in the image. */
  readonly swarmFolderOf?: string | undefined;
  /** The group by whose oldest instance's id its machines call themselves. */
  readonly hostnameOf?: string | undefined;
}

/** Of an instance maintenance policy or a refresh: percentages of the desired capacity. */
export interface HealthyRange {
  readonly minHealthy: number;
  readonly maxHealthy: number;
}

export type Lifecycle =
  | 'Pending'
  | 'Pending:Wait'
  | 'InService'
  | 'Standby'
  | 'ReplacingRootVolume:Wait'
  | 'ReplacingRootVolume:Proceed'
  | 'Terminating:Wait'
  | 'Terminating:Retained'
  | 'Terminated'
  | 'Warmed:Pending'
  | 'Warmed:Pending:Wait'
  | 'Warmed:Pending:Proceed'
  | 'Warmed:Pending:Retained'
  | 'Warmed:Stopped'
  | 'Warmed:Running'
  | 'Warmed:Hibernated'
  | 'Warmed:Terminating:Wait'
  | 'Warmed:Terminating:Retained'
  | 'Warmed:Terminated';

export interface Hook {
  readonly name: string;
  readonly transition: 'autoscaling:EC2_INSTANCE_LAUNCHING' | 'autoscaling:EC2_INSTANCE_TERMINATING';
  /** Seconds. */
  readonly heartbeatTimeout: number;
  readonly defaultResult: 'CONTINUE' | 'ABANDON';
  readonly metadata: string | undefined;
}

export interface Member {
  readonly instanceId: string;
  readonly zone: string;
  readonly since: number;
  lifecycle: Lifecycle;
  healthy: boolean;
  inServiceSince: number | undefined;
  /** Scale-in and the evening out of zones pass it over; who is dead or is ended by name is not protected by it. */
  isProtected?: boolean;
  /** It goes when another one is in service: its zone has too many, or is none of the group's any more. */
  isOutOfPlace?: boolean;
  /** It has been in service for longer than its group lets one be. */
  isExpired?: boolean;
  /** It was in the warm pool before. */
  comesFromPool?: boolean;
}

export interface WarmPool {
  readonly state: 'Stopped' | 'Running' | 'Hibernated';
  readonly min: number;
  /** How many there are to be in it and in the group together; undefined: as many as the group may have. */
  readonly prepared: number | undefined;
  /** What scales in comes back to it. */
  readonly reuse: boolean;
  /** It is gone when its last instance is. */
  isDeleted: boolean;
  readonly members: Map<string, Member>;
}

interface GroupSubnet {
  readonly id: string;
  readonly zone: string;
}

export interface Group {
  readonly name: string;
  tags: Readonly<Record<string, string>>;
  /** Keys of tags that its instances do not get. */
  notPropagated?: ReadonlySet<string>;
  zones: readonly string[];
  /** Of its subnets; undefined: the account's own. */
  vpcId?: string | undefined;
  /** Undefined: those of the account's own VPC. */
  subnets?: readonly GroupSubnet[] | undefined;
  /** Undefined: as far as Auto Scaling goes. */
  min?: number;
  max?: number;
  readonly hooks: Map<string, Hook>;
  readonly members: Map<string, Member>;
  warmPool?: WarmPool;
  /** `TerminateHookAbandon: retain` */
  retain: boolean;
  /** Its instance maintenance policy. */
  maintenance?: HealthyRange | undefined;
  /**
   * Knobs, where AWS does not say. Whether a replacement is launched while the old instance still waits in its hook, and whether
   * a retained instance that is terminated goes through the hook once more.
   */
  readonly launchesAfter?: 'termination-begins' | 'termination-ends';
  readonly retainedEndsBy?: 'at-once' | 'hook-again';
  /** Of health checks, ms. */
  gracePeriod?: number;
  /** The maximum instance lifetime, ms. */
  readonly lifetime?: number | undefined;
  /** What somebody has set up before skep came, and skep only looks at. Neither is played: no load balancer is asked, no process stands still. */
  readonly healthCheckType?: 'EC2' | 'ELB' | undefined;
  readonly suspended?: readonly string[] | undefined;
  readonly capacityRebalance?: boolean | undefined;
  machine: LaunchedAs;
  /** All versions of its launch template, the first one as it was made; undefined where the lab does not know any. */
  readonly versions?: LaunchedAs[];
  /** Which of them it launches. */
  version?: number;
  /** The last one, under way or over. */
  refresh?: InstanceRefresh;
  /** Those before it, the last one first. */
  formerRefreshes?: readonly InstanceRefresh[];
  desired: number;
}
