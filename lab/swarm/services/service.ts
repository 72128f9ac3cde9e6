// A service: its spec in versions, and how the last update of it went.
import type { ServiceSpec } from './service-spec.ts';

export interface UpdateStatus {
  readonly state: 'updating' | 'paused' | 'completed' | 'rollback_started' | 'rollback_paused' | 'rollback_completed';
  readonly message: string;
  readonly startedAt: number;
  readonly completedAt?: number;
}

export interface VersionedSpec {
  readonly spec: ServiceSpec;
  readonly version: number;
}

export interface Service {
  readonly serviceId: string;
  readonly createdAt: number;
  updatedAt: number;
  /** Of the object: it moves with the update status too. */
  version: number;
  current: VersionedSpec;
  /** What `service rollback` goes back to. Every update overwrites it, whoever makes it and whatever it changes. */
  previous: VersionedSpec | undefined;
  /** None, as long as no update of the present spec has had a task to replace. */
  updateStatus: UpdateStatus | undefined;
}

export const isPaused = ({ updateStatus }: Service): boolean =>
  updateStatus?.state === 'paused' || updateStatus?.state === 'rollback_paused';

export const isRollingBack = ({ updateStatus }: Service): boolean => updateStatus?.state === 'rollback_started';

/** What is kept in a config object of the swarm, while skep's updates take its place as the spec before. */
export interface KeptSpec {
  readonly previous: VersionedSpec;
  readonly isSafe: boolean;
  /** When, epoch seconds. */
  readonly at: number;
}
