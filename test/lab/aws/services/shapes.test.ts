// The lab's requests and answers, operation by operation, against AWS's own models (python3-botocore).
import { globSync, readFileSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { ABSENT, FIDELITY } from '../../../../lab/aws/fidelity.ts';
import { parseScenario } from '../../../../lab/scenario/read.ts';
import { play } from '../../../../lab/scenario/play.ts';
import { ScenarioRun } from '../../../../lab/scenario/run.ts';
import { describeForEc2 } from '../../../../lab/aws/services/ec2-wire.ts';
import type { Model, Models } from '../../../../scripts/aws-models.ts';
import { problemsOf } from '../../../support/aws-model.ts';
import { rawCall } from '../../../support/raw-call.ts';
import type { Answer } from '../../../support/raw-call.ts';
import { describeWithModels } from '../../../support/with-models.ts';

const SCENARIO = `
name: shapes
groups:
  managers: { role: manager, desired: 1 }
  workers: { role: worker, desired: 1 }
steps:
  - settle: 10m
`;

type Input = Readonly<Record<string, unknown>>;

const ID = '00000000-0000-4000-8000-000000000000';
const MACHINE = 'arn:aws:states:eu-west-1:123456789012:stateMachine:skep-dev-tidy';
const EXECUTION = 'arn:aws:states:eu-west-1:123456789012:execution:skep-dev-tidy:nobody';
const KEY = { pk: { S: 'TEST' }, sk: { S: 'SHAPES' } };
const TABLE = { TableName: 'skep-dev' };
const VPC = 'vpc-0a1b2c3d4e5f60718';
const POLICY = 'arn:aws:iam::123456789012:policy/skep-dev-worker-node-eu-west-1';
const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:skep-dev-alarms';
const QUEUE = 'https://sqs.eu-west-1.amazonaws.com/123456789012/skep-dev-dead-letters';
const GROUP = { AutoScalingGroupName: 'workers' };
const TAG = {
  ResourceId: 'workers',
  ResourceType: 'auto-scaling-group',
  Key: 'a',
  Value: 'b',
  PropagateAtLaunch: true,
};
const TEMPLATE = `Parameters: { Days: { Type: Number, Default: 30, AllowedValues: [7, 30], Description: of logs } }
Resources: { Logs: { Type: AWS::Logs::LogGroup, Properties: { RetentionInDays: !Ref Days } } }
Outputs: { Name: { Value: !Ref Logs, Description: of the log group, Export: { Name: shapes } } }
`;
const CHANGE_SET = { StackName: 'shapes', ChangeSetName: 'first' };
const HOOK = { ...GROUP, LifecycleHookName: 'skep-dev-launch' };

/** One request of each operation that AWS would take; what it is about need not exist. */
function samples(worker: string): Readonly<Record<string, Input>> {
  return {
    'autoscaling.DescribeAutoScalingGroups': { AutoScalingGroupNames: ['workers'], MaxRecords: 10 },
    'autoscaling.DescribeAutoScalingInstances': { InstanceIds: [worker] },
    'autoscaling.DescribeScalingActivities': { ...GROUP, MaxRecords: 5 },
    'autoscaling.DescribeLifecycleHooks': { ...GROUP, LifecycleHookNames: ['skep-dev-launch'] },
    'autoscaling.PutLifecycleHook': {
      ...HOOK,
      LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
      HeartbeatTimeout: 1800,
    },
    'autoscaling.CompleteLifecycleAction': { ...HOOK, LifecycleActionResult: 'CONTINUE', LifecycleActionToken: ID },
    'autoscaling.RecordLifecycleActionHeartbeat': { ...HOOK, InstanceId: worker },
    'autoscaling.SetDesiredCapacity': { ...GROUP, DesiredCapacity: 1, HonorCooldown: false },
    'autoscaling.UpdateAutoScalingGroup': { ...GROUP, MinSize: 0, MaxSize: 9, DesiredCapacity: 1 },
    'autoscaling.TerminateInstanceInAutoScalingGroup': {
      InstanceId: 'i-0000000000000dead',
      ShouldDecrementDesiredCapacity: false,
    },
    'autoscaling.SetInstanceHealth': { InstanceId: worker, HealthStatus: 'Healthy' },
    'autoscaling.StartInstanceRefresh': {
      AutoScalingGroupName: 'nobody',
      Preferences: { MinHealthyPercentage: 100, AutoRollback: false, ScaleInProtectedInstances: 'Refresh' },
      DesiredConfiguration: { LaunchTemplate: { LaunchTemplateId: 'lt-0123', Version: '2' } },
    },
    'autoscaling.DescribeInstanceRefreshes': GROUP,
    'autoscaling.CancelInstanceRefresh': GROUP,
    'autoscaling.RollbackInstanceRefresh': GROUP,
    'autoscaling.PutWarmPool': {
      ...GROUP,
      MaxGroupPreparedCapacity: 0,
      MinSize: 0,
      PoolState: 'Running',
      InstanceReusePolicy: { ReuseOnScaleIn: true },
    },
    'autoscaling.DescribeWarmPool': GROUP,
    'autoscaling.DeleteWarmPool': { ...GROUP, ForceDelete: true },
    'cloudformation.CreateChangeSet': {
      ...CHANGE_SET,
      ChangeSetType: 'CREATE',
      TemplateBody: TEMPLATE,
      Parameters: [{ ParameterKey: 'Days', ParameterValue: '7' }],
      Capabilities: ['CAPABILITY_IAM'],
      Tags: [{ Key: 'a', Value: 'b' }],
    },
    'cloudformation.DescribeChangeSet': CHANGE_SET,
    'cloudformation.ListChangeSets': { StackName: 'shapes' },
    'cloudformation.ExecuteChangeSet': { ...CHANGE_SET, DisableRollback: false },
    'cloudformation.DeleteChangeSet': { ...CHANGE_SET, ChangeSetName: 'nobody' },
    'cloudformation.DescribeStacks': { StackName: 'skep-dev' },
    'cloudformation.ListStacks': { StackStatusFilter: ['CREATE_COMPLETE'] },
    'cloudformation.DescribeStackEvents': { StackName: 'skep-dev' },
    'cloudformation.DescribeStackResources': { StackName: 'skep-dev' },
    'cloudformation.DescribeStackResource': { StackName: 'skep-dev', LogicalResourceId: 'Nobody' },
    'cloudformation.ListStackResources': { StackName: 'skep-dev' },
    'cloudformation.GetTemplate': { StackName: 'nobody', TemplateStage: 'Original' },
    'cloudformation.GetTemplateSummary': { TemplateBody: TEMPLATE },
    'cloudformation.ValidateTemplate': { TemplateBody: TEMPLATE },
    'cloudformation.DeleteStack': { StackName: 'nobody', RetainResources: ['A'] },
    'cloudformation.CreateStack': {
      StackName: 'shapes-at-once',
      TemplateBody: TEMPLATE,
      Capabilities: ['CAPABILITY_IAM'],
    },
    'cloudformation.UpdateStack': { StackName: 'nobody', TemplateBody: TEMPLATE },
    'cloudformation.DetectStackDrift': { StackName: 'nobody' },
    'cloudformation.DescribeStackDriftDetectionStatus': { StackDriftDetectionId: ID },
    'cloudformation.DescribeStackResourceDrifts': { StackName: 'nobody' },
    'cloudformation.ListExports': {},
    'cloudformation.ListImports': { ExportName: 'skep-dev-worker-node-policy' },
    'ec2.DescribeInstances': { Filters: [{ Name: 'instance-id', Values: [worker] }] },
    'autoscaling.CreateOrUpdateTags': { Tags: [TAG] },
    'autoscaling.DeleteTags': { Tags: [TAG] },
    'autoscaling.DeleteLifecycleHook': { ...GROUP, LifecycleHookName: 'nobodys' },
    'ec2.DescribeSecurityGroups': { GroupIds: ['sg-0000000000000dead'] },
    'ec2.DescribeRouteTables': { Filters: [{ Name: 'vpc-id', Values: [VPC] }] },
    'ec2.DescribeVpcEndpoints': { Filters: [{ Name: 'vpc-id', Values: [VPC] }] },
    'ec2.DescribeInstanceStatus': { MaxResults: 5 },
    'ec2.DescribeInstanceAttribute': { InstanceId: worker, Attribute: 'userData' },
    'ec2.CreateTags': { Resources: [worker], Tags: [{ Key: 'a', Value: 'b' }] },
    'ec2.DeleteTags': { Resources: [worker], Tags: [{ Key: 'a', Value: 'b' }] },
    'ec2.TerminateInstances': { InstanceIds: ['i-0000000000000dead'] },
    'ssm.SendCommand': {
      DocumentName: 'skep-dev-nothing',
      InstanceIds: [worker],
      Comment: 'shapes',
      TimeoutSeconds: 60,
      Parameters: { cluster: ['demo'] },
    },
    'ssm.GetCommandInvocation': { CommandId: ID, InstanceId: worker },
    'ssm.ListCommands': {
      InstanceId: worker,
      MaxResults: 5,
      Filters: [{ key: 'InvokedAfter', value: '2026-01-01T00:00:00Z' }],
    },
    'ssm.CancelCommand': { CommandId: ID, InstanceIds: [worker] },
    'ssm.DescribeDocument': { Name: 'skep-dev-join' },
    'ssm.DescribeInstanceInformation': { Filters: [{ Key: 'InstanceIds', Values: [worker] }] },
    'ssm.GetParameter': { Name: '/shapes', WithDecryption: true },
    'ssm.PutParameter': { Name: '/shapes', Value: 'x', Type: 'String', Overwrite: true },
    'ssm.DeleteParameter': { Name: '/shapes' },
    'states.StartExecution': { stateMachineArn: MACHINE.replace('tidy', 'nobody'), name: 'shapes', input: '{}' },
    'states.SendTaskSuccess': { taskToken: 't', output: '{}' },
    'states.SendTaskFailure': { taskToken: 't', error: 'E', cause: 'c' },
    'states.DescribeExecution': { executionArn: EXECUTION },
    'states.GetExecutionHistory': { executionArn: EXECUTION, maxResults: 5, reverseOrder: true },
    'states.StopExecution': { executionArn: EXECUTION },
    'states.ListExecutions': { stateMachineArn: MACHINE, statusFilter: 'RUNNING', maxResults: 5 },
    'states.ListStateMachines': {},
    'states.ValidateStateMachineDefinition': { definition: '{}' },
    'states.DescribeStateMachine': { stateMachineArn: MACHINE },
    'sns.Publish': { TopicArn: TOPIC, Message: 'shapes', Subject: 'shapes' },
    'sqs.GetQueueAttributes': { QueueUrl: QUEUE, AttributeNames: ['ApproximateNumberOfMessages'] },
    'sqs.GetQueueUrl': { QueueName: 'skep-dev-dead-letters' },
    'sqs.ReceiveMessage': { QueueUrl: QUEUE, MaxNumberOfMessages: 10, VisibilityTimeout: 60, WaitTimeSeconds: 1 },
    'sqs.DeleteMessage': { QueueUrl: QUEUE, ReceiptHandle: 'nobody' },
    'iam.GetInstanceProfile': { InstanceProfileName: 'skep-workers' },
    'iam.GetRole': { RoleName: 'skep-workers' },
    'iam.SimulatePrincipalPolicy': {
      PolicySourceArn: 'arn:aws:iam::123456789012:role/skep-workers',
      ActionNames: ['kms:Decrypt'],
      ResourceArns: ['arn:aws:kms:eu-west-1:123456789012:key/nobodys'],
      ContextEntries: [
        {
          ContextKeyName: 'kms:ViaService',
          ContextKeyValues: ['ssm.eu-west-1.amazonaws.com'],
          ContextKeyType: 'string',
        },
      ],
    },
    'iam.ListEntitiesForPolicy': { PolicyArn: POLICY },
    'iam.DetachRolePolicy': { PolicyArn: POLICY, RoleName: 'skep-workers' },
    'iam.AttachRolePolicy': { PolicyArn: POLICY, RoleName: 'skep-workers' },
    'sts.GetCallerIdentity': {},
    'dynamodb.GetItem': { ...TABLE, Key: KEY, ConsistentRead: true },
    'dynamodb.BatchGetItem': { RequestItems: { 'skep-dev': { Keys: [KEY] } } },
    'dynamodb.BatchWriteItem': { RequestItems: { 'skep-dev': [{ PutRequest: { Item: KEY } }] } },
    'dynamodb.PutItem': { ...TABLE, Item: KEY },
    'dynamodb.UpdateItem': {
      ...TABLE,
      Key: KEY,
      UpdateExpression: 'SET a = :a',
      ExpressionAttributeValues: { ':a': { N: '1' } },
    },
    'dynamodb.DeleteItem': { ...TABLE, Key: KEY },
    'dynamodb.Query': {
      ...TABLE,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: 'CLUSTER#demo' } },
    },
    'dynamodb.Scan': { ...TABLE, Limit: 5 },
    'dynamodb.DescribeTable': TABLE,
    'dynamodb.ListTables': {},
    'dynamodb.TransactWriteItems': { TransactItems: [{ Put: { ...TABLE, Item: KEY } }] },
  };
}

