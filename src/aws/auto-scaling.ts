// Auto Scaling: groups with their tags and instances, hooks, and the heartbeat.
import {
  DescribeAutoScalingInstancesCommand,
  DescribeLifecycleHooksCommand,
  RecordLifecycleActionHeartbeatCommand,
  paginateDescribeAutoScalingGroups,
} from '@aws-sdk/client-auto-scaling';
import type { AutoScalingClient, AutoScalingGroup } from '@aws-sdk/client-auto-scaling';

import { chunks } from '../core/chunks.ts';
import { warningPolicyOf } from '../core/lifecycle/warning-policy.ts';
import type { WarningPolicy } from '../core/lifecycle/warning-policy.ts';
import { dnsTagsOf } from '../core/dns/wish.ts';
import type { DnsTags } from '../core/dns/wish.ts';
import type { Plan } from '../core/model.ts';
import type { ShownInstance } from '../core/lifecycle/contradiction.ts';
import type { HookFacts } from '../core/lifecycle/hooks.ts';
import { errorName } from './errors.ts';

export interface Group {
  readonly name: string;
  readonly cluster: string | undefined;
  readonly role: string | undefined;
  readonly desired: number;
  /** Its tag `skep:replace-down`. */
  readonly replaceDown: boolean;
  /** What its tags wish where AWS warns of its instances, and those of them that say nothing that can be done. */
  readonly policy: WarningPolicy;
  readonly tagProblems: readonly string[];
  /** Auto Scaling replaces by itself what EC2 recommends to replace. */
  readonly capacityRebalance: boolean;
  /** Its tags `skep:dns-...`; undefined where it has no zone. */
  readonly dns?: DnsTags | undefined;
  readonly instances: readonly {
    readonly instance: string;
    readonly lifecycle: string;
    readonly zone: string;
    readonly healthy: boolean;
  }[];
}

export async function describeGroup(client: AutoScalingClient, name: string): Promise<Group | undefined> {
  const pages = paginateDescribeAutoScalingGroups({ client }, { AutoScalingGroupNames: [name] });
  return (await collect(pages))[0];
}

/** Those of them that there are. */
export function describeGroups(client: AutoScalingClient, names: readonly string[]): Promise<Group[]> {
  return collect(paginateDescribeAutoScalingGroups({ client, pageSize: 100 }, { AutoScalingGroupNames: [...names] }));
}

export async function groupsOfCluster(client: AutoScalingClient, cluster: string): Promise<Group[]> {
  const Filters = [{ Name: 'tag:skep:cluster', Values: [cluster] }];
  return collect(paginateDescribeAutoScalingGroups({ client, pageSize: 100 }, { Filters }));
}

/**
 * How many managers the groups of a cluster want, together.
 *
 * @param hook a hook of this stage: another stage in the account may have a cluster of the same name, with groups of its own
 */
export async function desiredManagers(client: AutoScalingClient, cluster: string, hook: string): Promise<number> {
  const groups = (await groupsOfCluster(client, cluster)).filter(({ role }) => role === 'manager');
  return (await withHook(client, groups, hook)).reduce((sum, { desired }) => sum + desired, 0);
}

/** @param hook as above */
export async function groupsOfStage(client: AutoScalingClient, cluster: string, hook: string): Promise<Group[]> {
  return withHook(client, await groupsOfCluster(client, cluster), hook);
}

async function withHook(client: AutoScalingClient, groups: readonly Group[], hook: string): Promise<Group[]> {
  const hooks = await Promise.all(groups.map(({ name }) => describeHook(client, name, hook)));
  return groups.filter((_group, index) => hooks[index] !== undefined);
}

async function collect(pages: AsyncIterable<{ AutoScalingGroups?: AutoScalingGroup[] | undefined }>): Promise<Group[]> {
  const groups: Group[] = [];
  for await (const page of pages) {
    groups.push(...(page.AutoScalingGroups ?? []).map(toGroup));
  }
  return groups;
}

function toGroup(group: AutoScalingGroup): Group {
  const tag = (key: string): string | undefined => group.Tags?.find(({ Key }) => Key === key)?.Value;
  const { policy, problems: tagProblems } = warningPolicyOf(tag);
  return {
    name: group.AutoScalingGroupName ?? '',
    cluster: tag('skep:cluster'),
    role: tag('skep:role'),
    desired: group.DesiredCapacity ?? 0,
    replaceDown: tag('skep:replace-down') === 'true',
    policy,
    tagProblems,
    capacityRebalance: group.CapacityRebalance === true,
    dns: dnsTagsOf(tag),
    instances: (group.Instances ?? []).map((it) => ({
      instance: it.InstanceId ?? '',
      lifecycle: it.LifecycleState ?? '',
      zone: it.AvailabilityZone ?? '',
      healthy: it.HealthStatus !== 'Unhealthy',
    })),
  };
}

