// What a step uses of the world outside: the table, AWS, the clock.
import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import type { SFNClient } from '@aws-sdk/client-sfn';
import type { SSMClient } from '@aws-sdk/client-ssm';

import type { Raise } from '../core/alarm-metric.ts';
import type { Erasures } from '../store/erasures.ts';
import type { Holds } from '../store/holds.ts';
import type { MembershipLock } from '../store/membership-lock.ts';
import type { RecoveryStore } from '../store/recovery-store.ts';
import type { Table } from '../store/table.ts';
import type { Waiters } from '../store/waiters.ts';

export interface DeliverPorts {
  readonly table: Table;
  readonly waiters: Waiters;
  readonly recovery: RecoveryStore;
  readonly lock: MembershipLock;
  readonly states: SFNClient;
  /** The key of the stack, under which join tokens are published. */
  readonly tokenKey: string;
  /** Tells a person, by a metric with an alarm. */
  readonly raise: Raise;
}

/** What EC2 is asked for. */
interface Addresses {
  readonly of: (instance: string) => Promise<readonly string[]>;
  readonly instancesAt: (address: string) => Promise<readonly string[]>;
}

export interface StepPorts extends DeliverPorts {
  readonly ssm: SSMClient;
  readonly sending: SSMClient;
  readonly autoScaling: AutoScalingClient;
  readonly ec2: Addresses;
  readonly holds: Holds;
  readonly erasures: Erasures;
  readonly stage: string;
  readonly now: () => number;
  readonly pause: (ms: number) => Promise<unknown>;
}
