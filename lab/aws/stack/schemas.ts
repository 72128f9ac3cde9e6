// The properties of each type of resource that the lab acts on. A property that is not listed is refused: the lab would ignore it.
import { z } from 'zod';

const strings = z.union([z.string(), z.array(z.string())]);
/** A property that changes nothing in the lab. */
const inert = z.json().optional();

const statement = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Action: strings.optional(),
  NotAction: strings.optional(),
  Resource: strings.optional(),
  NotResource: strings.optional(),
  Principal: z.union([z.literal('*'), z.record(z.string(), strings)]).optional(),
  Condition: z.record(z.string(), z.record(z.string(), strings)).optional(),
});

export const policyDocument = z.strictObject({
  Version: z.literal('2012-10-17'),
  Statement: z.array(statement).min(1),
});

export const table = z.strictObject({
  TableName: z.string(),
  BillingMode: z.literal('PAY_PER_REQUEST'),
  AttributeDefinitions: z.array(z.strictObject({ AttributeName: z.string(), AttributeType: z.literal('S') })),
  KeySchema: z.tuple([
    z.strictObject({ AttributeName: z.string(), KeyType: z.literal('HASH') }),
    z.strictObject({ AttributeName: z.string(), KeyType: z.literal('RANGE') }),
  ]),
  GlobalSecondaryIndexes: z
    .array(
      z.strictObject({
        IndexName: z.string(),
        KeySchema: z.tuple([
          z.strictObject({ AttributeName: z.string(), KeyType: z.literal('HASH') }),
          z.strictObject({ AttributeName: z.string(), KeyType: z.literal('RANGE') }),
        ]),
        Projection: z.strictObject({ ProjectionType: z.enum(['KEYS_ONLY', 'ALL']) }),
      }),
    )
    .max(20)
    .default([]),
  TimeToLiveSpecification: z.strictObject({ AttributeName: z.string(), Enabled: z.literal(true) }),
  PointInTimeRecoverySpecification: inert,
  SSESpecification: inert,
});

export const lambdaFunction = z.strictObject({
  FunctionName: z.string(),
  Handler: z.string().regex(/^[\w/-]+\.\w+$/),
  Role: z.string(),
  Environment: z.strictObject({ Variables: z.record(z.string(), z.string()) }),
  Timeout: z.number(),
  MemorySize: z.number(),
  Runtime: inert,
  Architectures: inert,
  Code: inert,
});

export const stateMachine = z.strictObject({
  StateMachineName: z.string(),
  DefinitionString: z.string(),
  RoleArn: z.string(),
  LoggingConfiguration: z.strictObject({
    Level: z.string(),
    IncludeExecutionData: z.boolean(),
    Destinations: z.tuple([z.strictObject({ CloudWatchLogsLogGroup: z.strictObject({ LogGroupArn: z.string() }) })]),
  }),
  StateMachineType: z.literal('STANDARD').optional(),
});

const target = z.strictObject({
  Id: z.string(),
  Arn: z.string(),
  RoleArn: z.string().optional(),
  Input: z.string().optional(),
  RetryPolicy: z
    .strictObject({
      MaximumEventAgeInSeconds: z.number().int().min(60).max(86_400).default(86_400),
      MaximumRetryAttempts: z.number().int().min(0).max(185).default(185),
    })
    .default({ MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 }),
  DeadLetterConfig: z.strictObject({ Arn: z.string() }).optional(),
});

export const rule = z
  .strictObject({
    Name: z.string(),
    EventPattern: z.record(z.string(), z.json()).optional(),
    ScheduleExpression: z.string().optional(),
    State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
    Targets: z.array(target).min(1).max(5),
    Description: inert,
  })
  .refine(
    (it) => (it.EventPattern === undefined) !== (it.ScheduleExpression === undefined),
    'needs a pattern or a schedule',
  );

