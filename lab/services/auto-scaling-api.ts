// The operations of EC2 Auto Scaling that the lab answers, over the groups of auto-scaling.ts.
import { z } from 'zod';

import { groupArn } from './auto-scaling.ts';
import type { AutoScaling, Group, Hook, Member, OpenAction } from './auto-scaling.ts';
import type { Operation, Service } from './service.ts';

const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);
const name = z.string().min(1);
const groups = z.object({
  AutoScalingGroupNames: z.array(z.string()).optional(),
  Filters: z.array(z.object({ Name: z.string(), Values: z.array(z.string()) })).optional(),
});
const instances = z.object({ InstanceIds: z.array(z.string()).max(50).optional() });
const action = z.object({
  AutoScalingGroupName: name,
  LifecycleHookName: name,
  LifecycleActionToken: z.string().length(36).optional(),
  InstanceId: z.string().max(19).optional(),
});
const completion = action.extend({ LifecycleActionResult: z.enum(['CONTINUE', 'ABANDON']) });
const desired = z.object({ AutoScalingGroupName: name, DesiredCapacity: z.coerce.number().int().min(0).max(500) });
const terminate = z.object({ InstanceId: name, ShouldDecrementDesiredCapacity: flag });
const hooks = z.object({ AutoScalingGroupName: name, LifecycleHookNames: z.array(z.string()).optional() });

export function autoScalingApi(autoScaling: AutoScaling): Service {
  const operations: Record<string, Operation> = {
    DescribeAutoScalingGroups: (input) => describeGroups(autoScaling, groups.parse(input)),
    DescribeAutoScalingInstances: (input) => describeInstances(autoScaling, instances.parse(input)),
    DescribeLifecycleHooks: (input) => describeHooks(autoScaling, hooks.parse(input)),
    CompleteLifecycleAction: (input) => {
      const asked = completion.parse(input);
      autoScaling.complete(find(autoScaling, asked), asked.LifecycleActionResult);
      return {};
    },
    RecordLifecycleActionHeartbeat: (input) => {
      autoScaling.heartbeat(find(autoScaling, action.parse(input)));
      return {};
    },
    SetDesiredCapacity: (input) => {
      const asked = desired.parse(input);
      autoScaling.setDesired(asked.AutoScalingGroupName, asked.DesiredCapacity);
      return {};
    },
    TerminateInstanceInAutoScalingGroup: (input) => {
      const asked = terminate.parse(input);
      autoScaling.terminateInstance(asked.InstanceId, asked.ShouldDecrementDesiredCapacity);
      return { Activity: { StatusCode: 'InProgress', Description: `Terminating EC2 instance: ${asked.InstanceId}` } };
    },
  };
  return { name: 'autoscaling', operations };
}

function find(autoScaling: AutoScaling, asked: z.infer<typeof action>): OpenAction {
  autoScaling.group(asked.AutoScalingGroupName);
  return autoScaling.findAction(asked.AutoScalingGroupName, asked.LifecycleHookName, {
    token: asked.LifecycleActionToken,
    instanceId: asked.InstanceId,
  });
}

function describeGroups(autoScaling: AutoScaling, input: z.infer<typeof groups>): unknown {
  const { AutoScalingGroupNames: names, Filters: filters = [] } = input;
  const found = [...autoScaling.groups.values()]
    .filter((group) => names === undefined || names.length === 0 || names.includes(group.name))
    .filter(({ tags }) => filters.every(({ Name, Values }) => Values.includes(tags[Name.replace(/^tag:/, '')] ?? '')));
  return { AutoScalingGroups: found.map(describeGroup) };
}

function describeGroup(group: Group): Record<string, unknown> {
  return {
    AutoScalingGroupName: group.name,
    AutoScalingGroupARN: groupArn(group.name),
    MinSize: 0,
    MaxSize: 500,
    DesiredCapacity: group.desired,
    DefaultCooldown: 300,
    AvailabilityZones: group.zones,
    HealthCheckType: 'EC2',
    CreatedTime: new Date(0),
    Instances: [...group.members.values()].map(describeMember),
    Tags: Object.entries(group.tags).map(([Key, Value]) => ({
      ResourceId: group.name,
      ResourceType: 'auto-scaling-group',
      Key,
      Value,
      PropagateAtLaunch: true,
    })),
  };
}

function describeMember({ instanceId, zone, lifecycle }: Member): Record<string, unknown> {
  return {
    InstanceId: instanceId,
    AvailabilityZone: zone,
    LifecycleState: lifecycle,
    HealthStatus: 'Healthy',
    ProtectedFromScaleIn: false,
  };
}

/** Unknown ids are left out without an error, as on AWS. */
function describeInstances(autoScaling: AutoScaling, { InstanceIds: ids }: z.infer<typeof instances>): unknown {
  const found = [...autoScaling.groups.values()].flatMap((group) =>
    [...group.members.values()]
      .filter(({ instanceId }) => ids === undefined || ids.includes(instanceId))
      .map((member) => ({ AutoScalingGroupName: group.name, ...describeMember(member) })),
  );
  return { AutoScalingInstances: found };
}

function describeHooks(autoScaling: AutoScaling, input: z.infer<typeof hooks>): unknown {
  const group = autoScaling.group(input.AutoScalingGroupName);
  const found = [...group.hooks.values()].filter((hook) => input.LifecycleHookNames?.includes(hook.name) ?? true);
  return { LifecycleHooks: found.map((hook) => describeHook(group.name, hook)) };
}

function describeHook(group: string, hook: Hook): Record<string, unknown> {
  return {
    LifecycleHookName: hook.name,
    AutoScalingGroupName: group,
    LifecycleTransition: hook.transition,
    ...(hook.metadata === undefined ? {} : { NotificationMetadata: hook.metadata }),
    HeartbeatTimeout: hook.heartbeatTimeout,
    GlobalTimeout: Math.min(172_800, 100 * hook.heartbeatTimeout),
    DefaultResult: hook.defaultResult,
  };
}
