// The `aws` command walks every operation of the lab: each answer, and each error, is read by what is not ours.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { FIDELITY } from '../../lab/aws/fidelity.ts';
import { LATER_OPERATIONS } from '../../scripts/aws-models.ts';
import { ServedLab } from './support/served-lab.ts';

const ID = 'i-0000000000000dead';
const UUID = '00000000-0000-4000-8000-000000000000';
const MACHINE = 'arn:aws:states:eu-west-1:123456789012:stateMachine:skep-dev-tidy';
const EXECUTION = MACHINE.replace('stateMachine', 'execution') + ':nobody';
const KEY = '{"pk":{"S":"WALK"},"sk":{"S":"WALK"}}';
const HOOK = ['--auto-scaling-group-name', 'workers', '--lifecycle-hook-name', 'skep-dev-launch'];
const GROUP = ['--auto-scaling-group-name', 'workers'];
const TABLE = ['--table-name', 'skep-dev'];
const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:skep-dev-alarms';
const WORKER_ROLE = 'arn:aws:iam::123456789012:role/skep-workers';
const NODE_POLICY = 'arn:aws:iam::123456789012:policy/skep-dev-worker-node-eu-west-1';
const QUEUE = 'https://sqs.eu-west-1.amazonaws.com/123456789012/skep-dev-dead-letters';

const TAG = 'ResourceId=workers,ResourceType=auto-scaling-group,Key=walk,Value=x,PropagateAtLaunch=false';
const STACK = ['--stack-name', 'walk'];
const WHOLE = ['--stack-name', 'whole'];
const SET = [...STACK, '--change-set-name', 'first'];
const TEMPLATE = 'Resources: { Logs: { Type: AWS::Logs::LogGroup } }';

const ZONED = ['--stack-name', 'zoned', '--change-set-name', 'first'];
const RECORD = JSON.stringify({
  Changes: [
    {
      Action: 'CREATE',
      ResourceRecordSet: {
        ...{ Name: 'a.walk.internal', Type: 'A', TTL: 60, SetIdentifier: 'i-1', MultiValueAnswer: true },
        ResourceRecords: [{ Value: '10.0.0.1' }],
      },
    },
  ],
});

/** What the command says: undefined for an answer that it could read, otherwise the code of the error. */
type Row = readonly [call: string, args: readonly string[], error?: string];

