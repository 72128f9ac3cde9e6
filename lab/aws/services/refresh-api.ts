// Instance refreshes, as EC2 Auto Scaling is asked for them.
import { z } from 'zod';

import type { AutoScaling } from './auto-scaling.ts';
import type { Group, HealthyRange, InstanceRefresh } from './group.ts';
import { isReplacing } from './replacement.ts';
import { pageOf } from './pages.ts';
import { AwsError } from './service.ts';
import type { Operation } from './service.ts';
import { awsName as name, flag } from './inputs.ts';

/** The alarms of CloudWatch: undefined for a name that none has. */
export interface AlarmStates {
  readonly isInAlarm: (name: string) => boolean | undefined;
}

const percentage = z.coerce.number().int();
const preferences = z.strictObject({
  MinHealthyPercentage: percentage.min(0).max(100).optional(),
  MaxHealthyPercentage: percentage.min(100).max(200).optional(),
  AutoRollback: flag.optional(),
  AlarmSpecification: z.strictObject({ Alarms: z.array(name).max(10).default([]) }).optional(),
  /** Neither is played: the lab has no instance that is protected, and a refresh leaves alone what is in standby. */
  ScaleInProtectedInstances: z.enum(['Refresh', 'Ignore', 'Wait']).optional(),
  StandbyInstances: z.enum(['Terminate', 'Ignore', 'Wait']).optional(),
});
const template = z.strictObject({
  LaunchTemplateId: name.optional(),
  LaunchTemplateName: name.optional(),
  Version: z.string(),
});
const start = z.strictObject({
  AutoScalingGroupName: name,
  Strategy: z.literal('Rolling').default('Rolling'),
  DesiredConfiguration: z.strictObject({ LaunchTemplate: template }).optional(),
  Preferences: preferences.default({}),
});
const describe = z.strictObject({
  AutoScalingGroupName: name,
  InstanceRefreshIds: z.array(z.string()).optional(),
  MaxRecords: z.coerce.number().int().min(1).max(100).optional(),
  NextToken: z.string().optional(),
});
const cancel = z.strictObject({ AutoScalingGroupName: name, WaitForTransitioningInstances: flag.default(true) });
const rollback = z.strictObject({ AutoScalingGroupName: name });

export function refreshOperations(autoScaling: AutoScaling, alarms: AlarmStates): Record<string, Operation> {
  const group = (asked: string): Group => autoScaling.group(asked);
  return {
    StartInstanceRefresh: (input) => ({
      InstanceRefreshId: startRefresh(autoScaling, alarms, start.parse(input)).id,
    }),
    DescribeInstanceRefreshes: (input) => describeRefreshes(autoScaling, describe.parse(input)),
    CancelInstanceRefresh: (input) => ({
      InstanceRefreshId: autoScaling.refreshes.cancel(group(cancel.parse(input).AutoScalingGroupName)).id,
    }),
    RollbackInstanceRefresh: (input) => ({
      InstanceRefreshId: autoScaling.refreshes.rollback(group(rollback.parse(input).AutoScalingGroupName)).id,
    }),
  };
}

/** By name, as all of the lab's are. */
export const launchTemplateOf = ({ name: group }: Pick<Group, 'name'>): Record<string, string> => ({
  LaunchTemplateId: `lt-${Buffer.from(group).toString('hex').padEnd(17, '0').slice(0, 17)}`,
  LaunchTemplateName: group,
});

function startRefresh(
  autoScaling: AutoScaling,
  states: AlarmStates,
  { AutoScalingGroupName, DesiredConfiguration: wanted, Preferences: said }: z.infer<typeof start>,
): InstanceRefresh {
  const group = autoScaling.group(AutoScalingGroupName);
  const alarms = said.AlarmSpecification?.Alarms ?? [];
  const unknown = alarms.find((one) => states.isInAlarm(one) === undefined);
  if (unknown !== undefined) {
    throw new AwsError('ValidationError', `The CloudWatch alarm ${unknown} does not exist.`);
  }
  const refresh = autoScaling.refreshes.start(group, {
    range: rangeOf(said),
    awaitsTermination: true,
    alarms,
    autoRollback: said.AutoRollback ?? false,
    version: wanted === undefined ? undefined : versionOf(group, wanted.LaunchTemplate),
  });
  for (const alarm of alarms.filter((one) => states.isInAlarm(one) === true)) {
    autoScaling.refreshes.heard(group, alarm);
  }
  return refresh;
}

function rangeOf({
  MinHealthyPercentage: minHealthy,
  MaxHealthyPercentage: maxHealthy,
}: z.infer<typeof preferences>): Partial<HealthyRange> {
  if (maxHealthy !== undefined && minHealthy === undefined) {
    throw new AwsError('ValidationError', 'MaxHealthyPercentage needs MinHealthyPercentage.');
  }
  return {
    ...(minHealthy === undefined ? {} : { minHealthy }),
    ...(maxHealthy === undefined ? {} : { maxHealthy }),
  };
}

function versionOf(group: Group, { Version, ...asked }: z.infer<typeof template>): number {
  const own = launchTemplateOf(group);
  const isOwn = Object.entries(asked).every(([key, value]) => own[key] === value);
  if (!isOwn || !/^[1-9]\d{0,8}$/.test(Version)) {
    throw new AwsError('ValidationError', 'The lab launches from numbered versions of a group’s own template only.');
  }
  return Number(Version);
}

function describeRefreshes(autoScaling: AutoScaling, asked: z.infer<typeof describe>): unknown {
  const group = autoScaling.group(asked.AutoScalingGroupName);
  const wanted = asked.InstanceRefreshIds ?? [];
  const all = [...(group.refresh === undefined ? [] : [group.refresh]), ...(group.formerRefreshes ?? [])];
  const found = all.filter(({ id }) => wanted.length === 0 || wanted.includes(id));
  const { items, next } = pageOf(found, { limit: asked.MaxRecords, token: asked.NextToken }, 50, 'InvalidNextToken');
  return {
    InstanceRefreshes: items.map((one) => describeRefresh(group, one)),
    ...(next === undefined ? {} : { NextToken: next }),
  };
}

function describeRefresh(group: Group, one: InstanceRefresh): Record<string, unknown> {
  const left = [...one.of].filter((id) => group.members.has(id)).length;
  const done = one.total === 0 ? 100 : Math.floor((100 * (one.total - left)) / one.total);
  const { minHealthy, maxHealthy } = one.range;
  return {
    InstanceRefreshId: one.id,
    AutoScalingGroupName: group.name,
    Status: one.status,
    ...(one.reason === undefined ? {} : { StatusReason: one.reason }),
    StartTime: new Date(one.startedAt),
    ...(one.endedAt === undefined ? {} : { EndTime: new Date(one.endedAt) }),
    PercentageComplete: one.status.startsWith('Rollback') ? Math.max(0, 100 - done) : done,
    InstancesToUpdate: isReplacing(one) || one.status === 'Cancelling' ? left : 0,
    Strategy: 'Rolling',
    Preferences: {
      MinHealthyPercentage: minHealthy,
      MaxHealthyPercentage: maxHealthy,
      AutoRollback: one.autoRollback,
      ...(one.alarms.length === 0 ? {} : { AlarmSpecification: { Alarms: one.alarms } }),
    },
    ...(one.version === undefined
      ? {}
      : {
          DesiredConfiguration: {
            LaunchTemplate: { ...launchTemplateOf(group), Version: String(one.version.to) },
          },
        }),
  };
}
