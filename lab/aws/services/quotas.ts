// The limits of the operations that skep uses, each with where it is written. The lab refuses what is over them, as AWS does.

/** `model`: the service's own API model, as botocore has it. `docs`: AWS's documentation. `agent`: the SSM agent's source. */
export interface Quota {
  /** The most that is taken. */
  readonly value: number;
  /** The least. */
  readonly min?: number;
  readonly source: string;
}

const quota = (value: number, source: string): Quota => ({ value, source });

const KIB = 1024;

export const QUOTAS = {
  // Systems Manager
  commandInstances: quota(50, 'model: ssm SendCommand InstanceIds'),
  comment: quota(100, 'model: ssm SendCommand Comment, characters'),
  deliveryTimeout: { ...quota(2_592_000, 'model: ssm SendCommand TimeoutSeconds'), min: 30 },
  standardOutput: quota(24_000, 'model: ssm GetCommandInvocation StandardOutputContent, characters'),
  standardError: quota(8000, 'model: ssm GetCommandInvocation StandardErrorContent, characters'),
  executionTimeout: {
    ...quota(172_800, 'agent: pluginutil.go; beyond it the agent takes 3600 without a word'),
    min: 5,
  },
  documentContent: quota(64 * KIB, 'docs: Systems Manager quotas, bytes of a document'),
  parameterValue: quota(4 * KIB, 'docs: Parameter Store quotas, bytes of a standard parameter'),
  parameterLevels: quota(15, 'model: ssm PutParameter Name, levels of the hierarchy'),
  // Step Functions
  payload: quota(256 * KIB, 'docs: Step Functions quotas, bytes of an input or output'),
  historyEvents: quota(25_000, 'docs: Step Functions quotas, events of one execution'),
  executionName: quota(80, 'model: stepfunctions Name, characters'),
  taskToken: quota(2048, 'model: stepfunctions TaskToken, characters'),
  errorName: quota(256, 'model: stepfunctions SensitiveError, characters'),
  errorCause: quota(32_768, 'model: stepfunctions SensitiveCause, characters'),
  eventPayloads: quota(248 * KIB, 'docs: Step Functions events, bytes of input and output as the event writes them'),
  definition: quota(KIB * KIB, 'docs: Step Functions quotas, bytes of a definition'),
  // Auto Scaling
  describedInstances: quota(50, 'model: autoscaling DescribeAutoScalingInstances InstanceIds'),
  hookTimeout: { ...quota(7200, 'model: autoscaling PutLifecycleHook HeartbeatTimeout, seconds'), min: 30 },
  hookGlobalTimeout: quota(
    172_800,
    'model: autoscaling LifecycleHook GlobalTimeout, seconds, or 100 times the timeout',
  ),
  hookMetadata: quota(4000, 'model: autoscaling PutLifecycleHook NotificationMetadata, characters'),
  hookName: quota(255, 'model: autoscaling PutLifecycleHook LifecycleHookName, characters'),
  tags: quota(50, 'docs: Auto Scaling tags, of one group'),
  tagKey: quota(128, 'model: autoscaling TagKey, characters'),
  tagValue: quota(256, 'model: autoscaling TagValue, characters'),
  // DynamoDB
  item: quota(400 * KIB, 'docs: DynamoDB quotas, bytes of an item with its names'),
  partitionKey: quota(2048, 'docs: DynamoDB quotas, bytes'),
  sortKey: quota(1024, 'docs: DynamoDB quotas, bytes'),
  transactItems: quota(100, 'model: dynamodb TransactWriteItems TransactItems'),
  clientRequestToken: quota(36, 'model: dynamodb TransactWriteItems ClientRequestToken, characters'),
  batchGetKeys: quota(100, 'model: dynamodb BatchGetItem, keys'),
  // SNS
  topicMessage: quota(256 * KIB, 'docs: SNS Publish, bytes of a message with its attributes'),
  topicSubject: quota(100, 'docs: SNS Publish, characters of a subject'),
  // EventBridge
  event: quota(256 * KIB, 'docs: EventBridge quotas, bytes of an entry'),
  pattern: quota(2048, 'docs: EventBridge quotas, characters of a pattern'),
  targets: quota(5, 'docs: EventBridge quotas, of one rule'),
  targetInput: quota(8192, 'model: events Target Input and InputTemplate, characters'),
  // Lambda
  functionTimeout: quota(900, 'docs: Lambda quotas, seconds'),
  functionMemory: { ...quota(10_240, 'docs: Lambda quotas, MB'), min: 128 },
  functionEnvironment: quota(4 * KIB, 'docs: Lambda quotas, bytes of all variables'),
  functionPayload: quota(6 * KIB * KIB, 'docs: Lambda quotas, bytes of a synchronous request or answer'),
  asynchronousPayload: quota(KIB * KIB, 'docs: Lambda quotas, bytes of an asynchronous request'),
} as const satisfies Readonly<Record<string, Quota>>;

export type QuotaName = keyof typeof QUOTAS;
