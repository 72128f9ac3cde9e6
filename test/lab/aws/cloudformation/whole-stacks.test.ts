// Stacks without change sets, as Terraform makes and changes them, and the look for what somebody has changed by hand.
import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { account } from './deploy.ts';

const GROUP = readFileSync(new URL('../../../../cluster/group.yaml', import.meta.url), 'utf8');
const WORKERS = {
  Cluster: 'demo',
  Role: 'worker',
  SubnetIds: 'subnet-0a1b2c3d4e5f6071a,subnet-0a1b2c3d4e5f6071b',
  SecurityGroupIds: 'sg-0a1b2c3d4e5f60718',
  ImageId: 'ami-0123456789abcdef0',
  InstanceType: 't3.small',
  MinSize: '2',
  MaxSize: '4',
};
const given = (values: Readonly<Record<string, string>>) =>
  Object.entries(values).map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue }));
/** What Terraform's aws_cloudformation_stack sends. */
const wish = (more: Readonly<Record<string, unknown>> = {}) => ({
  StackName: 'tf',
  TemplateBody: GROUP,
  Capabilities: ['CAPABILITY_IAM'],
  Parameters: given(WORKERS),
  ClientRequestToken: 'terraform-20260101',
  ...more,
});
const logs = (days: number): string =>
  `Resources: { Logs: { Type: AWS::Logs::LogGroup, Properties: { RetentionInDays: ${days} } } }`;

describe('a stack without a change set', () => {
  it('is made, changed and deleted, and its events bear the token of the request', async () => {
    const { call, untilDone, describe: look, autoScaling, outputs, remove } = account();
    const { StackId } = call('CreateStack', wish()) as { StackId: string };
    expect(look('tf')).toMatchObject({ StackId, StackStatus: 'CREATE_IN_PROGRESS' });
    const made = await untilDone('tf');
    expect(made.StackStatus).toBe('CREATE_COMPLETE');
    const group = autoScaling.group(outputs(made)['GroupName'] ?? '');
    expect(group.members.size).toBe(2);

    const more = given({ ...WORKERS, MinSize: '3' });
    call('UpdateStack', wish({ Parameters: more, ClientRequestToken: 'second' }));
    expect((await untilDone('tf')).StackStatus).toBe('UPDATE_COMPLETE');
    expect(group.members.size).toBe(3);
    const { StackEvents } = call('DescribeStackEvents', { StackName: 'tf' }) as {
      StackEvents: { ClientRequestToken?: string; ResourceStatus: string }[];
    };
    const tokens = StackEvents.map(
      (one) => `${one.ResourceStatus.split('_')[0] ?? ''} ${one.ClientRequestToken ?? ''}`,
    );
    expect([...new Set(tokens)].toSorted()).toEqual(['CREATE terraform-20260101', 'UPDATE second']);
    expect((await remove('tf')).StackStatus).toBe('DELETE_COMPLETE');
  });

  it('may keep its template, and values of its parameters', async () => {
    const { call, untilDone, deploy } = account();
    await deploy('grp', GROUP, WORKERS);
    const kept = Object.keys(WORKERS).map((ParameterKey) => ({ ParameterKey, UsePreviousValue: true }));
    call('UpdateStack', {
      ...wish({ StackName: 'grp', TemplateBody: undefined }),
      UsePreviousTemplate: true,
      Parameters: [...kept.filter(({ ParameterKey }) => ParameterKey !== 'MaxSize'), ...given({ MaxSize: '5' })],
    });
    expect((await untilDone('grp')).StackStatus).toBe('UPDATE_COMPLETE');
  });

  it('that fails goes back, or stays as it is where that was asked for', async () => {
    const { call, untilDone, cloudFormation } = account();
    const fault = { resource: 'Logs', action: 'create', message: 'no room', times: 2 } as const;
    cloudFormation.faults.push({ ...fault });
    call('CreateStack', { StackName: 'back', TemplateBody: logs(30), OnFailure: 'ROLLBACK' });
    call('CreateStack', { StackName: 'stays', TemplateBody: logs(30), DisableRollback: true });
    expect((await untilDone('back')).StackStatus).toBe('ROLLBACK_COMPLETE');
    expect((await untilDone('stays')).StackStatus).toBe('CREATE_FAILED');
  });

  it.each([
    [
      'a second one of its name',
      'CreateStack',
      { StackName: 'log', TemplateBody: logs(7) },
      'Stack [log] already exists',
    ],
    ['no template', 'CreateStack', { StackName: 'new' }, 'Either Template URL or Template Body must be specified.'],
    [
      'two words on failures',
      'CreateStack',
      { StackName: 'new', TemplateBody: logs(7), OnFailure: 'ROLLBACK', DisableRollback: true },
      'either DisableRollback or OnFailure',
    ],
    [
      'a type that AWS does not have',
      'CreateStack',
      { StackName: 'new', TemplateBody: 'Resources: { A: { Type: AWS::No::Thing } }' },
      'Unrecognized resource types: [AWS::No::Thing]',
    ],
    [
      'a type that the lab does not know',
      'CreateStack',
      { StackName: 'new', TemplateBody: 'Resources: { A: { Type: AWS::SQS::Queue } }' },
      'the lab does not know the resource types: [AWS::SQS::Queue]',
    ],
    ['a role without the capability', 'CreateStack', wish({ Capabilities: '' }), 'Requires capabilities'],
    [
      'what would change nothing',
      'UpdateStack',
      { StackName: 'log', TemplateBody: logs(30) },
      'No updates are to be performed.',
    ],
    [
      'one that there is not',
      'UpdateStack',
      { StackName: 'nobody', TemplateBody: logs(7) },
      'Stack [nobody] does not exist',
    ],
    ["skep's own", 'UpdateStack', { StackName: 'skep-dev', TemplateBody: logs(7) }, "skep's own stack"],
    [
      'two templates',
      'UpdateStack',
      { StackName: 'log', TemplateBody: logs(7), UsePreviousTemplate: true },
      'You cannot specify both',
    ],
  ])('refuses %s', async (_what, operation, input, message) => {
    const { call, deploy, describe: look } = account();
    await deploy('log', logs(30));
    expect(() => call(operation, input)).toThrow(message);
    expect(look('log').StackStatus).toBe('CREATE_COMPLETE');
    expect(() => look('new')).toThrow('does not exist');
  });
});