/** A group's hook, with its notification metadata as it would stand in an event; undefined if the group has no such hook. */
export async function describeHook(
  client: AutoScalingClient,
  group: string,
  hook: string,
): Promise<{ readonly metadata: string | undefined } | undefined> {
  const { LifecycleHooks: hooks } = await client.send(
    new DescribeLifecycleHooksCommand({ AutoScalingGroupName: group, LifecycleHookNames: [hook] }),
  );
  const [found] = hooks ?? [];
  return found === undefined ? undefined : { metadata: found.NotificationMetadata };
}

/** All hooks of a group, also those that are not skep's. */
export async function describeHooks(client: AutoScalingClient, group: string): Promise<HookFacts[]> {
  const { LifecycleHooks: hooks } = await client.send(
    new DescribeLifecycleHooksCommand({ AutoScalingGroupName: group }),
  );
  return (hooks ?? []).map((hook) => ({
    name: hook.LifecycleHookName ?? '',
    transition: hook.LifecycleTransition ?? '',
    metadata: hook.NotificationMetadata,
    timeout: hook.HeartbeatTimeout ?? 0,
    defaultResult: hook.DefaultResult ?? '',
  }));
}

/** Null for an instance that is in no group. */
export async function describeInstance(client: AutoScalingClient, instance: string): Promise<ShownInstance | null> {
  return (await describeInstances(client, [instance])).get(instance) ?? null;
}

/** How many instances DescribeAutoScalingInstances takes at once. */
const INSTANCES_AT_ONCE = 50;

/** Those of them that are in a group, or in its warm pool. */
export async function describeInstances(
  client: AutoScalingClient,
  instances: readonly string[],
): Promise<Map<string, ShownInstance>> {
  const shown = new Map<string, ShownInstance>();
  for (const InstanceIds of chunks(instances, INSTANCES_AT_ONCE)) {
    const { AutoScalingInstances: found = [] } = await client.send(
      new DescribeAutoScalingInstancesCommand({ InstanceIds: [...InstanceIds] }),
    );
    for (const { InstanceId: instance = '', AutoScalingGroupName: group = '', ...one } of found) {
      shown.set(instance, { group, lifecycle: one.LifecycleState ?? '', zone: one.AvailabilityZone ?? '' });
    }
  }
  return shown;
}

/** Unknown ids are left out of the answer without an error, which is what is asked here. */
export async function isInAnyGroup(client: AutoScalingClient, instance: string): Promise<boolean> {
  const { AutoScalingInstances: found } = await client.send(
    new DescribeAutoScalingInstancesCommand({ InstanceIds: [instance] }),
  );
  return (found ?? []).length > 0;
}

/** Looks before an instance counts as gone, and the pause before the next one, ms: it grows. */
const GONE_LOOKS = 3;
const PAUSE = 500;

/**
 * Whether an instance that is to join is in no group any more. One answer that lacks it proves nothing: both the list of instances and its
 * own group must lack it, three times. If it were taken for gone by mistake, it would come into service outside the swarm.
 */
export async function isGoneFrom(
  client: AutoScalingClient,
  instance: string,
  group: string | undefined,
  pause: (ms: number) => Promise<unknown>,
): Promise<boolean> {
  for (let look = 1; ; look += 1) {
    if (await isInAnyGroup(client, instance)) {
      return false;
    }
    const own = group === undefined ? undefined : await describeGroup(client, group);
    if (own?.instances.some((one) => one.instance === instance) === true) {
      return false;
    }
    if (look === GONE_LOOKS) {
      return true;
    }
    await pause(PAUSE * look);
  }
}

/** Whether its group calls the instance unhealthy: by EC2's status checks, a load balancer's, or a person's word. */
export async function isUnhealthy(client: AutoScalingClient, instance: string): Promise<boolean> {
  const { AutoScalingInstances: found } = await client.send(
    new DescribeAutoScalingInstancesCommand({ InstanceIds: [instance] }),
  );
  return (found ?? []).some(({ HealthStatus: status }) => status?.toLowerCase() === 'unhealthy');
}

/** Restarts the hook's timer. No active action is no error: then there is nothing to keep alive. */
export async function beat(client: AutoScalingClient, plan: Plan): Promise<void> {
  const { hook, group, instance } = plan;
  if (hook === undefined || group === undefined || instance === undefined) {
    return;
  }
  const token = hook.actionToken === undefined ? { InstanceId: instance } : { LifecycleActionToken: hook.actionToken };
  try {
    await client.send(
      new RecordLifecycleActionHeartbeatCommand({
        AutoScalingGroupName: group,
        LifecycleHookName: hook.name,
        ...token,
      }),
    );
  } catch (error) {
    if (errorName(error) !== 'ValidationError') {
      throw error;
    }
  }
}
