// The operations of EC2 Auto Scaling that the lab answers, over the groups of auto-scaling.ts.
import { z } from 'zod';

import { groupArn } from './auto-scaling.ts';
import { defaultSubnet } from './ec2.ts';
import type { Group, Hook } from './group.ts';
import type { AutoScaling } from './auto-scaling.ts';
import type { OpenAction } from './passages.ts';
import { checkHook, globalTimeout } from './group-limits.ts';
import { lifecyclePolicy, retain, setupOperations } from './auto-scaling-setup.ts';
import { launchTemplateOf, refreshOperations } from './refresh-api.ts';
import type { AlarmStates } from './refresh-api.ts';
import { pageOf } from './pages.ts';
import { QUOTAS } from './quotas.ts';
import { AwsError } from './service.ts';
import type { Operation, Service } from './service.ts';
import { describeMember } from './shown-members.ts';
import type { ShownMembers } from './shown-members.ts';
import { poolOf, warmPoolOperations } from './warm-pool-api.ts';
import { awsName as name, flag } from './inputs.ts';

const id = z.string().min(1).max(19);
const page = { MaxRecords: z.coerce.number().int().min(1).max(100).optional(), NextToken: z.string().optional() };
const groups = z.strictObject({
  AutoScalingGroupNames: z.array(name).optional(),
  Filters: z.array(z.strictObject({ Name: z.string().startsWith('tag:'), Values: z.array(z.string()) })).optional(),
  ...page,
});
const instances = z.strictObject({
  InstanceIds: z.array(id).max(QUOTAS.describedInstances.value).optional(),
  ...page,
  MaxRecords: z.coerce.number().int().min(1).max(50).optional(),
});
const action = z.strictObject({
  AutoScalingGroupName: name,
  LifecycleHookName: name,
  LifecycleActionToken: z.string().length(36).optional(),
  InstanceId: id.optional(),
});
const completion = action.extend({ LifecycleActionResult: z.enum(['CONTINUE', 'ABANDON']) });
const desired = z.strictObject({
  AutoScalingGroupName: name,
  DesiredCapacity: z.coerce.number().int().min(0).max(500),
  HonorCooldown: flag.optional(),
});
const size = z.coerce.number().int().min(0).max(500).optional();
/** Only sizes, and what becomes of an instance whose terminate hook is abandoned: what else may be changed of a group the lab refuses. */
const update = z.strictObject({
  AutoScalingGroupName: name,
  MinSize: size,
  MaxSize: size,
  DesiredCapacity: size,
  InstanceLifecyclePolicy: lifecyclePolicy.optional(),
});
const terminate = z.strictObject({ InstanceId: id, ShouldDecrementDesiredCapacity: flag });
const health = z.strictObject({
  InstanceId: name,
  HealthStatus: z.enum(['Healthy', 'Unhealthy']),
  ShouldRespectGracePeriod: flag.default(true),
});
const hooks = z.strictObject({ AutoScalingGroupName: name, LifecycleHookNames: z.array(name).max(50).optional() });
const putHook = z.strictObject({
  AutoScalingGroupName: name,
  LifecycleHookName: name,
  LifecycleTransition: z
    .enum(['autoscaling:EC2_INSTANCE_LAUNCHING', 'autoscaling:EC2_INSTANCE_TERMINATING'])
    .optional(),
  NotificationMetadata: z.string().optional(),
  HeartbeatTimeout: z.coerce.number().int().optional(),
  DefaultResult: z.enum(['CONTINUE', 'ABANDON']).optional(),
});

interface Parts {
  /** An id and a time, for what has begun. */
  readonly begun: () => { readonly ActivityId: string; readonly StartTime: Date };
  readonly alarms: AlarmStates;
}

