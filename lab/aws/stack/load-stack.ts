// From a packaged template to a Stack: every resource is either taken up here or listed as one that does nothing in the lab.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { z } from 'zod';

import { compilePolicy } from '../iam/policy.ts';
import type { PackagedService } from './package-service.ts';
import { checkDeployment } from './deployment-limits.ts';
import { dashboard } from './load-dashboard.ts';
import { named, parse } from './resource.ts';
import * as schemas from './schemas.ts';
import {
  type Place,
  type Stack,
  type StackAlarm,
  type StackDocument,
  StackError,
  type StackFunction,
  type StackKey,
  type StackQueue,
  type StackRole,
  type StackRule,
  type StackStateMachine,
  type StackTable,
  type StackTopic,
  type JsonObject,
} from './stack.ts';
import { outputsOf, parseTemplate, type ResolvedResource, resolveTemplate } from './template.ts';

/** Types without any behaviour in the lab: where a deployment keeps its own files. */
const INERT_TYPES = ['AWS::S3::Bucket', 'AWS::S3::BucketPolicy'];

/**
 * Reads the packaged template as CloudFormation would deploy it. What it returns is frozen through and through.
 * @throws StackError, with the logical id, for whatever in the template the lab would not play as AWS does.
 */
export function loadStack(packaged: PackagedService, place: Place): Stack {
  const name = `skep-${packaged.stage}`;
  const template = parseTemplate(JSON.parse(readFileSync(packaged.template, 'utf8')));
  const resources = resolveTemplate(template, name, place);
  const origin = { ...place, stage: packaged.stage, name, code: packaged.code };
  return frozen({ ...buildStack(resources, origin), outputs: outputsOf(template, resources, name, place) });
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(frozen);
  }
  return value;
}

interface Origin extends Place {
  readonly stage: string;
  readonly name: string;
  /** The folder of the bundles. */
  readonly code: string;
}

/** The same from resources that are resolved already. */
export function buildStack(resources: readonly ResolvedResource[], origin: Origin): Stack {
  const seen = new Set<string>(INERT_TYPES);
  const all = <T>(type: string, make: (resource: ResolvedResource) => T): readonly T[] => {
    seen.add(type);
    return resources.filter((it) => it.type === type).map(make);
  };
  const { code, ...rest } = origin;
  const queuePolicies = all('AWS::SQS::QueuePolicy', (it) => parse(it, schemas.queuePolicy));
  const topicPolicies = all('AWS::SNS::TopicPolicy', (it) => parse(it, schemas.topicPolicy));
  const aliases = all('AWS::KMS::Alias', (it) => parse(it, schemas.keyAlias));
  const stack: Stack = {
    ...rest,
    table: onlyOne('AWS::DynamoDB::Table', all('AWS::DynamoDB::Table', table)),
    functions: all('AWS::Lambda::Function', (it) => lambdaFunction(it, code)),
    stateMachines: all('AWS::StepFunctions::StateMachine', stateMachine),
    rules: all('AWS::Events::Rule', rule),
    documents: all('AWS::SSM::Document', (it) => document(it, origin)),
    queues: all('AWS::SQS::Queue', (it) => queue(it, queuePolicies)),
    roles: all('AWS::IAM::Role', role),
    managedPolicies: all('AWS::IAM::ManagedPolicy', managedPolicy),
    keys: all('AWS::KMS::Key', (it) => key(it, aliases)),
    topics: all('AWS::SNS::Topic', (it) => topic(it, topicPolicies)),
    dashboards: all('AWS::CloudWatch::Dashboard', dashboard),
    alarms: all('AWS::CloudWatch::Alarm', alarm),
    logGroups: all('AWS::Logs::LogGroup', logGroup),
    lambdaPermissions: all('AWS::Lambda::Permission', lambdaPermission),
    eventInvokeConfigs: all('AWS::Lambda::EventInvokeConfig', eventInvokeConfig),
    outputs: [],
    parts: resources.map(({ logicalId, type, ref }) => ({ logicalId, type, physicalId: ref })),
  };
  refuseUnseen(resources, seen);
  checkDeployment(stack);
  checkPolicies(stack);
  return stack;
}

