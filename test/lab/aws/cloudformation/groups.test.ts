// The templates of cluster/ in the lab: a group of CloudFormation's is a real one, and its instances have the role of the template.
import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { account } from './deploy.ts';

const file = (name: string): string =>
  readFileSync(new URL(`../../../../cluster/${name}.yaml`, import.meta.url), 'utf8');
const [NETWORK, CLUSTER, GROUP] = [file('network'), file('cluster'), file('group')];
const DEFAULT_SUBNETS = 'subnet-0a1b2c3d4e5f6071a,subnet-0a1b2c3d4e5f6071b';
const WORKERS = {
  Cluster: 'demo',
  Role: 'worker',
  SubnetIds: DEFAULT_SUBNETS,
  SecurityGroupIds: 'sg-0a1b2c3d4e5f60718',
  ImageId: 'ami-0123456789abcdef0',
  InstanceType: 't3.small',
  MinSize: '2',
  MaxSize: '4',
};

describe('the templates of a cluster', () => {
  it('stand up after each other, and go the other way round', async () => {
    const { deploy, outputs, remove, autoScaling } = account();
    const zones = { FirstZone: 'eu-west-1a', SecondZone: 'eu-west-1b', ThirdZone: 'eu-west-1c' };
    const network = outputs(await deploy('net', NETWORK, zones));
    const cluster = outputs(
      await deploy('clu', CLUSTER, { Cluster: 'demo', VpcId: network['VpcId'] ?? '', Registry: 'yes' }),
    );
    const parameters = {
      ...WORKERS,
      SubnetIds: network['SubnetIds'] ?? '',
      SecurityGroupIds: cluster['WorkerSecurityGroupIds'] ?? '',
      ClusterPolicyArn: cluster['NodePolicyArn'] ?? '',
    };
    const made = await deploy('grp', GROUP, parameters);
    expect(made.StackStatus).toBe('CREATE_COMPLETE');
    const group = autoScaling.group(outputs(made)['GroupName'] ?? '');
    expect([...new Set([...group.members.values()].map(({ zone }) => zone))]).toHaveLength(2);
    expect(group.vpcId).toBe(network['VpcId']);

    // Nobody takes the ground from under a group.
    expect((await remove('clu')).StackStatus).toBe('DELETE_FAILED');
    expect((await remove('net')).StackStatus).toBe('DELETE_FAILED');
    for (const stack of ['grp', 'clu', 'net']) {
      expect((await remove(stack)).StackStatus).toBe('DELETE_COMPLETE');
    }
    expect(autoScaling.groups.size).toBe(0);
  });
});