export const document = z.strictObject({
  Name: z.string(),
  Content: z.record(z.string(), z.json()),
  DocumentType: z.literal('Command'),
  DocumentFormat: z.literal('JSON'),
  TargetType: z.literal('/AWS::EC2::Instance'),
  UpdateMethod: z.literal('NewVersion'),
});

export const queue = z.strictObject({
  QueueName: z.string(),
  MessageRetentionPeriod: inert,
  SqsManagedSseEnabled: inert,
});
export const queuePolicy = z.strictObject({ Queues: z.array(z.string()), PolicyDocument: policyDocument });

export const role = z.strictObject({
  RoleName: z.string().optional(),
  AssumeRolePolicyDocument: policyDocument,
  Policies: z.array(z.strictObject({ PolicyName: z.string(), PolicyDocument: policyDocument })).default([]),
  ManagedPolicyArns: z.array(z.string()).default([]),
  Description: inert,
});

export const managedPolicy = z.strictObject({
  ManagedPolicyName: z.string(),
  PolicyDocument: policyDocument,
  Description: inert,
});

export const key = z.strictObject({
  KeyPolicy: policyDocument,
  EnableKeyRotation: inert,
  PendingWindowInDays: inert,
  Description: inert,
});
export const keyAlias = z.strictObject({ AliasName: z.string(), TargetKeyId: z.string() });

export const topic = z.strictObject({ TopicName: z.string() });
export const topicPolicy = z.strictObject({ Topics: z.array(z.string()), PolicyDocument: policyDocument });

const place = { x: z.int(), y: z.int(), width: z.int().min(1).max(24), height: z.int().min(1).max(1000) };
/** Of a dashboard's widgets those that are used here, as CloudWatch's documentation of the dashboard body has them. */
export const dashboardBody = z.strictObject({
  widgets: z
    .array(
      z.discriminatedUnion('type', [
        z.strictObject({
          type: z.literal('alarm'),
          ...place,
          properties: z.strictObject({ title: z.string(), alarms: z.array(z.string()).min(1).max(100) }),
        }),
        z.strictObject({
          type: z.literal('metric'),
          ...place,
          properties: z.strictObject({
            title: z.string(),
            region: z.string(),
            view: z.literal('timeSeries'),
            stat: z.enum(['Maximum', 'Sum']),
            period: z.int().multipleOf(60),
            metrics: z.array(
              z.union([
                z.tuple([z.strictObject({ expression: z.string(), id: z.string(), label: z.string() })]),
                z.array(z.string()).length(4),
              ]),
            ),
          }),
        }),
      ]),
    )
    .max(500),
});
export const dashboard = z.strictObject({
  DashboardName: z.string().regex(/^[A-Za-z0-9_-]{1,255}$/),
  DashboardBody: z.string(),
});

export const alarm = z.strictObject({
  AlarmName: z.string(),
  Namespace: z.string(),
  MetricName: z.string(),
  Dimensions: z.array(z.strictObject({ Name: z.string(), Value: z.string() })).default([]),
  Statistic: z.string(),
  Period: z.number(),
  EvaluationPeriods: z.number(),
  Threshold: z.number(),
  ComparisonOperator: z.string(),
  TreatMissingData: z.string(),
  AlarmActions: z.array(z.string()).default([]),
  // That an alarm is over again the lab does not play.
  OKActions: z.array(z.string()).default([]),
  AlarmDescription: z.string().max(1024),
});

export const logGroup = z.strictObject({ LogGroupName: z.string(), RetentionInDays: z.number() });

export const lambdaPermission = z.strictObject({
  Action: z.string(),
  FunctionName: z.string(),
  Principal: z.string(),
  SourceArn: z.string(),
});

export const eventInvokeConfig = z.strictObject({
  FunctionName: z.string(),
  Qualifier: z.literal('$LATEST'),
  MaximumEventAgeInSeconds: z.number().int().min(60).max(21_600),
  MaximumRetryAttempts: z.number().int().min(0).max(2),
  DestinationConfig: z.strictObject({ OnFailure: z.strictObject({ Destination: z.string() }) }),
});