/** What the lab's IAM does not understand is an error here, before anything could be allowed by mistake. */
function checkPolicies({ roles, managedPolicies, keys, queues, topics }: Stack): void {
  for (const { logicalId, assumeRolePolicy, policies } of roles) {
    for (const document of [assumeRolePolicy, ...policies.map((policy) => policy.document)]) {
      compilePolicy(document, logicalId);
    }
  }
  for (const { logicalId, document } of managedPolicies) compilePolicy(document, logicalId);
  for (const { logicalId, policy } of keys) compilePolicy(policy, logicalId);
  for (const { logicalId, policies } of [...queues, ...topics]) {
    for (const document of policies) compilePolicy(document, logicalId);
  }
}

function refuseUnseen(resources: readonly ResolvedResource[], seen: ReadonlySet<string>): void {
  const forgotten = resources.find((it) => !seen.has(it.type));
  if (forgotten !== undefined) {
    throw new StackError(
      forgotten.logicalId,
      `the lab does nothing with ${forgotten.type}, and does not list it as inert`,
    );
  }
}

function onlyOne<T>(type: string, items: readonly T[]): T {
  const [item] = items;
  if (item === undefined || items.length > 1) {
    throw new StackError(undefined, `the lab needs exactly one ${type}, not ${items.length}`);
  }
  return item;
}

function table(resource: ResolvedResource): StackTable {
  const it = parse(resource, schemas.table);
  const [partition, sort] = it.KeySchema;
  return {
    ...named(resource, it.TableName),
    partitionKey: partition.AttributeName,
    sortKey: sort.AttributeName,
    ttlAttribute: it.TimeToLiveSpecification.AttributeName,
    indexes: it.GlobalSecondaryIndexes.map(({ IndexName: name, KeySchema: [hash, range], Projection }) => ({
      name,
      partitionKey: hash.AttributeName,
      sortKey: range.AttributeName,
      projection: Projection.ProjectionType,
    })),
  };
}

function lambdaFunction(resource: ResolvedResource, codeFolder: string): StackFunction {
  const it = parse(resource, schemas.lambdaFunction);
  const dot = it.Handler.lastIndexOf('.');
  const code = path.join(codeFolder, `${it.Handler.slice(0, dot)}.js`);
  if (!existsSync(code)) throw new StackError(resource.logicalId, `its bundle is missing: ${code}`);
  return {
    ...named(resource, it.FunctionName),
    key: functionKey(resource.logicalId),
    roleArn: it.Role,
    environment: it.Environment.Variables,
    timeout: it.Timeout,
    memory: it.MemorySize,
    handler: it.Handler,
    export: it.Handler.slice(dot + 1),
    code,
  };
}

/** The framework makes `CommandDoneLambdaFunction` of the key `commandDone`. */
function functionKey(logicalId: string): string {
  const suffix = 'LambdaFunction';
  if (!logicalId.endsWith(suffix)) throw new StackError(logicalId, 'a function that does not come from `functions:`');
  return logicalId.charAt(0).toLowerCase() + logicalId.slice(1, -suffix.length);
}

function stateMachine(resource: ResolvedResource): StackStateMachine {
  const it = parse(resource, schemas.stateMachine);
  const [destination] = it.LoggingConfiguration.Destinations;
  return {
    ...named(resource, it.StateMachineName),
    roleArn: it.RoleArn,
    definition: JSON.parse(it.DefinitionString) as JsonObject,
    logging: {
      level: it.LoggingConfiguration.Level,
      includeExecutionData: it.LoggingConfiguration.IncludeExecutionData,
      logGroupArn: destination.CloudWatchLogsLogGroup.LogGroupArn,
    },
  };
}

function rule(resource: ResolvedResource): StackRule {
  const it = parse(resource, schemas.rule);
  return {
    ...named(resource, it.Name),
    // One that is switched off matches nothing, and has no time.
    pattern: it.State === 'ENABLED' ? it.EventPattern : undefined,
    schedule: it.State === 'ENABLED' ? it.ScheduleExpression : undefined,
    targets: it.Targets.map((target) => ({
      id: target.Id,
      arn: target.Arn,
      roleArn: target.RoleArn,
      input: target.Input,
      deadLetterArn: target.DeadLetterConfig?.Arn,
      retry: {
        maximumEventAgeSeconds: target.RetryPolicy.MaximumEventAgeInSeconds,
        maximumRetryAttempts: target.RetryPolicy.MaximumRetryAttempts,
      },
    })),
  };
}

