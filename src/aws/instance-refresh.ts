// Auto Scaling: instance refreshes of a group, and the end of one instance by a person's word.
import {
  CancelInstanceRefreshCommand,
  DescribeInstanceRefreshesCommand,
  RollbackInstanceRefreshCommand,
  StartInstanceRefreshCommand,
  TerminateInstanceInAutoScalingGroupCommand,
  paginateDescribeAutoScalingGroups,
} from '@aws-sdk/client-auto-scaling';
import type { AutoScalingClient, AutoScalingGroup, DesiredConfiguration } from '@aws-sdk/client-auto-scaling';

import type { GroupTemplate, RefreshOrder, RefreshSeen } from '../core/upgrade/refresh.ts';

/** What a refresh and a removal need to know of a group besides its instances. */
export interface GroupMake {
  readonly template: GroupTemplate | undefined;
  readonly least: number;
  /** As AWS has it, so that a refresh changes nothing of it but the version. */
  readonly policy: AutoScalingGroup['MixedInstancesPolicy'];
}

/** Undefined where there is no such group. */
export async function makeOf(client: AutoScalingClient, group: string): Promise<GroupMake | undefined> {
  for await (const { AutoScalingGroups: found = [] } of paginateDescribeAutoScalingGroups(
    { client },
    { AutoScalingGroupNames: [group] },
  )) {
    const [one] = found;
    if (one !== undefined) {
      return { least: one.MinSize ?? 0, policy: one.MixedInstancesPolicy, template: templateOf(one) };
    }
  }
  return undefined;
}

function templateOf({ LaunchTemplate: plain, MixedInstancesPolicy: policy }: AutoScalingGroup): GroupMake['template'] {
  const { LaunchTemplateId: id, Version: version = '$Default' } =
    plain ?? policy?.LaunchTemplate?.LaunchTemplateSpecification ?? {};
  return id === undefined ? undefined : { id, version };
}

/** The last one of the group, or the one of that id; undefined where it never had one. */
export async function lastRefresh(
  client: AutoScalingClient,
  group: string,
  id?: string,
): Promise<RefreshSeen | undefined> {
  const { InstanceRefreshes: [found] = [] } = await client.send(
    new DescribeInstanceRefreshesCommand({
      AutoScalingGroupName: group,
      MaxRecords: 1,
      ...(id === undefined ? {} : { InstanceRefreshIds: [id] }),
    }),
  );
  return found === undefined
    ? undefined
    : {
        id: found.InstanceRefreshId ?? '',
        status: found.Status ?? '',
        because: found.StatusReason,
        done: found.PercentageComplete ?? 0,
        left: found.InstancesToUpdate ?? 0,
      };
}

/** @returns its id */
export async function startRefresh(
  client: AutoScalingClient,
  group: string,
  { policy }: Pick<GroupMake, 'policy'>,
  order: RefreshOrder,
): Promise<string> {
  const { InstanceRefreshId: id = '' } = await client.send(
    new StartInstanceRefreshCommand({
      AutoScalingGroupName: group,
      Strategy: 'Rolling',
      ...(order.template === undefined ? {} : { DesiredConfiguration: configurationOf(order.template, policy) }),
      Preferences: {
        MinHealthyPercentage: order.minHealthy,
        MaxHealthyPercentage: order.maxHealthy,
        AutoRollback: order.autoRollback,
        AlarmSpecification: { Alarms: [...order.alarms] },
        // All of the group is meant; what is in standby is a person's.
        ScaleInProtectedInstances: 'Refresh',
        StandbyInstances: 'Ignore',
      },
    }),
  );
  return id;
}

function configurationOf({ id, version }: GroupTemplate, policy: GroupMake['policy']): DesiredConfiguration {
  const specification = { LaunchTemplateId: id, Version: version };
  return policy === undefined
    ? { LaunchTemplate: specification }
    : {
        MixedInstancesPolicy: {
          ...policy,
          LaunchTemplate: { ...policy.LaunchTemplate, LaunchTemplateSpecification: specification },
        },
      };
}

/** What was replaced stays. */
export async function cancelRefresh(client: AutoScalingClient, group: string): Promise<void> {
  await client.send(new CancelInstanceRefreshCommand({ AutoScalingGroupName: group }));
}

export async function rollBackRefresh(client: AutoScalingClient, group: string): Promise<void> {
  await client.send(new RollbackInstanceRefreshCommand({ AutoScalingGroupName: group }));
}

/** Its terminate hook is asked first. @param shrinks its group wants one less from now on */
export async function removeInstance(client: AutoScalingClient, instance: string, shrinks: boolean): Promise<void> {
  await client.send(
    new TerminateInstanceInAutoScalingGroupCommand({
      InstanceId: instance,
      ShouldDecrementDesiredCapacity: shrinks,
    }),
  );
}