const CALLS = Object.entries(FIDELITY).flatMap(([service, operations]) =>
  Object.keys(operations).map((operation) => `${service}.${operation}`),
);

/** Of REST nobody makes requests by hand here: route53.test.ts has the SDK do it. */
const RAW = CALLS.filter((call) => !call.startsWith('route53.'));

let run: ScenarioRun;
let worker = '';
const exchanged: string[] = [];
const ec2Outputs: unknown[] = [];

describeWithModels('the lab, against the models of AWS', (models: Models) => {
  const partsOf = (call: string): { service: string; operation: string; model: Model } => {
    const [service = '', operation = ''] = call.split('.');
    return { service, operation, model: models[service] ?? { version: '', operations: {}, shapes: {} } };
  };
  const membersOf = (call: string) => {
    const { operation, model } = partsOf(call);
    return model.shapes[model.operations[operation]?.input?.shape ?? ''];
  };
  const ask = (call: string, input: Input): Promise<Answer> => rawCall(run.lab.url, partsOf(call), input);
  const sampleOf = (call: string): Input => samples(worker)[call] ?? {};

  beforeAll(async () => {
    run = await ScenarioRun.open(parseScenario(SCENARIO, 'shapes'), {
      nodes: 'simulated',
      onExchange: (exchange) => {
        exchanged.push(...problemsOf(models, exchange));
        if (`${exchange.service}.${exchange.operation}` === 'ec2.DescribeInstances' && exchange.output !== undefined) {
          ec2Outputs.push(exchange.output);
        }
      },
    });
    await play(run);
    worker = [...run.lab.autoScaling.group('workers').members.keys()][0] ?? '';
  }, 120_000);
  afterAll(() => run.close());

  it('the operations of the lab are those of its table of fidelity, and each has a sample here', () => {
    expect([...run.lab.endpoint.operations].toSorted()).toEqual(CALLS.toSorted());
    expect(Object.keys(samples('')).toSorted()).toEqual(RAW.toSorted());
  });

  it('what is absent is not there', () => {
    for (const action of Object.keys(ABSENT)) {
      expect(run.lab.endpoint.knows(action.replace(':', '.'))).toBe(false);
    }
  });

  it.each(RAW)('%s: request, answer and error are those of the model', async (call) => {
    exchanged.length = 0;
    const { status, code } = await ask(call, sampleOf(call));

    expect({ status, code }).not.toMatchObject({ code: 'InternalFailure' });
    expect(exchanged).toEqual([]);
  });

  it.each(RAW)('%s: a member that nobody knows is refused', async (call) => {
    const { status, code, text } = await ask(call, { ...sampleOf(call), NoSuchMember: 'x' });

    expect({ status, code }).toEqual({
      status: 400,
      code: expect.stringMatching(/^(ValidationException|ValidationError|UnknownParameter)$/),
    });
    expect(text).toContain('NoSuchMember');
  });

  const withRequired = RAW.filter((call) => (membersOf(call)?.required ?? []).length > 0);

  it.each(withRequired)('%s: without what is required it is refused', async (call) => {
    for (const member of membersOf(call)?.required ?? []) {
      const rest = Object.fromEntries(Object.entries(sampleOf(call)).filter(([name]) => name !== member));
      const { status, code } = await ask(call, rest);

      expect({ member, status, code }).toEqual({
        member,
        status: 400,
        code: expect.stringMatching(/^(ValidationException|ValidationError|MissingParameter)$/),
      });
    }
  });

  it.each(RAW)('%s: a member of another type, and a value that is none of the enum, are refused', async (call) => {
    const { model } = partsOf(call);
    for (const [member, { shape }] of Object.entries(membersOf(call)?.members ?? {})) {
      const wrong = wrongValueFor(model.shapes[shape]?.type ?? '');
      const values = model.shapes[shape]?.enum === undefined ? [wrong] : [wrong, 'NoSuchValue'];
      for (const value of values) {
        const { status, code } = await ask(call, { ...sampleOf(call), [member]: value });

        expect({ member, status, code }).toEqual({ member, status: 400, code: expect.not.stringMatching(/^Internal/) });
      }
    }
  });

  it('the names in the XML of EC2 are those of the model', () => {
    const { model } = partsOf('ec2.DescribeInstances');
    expect(ec2Outputs.length).toBeGreaterThan(0);

    for (const output of ec2Outputs) {
      expect(wireProblems(model, 'DescribeInstancesResult', output, describeForEc2(output))).toEqual([]);
    }
  });
});

