// What IAM checks for each operation: actions, resources and condition keys. An operation without a line here is refused.
import { z } from 'zod';

import type { ResourcePolicy } from './decision.ts';
import { DEFAULT_KEY } from './default-key.ts';

/** One permission that a call needs. */
export interface Need {
  readonly action: string;
  /** An ARN; without one IAM knows no resource for the action. */
  readonly resource?: string | undefined;
  /** Condition keys of the request, beyond those of whoever calls. */
  readonly keys?: Readonly<Record<string, string>>;
  readonly policy?: ResourcePolicy;
}

/** What IAM asks the services about a resource. */
export interface Resources {
  readonly arn: (service: string, rest: string) => string;
  readonly groupArn: (name: string) => string;
  readonly groupTags: (name: string) => Readonly<Record<string, string>>;
  readonly groupOf: (instanceId: string) => string | undefined;
  /** As Systems Manager knows them for ssm:resourceTag: none for an instance that does not exist, and none yet for one that is too new. */
  readonly instanceTags: (instanceId: string) => Readonly<Record<string, string>>;
  /** What KMS is asked before a SecureString is read or written; undefined where no key of the stack is concerned. */
  readonly keyOfParameter: (name: string) => { readonly arn: string; readonly policy: ResourcePolicy } | undefined;
  readonly key: (idOrArn: string) => { readonly arn: string; readonly policy: ResourcePolicy } | undefined;
  /** @example ssm.eu-west-1.amazonaws.com */
  readonly viaService: (service: string) => string;
}

type Input = Record<string, unknown>;
type Mapping = (input: Input, resources: Resources) => readonly Need[];

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];

const tagKeys = (prefixes: readonly string[], tags: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(tags).flatMap(([key, value]) => prefixes.map((prefix) => [`${prefix}/${key}`, value])),
  );

/** IAM knows no resource for it. */
const onNothing =
  (action: string): Mapping =>
  () => [{ action }];

const onPolicy =
  (action: string): Mapping =>
  (input) => [{ action, resource: text(input['PolicyArn']) }];

/** IAM is in no region. */
const ofIam =
  (operation: string, kind: string, member: string): Mapping =>
  (input, { arn }) => [
    {
      action: `iam:${operation}`,
      resource: arn('iam', `${kind}/${text(input[member])}`).replace(/:iam:[^:]*:/, ':iam::'),
    },
  ];

/** Systems Manager asks for all that there is, where it knows no resource. */
const onAllOfSsm =
  (action: string): Mapping =>
  (_input, { arn }) => [{ action, resource: arn('ssm', '*') }];

const onGroup =
  (action: string, groupOf: (input: Input, resources: Resources) => string): Mapping =>
  (input, resources) => {
    const name = groupOf(input, resources);
    return [
      {
        action,
        resource: resources.groupArn(name),
        keys: tagKeys(['aws:ResourceTag', 'autoscaling:ResourceTag'], resources.groupTags(name)),
      },
    ];
  };
const named = (input: Input): string => text(input['AutoScalingGroupName']);

const tagged = z.array(z.object({ ResourceId: z.string() })).catch([]);

/** One for each group that a tag is about. */
const onTaggedGroups =
  (action: string): Mapping =>
  (input, resources) =>
    [...new Set(tagged.parse(input['Tags']).map(({ ResourceId: group }) => group))].flatMap((group) =>
      onGroup(action, () => group)(input, resources),
    );

const onExecution =
  (action: string): Mapping =>
  (input) => [{ action, resource: text(input['executionArn']) }];
const onMachine =
  (action: string): Mapping =>
  (input) => [{ action, resource: text(input['stateMachineArn']) }];

const sendCommand: Mapping = (input, { arn, instanceTags }) => {
  const document = text(input['DocumentName']);
  return [
    {
      action: 'ssm:SendCommand',
      // Documents of AWS belong to no account.
      resource: document.startsWith('AWS-')
        ? arn('ssm', `document/${document}`).replace(/:\d*:document/, '::document')
        : arn('ssm', `document/${document}`),
    },
    ...texts(input['InstanceIds']).map((id) => ({
      action: 'ssm:SendCommand',
      resource: arn('ec2', `instance/${id}`),
      keys: tagKeys(['ssm:resourceTag', 'aws:ResourceTag'], instanceTags(id)),
    })),
  ];
};

const onParameter = (action: string, { arn }: Resources, name: string): Need => ({
  action,
  resource: arn('ssm', `parameter${name.startsWith('/') ? '' : '/'}${name}`),
});

function onKey(
  action: string,
  { arn, viaService }: Resources,
  key: ReturnType<Resources['key']>,
  name: string,
): Need[] {
  return key === undefined
    ? []
    : [
        {
          action,
          resource: key.arn,
          policy: key.policy,
          keys: {
            'kms:ViaService': viaService('ssm'),
            'kms:EncryptionContext:PARAMETER_ARN': arn('ssm', `parameter${name}`),
          },
        },
      ];
}

