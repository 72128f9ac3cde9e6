// How much of AWS the lab is: each operation that it answers, and what is missing of it. `npm run docs` writes the table of docs/lab.md from it.

export interface Fidelity {
  /** `done`: all that skep uses of it, with the errors that it can meet. */
  readonly level: 'done' | 'partial';
  /** What AWS does and the lab does not, or what a reader should know. */
  readonly remark: string;
}

const done = (remark = ''): Fidelity => ({ level: 'done', remark });
const partial = (remark: string): Fidelity => ({ level: 'partial', remark });

const DYNALITE = 'conditions and errors are dynalite’s';

/** By service, as in an ARN, and operation. What is not here is refused. */
export const FIDELITY: Readonly<Record<string, Readonly<Record<string, Fidelity>>>> = {
  autoscaling: {
    DescribeAutoScalingGroups: partial('of filters only `tag:KEY`; no pages; a short answer'),
    DescribeAutoScalingInstances: partial('no pages'),
    DescribeScalingActivities: partial('launches that failed only; nothing of those that succeeded'),
    DescribeLifecycleHooks: done(),
    PutLifecycleHook: partial(
      'no notification target; AWS may refuse a second hook for a transition, which the lab does not',
    ),
    CompleteLifecycleAction: done('`ResourceContention` never happens by itself'),
    RecordLifecycleActionHeartbeat: done('up to the global timeout of 48 hours or 100 heartbeats'),
    SetDesiredCapacity: partial('no cooldown; scale-in by zone, then by age'),
    UpdateAutoScalingGroup: partial('sizes and the instance lifecycle policy only'),
    CreateOrUpdateTags: partial(
      'of groups only, not all or nothing; instances keep the tags that they were launched with',
    ),
    DeleteTags: partial('of groups only'),
    DeleteLifecycleHook: done('what waits in it goes on: a launch is abandoned, a termination continued'),
    TerminateInstanceInAutoScalingGroup: partial('a short answer'),
    SetInstanceHealth: done(),
    StartInstanceRefresh: partial(
      'rolling only; of the preferences the percentages, alarms and the rollback; a desired configuration is a version of a scenario’s group. An alarm that rings already fails it at once; what waits in its launch hook then is ended, and no old instance',
    ),
    DescribeInstanceRefreshes: done(),
    CancelInstanceRefresh: partial('waits for what is under way'),
    RollbackInstanceRefresh: done(),
    PutWarmPool: partial(
      'an instance refresh leaves the pool as it is, and a hibernated instance comes up as a stopped one does; which of them goes first AWS does not say: the oldest',
    ),
    DescribeWarmPool: done(),
    DeleteWarmPool: done('without `ForceDelete` its instances pass the terminate hook'),
  },
  cloudformation: {
    CreateChangeSet: partial(
      'no template in S3, no nested stacks, transforms, imports, roles, rollback triggers. Types of resources: those of `cluster/`',
    ),
    DescribeChangeSet: partial('what a change of a property means is AWS’s own schema’s to say'),
    ListChangeSets: done(),
    DeleteChangeSet: done(),
    ExecuteChangeSet: partial('rolls back as a whole, or not at all; no notifications'),
    CreateStack: partial('as CreateChangeSet; `OnFailure` is DO_NOTHING or ROLLBACK; no timeout, no stack policy'),
    UpdateStack: partial('as CreateChangeSet; no stack policy'),
    DetectStackDrift: partial(
      'of whole stacks; sees sizes, hooks and tags of groups, since nothing else can be changed by hand here',
    ),
    DescribeStackDriftDetectionStatus: done(),
    DescribeStackResourceDrifts: partial('no modules'),
    DescribeStacks: partial('skep’s own stack is among them, and cannot be changed'),
    ListStacks: done(),
    DescribeStackEvents: done(),
    DescribeStackResources: partial('no modules'),
    DescribeStackResource: partial('no modules, no metadata'),
    ListStackResources: partial('no modules'),
    GetTemplate: partial('the text as it came, at both stages'),
    GetTemplateSummary: partial('without identifiers of resources'),
    ValidateTemplate: partial('types that the lab does not know are refused here already'),
    DeleteStack: partial(
      'one whose exports are imported stays as it is, with the reason in its status, as people have seen it (aws-cdk#604)',
    ),
    ListExports: done(),
    ListImports: done(),
  },
  ec2: {
    DescribeInstances: partial(
      'filters by `instance-id`, `instance-state-name`, `availability-zone`, `vpc-id`, addresses and `tag:KEY`, no wildcards, no pages; an instance is terminated at once, and is listed for ever',
    ),
    DescribeSecurityGroups: partial('filters by `group-id` and `vpc-id`; nothing of what may go out'),
    DescribeRouteTables: partial(
      'filters by `vpc-id`; the default route of the account’s own VPC goes to a NAT gateway',
    ),
    DescribeVpcEndpoints: partial('filters by `vpc-id`; a short answer'),
    DescribeInstanceStatus: partial(
      'running instances, their scheduled events and status checks (`reachability` alone); filters by these',
    ),
    DescribeInstanceAttribute: partial('`userData` only'),
    CreateTags: partial('of instances only; SSM sees them at once'),
    DeleteTags: partial('of instances only, and only by key'),
    TerminateInstances: partial(
      'the hook of the group is not asked, as on AWS; `shutting-down` for 15 s, in which everything on it goes on',
    ),
  },
  route53: {
    ChangeResourceRecordSets: partial(
      'A, AAAA, CNAME and TXT, simple or multivalue; known to resolvers and INSYNC after 45 s. The account may ask five times a second, which AWS has raised since',
    ),
    ListResourceRecordSets: done(),
    GetChange: done(),
    GetHostedZone: partial('no name servers, no VPCs'),
  },
  iam: {
    GetInstanceProfile: partial('of the groups that there are; a short answer'),
    GetRole: partial('of the roles of instances; a short answer'),
    SimulatePrincipalPolicy: partial(
      'of the roles of instances, by their policies alone; one resource, no policies besides, no boundaries, no pages',
    ),
    ListEntitiesForPolicy: partial(
      'of the node policies of the stack, the roles of groups that were set up by hand; no pages',
    ),
    AttachRolePolicy: partial('of the node policies of the stack'),
    DetachRolePolicy: partial('of the node policies of the stack'),
  },
  ssm: {
    SendCommand: partial(
      'one instance id, no targets, no document version, no S3, SNS or log group. Only the documents of the stack exist',
    ),
    GetCommandInvocation: partial(
      'no `Delayed`, no `Cancelling`; `InvocationDoesNotExist` for a moment after SendCommand',
    ),
    ListCommands: partial(
      'by instance, command id, `InvokedAfter` or `Status` Success; no other filter, no pages. By instance nothing is listed that is pending',
    ),
    CancelCommand: partial('only what no agent has taken yet'),
    DescribeDocument: partial('a short answer; every document has one version, which is its default'),
    DescribeInstanceInformation: partial('of filters only `InstanceIds`; no pages; id, status and platform only'),
    GetParameter: partial('no versions and labels'),
    PutParameter: partial('no history, no policies, no tags; standard tier only; a key must be one of the stack'),
    DeleteParameter: done('AWS asks for 30 s before a parameter of the same name is made anew; the lab does not'),
  },
  states: {
    StartExecution: done('of the stack’s machines, all Standard; names are not free again after 90 days'),
    SendTaskSuccess: done(),
    SendTaskFailure: done(),
    DescribeExecution: done(),
    GetExecutionHistory: partial('id, time and type of the events, and the name of the state; without other details'),
    DescribeStateMachine: partial('a short answer; no versions, no aliases'),
    StopExecution: done(),
    ListExecutions: partial('no pages'),
    ListStateMachines: done('all on one page'),
    ValidateStateMachineDefinition: partial(
      'asl-validator and the reader of the lab in place of the validation of AWS; one diagnosis at most, no warnings',
    ),
  },
  sns: {
    Publish: partial('to a topic of the stack; no message structure, no subscriptions: what was published is counted'),
  },
  sqs: {
    GetQueueAttributes: partial(
      'of the dead-letter queue; `ApproximateNumberOfMessages`, exact and at once, and `QueueArn`',
    ),
    GetQueueUrl: done(),
    ReceiveMessage: partial('all that are visible, in order and at once; no attributes, and it never waits'),
    DeleteMessage: done(),
  },
  sts: {
    GetCallerIdentity: partial('instances are users here, not sessions of a role'),
  },
  dynamodb: {
    GetItem: done(DYNALITE),
    BatchGetItem: done(DYNALITE),
    BatchWriteItem: done(DYNALITE),
    PutItem: done(DYNALITE),
    UpdateItem: done(DYNALITE),
    DeleteItem: done(DYNALITE),
    Query: done(DYNALITE),
    Scan: done(DYNALITE),
    DescribeTable: partial('as dynalite answers it: no time to live, no point-in-time recovery'),
    ListTables: done(DYNALITE),
    TransactWriteItems: partial(
      'made of dynalite’s single operations, one transaction at a time, undone if one fails. Two never conflict by themselves',
    ),
  },
};

/**
 * What the stack, its roles or the documents' instances use of AWS, and the lab has no operation for; and what stands in for it.
 * Whatever a role allows stands here or above: a test holds it.
 */
export const ABSENT: Readonly<Record<string, string>> = {
  'dynamodb:ConditionCheckItem': 'no operation of its own: part of TransactWriteItems',
  kms: 'no endpoint; Parameter Store asks the key, as far as roles and the key policy go',
  'lambda:InvokeFunction': 'no endpoint; rules and machines invoke within the lab',
  logs: 'no endpoint; what functions print goes to the console, delivery of logs is not played',
  'sqs:SendMessage': 'no endpoint; dead letters are counted in the result',
  'sts:AssumeRole': 'no endpoint; credentials are handed out by the lab',
  'ssm:ListCommandInvocations': 'not used: one invocation per command',
  'states:SendTaskHeartbeat': 'not used: no machine has a HeartbeatSeconds',
};
