// What a refresh and a removal are decided by: which group is ours, what else is under way, who still runs. AWS is mocked, the table is real.
import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  DescribeAutoScalingInstancesCommand,
  DescribeInstanceRefreshesCommand,
  DescribeLifecycleHooksCommand,
  StartInstanceRefreshCommand,
} from '@aws-sdk/client-auto-scaling';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, it } from '@jest/globals';

import { keys } from '../../../src/core/names.ts';
import { beginRefresh, ownGroup, ownInstance, planRefresh, removalFacts } from '../../../src/operations/upgrade.ts';
import type { OwnGroup } from '../../../src/operations/upgrade.ts';
import { Holds } from '../../../src/store/holds.ts';
import { INSTANCE, LEADER, MANAGER_INSTANCE, NOW, OTHER_INSTANCE } from '../support/examples.ts';
import { TABLE, useTable } from '../support/table.ts';
import { mockClient } from '../../support/mock-client.ts';

const autoScaling = mockClient(AutoScalingClient);
const ec2 = mockClient(EC2Client);
const db = await useTable();

let clusters = 0;
let cluster = '';
beforeEach(() => {
  autoScaling.reset();
  ec2.reset();
  clusters += 1;
  cluster = `c${clusters}`;
  autoScaling.on(DescribeInstanceRefreshesCommand).resolves({ InstanceRefreshes: [] });
  autoScaling.on(StartInstanceRefreshCommand).resolves({ InstanceRefreshId: 'refresh-1' });
});

const ports = () => ({
  ...{ autoScaling: new AutoScalingClient({ region: 'x' }), ec2: new EC2Client({ region: 'x' }), stage: 'dev' },
  ...{ table: db.table, holds: new Holds(db.client, TABLE) },
});
interface Shown {
  readonly name: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly instances?: readonly string[];
  /** Its hook is of this stage. */
  readonly stage?: string;
}
function has(...groups: readonly Shown[]): void {
  const all = groups.map(
    ({ name, tags = { 'skep:cluster': cluster, 'skep:role': 'manager' }, instances = [INSTANCE] }) => ({
      ...{ AutoScalingGroupName: name, DesiredCapacity: 3, MinSize: 2 },
      LaunchTemplate: { LaunchTemplateId: 'lt-1', Version: '7' },
      Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
      Instances: instances.map((InstanceId) => ({ InstanceId, LifecycleState: 'InService', HealthStatus: 'Healthy' })),
    }),
  );
  autoScaling
    .on(DescribeAutoScalingGroupsCommand)
    .callsFake(({ AutoScalingGroupNames: names }: { AutoScalingGroupNames?: string[] }) => ({
      AutoScalingGroups: all.filter(({ AutoScalingGroupName: name }) => names === undefined || names.includes(name)),
    }));
  autoScaling
    .on(DescribeLifecycleHooksCommand)
    .callsFake(
      ({
        AutoScalingGroupName: name,
        LifecycleHookNames: [hook],
      }: {
        AutoScalingGroupName: string;
        LifecycleHookNames: [string];
      }) => ({
        LifecycleHooks:
          hook === `skep-${groups.find((one) => one.name === name)?.stage ?? 'dev'}-launch`
            ? [{ LifecycleHookName: hook }]
            : [],
      }),
    );
}
const own = async (name = 'managers'): Promise<OwnGroup> => (await ownGroup(ports(), name)) as OwnGroup;

describe('a group is ours', () => {
  it('with its cluster and its role', async () => {
    has({ name: 'managers' });

    expect(await own()).toMatchObject({ name: 'managers', cluster, role: 'manager' });
  });

  it.each<[string, Shown, string]>([
    ['there is none', { name: 'other' }, 'there is no Auto Scaling group managers'],
    ['it has no tags', { name: 'managers', tags: {} }, 'no group of a cluster'],
    [
      'its role is none',
      { name: 'managers', tags: { 'skep:cluster': 'x', 'skep:role': 'leader' } },
      'no group of a cluster',
    ],
    ['its hook is of another stage', { name: 'managers', stage: 'prod' }, 'no group of stage dev'],
  ])('or not, in words: %s', async (_, shown, words) => {
    has(shown);

    expect(await ownGroup(ports(), 'managers')).toContain(words);
  });
});

