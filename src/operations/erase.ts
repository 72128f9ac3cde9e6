// A person permits that a swarm ends with its last manager.
import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';

import { groupsOfStage } from '../aws/auto-scaling.ts';
import type { Erasures } from '../store/erasures.ts';
import type { Erasure } from '../core/managers/erasure.ts';
import { terminateHook } from '../core/names.ts';

export interface ErasePorts {
  readonly erasures: Erasures;
  readonly autoScaling: AutoScalingClient;
  readonly stage: string;
}

export type ErasurePermission =
  | { readonly kind: 'unknown' | 'unfounded' }
  /** Workers go first: without a manager nobody can drain or forget them. */
  | { readonly kind: 'workers'; readonly workers: readonly string[] }
  | { readonly kind: 'given'; readonly erasure: Erasure; readonly managers: readonly string[] };

/** @param seconds for how long it is given */
export async function allowErasure(
  ports: ErasePorts,
  cluster: string,
  seconds: number,
  now: number,
): Promise<ErasurePermission> {
  const { erasures, autoScaling, stage } = ports;
  const seen = await erasures.read(cluster);
  if (seen?.swarmId === undefined) {
    return { kind: seen === undefined ? 'unknown' : 'unfounded' };
  }
  const { managers, workers } = await whatIsLeft(autoScaling, cluster, stage);
  if (workers.length > 0) {
    return { kind: 'workers', workers };
  }
  const { swarmId, erase: before } = seen;
  // What has begun by an earlier word goes on.
  const begun = before?.begun === undefined ? {} : { begun: before.begun };
  const erasure = { since: now, until: now + seconds, swarmId, ...begun };
  return (await erasures.give(cluster, erasure)) ? { kind: 'given', erasure, managers } : { kind: 'unfounded' };
}

/** Instances of a cluster's groups, by role; what a person is shown, and asked about. */
export async function whatIsLeft(
  client: AutoScalingClient,
  cluster: string,
  stage: string,
): Promise<{ readonly managers: readonly string[]; readonly workers: readonly string[] }> {
  const groups = await groupsOfStage(client, cluster, terminateHook(stage));
  const of = (isManager: boolean): string[] =>
    groups
      .filter(({ role }) => (role === 'manager') === isManager)
      .flatMap(({ name, instances }) => instances.map(({ instance }) => `${instance} of ${name}`));
  return { managers: of(true), workers: of(false) };
}