function document(resource: ResolvedResource, origin: Origin): StackDocument {
  const it = parse(resource, schemas.document);
  const prefix = `${origin.name}-`;
  if (!it.Name.startsWith(prefix)) throw new StackError(resource.logicalId, `its name ${it.Name} lacks the stage`);
  return {
    logicalId: resource.logicalId,
    name: it.Name,
    arn: `arn:${origin.partition}:ssm:${origin.region}:${origin.account}:document/${it.Name}`,
    verb: it.Name.slice(prefix.length),
    content: it.Content,
  };
}

function queue(resource: ResolvedResource, policies: readonly z.output<typeof schemas.queuePolicy>[]): StackQueue {
  const it = parse(resource, schemas.queue);
  return {
    ...named(resource, it.QueueName),
    url: resource.ref,
    policies: policies.filter((policy) => policy.Queues.includes(resource.ref)).map((policy) => policy.PolicyDocument),
  };
}

function topic(resource: ResolvedResource, policies: readonly z.output<typeof schemas.topicPolicy>[]): StackTopic {
  const own = policies.filter(({ Topics }) => Topics.includes(resource.ref));
  return {
    ...named(resource, parse(resource, schemas.topic).TopicName),
    arn: resource.ref,
    policies: own.map(({ PolicyDocument }) => PolicyDocument),
  };
}

function role(resource: ResolvedResource): StackRole {
  const it = parse(resource, schemas.role);
  return {
    ...named(resource, resource.ref),
    assumeRolePolicy: it.AssumeRolePolicyDocument,
    policies: it.Policies.map((policy) => ({ name: policy.PolicyName, document: policy.PolicyDocument })),
    managedPolicyArns: it.ManagedPolicyArns,
  };
}

function managedPolicy(resource: ResolvedResource): Stack['managedPolicies'][number] {
  const it = parse(resource, schemas.managedPolicy);
  return { ...named(resource, it.ManagedPolicyName), document: it.PolicyDocument };
}

function key(resource: ResolvedResource, aliases: readonly z.output<typeof schemas.keyAlias>[]): StackKey {
  return {
    logicalId: resource.logicalId,
    id: resource.ref,
    arn: resource.attributes['Arn'] ?? resource.ref,
    aliases: aliases.filter((alias) => alias.TargetKeyId === resource.ref).map((alias) => alias.AliasName),
    policy: parse(resource, schemas.key).KeyPolicy,
  };
}

function alarm(resource: ResolvedResource): StackAlarm {
  const it = parse(resource, schemas.alarm);
  return {
    ...named(resource, it.AlarmName),
    namespace: it.Namespace,
    metric: it.MetricName,
    dimensions: Object.fromEntries(it.Dimensions.map(({ Name, Value }) => [Name, Value])),
    statistic: it.Statistic,
    period: it.Period,
    evaluationPeriods: it.EvaluationPeriods,
    threshold: it.Threshold,
    comparison: it.ComparisonOperator,
    treatMissingData: it.TreatMissingData,
    actions: it.AlarmActions,
  };
}

function logGroup(resource: ResolvedResource): Stack['logGroups'][number] {
  const it = parse(resource, schemas.logGroup);
  return { logicalId: resource.logicalId, name: it.LogGroupName, retentionDays: it.RetentionInDays };
}

function lambdaPermission(resource: ResolvedResource): Stack['lambdaPermissions'][number] {
  const it = parse(resource, schemas.lambdaPermission);
  return {
    logicalId: resource.logicalId,
    functionArn: it.FunctionName,
    action: it.Action,
    principal: it.Principal,
    sourceArn: it.SourceArn,
  };
}

function eventInvokeConfig(resource: ResolvedResource): Stack['eventInvokeConfigs'][number] {
  const it = parse(resource, schemas.eventInvokeConfig);
  return {
    logicalId: resource.logicalId,
    functionName: it.FunctionName,
    maximumEventAgeSeconds: it.MaximumEventAgeInSeconds,
    maximumRetryAttempts: it.MaximumRetryAttempts,
    onFailureArn: it.DestinationConfig.OnFailure.Destination,
  };
}