describe('a refresh', () => {
  const plan = async (name = 'managers') =>
    planRefresh(ports(), await own(name), { share: undefined, templateVersion: undefined });
  const underWay = (group: string): void => {
    autoScaling
      .on(DescribeInstanceRefreshesCommand)
      .callsFake(({ AutoScalingGroupName: name }: { AutoScalingGroupName: string }) => ({
        InstanceRefreshes: name === group ? [{ InstanceRefreshId: 'r', Status: 'InProgress' }] : [],
      }));
  };

  it('begins as it was planned', async () => {
    has({ name: 'managers' });
    const planned = await plan();

    expect(planned).toMatchObject({
      refused: undefined,
      order: { maxHealthy: 100 },
      facts: { template: { id: 'lt-1', version: '7' } },
    });
    expect(await beginRefresh(ports(), planned)).toBe('refresh-1');
  });

  it('waits for that of another manager group of the stage, and not for that of another stage', async () => {
    has({ name: 'managers' }, { name: 'more' });
    underWay('more');
    expect((await plan()).refused).toContain('a refresh of more is under way');

    has({ name: 'managers' }, { name: 'more', stage: 'prod' });
    expect((await plan()).refused).toBeUndefined();
  });

  it('of managers looks at the other groups that have managers, and not at its own', async () => {
    const workers = { 'skep:cluster': cluster, 'skep:role': 'worker' };
    has({ name: 'managers' }, { name: 'more' }, { name: 'workers', tags: workers });

    expect((await plan()).facts.others).toEqual([{ group: 'more', last: undefined }]);
  });

  it('of workers asks for no other group', async () => {
    const tags = { 'skep:cluster': cluster, 'skep:role': 'worker' };
    has({ name: 'workers', tags }, { name: 'more' });
    underWay('more');

    expect(await plan('workers')).toMatchObject({ refused: undefined, facts: { others: [] } });
  });

  it('does not begin while a person holds the cluster', async () => {
    await db.client.send(new PutCommand({ TableName: TABLE, Item: { ...keys.state(cluster), status: 'new' } }));
    await ports().holds.place(cluster, 'a test', NOW);
    has({ name: 'managers' });

    expect((await plan()).refused).toContain('the cluster is held (a test)');
  });
});

describe('the removal of an instance', () => {
  const shown = (group: string | undefined): void => {
    const one = { InstanceId: INSTANCE, AutoScalingGroupName: group, LifecycleState: 'InService' };
    autoScaling
      .on(DescribeAutoScalingInstancesCommand)
      .resolves({ AutoScalingInstances: group === undefined ? [] : [one as never] });
  };

  it('is for one of a group of ours; else it is said why not', async () => {
    has({ name: 'managers' }, { name: 'strange', tags: {} });
    shown('managers');
    expect(await ownInstance(ports(), INSTANCE)).toMatchObject({ lifecycle: 'InService', group: { name: 'managers' } });
    shown('strange');
    expect(await ownInstance(ports(), INSTANCE)).toContain("not skep's to remove");
    shown(undefined);
    expect(await ownInstance(ports(), INSTANCE)).toContain('in no Auto Scaling group');
  });

  it('of a manager is decided by which managers on record run', async () => {
    has({ name: 'managers' });
    shown('managers');
    const [one] = LEADER.managers;
    await db.table.changeLeader(cluster, NOW, () => ({
      ...LEADER,
      managers: [...(one === undefined ? [] : [one, { ...one, instance: OTHER_INSTANCE, nodeId: 'other' }])],
    }));
    const Instances = [{ InstanceId: MANAGER_INSTANCE, State: { Name: 'running' as const } }];
    ec2.on(DescribeInstancesCommand).resolves({ Reservations: [{ Instances }] });

    expect(await removalFacts(ports(), INSTANCE, { group: await own(), lifecycle: 'InService' })).toMatchObject({
      ...{ instance: INSTANCE, desired: 3, least: 2, role: 'manager' },
      managers: [
        { instance: MANAGER_INSTANCE, runs: true },
        // EC2 does not show it any more.
        { instance: OTHER_INSTANCE, runs: false },
      ],
    });
  });

  it('of a worker asks EC2 nothing', async () => {
    has({ name: 'workers', tags: { 'skep:cluster': cluster, 'skep:role': 'worker' } });
    await db.table.changeLeader(cluster, NOW, () => LEADER);

    expect(
      await removalFacts(ports(), INSTANCE, { group: await own('workers'), lifecycle: 'InService' }),
    ).toMatchObject({ managers: [] });
    expect(ec2.calls().length).toBe(0);
  });
});
