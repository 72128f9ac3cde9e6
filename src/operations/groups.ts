// The groups that claim a cluster, with their hooks, as a tidy compares them and `skep status` looks at them.
import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';

import { describeGroups, describeHooks, describeInstances } from '../aws/auto-scaling.ts';
import type { Group } from '../aws/auto-scaling.ts';
import { isOfAnotherStage } from '../core/lifecycle/hooks.ts';
import { nodeRole } from '../core/names.ts';
import type { RefusedGroup, TidyGroup } from '../core/tidy/facts.ts';
import { perhapsWarm, withWarm } from '../core/tidy/warm-pool.ts';
import type { OnRecord, Pooled } from '../core/tidy/warm-pool.ts';
import type { Refused } from '../store/refusals.ts';

/** With their hooks, which say whose groups they are: another stage in the account may have a cluster of the same name. */
export async function ownGroups(
  client: AutoScalingClient,
  stage: string,
  tagged: readonly Group[],
): Promise<TidyGroup[]> {
  const groups = tagged.map(async ({ role, ...group }) => {
    const parsed = nodeRole.safeParse(role);
    return parsed.success ? [{ ...group, role: parsed.data, hooks: await describeHooks(client, group.name) }] : [];
  });
  return (await Promise.all(groups)).flat().filter((group) => !isOfAnotherStage(stage, group));
}

/**
 * With those of their warm pools that are on record. DescribeAutoScalingGroups lists none of them.
 *
 * @param known of whom to ask
 */
export async function withPools<One extends Pick<TidyGroup, 'name' | 'instances'>>(
  client: AutoScalingClient,
  groups: readonly One[],
  known: readonly OnRecord[],
): Promise<(One & Pooled)[]> {
  return withWarm(groups, await describeInstances(client, perhapsWarm(known, groups)));
}

/** So many are looked at, a call for the hooks of each: a person begins with these. */
const MOST_REFUSED = 20;

/** Those of the cluster's tag that have no role, and those whose events were refused, as they are now. */
export async function refusedGroups(
  client: AutoScalingClient,
  tagged: readonly Group[],
  refused: readonly Refused[],
): Promise<RefusedGroup[]> {
  const roleless = tagged.filter(({ role }) => !nodeRole.safeParse(role).success);
  const told = new Map(refused.map(({ group, because }) => [group, because]));
  const names = [...new Set([...roleless.map(({ name }) => name), ...told.keys()])].slice(0, MOST_REFUSED);
  if (names.length === 0) {
    return [];
  }
  const found = await describeGroups(client, names);
  return Promise.all(
    names.map(async (name) => {
      const group = found.find((one) => one.name === name);
      const now =
        group === undefined
          ? undefined
          : { cluster: group.cluster, role: group.role, hooks: await describeHooks(client, name) };
      return { name, because: told.get(name), now, instances: group?.instances ?? [] };
    }),
  );
}
