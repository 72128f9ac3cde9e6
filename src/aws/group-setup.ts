// Auto Scaling, for an adoption: how groups were set up before skep came, and what is changed of that.
import {
  CreateOrUpdateTagsCommand,
  DeleteLifecycleHookCommand,
  DeleteTagsCommand,
  PutLifecycleHookCommand,
  UpdateAutoScalingGroupCommand,
  paginateDescribeAutoScalingGroups,
} from '@aws-sdk/client-auto-scaling';
import type { AutoScalingClient, AutoScalingGroup, Tag } from '@aws-sdk/client-auto-scaling';

import type { FoundGroup } from '../core/adopt/facts.ts';
import type { HookWish } from '../core/lifecycle/hooks.ts';
import type { NodeRole } from '../core/names.ts';
import { describeHooks } from './auto-scaling.ts';
import { errorName } from './errors.ts';

const CLUSTER = 'skep:cluster';
const ROLE = 'skep:role';

/** Those of them that there are, by name. */
export async function setupOf(client: AutoScalingClient, names: readonly string[]): Promise<Map<string, FoundGroup>> {
  return collect(client, { AutoScalingGroupNames: [...names] });
}

/** All that bear the cluster's tag. */
export async function setupOfCluster(client: AutoScalingClient, cluster: string): Promise<Map<string, FoundGroup>> {
  return collect(client, { Filters: [{ Name: `tag:${CLUSTER}`, Values: [cluster] }] });
}

async function collect(
  client: AutoScalingClient,
  asked: Parameters<typeof paginateDescribeAutoScalingGroups>[1],
): Promise<Map<string, FoundGroup>> {
  const groups = new Map<string, FoundGroup>();
  for await (const page of paginateDescribeAutoScalingGroups({ client, pageSize: 100 }, asked)) {
    for (const group of page.AutoScalingGroups ?? []) {
      const { AutoScalingGroupName: name = '' } = group;
      groups.set(name, { ...asFound(group), hooks: await describeHooks(client, name) });
    }
  }
  return groups;
}

function asFound(group: AutoScalingGroup): Omit<FoundGroup, 'hooks'> {
  const tag = (key: string): string | undefined => group.Tags?.find(({ Key }) => Key === key)?.Value;
  return {
    cluster: tag(CLUSTER),
    roleTag: tag(ROLE),
    healthCheckType: group.HealthCheckType ?? '',
    suspended: (group.SuspendedProcesses ?? []).flatMap(({ ProcessName: process }) => process ?? []),
    retains: group.InstanceLifecyclePolicy?.RetentionTriggers?.TerminateHookAbandon === 'retain',
    launchesFirst: (group.InstanceMaintenancePolicy?.MinHealthyPercentage ?? 0) >= 100,
    subnets: (group.VPCZoneIdentifier ?? '').split(',').flatMap((one) => (one.trim() === '' ? [] : [one.trim()])),
    instances: (group.Instances ?? []).map((one) => ({
      instance: one.InstanceId ?? '',
      lifecycle: one.LifecycleState ?? '',
      zone: one.AvailabilityZone ?? '',
    })),
  };
}

const tagsOf = (group: string, cluster: string, role: string): Tag[] =>
  [
    { Key: CLUSTER, Value: cluster },
    { Key: ROLE, Value: role },
  ].map((one) => ({ ...one, ResourceId: group, ResourceType: 'auto-scaling-group', PropagateAtLaunch: true }));

export async function tagGroup(
  client: AutoScalingClient,
  group: string,
  { cluster, role }: { readonly cluster: string; readonly role: NodeRole },
): Promise<void> {
  await client.send(new CreateOrUpdateTagsCommand({ Tags: tagsOf(group, cluster, role) }));
}

export async function untagGroup(
  client: AutoScalingClient,
  group: string,
  cluster: string,
  role: string,
): Promise<void> {
  await client.send(new DeleteTagsCommand({ Tags: tagsOf(group, cluster, role) }));
}

/** What its terminate hook abandons stays, until somebody ends it. */
export async function retainAbandoned(client: AutoScalingClient, group: string): Promise<void> {
  await client.send(
    new UpdateAutoScalingGroupCommand({
      AutoScalingGroupName: group,
      InstanceLifecyclePolicy: { RetentionTriggers: { TerminateHookAbandon: 'retain' } },
    }),
  );
}

export async function putHook(client: AutoScalingClient, wish: HookWish): Promise<void> {
  await client.send(new PutLifecycleHookCommand(wish));
}

/** One that is not there is deleted. */
export async function deleteHook(client: AutoScalingClient, group: string, hook: string): Promise<void> {
  try {
    await client.send(new DeleteLifecycleHookCommand({ AutoScalingGroupName: group, LifecycleHookName: hook }));
  } catch (error) {
    if (errorName(error) !== 'ValidationError') {
      throw error;
    }
  }
}

/** All groups of the account and region that have a hook, with the names of their hooks. */
export async function allGroupsWithHooks(
  client: AutoScalingClient,
): Promise<{ readonly group: string; readonly hooks: readonly string[] }[]> {
  const all = await collect(client, {});
  return [...all]
    .map(([group, { hooks }]) => ({ group, hooks: hooks.map(({ name }) => name) }))
    .filter(({ hooks }) => hooks.length > 0);
}
