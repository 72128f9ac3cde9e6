// What the model of rights tries: each action, on what is a role's own and on what is another stage's, another cluster's or nobody's.
import { groupArn } from '../../../../lab/aws/services/auto-scaling.ts';
import type { Stack, StackKey } from '../../../../lab/aws/stack/stack.ts';
import { VERBS } from '../../../../src/core/names.ts';

const ACCOUNT = '123456789012';
const arn = (service: string, rest: string): string => `arn:aws:${service}:eu-west-1:${ACCOUNT}:${rest}`;

const CLUSTERS: Readonly<Record<string, string | undefined>> = {
  ours: 'demo',
  'another cluster': 'other',
  untagged: undefined,
};
export const tagsOf = (of: string): Record<string, string> => {
  const cluster = CLUSTERS[of];
  return cluster === undefined ? {} : { 'skep:cluster': cluster, 'skep:role': 'worker' };
};
const STAGES = { ours: 'dev', 'another stage': 'prod' } as const;
const TOKENS: Readonly<Record<string, string>> = {
  'worker token': '/skep/dev/demo/join-token/worker',
  'manager token': '/skep/dev/demo/join-token/manager',
  'worker token of another cluster': '/skep/dev/other/join-token/worker',
  'manager token of another cluster': '/skep/dev/other/join-token/manager',
  'worker token of another stage': '/skep/prod/demo/join-token/worker',
  'manager token of another stage': '/skep/prod/demo/join-token/manager',
  webhook: '/skep/dev/webhook',
  'webhook of another stage': '/skep/prod/webhook',
};
const MACHINES = ['scale-out', 'scale-in', 'tidy', 'recover', 'rotate-tokens', 'rebalance'];
const FUNCTIONS = [
  ...['claim', 'command', 'command-done', 'settle', 'warn', 'dns', 'tidy', 'verdict', 'recover', 'rebalance'],
];

/** A key of somebody else's in the account, whose policy lets every role in, as that of the account's default key does. */
export const OPEN_KEY: StackKey = {
  logicalId: 'OpenKey',
  id: '0a1b2c3d-0000-4000-8000-0123456789ab',
  arn: arn('kms', 'key/0a1b2c3d-0000-4000-8000-0123456789ab'),
  aliases: [],
  policy: {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'kms:*', Resource: '*' }],
  },
};

export type Stacks = Readonly<Record<'dev' | 'prod', Stack>>;

/** What is tried: by its name a call, as somebody makes it, or a single permission. */
export type Try =
  | { readonly call: string; readonly input: Record<string, unknown> }
  | { readonly action: string; readonly resource: string };

export function tries(stacks: Stacks): Map<string, Try> {
  const all = new Map<string, Try>();
  const call = (what: string, on: string, input: Record<string, unknown>): void => {
    all.set(on === '' ? what : `${what}: ${on}`, { call: what.replace(':', '.'), input });
  };
  for (const what of ['DescribeAutoScalingGroups', 'DescribeAutoScalingInstances', 'DescribeLifecycleHooks']) {
    call(`autoscaling:${what}`, '', {});
  }
  for (const what of ['GetCommandInvocation', 'ListCommands', 'CancelCommand', 'DescribeInstanceInformation']) {
    call(`ssm:${what}`, '', {});
  }
  for (const what of ['SendTaskSuccess', 'SendTaskFailure', 'SendTaskHeartbeat']) {
    call(`states:${what}`, '', {});
  }
  call('ec2:DescribeInstances', '', {});
  ofZones(call);
  call('ec2:DescribeInstanceStatus', '', {});
  ofTables(call);
  ofGroupsAndInstances(call);
  ofParameters(call, stacks);
  ofStages(call, stacks);
  for (const [name, one] of singlePermissions(stacks)) {
    all.set(name, one);
  }
  return all;
}

type Call = (what: string, on: string, input: Record<string, unknown>) => void;

