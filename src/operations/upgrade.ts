// What a refresh of a group and the removal of one instance are decided by, as Auto Scaling, EC2 and the table have it now.
import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import type { EC2Client } from '@aws-sdk/client-ec2';

import { describeGroup, describeHook, describeInstance, groupsOfStage } from '../aws/auto-scaling.ts';
import type { Group } from '../aws/auto-scaling.ts';
import { statesOf } from '../aws/ec2-managers.ts';
import { lastRefresh, makeOf, startRefresh } from '../aws/instance-refresh.ts';
import type { GroupMake } from '../aws/instance-refresh.ts';
import { nodeRole, launchHook } from '../core/names.ts';
import type { NodeRole } from '../core/names.ts';
import { orderOf, whyNotRefresh } from '../core/upgrade/refresh.ts';
import type { RefreshOptions, RefreshFacts, RefreshOrder } from '../core/upgrade/refresh.ts';
import type { RemovalFacts } from '../core/upgrade/remove.ts';
import type { Holds } from '../store/holds.ts';
import type { Table } from '../store/table.ts';

export interface UpgradePorts {
  readonly autoScaling: AutoScalingClient;
  readonly ec2: EC2Client;
  readonly table: Table;
  readonly holds: Holds;
  readonly stage: string;
}

/** A group of this stage, with its cluster and its role. */
export interface OwnGroup extends Group {
  readonly cluster: string;
  readonly role: NodeRole;
}

/** @returns why it is none of ours, in words */
export async function ownGroup(
  { autoScaling, stage }: Pick<UpgradePorts, 'autoScaling' | 'stage'>,
  name: string,
): Promise<OwnGroup | string> {
  const group = await describeGroup(autoScaling, name);
  if (group === undefined) {
    return `there is no Auto Scaling group ${name} in this account and region`;
  }
  const role = nodeRole.safeParse(group.role);
  if (group.cluster === undefined || !role.success) {
    return `${name} is no group of a cluster: its tags skep:cluster and skep:role are missing`;
  }
  const hook = await describeHook(autoScaling, name, launchHook(stage));
  return hook === undefined
    ? `${name} is no group of stage ${stage}: it has no hook ${launchHook(stage)}`
    : { ...group, cluster: group.cluster, role: role.data };
}

export interface RefreshPlan {
  readonly facts: RefreshFacts;
  readonly make: GroupMake;
  readonly order: RefreshOrder;
  /** Why it may not begin. */
  readonly refused: string | undefined;
}

export async function planRefresh(ports: UpgradePorts, group: OwnGroup, options: RefreshOptions): Promise<RefreshPlan> {
  const { autoScaling, holds, stage } = ports;
  const { name, role, cluster, desired, instances } = group;
  const [make, last, hold] = await Promise.all([
    makeOf(autoScaling, name),
    lastRefresh(autoScaling, name),
    holds.read(cluster),
  ]);
  const found = make ?? { template: undefined, least: 0, policy: undefined };
  const others = role === 'manager' ? await otherManagers(ports, group) : [];
  const facts = { group: name, role, desired, instances, template: found.template, hold, last, others };
  return { facts, make: found, order: orderOf(facts, options, stage), refused: whyNotRefresh(facts, options) };
}

async function otherManagers({ autoScaling, stage }: UpgradePorts, group: OwnGroup): Promise<RefreshFacts['others']> {
  const groups = await groupsOfStage(autoScaling, group.cluster, launchHook(stage));
  const others = groups.filter(({ role, name }) => role === 'manager' && name !== group.name);
  return Promise.all(others.map(async ({ name }) => ({ group: name, last: await lastRefresh(autoScaling, name) })));
}

/** @returns its id */
export const beginRefresh = (
  { autoScaling }: Pick<UpgradePorts, 'autoScaling'>,
  { facts, make, order }: RefreshPlan,
): Promise<string> => startRefresh(autoScaling, facts.group, make, order);

export interface OwnInstance {
  readonly group: OwnGroup;
  readonly lifecycle: string;
}

/** @returns why it is none of ours, in words */
export async function ownInstance(ports: UpgradePorts, instance: string): Promise<OwnInstance | string> {
  const shown = await describeInstance(ports.autoScaling, instance);
  if (shown === null) {
    return `${instance} is in no Auto Scaling group of this account and region: skep why ${instance} tells what is known of it`;
  }
  const group = await ownGroup(ports, shown.group);
  return typeof group === 'string'
    ? `${instance} is not skep's to remove: ${group}`
    : { group, lifecycle: shown.lifecycle };
}

export async function removalFacts(
  { autoScaling, ec2, table, holds }: UpgradePorts,
  instance: string,
  { group, lifecycle }: OwnInstance,
): Promise<RemovalFacts> {
  const [make, { record }, hold] = await Promise.all([
    makeOf(autoScaling, group.name),
    table.readLeader(group.cluster),
    holds.read(group.cluster),
  ]);
  const recorded = (group.role === 'manager' ? (record?.managers ?? []) : []).map((one) => one.instance);
  const states = recorded.length === 0 ? new Map<string, string>() : await statesOf(ec2, recorded);
  return {
    instance,
    lifecycle,
    group: group.name,
    role: group.role,
    desired: group.desired,
    least: make?.least ?? 0,
    hold,
    managers: recorded.map((one) => ({ instance: one, runs: states.get(one) === 'running' })),
  };
}