interface Drifts {
  readonly StackResourceDrifts: readonly Readonly<Record<string, unknown>>[];
}

describe('the look for drift', () => {
  const lookAt = async ({ call, clock }: ReturnType<typeof account>, stack: string) => {
    const { StackDriftDetectionId } = call('DetectStackDrift', { StackName: stack }) as Record<string, unknown>;
    expect(call('DescribeStackDriftDetectionStatus', { StackDriftDetectionId })).toMatchObject({
      DetectionStatus: 'DETECTION_IN_PROGRESS',
    });
    expect(() => call('DetectStackDrift', { StackName: stack })).toThrow('already in progress');
    await clock.advance(10_000);
    return call('DescribeStackDriftDetectionStatus', { StackDriftDetectionId });
  };

  it('finds nothing where nobody has changed anything', async () => {
    const made = account();
    await made.deploy('grp', GROUP, WORKERS);
    expect(made.describe('grp')).toMatchObject({ DriftInformation: { StackDriftStatus: 'NOT_CHECKED' } });
    expect(await lookAt(made, 'grp')).toMatchObject({
      DetectionStatus: 'DETECTION_COMPLETE',
      StackDriftStatus: 'IN_SYNC',
      DriftedStackResourceCount: 0,
    });
    const { StackResourceDrifts } = made.call('DescribeStackResourceDrifts', { StackName: 'grp' }) as Drifts;
    expect(StackResourceDrifts.map((one) => one['StackResourceDriftStatus'])).toEqual(Array<string>(4).fill('IN_SYNC'));
    expect(made.describe('grp')).toMatchObject({ DriftInformation: { StackDriftStatus: 'IN_SYNC' } });
  });

  it('finds sizes, hooks and tags of a group that were changed by hand', async () => {
    const made = account();
    const name = made.outputs(await made.deploy('grp', GROUP, WORKERS))['GroupName'] ?? '';
    const group = made.autoScaling.group(name);
    made.autoScaling.update(name, { min: 1, max: undefined, desired: undefined });
    group.hooks.delete('skep-dev-terminate');
    group.tags = { ...group.tags, owner: 'me' };

    expect(await lookAt(made, 'grp')).toMatchObject({ StackDriftStatus: 'DRIFTED', DriftedStackResourceCount: 1 });
    const { StackResourceDrifts } = made.call('DescribeStackResourceDrifts', {
      StackName: 'grp',
      StackResourceDriftStatusFilters: ['MODIFIED'],
    }) as Drifts;
    expect(StackResourceDrifts).toEqual([
      expect.objectContaining({
        LogicalResourceId: 'Group',
        StackResourceDriftStatus: 'MODIFIED',
        PropertyDifferences: [
          { PropertyPath: '/MinSize', ExpectedValue: '2', ActualValue: '1', DifferenceType: 'NOT_EQUAL' },
          expect.objectContaining({ PropertyPath: '/LifecycleHookSpecificationList/1', DifferenceType: 'REMOVE' }),
          expect.objectContaining({ PropertyPath: '/Tags/3', DifferenceType: 'ADD' }),
        ],
      }),
    ]);
  });

  it.each([
    ['a stack that there is not', 'DetectStackDrift', { StackName: 'nobody' }, 'does not exist'],
    ['a look that nobody began', 'DescribeStackDriftDetectionStatus', { StackDriftDetectionId: 'x' }, 'does not exist'],
  ])('refuses %s', (_what, operation, input, message) => {
    expect(() => account().call(operation, input)).toThrow(message);
  });

  it('is not taken at a stack that is being made', () => {
    const { call } = account();
    call('CreateStack', wish());
    expect(() => call('DetectStackDrift', { StackName: 'tf' })).toThrow('while in CREATE_IN_PROGRESS state');
  });
});