describe('a group of a template', () => {
  it('has its hooks before its first instance, and its stack waits for its instances', async () => {
    const { changeSet, call, untilDone, clock, describe: look, events, autoScaling } = account();
    const { id } = await changeSet('grp', GROUP, WORKERS);
    call('ExecuteChangeSet', { ChangeSetName: id });
    await clock.advance(300_000);

    expect(look('grp').StackStatus).toBe('CREATE_IN_PROGRESS');
    expect(events.map((event) => [event['detail-type'], event.detail['LifecycleHookName']])).toEqual([
      ['EC2 Instance-launch Lifecycle Action', 'skep-dev-launch'],
      ['EC2 Instance-launch Lifecycle Action', 'skep-dev-launch'],
    ]);
    const [group] = autoScaling.groups.values();
    expect([...(group?.hooks.values() ?? [])]).toEqual([
      expect.objectContaining({ name: 'skep-dev-launch', heartbeatTimeout: 1800, defaultResult: 'CONTINUE' }),
      expect.objectContaining({ name: 'skep-dev-terminate', transition: 'autoscaling:EC2_INSTANCE_TERMINATING' }),
    ]);
    expect((await untilDone('grp')).StackStatus).toBe('CREATE_COMPLETE');
  });

  it('whose launches are all abandoned does not stabilize: it is rolled back, and says so', async () => {
    const { changeSet, call, untilDone, eventsOf, autoScaling } = account();
    const { id } = await changeSet('grp', GROUP, WORKERS);
    call('ExecuteChangeSet', { ChangeSetName: id });

    expect((await untilDone('grp', 'ABANDON')).StackStatus).toBe('ROLLBACK_COMPLETE');
    expect(eventsOf('grp').find(({ ResourceStatus }) => ResourceStatus === 'CREATE_FAILED')).toMatchObject({
      LogicalResourceId: 'Group',
      ResourceStatusReason: expect.stringMatching(/Group did not stabilize\. .*= \{2\/2\/4\/2\}.*NotStabilized/),
    });
    expect(autoScaling.groups.size).toBe(0);
  });

  it('gives its instances the role of the template, as it is now', async () => {
    const { deploy, outputs, profiles, autoScaling } = account();
    const made = outputs(await deploy('grp', GROUP, WORKERS));
    const group = autoScaling.group(made['GroupName'] ?? '');
    const [instance = ''] = group.members.keys();
    const role = profiles.of(instance)?.made?.();

    expect(role?.arn).toBe(made['RoleArn']);
    expect(role?.tags).toEqual({ 'skep:cluster': 'demo', 'skep:role': 'worker' });
    expect(role?.policy.map(({ name }) => name)).toContain('WorkerNodePolicy.ReadToken');
    expect(group.tags).toEqual({ Name: 'demo worker', 'skep:cluster': 'demo', 'skep:role': 'worker' });
  });

  it('changes type and image without touching an instance, and numbers the version', async () => {
    const { deploy, outputs, autoScaling, changeSet } = account();
    const name = outputs(await deploy('grp', GROUP, WORKERS))['GroupName'] ?? '';
    const before = [...autoScaling.group(name).members.keys()];
    const larger = { ...WORKERS, InstanceType: 't3.large' };
    const { Changes } = await changeSet('grp', GROUP, larger, 'UPDATE');

    expect(Changes.map(({ ResourceChange: change }) => [change.LogicalResourceId, change.Replacement])).toEqual([
      ['LaunchTemplate', 'False'],
      ['Group', 'False'],
    ]);
    expect((await deploy('grp', GROUP, larger, 'UPDATE')).StackStatus).toBe('UPDATE_COMPLETE');
    expect([...autoScaling.group(name).members.keys()]).toEqual(before);
  });

  it('keeps the size that scaling has chosen, unless the template changes it', async () => {
    const { deploy, outputs, autoScaling, untilDone } = account();
    const name = outputs(await deploy('grp', GROUP, WORKERS))['GroupName'] ?? '';
    autoScaling.setDesired(name, 4);
    expect(() => {
      autoScaling.setDesired(name, 5);
    }).toThrow('New SetDesiredCapacity value 5 is above max value 4 for the AutoScalingGroup.');
    await deploy('grp', GROUP, { ...WORKERS, InstanceType: 't3.large' }, 'UPDATE');
    expect(autoScaling.group(name).desired).toBe(4);
    await deploy('grp', GROUP, { ...WORKERS, MaxSize: '3' }, 'UPDATE');
    await untilDone('grp');
    expect(autoScaling.group(name)).toMatchObject({ desired: 3, max: 3 });
  });

  it.each<[string, Readonly<Record<string, string>>, RegExp]>([
    ['sizes that do not go together', { MinSize: '5' }, /Max bound, 4, must be greater than or equal to min bound, 5/],
    [
      'a policy that there is not',
      { ExtraPolicyArn: 'arn:aws:iam::123456789012:policy/x' },
      /Policy .*policy\/x does not exist or is not attachable/,
    ],
    [
      'a target group that there is not',
      { TargetGroupArn: 'arn:aws:elasticloadbalancing:x' },
      /Provided Target Groups may not be valid/,
    ],
  ])('is refused for %s', async (_name, changes, reason) => {
    const { deploy, eventsOf, autoScaling } = account();
    expect((await deploy('grp', GROUP, { ...WORKERS, ...changes })).StackStatus).toBe('ROLLBACK_COMPLETE');
    expect(eventsOf('grp').map(({ ResourceStatusReason: why }) => why)).toContainEqual(expect.stringMatching(reason));
    expect(autoScaling.groups.size).toBe(0);
  });

  it('is refused for a hook that AWS would refuse, and is not half there', async () => {
    const { deploy, eventsOf, autoScaling } = account();
    const hasty = GROUP.replaceAll('HeartbeatTimeout: { Ref: HookTimeout }', 'HeartbeatTimeout: 10');
    expect((await deploy('grp', hasty, WORKERS)).StackStatus).toBe('ROLLBACK_COMPLETE');
    expect(eventsOf('grp').map(({ ResourceStatusReason: why }) => why)).toContainEqual(
      expect.stringContaining('HeartbeatTimeout must be between 30 and 7200 seconds.'),
    );
    expect(autoScaling.groups.size).toBe(0);
  });

  it('is not gone before its last instance is: a manager that is kept keeps it', async () => {
    const { deploy, call, untilDone, outputs, autoScaling, describe: look } = account();
    const managers = { ...WORKERS, Role: 'manager', MinSize: '1', MaxSize: '1' };
    const made = await deploy('grp', GROUP, managers);
    call('DeleteStack', { StackName: 'grp' });
    const ended = await untilDone(made.StackId, 'ABANDON');

    expect(ended.StackStatus).toBe('DELETE_FAILED');
    const group = autoScaling.group(outputs(made)['GroupName'] ?? '');
    expect([...group.members.values()]).toEqual([expect.objectContaining({ lifecycle: 'Terminating:Retained' })]);
    for (const id of group.members.keys()) autoScaling.terminateInstance(id, false);
    call('DeleteStack', { StackName: 'grp' });
    expect((await untilDone(look('grp').StackId)).StackStatus).toBe('DELETE_COMPLETE');
  });
});