const getParameter: Mapping = (input, resources) => {
  const name = text(input['Name']);
  return [
    onParameter('ssm:GetParameter', resources, name),
    ...(input['WithDecryption'] === true ? onKey('kms:Decrypt', resources, resources.keyOfParameter(name), name) : []),
  ];
};

/** Where none is named, what is or becomes a SecureString is put under the account's default key. */
function keyToPutUnder(input: Input, { keyOfParameter }: Resources): string {
  const isSecure =
    input['Type'] === 'SecureString' ||
    (input['Type'] === undefined && keyOfParameter(text(input['Name'])) !== undefined);
  return text(input['KeyId']) || (isSecure ? DEFAULT_KEY : '');
}

/** Of the standard tier: larger values would want kms:GenerateDataKey too. */
const putParameter: Mapping = (input, resources) => {
  const name = text(input['Name']);
  return [
    onParameter('ssm:PutParameter', resources, name),
    ...onKey('kms:Encrypt', resources, resources.key(keyToPutUnder(input, resources)), name),
  ];
};

const deleteParameter: Mapping = (input, resources) => [
  onParameter('ssm:DeleteParameter', resources, text(input['Name'])),
];

const onInstances =
  (action: string, idsOf = (input: Input) => texts(input['InstanceIds'])): Mapping =>
  (input, { arn, instanceTags }) =>
    idsOf(input).map((id) => ({
      action,
      resource: arn('ec2', `instance/${id}`),
      keys: tagKeys(['aws:ResourceTag', 'ec2:ResourceTag'], instanceTags(id)),
    }));

/** An agent speaks for its own instance. */
const onOwnInstance =
  (action: string): Mapping =>
  (input, { arn }) => [{ action, resource: arn('ec2', `instance/${text(input['InstanceId'])}`) }];

const changed = z.object({
  Changes: z.array(z.object({ ResourceRecordSet: z.object({ Type: z.string() }) })),
});

/** Zones are in no region, and their ARNs name no account. */
const onZone =
  (operation: string, member: string): Mapping =>
  (input) => {
    const types = changed.safeParse(input['ChangeBatch']).data?.Changes ?? [];
    return [
      {
        action: `route53:${operation}`,
        resource: `arn:aws:route53:::hostedzone/${text(input[member]).replace(/^.*\//, '')}`,
        keys: Object.fromEntries(
          types.map((one, index) => [
            `route53:ChangeResourceRecordSetsRecordTypes/${index}`,
            one.ResourceRecordSet.Type,
          ]),
        ),
      },
    ];
  };