describe('the table of fidelity', () => {
  it('knows every action that a role of the stack allows', () => {
    const texts = ['serverless.yml', ...globSync('resources/*.yaml')].map((file) => readFileSync(file, 'utf8'));
    const services = [...Object.keys(FIDELITY), 'kms', 'lambda', 'logs', 'sqs'].join('|');
    const keys = /ResourceTag|resourceTag|EncryptionContext|ViaService|SourceInstanceARN|LeadingKeys|RecordTypes/;
    const actions = texts
      .flatMap((text) => [...text.matchAll(new RegExp(`\\b(${services}):([A-Za-z]+)\\b`, 'g'))])
      .filter(([, , action = '']) => /^[A-Z]/.test(action) && !keys.test(action));
    const unknown = actions.filter(
      ([, service = '', action = '']) =>
        !Object.hasOwn(FIDELITY[service] ?? {}, action) &&
        !Object.hasOwn(ABSENT, service) &&
        !Object.hasOwn(ABSENT, `${service}:${action}`),
    );

    expect(actions.length).toBeGreaterThan(20);
    expect(unknown.map(([action]) => action)).toEqual([]);
  });

  it('says of each operation something, or that it is done', () => {
    const empty = Object.values(FIDELITY)
      .flatMap((operations) => Object.entries(operations))
      .filter(([, { level, remark }]) => level === 'partial' && remark === '');

    expect(empty).toEqual([]);
  });
});

function wrongValueFor(type: string): unknown {
  switch (type) {
    case 'structure':
    case 'list':
    case 'map':
      return 'x';
    case 'string':
      return { a: { b: 'c' } };
    default:
      return 'neither a number nor a flag';
  }
}

/** Walks an answer and its wire form side by side: every member has the name on the wire that the model gives it. */
function wireProblems(model: Model, name: string, value: unknown, wire: unknown): string[] {
  const shape = model.shapes[name];
  if (Array.isArray(value) && Array.isArray(wire)) {
    return value.flatMap((one, index) => wireProblems(model, shape?.member?.shape ?? '', one, wire[index]));
  }
  if (typeof value !== 'object' || value === null || value instanceof Date) {
    return [];
  }
  return Object.entries(value).flatMap(([member, one]) => {
    const { locationName = member, shape: inner = '' } = shape?.members?.[member] ?? {};
    const found = (wire as Record<string, unknown>)[locationName];
    return found === undefined && one !== undefined
      ? [`${name}.${member} is not ${locationName}`]
      : wireProblems(model, inner, one, found);
  });
}