const ROWS: readonly Row[] = [
  ['autoscaling.DescribeAutoScalingGroups', ['--max-items', '1']],
  ['autoscaling.DescribeAutoScalingGroups', ['--filters', 'Name=nothing,Values=x'], 'ValidationError'],
  ['autoscaling.DescribeAutoScalingInstances', ['--instance-ids', ID]],
  ['autoscaling.DescribeAutoScalingInstances', ['--starting-token', 'bad'], 'InvalidNextToken'],
  ['autoscaling.DescribeScalingActivities', ['--auto-scaling-group-name', 'workers']],
  ['autoscaling.DescribeLifecycleHooks', GROUP],
  ['autoscaling.DescribeLifecycleHooks', ['--auto-scaling-group-name', 'nobody'], 'ValidationError'],
  [
    'autoscaling.CompleteLifecycleAction',
    [...HOOK, '--lifecycle-action-result', 'CONTINUE', '--instance-id', ID],
    'ValidationError',
  ],
  ['autoscaling.PutLifecycleHook', [...HOOK, '--heartbeat-timeout', '1800']],
  ['autoscaling.DeleteLifecycleHook', [...GROUP, '--lifecycle-hook-name', 'nobody'], 'ValidationError'],
  ['autoscaling.CreateOrUpdateTags', ['--tags', TAG]],
  ['autoscaling.CreateOrUpdateTags', ['--tags', TAG.replace('workers', 'nobody')], 'ValidationError'],
  ['autoscaling.DeleteTags', ['--tags', TAG]],
  ['autoscaling.RecordLifecycleActionHeartbeat', [...HOOK, '--instance-id', ID], 'ValidationError'],
  ['autoscaling.SetDesiredCapacity', [...GROUP, '--desired-capacity', '2']],
  ['autoscaling.SetDesiredCapacity', [...GROUP, '--desired-capacity', '501'], 'ValidationError'],
  ['autoscaling.UpdateAutoScalingGroup', [...GROUP, '--min-size', '1']],
  ['autoscaling.UpdateAutoScalingGroup', [...GROUP, '--min-size', '4', '--max-size', '2'], 'ValidationError'],
  [
    'autoscaling.TerminateInstanceInAutoScalingGroup',
    ['--instance-id', ID, '--no-should-decrement-desired-capacity'],
    'ValidationError',
  ],
  ['autoscaling.SetInstanceHealth', ['--instance-id', ID, '--health-status', 'Healthy'], 'ValidationError'],
  ['autoscaling.StartInstanceRefresh', ['--auto-scaling-group-name', 'nobody'], 'ValidationError'],
  ['autoscaling.DescribeInstanceRefreshes', GROUP],
  ['autoscaling.CancelInstanceRefresh', GROUP, 'ActiveInstanceRefreshNotFound'],
  ['autoscaling.PutWarmPool', [...GROUP, '--max-group-prepared-capacity', '0', '--pool-state', 'Stopped']],
  ['autoscaling.PutWarmPool', [...GROUP, '--min-size', '501'], 'ValidationError'],
  ['autoscaling.DescribeWarmPool', GROUP],
  ['autoscaling.DeleteWarmPool', GROUP],
  ['autoscaling.DeleteWarmPool', ['--auto-scaling-group-name', 'nobody'], 'ValidationError'],
  ['cloudformation.CreateChangeSet', [...SET, '--change-set-type', 'CREATE', '--template-body', TEMPLATE]],
  ['cloudformation.CreateChangeSet', [...SET, '--template-body', TEMPLATE], 'ValidationError'],
  ['cloudformation.DescribeChangeSet', SET],
  ['cloudformation.DescribeChangeSet', [...STACK, '--change-set-name', 'nobody'], 'ChangeSetNotFound'],
  ['cloudformation.ListChangeSets', STACK],
  ['cloudformation.ExecuteChangeSet', [...STACK, '--change-set-name', 'nobody'], 'ChangeSetNotFound'],
  ['cloudformation.DeleteChangeSet', SET],
  ['cloudformation.DescribeStacks', []],
  ['cloudformation.DescribeStacks', ['--stack-name', 'nobody'], 'ValidationError'],
  ['cloudformation.ListStacks', ['--stack-status-filter', 'CREATE_COMPLETE']],
  ['cloudformation.DescribeStackEvents', STACK],
  ['cloudformation.DescribeStackResources', STACK],
  ['cloudformation.DescribeStackResource', [...STACK, '--logical-resource-id', 'Nobody'], 'ValidationError'],
  ['cloudformation.ListStackResources', STACK],
  ['cloudformation.GetTemplate', ['--stack-name', 'nobody'], 'ValidationError'],
  ['cloudformation.GetTemplateSummary', ['--template-body', TEMPLATE]],
  ['cloudformation.ValidateTemplate', ['--template-body', TEMPLATE]],
  ['cloudformation.ValidateTemplate', ['--template-body', 'Resources: { A: { Type: X::Y::Z } }'], 'ValidationError'],
  ['cloudformation.CreateStack', [...WHOLE, '--template-body', TEMPLATE, '--on-failure', 'DO_NOTHING']],
  ['cloudformation.CreateStack', [...WHOLE, '--template-body', TEMPLATE], 'AlreadyExistsException'],
  ['cloudformation.UpdateStack', ['--stack-name', 'nobody', '--template-body', TEMPLATE], 'ValidationError'],
  ['cloudformation.DetectStackDrift', ['--stack-name', 'nobody'], 'ValidationError'],
  ['cloudformation.DescribeStackDriftDetectionStatus', ['--stack-drift-detection-id', UUID], 'ValidationError'],
  ['cloudformation.DescribeStackResourceDrifts', WHOLE],
  ['cloudformation.DeleteStack', STACK],
  ['cloudformation.ListExports', []],
  ['cloudformation.ListImports', ['--export-name', 'nobody'], 'ValidationError'],
  ['ec2.DescribeInstances', ['--max-items', '2', '--page-size', '5']],
  ['ec2.DescribeInstances', ['--instance-ids', ID], 'InvalidInstanceID.NotFound'],
  ['ec2.DescribeSecurityGroups', ['--filters', 'Name=vpc-id,Values=vpc-0a1b2c3d4e5f60718']],
  ['ec2.DescribeSecurityGroups', ['--group-ids', 'sg-0000000000000dead'], 'InvalidGroup.NotFound'],
  ['ec2.DescribeRouteTables', ['--filters', 'Name=vpc-id,Values=vpc-0a1b2c3d4e5f60718']],
  ['ec2.DescribeVpcEndpoints', ['--filters', 'Name=vpc-id,Values=vpc-0a1b2c3d4e5f60718']],
  ['ec2.DescribeInstanceStatus', ['--filters', 'Name=event.code,Values=instance-retirement']],
  ['ec2.DescribeInstanceAttribute', ['--instance-id', ID, '--attribute', 'userData'], 'InvalidInstanceID.NotFound'],
  ['ec2.CreateTags', ['--resources', ID, '--tags', 'Key=walk,Value=x'], 'InvalidInstanceID.NotFound'],
  ['ec2.DeleteTags', ['--resources', ID, '--tags', 'Key=walk'], 'InvalidInstanceID.NotFound'],
  ['ec2.TerminateInstances', ['--instance-ids', 'i-1'], 'InvalidInstanceID.Malformed'],
  // On a zone that there is: below.
  ['route53.ListResourceRecordSets', ['--hosted-zone-id', 'Z0NOBODY'], 'NoSuchHostedZone'],
  ['route53.ChangeResourceRecordSets', ['--hosted-zone-id', 'Z0NOBODY', '--change-batch', RECORD], 'NoSuchHostedZone'],
  ['route53.GetHostedZone', ['--id', 'Z0NOBODY'], 'NoSuchHostedZone'],
  ['route53.GetChange', ['--id', 'C0NOBODY'], 'NoSuchChange'],
  ['ssm.SendCommand', ['--document-name', 'nobodys', '--instance-ids', ID], 'InvalidDocument'],
  ['ssm.GetCommandInvocation', ['--command-id', UUID, '--instance-id', ID], 'InvocationDoesNotExist'],
  ['ssm.ListCommands', ['--max-items', '3', '--filters', 'key=InvokedAfter,value=2026-01-01T00:00:00Z']],
  ['ssm.ListCommands', ['--filters', 'key=Status,value=Pending'], 'ValidationException'],
  ['ssm.CancelCommand', ['--command-id', UUID], 'InvalidCommandId'],
  ['ssm.DescribeDocument', ['--name', 'skep-dev-join']],
  ['ssm.DescribeDocument', ['--name', 'nobodys'], 'InvalidDocument'],
  ['ssm.DescribeInstanceInformation', []],
  ['ssm.PutParameter', ['--name', '/walk', '--value', 'x', '--type', 'String']],
  ['ssm.PutParameter', ['--name', '/ssm/walk', '--value', 'x', '--type', 'String'], 'ValidationException'],
  ['ssm.GetParameter', ['--name', '/nobody'], 'ParameterNotFound'],
  ['ssm.DeleteParameter', ['--name', '/walk']],
  ['ssm.DeleteParameter', ['--name', '/nobody'], 'ParameterNotFound'],
  ['states.StartExecution', ['--state-machine-arn', MACHINE, '--name', 'a b'], 'InvalidName'],
  ['states.StartExecution', ['--state-machine-arn', MACHINE, '--input', 'x'], 'InvalidExecutionInput'],
  ['states.SendTaskSuccess', ['--task-token', 't', '--task-output', '{}'], 'InvalidToken'],
  ['states.SendTaskFailure', ['--task-token', 't'], 'InvalidToken'],
  ['states.DescribeExecution', ['--execution-arn', EXECUTION], 'ExecutionDoesNotExist'],
  ['states.GetExecutionHistory', ['--execution-arn', EXECUTION], 'ExecutionDoesNotExist'],
  ['states.StopExecution', ['--execution-arn', EXECUTION], 'ExecutionDoesNotExist'],
  ['states.ListExecutions', ['--state-machine-arn', MACHINE, '--max-items', '1']],
  ['states.ListExecutions', ['--state-machine-arn', `${MACHINE}x`], 'StateMachineDoesNotExist'],
  ['states.ListStateMachines', []],
  ['states.DescribeStateMachine', ['--state-machine-arn', MACHINE]],
  ['states.DescribeStateMachine', ['--state-machine-arn', `${MACHINE}x`], 'StateMachineDoesNotExist'],
  [
    'sns.Publish',
    ['--topic-arn', TOPIC, '--message', 'x', '--message-attributes', '{"a":{"DataType":"String","StringValue":"b"}}'],
  ],
  ['sns.Publish', ['--topic-arn', `${TOPIC}x`, '--message', 'x'], 'NotFound'],
  ['sqs.GetQueueAttributes', ['--queue-url', QUEUE, '--attribute-names', 'All']],
  ['sqs.GetQueueAttributes', ['--queue-url', QUEUE, '--attribute-names', 'Policy'], 'InvalidAttributeName'],
  ['sqs.GetQueueUrl', ['--queue-name', 'skep-dev-dead-letters']],
  ['sqs.GetQueueUrl', ['--queue-name', 'nobody'], 'QueueDoesNotExist'],
  ['sqs.ReceiveMessage', ['--queue-url', QUEUE]],
  ['sqs.DeleteMessage', ['--queue-url', QUEUE, '--receipt-handle', 'nobody'], 'ReceiptHandleIsInvalid'],
  ['iam.GetInstanceProfile', ['--instance-profile-name', 'skep-workers']],
  ['iam.GetInstanceProfile', ['--instance-profile-name', 'nobodys'], 'NoSuchEntity'],
  ['iam.GetRole', ['--role-name', 'skep-workers']],
  ['iam.GetRole', ['--role-name', 'nobodys'], 'NoSuchEntity'],
  [
    'iam.SimulatePrincipalPolicy',
    ['--policy-source-arn', WORKER_ROLE, '--action-names', 'kms:Decrypt', 'ssm:GetParameter'],
  ],
  [
    'iam.SimulatePrincipalPolicy',
    ['--policy-source-arn', `${WORKER_ROLE}s`, '--action-names', 'kms:Decrypt'],
    'NoSuchEntity',
  ],
  ['iam.ListEntitiesForPolicy', ['--policy-arn', NODE_POLICY]],
  ['iam.ListEntitiesForPolicy', ['--policy-arn', NODE_POLICY + 's'], 'NoSuchEntity'],
  ['iam.DetachRolePolicy', ['--policy-arn', NODE_POLICY, '--role-name', 'nobody'], 'NoSuchEntity'],
  ['iam.AttachRolePolicy', ['--policy-arn', NODE_POLICY, '--role-name', 'skep-workers']],
  ['sts.GetCallerIdentity', []],
  ['dynamodb.GetItem', [...TABLE, '--key', KEY]],
  ['dynamodb.BatchGetItem', ['--request-items', `{"skep-dev":{"Keys":[${KEY}]}}`]],
  ['dynamodb.BatchWriteItem', ['--request-items', `{"skep-dev":[{"DeleteRequest":{"Key":${KEY}}}]}`]],
  [
    'dynamodb.PutItem',
    [...TABLE, '--item', KEY, '--condition-expression', 'attribute_exists(pk)'],
    'ConditionalCheckFailedException',
  ],
  ['dynamodb.UpdateItem', [...TABLE, '--key', KEY, '--update-expression', 'SET'], 'ValidationException'],
  ['dynamodb.DeleteItem', [...TABLE, '--key', KEY]],
  [
    'dynamodb.Query',
    [...TABLE, '--key-condition-expression', 'pk = :p', '--expression-attribute-values', '{":p":{"S":"WALK"}}'],
  ],
  ['dynamodb.Scan', [...TABLE, '--max-items', '1']],
  ['dynamodb.Scan', ['--table-name', 'nobodys'], 'ResourceNotFoundException'],
  ['dynamodb.DescribeTable', TABLE],
  ['dynamodb.ListTables', []],
  [
    'dynamodb.TransactWriteItems',
    [
      '--transact-items',
      `[{"ConditionCheck":{"TableName":"skep-dev","Key":${KEY},"ConditionExpression":"attribute_exists(pk)"}}]`,
    ],
    'TransactionCanceledException',
  ],
];