export function autoScalingApi(autoScaling: AutoScaling, shown: ShownMembers, parts: Parts): Service {
  const operations: Record<string, Operation> = {
    DescribeAutoScalingGroups: (input) => describeGroups(autoScaling, shown, groups.parse(input)),
    DescribeAutoScalingInstances: (input) => describeInstances(autoScaling, shown, instances.parse(input)),
    DescribeScalingActivities: (input) => autoScaling.launchFailures.describe(input),
    DescribeLifecycleHooks: (input) => describeHooks(autoScaling, hooks.parse(input)),
    PutLifecycleHook: (input) => {
      putLifecycleHook(autoScaling, putHook.parse(input));
      return {};
    },
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
    UpdateAutoScalingGroup: (input) => {
      const asked = update.parse(input);
      const { AutoScalingGroupName: group, MinSize: min, MaxSize: max, DesiredCapacity: desired } = asked;
      if ([min, max, desired].some((one) => one !== undefined)) {
        autoScaling.update(group, { min, max, desired });
      }
      retain(autoScaling, group, asked.InstanceLifecyclePolicy);
      return {};
    },
    TerminateInstanceInAutoScalingGroup: (input) => {
      const asked = terminate.parse(input);
      const AutoScalingGroupName = autoScaling.groupOf(asked.InstanceId)?.name ?? '';
      autoScaling.terminateInstance(asked.InstanceId, asked.ShouldDecrementDesiredCapacity);
      const Description = `Terminating EC2 instance: ${asked.InstanceId}`;
      const Cause = 'instance was taken out of service in response to a user request';
      return { Activity: { ...parts.begun(), AutoScalingGroupName, Description, Cause, StatusCode: 'InProgress' } };
    },
    SetInstanceHealth: (input) => {
      const {
        InstanceId: id,
        HealthStatus: status,
        ShouldRespectGracePeriod: respectGracePeriod,
      } = health.parse(input);
      autoScaling.setHealth(id, status === 'Healthy', { respectGracePeriod });
      return {};
    },
    ...refreshOperations(autoScaling, parts.alarms),
    ...setupOperations(autoScaling),
    ...warmPoolOperations(autoScaling, shown),
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

function describeGroups(autoScaling: AutoScaling, shown: ShownMembers, input: z.infer<typeof groups>): unknown {
  const { AutoScalingGroupNames: names, Filters: filters = [] } = input;
  const found = [...autoScaling.groups.values()]
    .filter((group) => names === undefined || names.length === 0 || names.includes(group.name))
    .filter(({ tags }) => filters.every(({ Name, Values }) => Values.includes(tags[Name.replace(/^tag:/, '')] ?? '')));
  const { items, next } = pageOf(found, { limit: input.MaxRecords, token: input.NextToken }, 50, 'InvalidNextToken');
  return {
    AutoScalingGroups: items.map((group) => describeGroup(group, shown)),
    ...(next === undefined ? {} : { NextToken: next }),
  };
}

function describeGroup(group: Group, shown: ShownMembers): Record<string, unknown> {
  return {
    AutoScalingGroupName: group.name,
    AutoScalingGroupARN: groupArn(group.name),
    MinSize: group.min ?? 0,
    MaxSize: group.max ?? 500,
    DesiredCapacity: group.desired,
    DefaultCooldown: 300,
    AvailabilityZones: group.zones,
    VPCZoneIdentifier: subnetsOf(group).join(','),
    HealthCheckType: group.healthCheckType ?? 'EC2',
    HealthCheckGracePeriod: (group.gracePeriod ?? 0) / 1000,
    SuspendedProcesses: (group.suspended ?? []).map((ProcessName) => ({
      ProcessName,
      SuspensionReason: 'User suspended',
    })),
    ...(group.capacityRebalance === undefined ? {} : { CapacityRebalance: group.capacityRebalance }),
    ...maintenanceOf(group),
    ...templateOf(group),
    ...poolOf(group, shown),
    CreatedTime: new Date(0),
    Instances: shown.of(group).map(describeMember),
    Tags: Object.entries(group.tags).map(([Key, Value]) => ({
      ResourceId: group.name,
      ResourceType: 'auto-scaling-group',
      Key,
      Value,
      PropagateAtLaunch: group.notPropagated?.has(Key) !== true,
    })),
  };
}

const templateOf = (group: Group): Record<string, unknown> =>
  group.versions === undefined
    ? {}
    : { LaunchTemplate: { ...launchTemplateOf(group), Version: String(group.version ?? 1) } };

const subnetsOf = ({ subnets, zones }: Group): readonly string[] =>
  subnets?.map(({ id }) => id) ?? zones.map(defaultSubnet);

function maintenanceOf({ maintenance: range, retain }: Group): Record<string, unknown> {
  return {
    ...(range === undefined
      ? {}
      : {
          InstanceMaintenancePolicy: { MinHealthyPercentage: range.minHealthy, MaxHealthyPercentage: range.maxHealthy },
        }),
    InstanceLifecyclePolicy: { RetentionTriggers: { TerminateHookAbandon: retain ? 'retain' : 'terminate' } },
  };
}

/** Unknown ids are left out without an error, as on AWS. */
function describeInstances(autoScaling: AutoScaling, shown: ShownMembers, input: z.infer<typeof instances>): unknown {
  const { InstanceIds: ids, MaxRecords: limit, NextToken: token } = input;
  const found = [...autoScaling.groups.values()].flatMap((group) =>
    [...shown.of(group), ...shown.warm(group)]
      .filter(({ instanceId }) => ids === undefined || ids.includes(instanceId))
      .map((member) => ({ AutoScalingGroupName: group.name, ...describeMember(member) })),
  );
  const { items, next } = pageOf(found, { limit, token }, 50, 'InvalidNextToken');
  return { AutoScalingInstances: items, ...(next === undefined ? {} : { NextToken: next }) };
}

function describeHooks(autoScaling: AutoScaling, input: z.infer<typeof hooks>): unknown {
  const group = autoScaling.group(input.AutoScalingGroupName);
  const found = [...group.hooks.values()].filter((hook) => input.LifecycleHookNames?.includes(hook.name) ?? true);
  return { LifecycleHooks: found.map((hook) => describeHook(group.name, hook)) };
}

/** What AWS takes by itself of a new hook. */
const NEW_HOOK = { heartbeatTimeout: 3600, defaultResult: 'ABANDON', metadata: undefined } as const;

/** What is not said stays as it was. Actions that wait keep the hook that they have. */
function putLifecycleHook(autoScaling: AutoScaling, asked: z.infer<typeof putHook>): void {
  const { hooks: kept } = autoScaling.group(asked.AutoScalingGroupName);
  const before = kept.get(asked.LifecycleHookName);
  const transition = asked.LifecycleTransition ?? before?.transition;
  if (transition === undefined) {
    throw new AwsError('ValidationError', 'LifecycleTransition is required for a new hook');
  }
  const { heartbeatTimeout, defaultResult, metadata } = before ?? NEW_HOOK;
  const hook: Hook = {
    name: asked.LifecycleHookName,
    transition,
    heartbeatTimeout: asked.HeartbeatTimeout ?? heartbeatTimeout,
    defaultResult: asked.DefaultResult ?? defaultResult,
    metadata: asked.NotificationMetadata ?? metadata,
  };
  checkHook(hook);
  kept.set(hook.name, hook);
}

function describeHook(group: string, hook: Hook): Record<string, unknown> {
  return {
    LifecycleHookName: hook.name,
    AutoScalingGroupName: group,
    LifecycleTransition: hook.transition,
    ...(hook.metadata === undefined ? {} : { NotificationMetadata: hook.metadata }),
    HeartbeatTimeout: hook.heartbeatTimeout,
    GlobalTimeout: globalTimeout(hook.heartbeatTimeout),
    DefaultResult: hook.defaultResult,
  };
}