/** A zone has no tag that a condition could ask for: what limits a role is the type of the records. */
function ofZones(call: Call): void {
  const zone = { HostedZoneId: 'Z0EXAMPLE0ZONE' };
  call('route53:ListResourceRecordSets', '', zone);
  call('route53:GetHostedZone', '', { Id: zone.HostedZoneId });
  call('route53:GetChange', '', { Id: 'C0EXAMPLE' });
  for (const Type of ['A', 'TXT', 'NS', 'CNAME']) {
    const Changes = [{ Action: 'UPSERT', ResourceRecordSet: { Name: 'a.example.internal', Type } }];
    call('route53:ChangeResourceRecordSets', Type, { ...zone, ChangeBatch: { Changes } });
  }
}

function ofTables(call: Call): void {
  const plain = ['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'Query', 'Scan', 'DeleteTable', 'UpdateTable'];
  for (const [whose, stage] of Object.entries(STAGES)) {
    const table = { TableName: `skep-${stage}` };
    for (const what of plain) {
      call(`dynamodb:${what}`, whose, table);
    }
    for (const what of ['BatchGetItem', 'BatchWriteItem']) {
      call(`dynamodb:${what}`, whose, { RequestItems: { [table.TableName]: [] } });
    }
    call('dynamodb:Query', `index, ${whose}`, { ...table, IndexName: 'by-instance' });
    call('dynamodb:TransactWriteItems', `check, ${whose}`, { TransactItems: [{ ConditionCheck: table }] });
  }
}

function ofGroupsAndInstances(call: Call): void {
  const onGroups = [
    'CompleteLifecycleAction',
    'RecordLifecycleActionHeartbeat',
    'PutLifecycleHook',
    'SetDesiredCapacity',
    'StartInstanceRefresh',
    'CancelInstanceRefresh',
    'RollbackInstanceRefresh',
    'PutWarmPool',
    'DeleteWarmPool',
    'TerminateInstanceInAutoScalingGroup',
    'SetInstanceHealth',
  ];
  for (const whose of Object.keys(CLUSTERS)) {
    for (const what of onGroups) {
      call(`autoscaling:${what}`, whose, { AutoScalingGroupName: whose, InstanceId: whose });
    }
    call('ec2:TerminateInstances', whose, { InstanceIds: [whose] });
    for (const verb of VERBS) {
      call('ssm:SendCommand', `${verb} to ${whose}`, { DocumentName: `skep-dev-${verb}`, InstanceIds: [whose] });
    }
  }
  call('ssm:SendCommand', 'inspect of another stage', { DocumentName: 'skep-prod-inspect', InstanceIds: ['ours'] });
  call('ssm:SendCommand', 'a shell', { DocumentName: 'AWS-RunShellScript', InstanceIds: ['ours'] });
}

export const OTHER_KEYS: Readonly<Record<string, string | undefined>> = {
  'the default key': undefined,
  'the alias of the default key': 'alias/aws/ssm',
  'a key that lets everybody in': OPEN_KEY.arn,
};

function ofParameters(call: Call, stacks: Stacks): void {
  for (const [which, name] of Object.entries(TOKENS)) {
    const KeyId = (name.startsWith('/skep/prod/') ? stacks.prod : stacks.dev).keys[0]?.arn;
    call('ssm:GetParameter', which, { Name: name, WithDecryption: true });
    call('ssm:PutParameter', which, { Name: name, KeyId });
    for (const [under, key] of Object.entries(OTHER_KEYS)) {
      call('ssm:PutParameter', `${which} under ${under}`, { Name: name, KeyId: key, Type: 'SecureString' });
    }
    call('ssm:DeleteParameter', which, { Name: name });
  }
}

function ofStages(call: Call, stacks: Stacks): void {
  for (const [whose, stage] of Object.entries(STAGES)) {
    for (const machine of MACHINES) {
      const on = `${machine}, ${whose}`;
      const execution = { executionArn: arn('states', `execution:skep-${stage}-${machine}:a`) };
      call('states:StartExecution', on, { stateMachineArn: arn('states', `stateMachine:skep-${stage}-${machine}`) });
      for (const what of ['DescribeExecution', 'GetExecutionHistory', 'StopExecution']) {
        call(`states:${what}`, on, execution);
      }
    }
    for (const name of FUNCTIONS) {
      call('lambda:InvokeFunction', `${name}, ${whose}`, {
        FunctionName: arn('lambda', `function:skep-${stage}-${name}`),
      });
    }
    call('sns:Publish', whose, { TopicArn: stacks[stage].topics[0]?.arn });
    for (const what of ['GetQueueAttributes', 'ReceiveMessage', 'DeleteMessage']) {
      call(`sqs:${what}`, whose, { QueueUrl: stacks[stage].queues[0]?.url });
    }
    call('sqs:GetQueueUrl', whose, { QueueName: `skep-${stage}-dead-letters` });
  }
}

const firstArn = (list: readonly { readonly arn: string }[]): string => list[0]?.arn ?? '';

/** What skep never calls, or calls where the lab has no endpoint: what would let a role grow, or get round the others. */
function singlePermissions(stacks: Stacks): [string, Try][] {
  const [key, queue] = [stacks.dev.keys, stacks.dev.queues].map((list) => firstArn(list));
  const function_ = arn('lambda', 'function:skep-dev-command');
  const role = `arn:aws:iam::${ACCOUNT}:role/skep-dev-command`;
  const log = (name: string): string => `${arn('logs', `log-group:/aws/lambda/skep-dev-${name}`)}:log-stream:a`;
  const group = groupArn('ours');
  const single: readonly (readonly [string, string | undefined])[] = [
    ['iam:PassRole', role],
    ['iam:PutRolePolicy', role],
    ['iam:TagRole', role],
    ['sts:AssumeRole', role],
    ['lambda:UpdateFunctionCode', function_],
    ['ssm:UpdateDocument', arn('ssm', 'document/skep-dev-join')],
    ['ssm:GetParametersByPath', arn('ssm', 'parameter/skep/dev/demo/join-token')],
    ['ssm:StartSession', arn('ec2', 'instance/ours')],
    ['autoscaling:CreateOrUpdateTags', group],
    ['autoscaling:UpdateAutoScalingGroup', group],
    ['autoscaling:DeleteLifecycleHook', group],
    ['ec2:CreateTags', arn('ec2', 'instance/ours')],
    ['ec2:RunInstances', arn('ec2', 'instance/*')],
    ['events:PutEvents', arn('events', 'event-bus/default')],
    ['events:PutRule', arn('events', 'rule/skep-dev-launch')],
    ['kms:Decrypt', key],
    ['kms:CreateGrant', key],
    ['kms:PutKeyPolicy', key],
    ['sqs:SendMessage', queue],
    ['logs:CreateLogDelivery', '*'],
  ];
  return [
    ...single.map(([action, resource = '']): [string, Try] => [action, { action, resource }]),
    ...FUNCTIONS.map((name): [string, Try] => [
      `logs:PutLogEvents: ${name}`,
      { action: 'logs:PutLogEvents', resource: log(name) },
    ]),
  ];
}

/** What may be tried of a role that nobody calls the lab with: each permission on each resource that it is about. */
export function permissions(stacks: Stacks): Map<string, Extract<Try, { readonly action: string }>> {
  const all = new Map<string, Extract<Try, { readonly action: string }>>();
  for (const [whose, stage] of Object.entries(STAGES)) {
    const on = (action: string, of: string, resource: string): void => {
      all.set(`${action}: ${of}${whose}`, { action, resource });
    };
    for (const machine of MACHINES) {
      on('states:StartExecution', `${machine}, `, arn('states', `stateMachine:skep-${stage}-${machine}`));
      on('states:StopExecution', `${machine}, `, arn('states', `execution:skep-${stage}-${machine}:a`));
    }
    for (const name of FUNCTIONS) {
      on('lambda:InvokeFunction', `${name}, `, arn('lambda', `function:skep-${stage}-${name}`));
    }
    for (const verb of VERBS) {
      on('ssm:SendCommand', `${verb}, `, arn('ssm', `document/skep-${stage}-${verb}`));
    }
    for (const what of ['GetItem', 'PutItem', 'Query', 'DeleteItem']) {
      on(`dynamodb:${what}`, '', arn('dynamodb', `table/skep-${stage}`));
    }
    on('ssm:GetParameter', 'worker token, ', arn('ssm', `parameter/skep/${stage}/demo/join-token/worker`));
    on('ssm:PutParameter', 'worker token, ', arn('ssm', `parameter/skep/${stage}/demo/join-token/worker`));
  }
  for (const [name, one] of singlePermissions(stacks)) {
    if ('action' in one) {
      all.set(name, one);
    }
  }
  return all;
}
