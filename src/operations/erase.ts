// The end of a swarm: a person's word, what it takes for the last manager to go by it, and what is recorded when it has gone.
import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import type { SSMClient } from '@aws-sdk/client-ssm';

import { groupsOfStage } from '../aws/auto-scaling.ts';
import { deleteJoinTokens } from '../aws/join-tokens.ts';
import type { End, Erasures } from '../store/erasures.ts';
import { whyNotErase } from '../core/managers/erasure.ts';
import type { Erasure } from '../core/managers/erasure.ts';
import { terminateHook } from '../core/names.ts';

export interface WordPorts {
  readonly erasures: Erasures;
  readonly autoScaling: AutoScalingClient;
  readonly stage: string;
}

export type Given =
  | { readonly kind: 'unknown' | 'unfounded' }
  /** Workers go first: without a manager nobody can drain or forget them. */
  | { readonly kind: 'workers'; readonly workers: readonly string[] }
  | { readonly kind: 'given'; readonly erasure: Erasure; readonly managers: readonly string[] };

/** @param seconds for how long it is given */
export async function allowErasure(ports: WordPorts, cluster: string, seconds: number, now: number): Promise<Given> {
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

/** Whether this manager goes with its swarm. Where it may, that is noted first: from then on the word has no end. */
export async function goesWithItsSwarm(
  ports: WordPorts & { readonly now: () => number },
  { cluster, instance }: { readonly cluster: string; readonly instance: string },
): Promise<boolean> {
  const { erasures, autoScaling, stage } = ports;
  const { swarmId, erase: erasure } = (await erasures.read(cluster)) ?? {};
  // Nearly always nobody has said anything, and this costs one read.
  if (erasure === undefined || swarmId === undefined) {
    return false;
  }
  const groups = await groupsOfStage(autoScaling, cluster, terminateHook(stage));
  const instances = groups.flatMap((group) => group.instances.map((one) => one.instance));
  const managers = groups.filter(({ role }) => role === 'manager');
  const because = whyNotErase({
    erasure,
    swarmId,
    instance,
    target: managers.reduce((sum, { desired }) => sum + desired, 0),
    others: instances.filter((one) => one !== instance),
    now: ports.now(),
  });
  return because === undefined && (await erasures.begin(cluster, swarmId, instance));
}

/**
 * The swarm has ended with its last manager, or that is gone: the cluster is as it was before its founding. The join tokens go first: once
 * the state says `new` somebody may found, and publish others, which a second try must not delete.
 *
 * @returns false if another execution has taken the last manager over
 */
export async function endSwarm(
  { erasures, ssm, stage }: { readonly erasures: Erasures; readonly ssm: SSMClient; readonly stage: string },
  end: End,
): Promise<boolean> {
  if ((await erasures.read(end.cluster))?.swarmId === end.swarmId) {
    await deleteJoinTokens(ssm, stage, end.cluster);
  }
  return erasures.end(end);
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