/** Of a stack; without a name, of all. */
const onStack =
  (operation: string): Mapping =>
  (input, { arn }) => {
    const name = text(input['StackName']);
    const resource = name.startsWith('arn:') ? name : arn('cloudformation', `stack/${name === '' ? '*' : `${name}/*`}`);
    return [{ action: `cloudformation:${operation}`, resource }];
  };

const ofQueue =
  (operation: string): Mapping =>
  (input, { arn }) => [
    { action: `sqs:${operation}`, resource: arn('sqs', text(input['QueueUrl']).split('/').at(-1) ?? '') },
  ];

const STACK_OPERATIONS = [
  ...['CreateChangeSet', 'DescribeChangeSet', 'ListChangeSets', 'DeleteChangeSet', 'ExecuteChangeSet'],
  ...['DescribeStacks', 'DescribeStackEvents', 'DescribeStackResources', 'DescribeStackResource'],
  ...['ListStackResources', 'DeleteStack', 'GetTemplate', 'GetTemplateSummary'],
  ...['CreateStack', 'UpdateStack', 'DetectStackDrift', 'DescribeStackResourceDrifts'],
];

const MAPPINGS: Readonly<Record<string, Mapping>> = {
  'autoscaling.DescribeAutoScalingGroups': onNothing('autoscaling:DescribeAutoScalingGroups'),
  'autoscaling.DescribeAutoScalingInstances': onNothing('autoscaling:DescribeAutoScalingInstances'),
  'autoscaling.DescribeScalingActivities': onNothing('autoscaling:DescribeScalingActivities'),
  'autoscaling.DescribeLifecycleHooks': onNothing('autoscaling:DescribeLifecycleHooks'),
  'autoscaling.DescribeInstanceRefreshes': onNothing('autoscaling:DescribeInstanceRefreshes'),
  'autoscaling.CompleteLifecycleAction': onGroup('autoscaling:CompleteLifecycleAction', named),
  'autoscaling.RecordLifecycleActionHeartbeat': onGroup('autoscaling:RecordLifecycleActionHeartbeat', named),
  'autoscaling.PutLifecycleHook': onGroup('autoscaling:PutLifecycleHook', named),
  'autoscaling.SetDesiredCapacity': onGroup('autoscaling:SetDesiredCapacity', named),
  'autoscaling.UpdateAutoScalingGroup': onGroup('autoscaling:UpdateAutoScalingGroup', named),
  'autoscaling.StartInstanceRefresh': onGroup('autoscaling:StartInstanceRefresh', named),
  'autoscaling.CancelInstanceRefresh': onGroup('autoscaling:CancelInstanceRefresh', named),
  'autoscaling.RollbackInstanceRefresh': onGroup('autoscaling:RollbackInstanceRefresh', named),
  'autoscaling.PutWarmPool': onGroup('autoscaling:PutWarmPool', named),
  'autoscaling.DescribeWarmPool': onNothing('autoscaling:DescribeWarmPool'),
  'autoscaling.DeleteWarmPool': onGroup('autoscaling:DeleteWarmPool', named),
  'autoscaling.TerminateInstanceInAutoScalingGroup': onGroup(
    'autoscaling:TerminateInstanceInAutoScalingGroup',
    (input, { groupOf }) => groupOf(text(input['InstanceId'])) ?? '',
  ),
  'autoscaling.SetInstanceHealth': onGroup(
    'autoscaling:SetInstanceHealth',
    (input, { groupOf }) => groupOf(text(input['InstanceId'])) ?? '',
  ),
  'autoscaling.DeleteLifecycleHook': onGroup('autoscaling:DeleteLifecycleHook', named),
  'autoscaling.CreateOrUpdateTags': onTaggedGroups('autoscaling:CreateOrUpdateTags'),
  'autoscaling.DeleteTags': onTaggedGroups('autoscaling:DeleteTags'),
  'ec2.DescribeInstances': onNothing('ec2:DescribeInstances'),
  'ec2.DescribeSecurityGroups': onNothing('ec2:DescribeSecurityGroups'),
  'ec2.DescribeRouteTables': onNothing('ec2:DescribeRouteTables'),
  'ec2.DescribeVpcEndpoints': onNothing('ec2:DescribeVpcEndpoints'),
  'ec2.DescribeInstanceStatus': onNothing('ec2:DescribeInstanceStatus'),
  'ec2.DescribeInstanceAttribute': onInstances('ec2:DescribeInstanceAttribute', (input) => [text(input['InstanceId'])]),
  'ec2.CreateTags': onInstances('ec2:CreateTags', (input) => texts(input['Resources'])),
  'ec2.DeleteTags': onInstances('ec2:DeleteTags', (input) => texts(input['Resources'])),
  'ec2.TerminateInstances': onInstances('ec2:TerminateInstances'),
  'ssm.SendCommand': sendCommand,
  'ssm.GetCommandInvocation': onAllOfSsm('ssm:GetCommandInvocation'),
  'ssm.ListCommands': onAllOfSsm('ssm:ListCommands'),
  'ssm.ListCommandInvocations': onAllOfSsm('ssm:ListCommandInvocations'),
  'ssm.CancelCommand': onAllOfSsm('ssm:CancelCommand'),
  'ssm.DescribeDocument': (input, { arn }) => [
    { action: 'ssm:DescribeDocument', resource: arn('ssm', `document/${text(input['Name'])}`) },
  ],
  'ssm.DescribeInstanceInformation': onAllOfSsm('ssm:DescribeInstanceInformation'),
  'ssm.UpdateInstanceInformation': onOwnInstance('ssm:UpdateInstanceInformation'),
  'ssm.ListInstanceAssociations': onOwnInstance('ssm:ListInstanceAssociations'),
  'ec2messages.GetMessages': onNothing('ec2messages:GetMessages'),
  'ec2messages.AcknowledgeMessage': onNothing('ec2messages:AcknowledgeMessage'),
  'ec2messages.SendReply': onNothing('ec2messages:SendReply'),
  'ec2messages.FailMessage': onNothing('ec2messages:FailMessage'),
  'ec2messages.DeleteMessage': onNothing('ec2messages:DeleteMessage'),
  'ssm.GetParameter': getParameter,
  'ssm.PutParameter': putParameter,
  'ssm.DeleteParameter': deleteParameter,
  'states.StartExecution': onMachine('states:StartExecution'),
  'states.ListExecutions': onMachine('states:ListExecutions'),
  'states.ListStateMachines': (_input, { arn }) => [
    { action: 'states:ListStateMachines', resource: arn('states', 'stateMachine:*') },
  ],
  'states.ValidateStateMachineDefinition': onNothing('states:ValidateStateMachineDefinition'),
  'states.DescribeStateMachine': onMachine('states:DescribeStateMachine'),
  'states.DescribeExecution': onExecution('states:DescribeExecution'),
  'states.GetExecutionHistory': onExecution('states:GetExecutionHistory'),
  'states.StopExecution': onExecution('states:StopExecution'),
  'states.SendTaskSuccess': onNothing('states:SendTaskSuccess'),
  'states.SendTaskFailure': onNothing('states:SendTaskFailure'),
  'states.SendTaskHeartbeat': onNothing('states:SendTaskHeartbeat'),
  'route53.ChangeResourceRecordSets': onZone('ChangeResourceRecordSets', 'HostedZoneId'),
  'route53.ListResourceRecordSets': onZone('ListResourceRecordSets', 'HostedZoneId'),
  'route53.GetHostedZone': onZone('GetHostedZone', 'Id'),
  'route53.GetChange': (input) => [
    { action: 'route53:GetChange', resource: `arn:aws:route53:::change/${text(input['Id']).replace(/^.*\//, '')}` },
  ],
  'iam.GetInstanceProfile': ofIam('GetInstanceProfile', 'instance-profile', 'InstanceProfileName'),
  'iam.GetRole': ofIam('GetRole', 'role', 'RoleName'),
  'iam.SimulatePrincipalPolicy': (input) => [
    { action: 'iam:SimulatePrincipalPolicy', resource: text(input['PolicySourceArn']) },
  ],
  'iam.ListEntitiesForPolicy': onPolicy('iam:ListEntitiesForPolicy'),
  'iam.AttachRolePolicy': onPolicy('iam:AttachRolePolicy'),
  'iam.DetachRolePolicy': onPolicy('iam:DetachRolePolicy'),
  'sns.Publish': (input) => [{ action: 'sns:Publish', resource: text(input['TopicArn']) }],
  'sqs.GetQueueAttributes': ofQueue('GetQueueAttributes'),
  'sqs.GetQueueUrl': (input, { arn }) => [
    { action: 'sqs:GetQueueUrl', resource: arn('sqs', text(input['QueueName'])) },
  ],
  'sqs.ReceiveMessage': ofQueue('ReceiveMessage'),
  'sqs.DeleteMessage': ofQueue('DeleteMessage'),
  ...Object.fromEntries(STACK_OPERATIONS.map((one) => [`cloudformation.${one}`, onStack(one)])),
  ...Object.fromEntries(
    ['ListStacks', 'ListExports', 'ListImports', 'ValidateTemplate', 'DescribeStackDriftDetectionStatus'].map((one) => [
      `cloudformation.${one}`,
      onNothing(`cloudformation:${one}`),
    ]),
  ),
  // Allowed to everybody, whatever a policy says.
  'sts.GetCallerIdentity': () => [],
  'lambda.InvokeFunction': (input) => [{ action: 'lambda:InvokeFunction', resource: text(input['FunctionName']) }],
};

const batch = z.record(z.string(), z.unknown()).catch({});
const oneWrite = z.object({ TableName: z.string() });
const transaction = z.array(z.record(z.string(), oneWrite)).catch([]);

/** A part of a transaction, and what it needs. */
const PARTS: Readonly<Record<string, string>> = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'ConditionCheckItem',
  Get: 'GetItem',
};

/** An index is a resource of its own: who may read the table may not yet read it, and the other way round. */
const indexIn = ({ IndexName: name }: Input): string => (typeof name === 'string' ? `/index/${name}` : '');

/** DynamoDB's operations are dynalite's to know, and their actions have the same names. */
function dynamodb(operation: string, input: Input, { arn }: Resources): readonly Need[] {
  const onTable = (action: string, name: string): Need => ({
    action: `dynamodb:${action}`,
    resource: name.startsWith('arn:') ? name : arn('dynamodb', `table/${name}`),
  });
  switch (operation) {
    case 'ListTables':
      return [onTable('ListTables', '*')];
    case 'TransactWriteItems':
    case 'TransactGetItems':
      return transaction
        .parse(input['TransactItems'])
        .flatMap((item) =>
          Object.entries(item).map(([part, { TableName: name }]) => onTable(PARTS[part] ?? part, name)),
        );
    case 'BatchGetItem':
    case 'BatchWriteItem':
      return Object.keys(batch.parse(input['RequestItems'])).map((name) => onTable(operation, name));
    default:
      return [onTable(operation, `${text(input['TableName'])}${indexIn(input)}`)];
  }
}

/** What a call needs; undefined where the lab does not know. */
export function needsOf(
  service: string,
  operation: string,
  input: Input,
  resources: Resources,
): readonly Need[] | undefined {
  const name = `${service}.${operation}`;
  if (service === 'dynamodb') {
    return dynamodb(operation, input, resources);
  }
  return Object.hasOwn(MAPPINGS, name) ? MAPPINGS[name]?.(input, resources) : undefined;
}

export const isMapped = (service: string, operation: string): boolean =>
  service === 'dynamodb' || Object.hasOwn(MAPPINGS, `${service}.${operation}`);
