import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  DescribeAutoScalingInstancesCommand,
  DescribeLifecycleHooksCommand,
  RecordLifecycleActionHeartbeatCommand,
} from '@aws-sdk/client-auto-scaling';
import { DescribeInstanceStatusCommand, DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { beforeEach, describe, expect, it } from '@jest/globals';

import {
  beat,
  describeGroup,
  describeHook,
  describeInstances,
  desiredManagers,
  groupsOfCluster,
  isInAnyGroup,
} from '../../../src/aws/auto-scaling.ts';
import {
  impairedInstances,
  instanceStates,
  instancesAt,
  instancesNotFound,
  scheduledEvents,
  shownInstances,
} from '../../../src/aws/ec2.ts';
import { USUAL_POLICY } from '../../../src/core/lifecycle/warning-policy.ts';
import { ACTION_TOKEN, INSTANCE, OTHER_INSTANCE, planOf } from '../support/examples.ts';
import { mockClient } from '../../support/mock-client.ts';

const autoScaling = mockClient(AutoScalingClient);
const client = new AutoScalingClient({ region: 'eu-west-1' });
const ec2 = mockClient(EC2Client);
const ec2Client = new EC2Client({ region: 'eu-west-1' });
beforeEach(() => {
  autoScaling.reset();
  ec2.reset();
});

const named = (name: string): Error => Object.assign(new Error(name), { name });

describe('groups', () => {
  const group = {
    AutoScalingGroupName: 'workers',
    Tags: [
      { Key: 'skep:cluster', Value: 'prod' },
      { Key: 'skep:role', Value: 'worker' },
    ],
    DesiredCapacity: 2,
    Instances: [{ InstanceId: INSTANCE, LifecycleState: 'Pending:Wait', AvailabilityZone: 'eu-west-1a' }],
  };

  it('are read with their tags and instances', async () => {
    autoScaling.on(DescribeAutoScalingGroupsCommand).resolves({ AutoScalingGroups: [group as never] });

    expect(await describeGroup(client, 'workers')).toEqual({
      name: 'workers',
      cluster: 'prod',
      role: 'worker',
      desired: 2,
      replaceDown: false,
      policy: USUAL_POLICY,
      tagProblems: [],
      capacityRebalance: false,
      instances: [{ instance: INSTANCE, lifecycle: 'Pending:Wait', zone: 'eu-west-1a', healthy: true }],
    });
  });

  it('one that does not exist is undefined, one without tags has neither cluster nor role', async () => {
    autoScaling
      .on(DescribeAutoScalingGroupsCommand)
      .resolvesOnce({ AutoScalingGroups: [] })
      .resolves({ AutoScalingGroups: [{ AutoScalingGroupName: 'bare' } as never] });

    expect(await describeGroup(client, 'workers')).toBeUndefined();
    expect(await describeGroup(client, 'bare')).toEqual({
      name: 'bare',
      replaceDown: false,
      policy: USUAL_POLICY,
      tagProblems: [],
      capacityRebalance: false,
      cluster: undefined,
      role: undefined,
      desired: 0,
      instances: [],
    });
  });

  it('of managers say together how many managers are wanted, but those of another stage', async () => {
    const named = (AutoScalingGroupName: string, role: string, DesiredCapacity: number) => {
      const Tags = [
        { Key: 'skep:cluster', Value: 'prod' },
        { Key: 'skep:role', Value: role },
      ];
      return { AutoScalingGroupName, Tags, DesiredCapacity } as never;
    };
    const AutoScalingGroups = [
      named('a', 'manager', 2),
      named('b', 'manager', 1),
      named('other', 'manager', 4),
      named('workers', 'worker', 50),
    ];
    const hook = { LifecycleHookName: 'skep-dev-terminate' };
    autoScaling.on(DescribeAutoScalingGroupsCommand).resolves({ AutoScalingGroups });
    autoScaling.on(DescribeLifecycleHooksCommand).resolves({ LifecycleHooks: [hook] });
    autoScaling.on(DescribeLifecycleHooksCommand, { AutoScalingGroupName: 'other' }).resolves({ LifecycleHooks: [] });

    expect(await desiredManagers(client, 'prod', 'skep-dev-terminate')).toBe(3);
  });

  it('of a cluster are found by tag, over all pages', async () => {
    const page = (name: string, next?: string) => ({
      AutoScalingGroups: [{ ...group, AutoScalingGroupName: name } as never],
      ...(next === undefined ? {} : { NextToken: next }),
    });
    autoScaling
      .on(DescribeAutoScalingGroupsCommand)
      .resolves(page('a', 'more'))
      .on(DescribeAutoScalingGroupsCommand, { NextToken: 'more' })
      .resolves(page('b'));

    expect((await groupsOfCluster(client, 'prod')).map(({ name }) => name)).toEqual(['a', 'b']);
    expect(autoScaling.commandCalls(DescribeAutoScalingGroupsCommand)[0]?.args[0].input.Filters).toEqual([
      { Name: 'tag:skep:cluster', Values: ['prod'] },
    ]);
  });

  it('an instance is in a group or not: AWS leaves out what it does not know', async () => {
    autoScaling
      .on(DescribeAutoScalingInstancesCommand)
      .resolvesOnce({ AutoScalingInstances: [{ InstanceId: INSTANCE } as never] })
      .resolves({ AutoScalingInstances: [] });

    expect([await isInAnyGroup(client, INSTANCE), await isInAnyGroup(client, INSTANCE)]).toEqual([true, false]);
  });

  it('fifty instances at a time: those of no group are missing, and those of warm pools are there', async () => {
    autoScaling
      .on(DescribeAutoScalingInstancesCommand)
      .resolvesOnce({ AutoScalingInstances: [] })
      .resolves({
        AutoScalingInstances: [
          {
            InstanceId: INSTANCE,
            AutoScalingGroupName: 'workers',
            LifecycleState: 'Warmed:Stopped',
            AvailabilityZone: 'eu-west-1a',
            HealthStatus: 'HEALTHY',
            ProtectedFromScaleIn: false,
          },
        ],
      });
    const asked = [...Array.from({ length: 50 }, (_, index) => `i-${index}`), INSTANCE];
    expect([...(await describeInstances(client, asked))]).toEqual([
      [INSTANCE, { group: 'workers', lifecycle: 'Warmed:Stopped', zone: 'eu-west-1a' }],
    ]);
    expect(
      autoScaling
        .commandCalls(DescribeAutoScalingInstancesCommand)
        .map(({ args }) => args[0].input.InstanceIds?.length),
    ).toEqual([50, 1]);
    expect(await describeInstances(client, [])).toEqual(new Map());
  });

  it('a hook may have no metadata, or may not be there', async () => {
    autoScaling
      .on(DescribeLifecycleHooksCommand)
      .resolvesOnce({ LifecycleHooks: [{ NotificationMetadata: '{}' }] })
      .resolvesOnce({ LifecycleHooks: [{}] })
      .resolves({ LifecycleHooks: [] });
    const ask = (): ReturnType<typeof describeHook> => describeHook(client, 'workers', 'skep-dev-launch');

    expect([await ask(), await ask(), await ask()]).toEqual([{ metadata: '{}' }, { metadata: undefined }, undefined]);
  });
});

describe('the heartbeat of a hook', () => {
  const sent = (): unknown[] =>
    autoScaling.commandCalls(RecordLifecycleActionHeartbeatCommand).map(({ args }) => args[0].input);
  const hook = { AutoScalingGroupName: 'workers', LifecycleHookName: 'skep-dev-launch' };

  it('goes by action token, or by instance where there is none', async () => {
    await beat(client, planOf());
    await beat(client, planOf({ hook: { name: 'skep-dev-launch', timeout: 1800, time: 1 } }));

    expect(sent()).toEqual([
      { ...hook, LifecycleActionToken: ACTION_TOKEN },
      { ...hook, InstanceId: INSTANCE },
    ]);
  });

  it('no active action is no error: there is nothing to keep alive', async () => {
    autoScaling.on(RecordLifecycleActionHeartbeatCommand).rejects(named('ValidationError'));

    await expect(beat(client, planOf())).resolves.toBeUndefined();
  });

  it.each(['Throttling', 'ResourceContentionFault'])('%s is an error', async (name) => {
    autoScaling.on(RecordLifecycleActionHeartbeatCommand).rejects(named(name));

    await expect(beat(client, planOf())).rejects.toMatchObject({ name });
  });

  it('a plan without a hook (a tidy) has none', async () => {
    await beat(client, { v: 1, route: 'ignore', because: '' });

    expect(sent()).toEqual([]);
  });
});

describe('which instances live', () => {
  it('asks by filter, 200 at a time, and not at all for none', async () => {
    ec2
      .on(DescribeInstancesCommand)
      .resolves({ Reservations: [{ Instances: [{ InstanceId: OTHER_INSTANCE, State: { Name: 'stopped' } }] }, {}] });
    const many = Array.from({ length: 401 }, (_, n) => `i-${n}`);

    expect(await instanceStates(ec2Client, [])).toEqual(new Map());
    expect(ec2.calls()).toHaveLength(0);
    expect(await instanceStates(ec2Client, many)).toEqual(new Map([[OTHER_INSTANCE, 'stopped']]));
    const filters = ec2.commandCalls(DescribeInstancesCommand).map(({ args }) => args[0].input.Filters);
    expect(filters.map((one) => one?.[0]?.Values?.length)).toEqual([200, 200, 1]);
    expect(filters.flatMap((one) => one?.[0]?.Values)).toEqual(many);
  });

  it('tells where an instance is: at each interface, and outside; at none where it is gone', async () => {
    const interfaces = [
      {
        PrivateIpAddresses: [
          { PrivateIpAddress: '10.0.1.12' },
          { PrivateIpAddress: '10.0.1.13', Association: { PublicIp: '203.0.113.9' } },
        ],
      },
    ];
    const lives = { InstanceId: INSTANCE, State: { Name: 'running' as const }, PrivateIpAddress: '10.0.1.12' };
    const found = [
      { ...lives, PublicIpAddress: '203.0.113.8', NetworkInterfaces: interfaces },
      { InstanceId: OTHER_INSTANCE, State: { Name: 'terminated' as const }, PrivateIpAddress: '' },
    ];
    ec2.on(DescribeInstancesCommand).resolves({ Reservations: [{ Instances: found }] });

    expect(await shownInstances(ec2Client, [INSTANCE, OTHER_INSTANCE])).toEqual(
      new Map([
        [INSTANCE, { state: 'running', addresses: ['10.0.1.12', '203.0.113.8', '10.0.1.13', '203.0.113.9'] }],
        [OTHER_INSTANCE, { state: 'terminated', addresses: [] }],
      ]),
    );
    expect(ec2.calls()).toHaveLength(1);
  });

  it('asks whose addresses are, and not at all for none; where networks overlap they are of several', async () => {
    const found = [OTHER_INSTANCE, 'i-0fedcba9876543211'].map((InstanceId) => ({
      InstanceId,
      PrivateIpAddress: '10.0.1.12',
    }));
    ec2.on(DescribeInstancesCommand).resolves({ Reservations: [{ Instances: found }, {}] });

    expect(await instancesAt(ec2Client, [])).toEqual(new Map());
    expect(ec2.calls()).toHaveLength(0);
    expect(await instancesAt(ec2Client, ['10.0.1.12'])).toEqual(
      new Map([['10.0.1.12', [OTHER_INSTANCE, 'i-0fedcba9876543211']]]),
    );
    expect(ec2.commandCalls(DescribeInstancesCommand)[0]?.args[0].input).toMatchObject({
      Filters: [{ Name: 'private-ip-address', Values: ['10.0.1.12'] }],
    });
  });

  it('takes an instance for forgotten only where EC2 says so of it, and not where an answer lacks it', async () => {
    const refusal = (name: string): Error => Object.assign(new Error(name), { name });
    ec2.on(DescribeInstancesCommand).resolves({ Reservations: [] });
    ec2.on(DescribeInstancesCommand, { InstanceIds: ['i-2'] }).rejects(refusal('InvalidInstanceID.NotFound'));

    expect(await instancesNotFound(ec2Client, ['i-1', 'i-2', 'i-3'])).toEqual(new Set(['i-2']));
    ec2.on(DescribeInstancesCommand, { InstanceIds: ['i-3'] }).rejects(refusal('RequestLimitExceeded'));
    await expect(instancesNotFound(ec2Client, ['i-2', 'i-3'])).rejects.toThrow('RequestLimitExceeded');
  });
});

describe('what EC2 has announced', () => {
  const event = (Code: string, day: number, Description = 'The instance is running on degraded hardware') => ({
    Code: Code as 'instance-stop',
    Description,
    NotBefore: new Date(Date.UTC(2026, 0, day)),
  });

  it('is the soonest of each instance; what is done or called off counts where there is nothing else', async () => {
    const InstanceStatuses = [
      {
        InstanceId: INSTANCE,
        Events: [event('instance-stop', 3), event('system-reboot', 2), event('instance-stop', 1, '[Completed] it')],
      },
      { InstanceId: OTHER_INSTANCE, Events: [event('instance-retirement', 5, '[Canceled] it')] },
      { InstanceId: 'i-00000003' },
    ];
    ec2.on(DescribeInstanceStatusCommand).resolves({ InstanceStatuses });

    expect([...(await scheduledEvents(ec2Client))]).toEqual([
      [INSTANCE, { code: 'system-reboot', at: Date.UTC(2026, 0, 2) / 1000, isOver: false }],
      [OTHER_INSTANCE, { code: 'instance-retirement', at: Date.UTC(2026, 0, 5) / 1000, isOver: true }],
    ]);
  });
});

describe('whose status checks fail', () => {
  const status = (since?: Date) => ({
    Status: 'impaired' as const,
    Details: [
      {
        Name: 'reachability' as const,
        Status: 'failed' as const,
        ...(since === undefined ? {} : { ImpairedSince: since }),
      },
    ],
  });
  const at = (second: number) => new Date(second * 1000);

  it('is asked for the instance and for its host, and counts since the first of them', async () => {
    const of = (filter: string, InstanceStatuses: object[]): unknown =>
      ec2
        .on(DescribeInstanceStatusCommand, { Filters: [{ Name: filter, Values: ['impaired'] }] })
        .resolves({ InstanceStatuses });
    of('instance-status.status', [
      { InstanceId: INSTANCE, InstanceStatus: status(at(200)), SystemStatus: status(at(100)) },
    ]);
    of('system-status.status', [
      { InstanceId: INSTANCE, InstanceStatus: status(at(200)), SystemStatus: status(at(100)) },
      { InstanceId: OTHER_INSTANCE, SystemStatus: status() },
    ]);

    expect([...(await impairedInstances(ec2Client, 900))]).toEqual([
      [INSTANCE, 100],
      [OTHER_INSTANCE, 900],
    ]);
  });
});
