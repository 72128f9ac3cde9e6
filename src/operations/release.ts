// Lets a cluster go: its swarm and its groups stay as they are, without the hooks, tags, tokens and records of skep.
import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import type { EC2Client } from '@aws-sdk/client-ec2';
import type { SSMClient } from '@aws-sdk/client-ssm';

import { deleteHook, setupOfCluster, untagGroup } from '../aws/group-setup.ts';
import { untagInstances } from '../aws/instance-setup.ts';
import { deleteJoinTokens } from '../aws/join-tokens.ts';
import type { FoundGroup } from '../core/adopt/facts.ts';
import { RELEASING, whyNotRelease } from '../core/adopt/release.ts';
import { isOfAnotherStage } from '../core/lifecycle/hooks.ts';
import { launchHook, terminateHook } from '../core/names.ts';
import type { Adoptions } from '../store/adoptions.ts';
import type { Holds } from '../store/holds.ts';

interface ReleasePorts {
  readonly autoScaling: AutoScalingClient;
  readonly ec2: EC2Client;
  readonly ssm: SSMClient;
  readonly adoptions: Adoptions;
  readonly holds: Holds;
  readonly stage: string;
  /** Epoch seconds. */
  readonly now: () => number;
  readonly say: (text: string) => void;
}

interface ReleasedGroup {
  readonly name: string;
  readonly found: FoundGroup;
}

/** Those of the stage: another one may have a cluster of the same name. */
export async function groupsToRelease(
  { autoScaling, stage }: Pick<ReleasePorts, 'autoScaling' | 'stage'>,
  cluster: string,
): Promise<ReleasedGroup[]> {
  return [...(await setupOfCluster(autoScaling, cluster))]
    .map(([name, found]) => ({ name, found }))
    .filter(({ found }) => !isOfAnotherStage(stage, found));
}

/**
 * The cluster is held first, so that nothing begins meanwhile. Its state goes last, so that a release that was stopped can be run again.
 *
 * @returns why nothing was released; undefined where it was
 */
export async function release(ports: ReleasePorts, cluster: string): Promise<string | undefined> {
  const { ssm, holds, adoptions, stage, now, say } = ports;
  const before = await groupsToRelease(ports, cluster);
  const because = whyNotRelease(before);
  if (because !== undefined) {
    return because;
  }
  say(`hold ${cluster} until it is released`);
  await holds.place(cluster, RELEASING, now());
  // Once more under the hold: what has begun since waits in a hook.
  const groups = await groupsToRelease(ports, cluster);
  const begun = whyNotRelease(groups);
  if (begun !== undefined) {
    return `${begun}; ${cluster} is held now: skep unhold ${cluster} lets it go on`;
  }
  for (const group of groups) {
    await letGo(ports, cluster, group);
  }
  say(`delete the join tokens of ${cluster}, and what the table has of it`);
  await deleteJoinTokens(ssm, stage, cluster);
  await adoptions.forget(
    cluster,
    groups.map(({ name }) => name),
  );
  return undefined;
}

/** The hooks go first: without its tags nobody of skep may complete them. */
async function letGo(
  { autoScaling, ec2, stage, say }: ReleasePorts,
  cluster: string,
  { name, found }: ReleasedGroup,
): Promise<void> {
  say(`take the hooks and the tags of group ${name} away, and the tags of its instances`);
  await deleteHook(autoScaling, name, launchHook(stage));
  await deleteHook(autoScaling, name, terminateHook(stage));
  const role = found.roleTag ?? '';
  await untagInstances(
    ec2,
    found.instances.map(({ instance }) => instance),
    cluster,
    role,
  );
  await untagGroup(autoScaling, name, cluster, role);
}