describe('the aws command, over every operation', () => {
  let lab: ServedLab;

  beforeAll(async () => {
    lab = await ServedLab.open();
  });

  afterAll(() => lab.close(), 60_000);

  it('leaves none out', () => {
    const walked = new Set(ROWS.map(([call]) => call));
    const all = Object.entries(FIDELITY)
      .flatMap(([service, operations]) => Object.keys(operations).map((operation) => `${service}.${operation}`))
      .filter((call) => !LATER_OPERATIONS.has(call));

    expect([...walked].toSorted()).toEqual(all.toSorted());
  });

  it.each(ROWS.map(([call, args, error = 'no error']) => [call, error, args] as const))(
    '%s: %s',
    async (call, error, args) => {
      const [service = '', operation = ''] = call.split('.');
      const { code, stdout, stderr } = await lab.aws(
        service === 'states' ? 'stepfunctions' : service,
        commandOf(operation),
        ...args,
      );

      if (error === 'no error') {
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
        expect(() => JSON.parse(stdout === '' ? '{}' : stdout) as unknown).not.toThrow();
      } else {
        expect({ code, stderr }).toEqual({
          code: 254,
          stderr: expect.stringContaining(`An error occurred (${error}) when calling the ${operation} operation`),
        });
      }
    },
  );

  it('reads the records of a zone that a stack has made', async () => {
    const zone = 'Resources: { Zone: { Type: AWS::Route53::HostedZone, Properties: { Name: walk.internal } } }';
    await lab.aws(
      'cloudformation',
      'create-change-set',
      ...ZONED,
      '--change-set-type',
      'CREATE',
      '--template-body',
      zone,
    );
    await lab.aws('cloudformation', 'wait', 'change-set-create-complete', ...ZONED);
    await lab.aws('cloudformation', 'execute-change-set', ...ZONED);
    await lab.aws('cloudformation', 'wait', 'stack-create-complete', '--stack-name', 'zoned');
    const made = await lab.aws('cloudformation', 'describe-stack-resources', '--stack-name', 'zoned');
    const { StackResources } = JSON.parse(made.stdout) as { StackResources: { PhysicalResourceId: string }[] };
    const id = StackResources[0]?.PhysicalResourceId ?? '';
    const changed = await lab.aws(
      'route53',
      'change-resource-record-sets',
      '--hosted-zone-id',
      id,
      '--change-batch',
      RECORD,
    );
    expect(JSON.parse(changed.stdout)).toMatchObject({ ChangeInfo: { Status: 'PENDING' } });
    const { stdout } = await lab.aws('route53', 'list-resource-record-sets', '--hosted-zone-id', id);

    expect(JSON.parse(stdout)).toEqual({
      ResourceRecordSets: [
        {
          ...{ Name: 'a.walk.internal.', Type: 'A', TTL: 60, SetIdentifier: 'i-1', MultiValueAnswer: true },
          ResourceRecords: [{ Value: '10.0.0.1' }],
        },
      ],
    });
  });
});

/** @example DescribeAutoScalingGroups -> describe-auto-scaling-groups */
function commandOf(operation: string): string {
  return operation.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
}
