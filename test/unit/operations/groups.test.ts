// Which groups are a cluster's, and what is read of those that are none: Auto Scaling is mocked.
import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  DescribeAutoScalingInstancesCommand,
  DescribeLifecycleHooksCommand,
} from '@aws-sdk/client-auto-scaling';
import { beforeEach, describe, expect, it } from '@jest/globals';

import { groupsOfCluster } from '../../../src/aws/auto-scaling.ts';
import { ownGroups, refusedGroups, withPools } from '../../../src/operations/groups.ts';
import { INSTANCE, NOW, OTHER_INSTANCE } from '../support/examples.ts';
import { mockClient } from '../../support/mock-client.ts';

const mock = mockClient(AutoScalingClient);
const client = (): AutoScalingClient => new AutoScalingClient({ region: 'x' });

interface Shown {
  readonly name: string;
  readonly role?: string;
  readonly stage?: string;
  readonly instances?: readonly string[];
}
/** What Auto Scaling has. */
function has(...groups: readonly Shown[]): void {
  const all = groups.map(({ name, role, instances = [] }) => ({
    AutoScalingGroupName: name,
    Tags: Object.entries({ 'skep:cluster': 'prod', ...(role === undefined ? {} : { 'skep:role': role }) }).map(
      ([Key, Value]) => ({ Key, Value }),
    ),
    Instances: instances.map((InstanceId) => ({ InstanceId, LifecycleState: 'InService' })),
  }));
  mock
    .on(DescribeAutoScalingGroupsCommand)
    .callsFake(({ AutoScalingGroupNames: names }: { AutoScalingGroupNames?: string[] }) => ({
      AutoScalingGroups: all.filter(
        ({ AutoScalingGroupName }) => names === undefined || names.includes(AutoScalingGroupName),
      ),
    }));
  mock
    .on(DescribeLifecycleHooksCommand)
    .callsFake(({ AutoScalingGroupName: name }: { AutoScalingGroupName: string }) => ({
      LifecycleHooks: [{ LifecycleHookName: `skep-${groups.find((one) => one.name === name)?.stage ?? 'dev'}-launch` }],
    }));
}
const tagged = () => groupsOfCluster(client(), 'prod');
const looksAtHooks = () => mock.commandCalls(DescribeLifecycleHooksCommand).length;

beforeEach(() => {
  mock.reset();
  has();
});

describe('the groups of a cluster', () => {
  it('are those of the stage that have a role: another stage may have a cluster of the same name', async () => {
    has(
      { name: 'own', role: 'worker' },
      { name: 'of-prod', role: 'worker', stage: 'prod' },
      { name: 'roleless' },
      { name: 'leader', role: 'leader' },
    );

    expect((await ownGroups(client(), 'dev', await tagged())).map(({ name, role }) => [name, role])).toEqual([
      ['own', 'worker'],
    ]);
    // Nothing is asked of a group that has no role.
    expect(looksAtHooks()).toBe(2);
  });
});

describe('a group that is refused', () => {
  const because = 'its hook has no metadata';
  const refusal = (group: string) => ({ group, because, at: NOW });

  it('is read as it is now, be it for an event or for a role that is missing; each once', async () => {
    has({ name: 'roleless', instances: [INSTANCE] }, { name: 'own', role: 'worker' });

    const found = await refusedGroups(client(), await tagged(), [refusal('roleless'), refusal('own')]);

    expect(found).toEqual([
      expect.objectContaining({
        name: 'roleless',
        because,
        instances: [expect.objectContaining({ instance: INSTANCE })],
      }),
      expect.objectContaining({ name: 'own', because, now: expect.objectContaining({ role: 'worker' }) }),
    ]);
  });

  it('that is gone is told with what was said of it, and nothing of now', async () => {
    expect(await refusedGroups(client(), [], [refusal('gone')])).toEqual([
      { name: 'gone', because, now: undefined, instances: [] },
    ]);
    expect(looksAtHooks()).toBe(0);
  });

  it('costs no call where there is none', async () => {
    has({ name: 'own', role: 'worker' });
    const own = await tagged();
    mock.resetHistory();

    expect([await refusedGroups(client(), own, []), mock.calls().length]).toEqual([[], 0]);
  });

  it('is one of twenty at most: a person begins with these', async () => {
    const many = Array.from({ length: 21 }, (_, number) => refusal(`g${number}`));

    expect(await refusedGroups(client(), [], many)).toHaveLength(20);
  });
});

it('a group has those instances of its warm pool that may be nodes still', async () => {
  const warm = {
    InstanceId: OTHER_INSTANCE,
    AutoScalingGroupName: 'own',
    LifecycleState: 'Warmed:Pending:Wait',
    AvailabilityZone: 'a',
  };
  mock.on(DescribeAutoScalingInstancesCommand).resolves({ AutoScalingInstances: [warm as never] });
  const own = { name: 'own', instances: [{ instance: INSTANCE, lifecycle: 'InService', healthy: true }] };
  const known = [INSTANCE, OTHER_INSTANCE].map((instance) => ({
    instance,
    phase: 'leaving' as const,
    role: 'worker' as const,
  }));

  const [found] = await withPools(client(), [own], known);

  expect(found?.warm?.map(({ instance }) => instance)).toEqual([OTHER_INSTANCE]);
  expect(mock.commandCalls(DescribeAutoScalingInstancesCommand).map(({ args }) => args[0].input.InstanceIds)).toEqual([
    [OTHER_INSTANCE],
  ]);
});
