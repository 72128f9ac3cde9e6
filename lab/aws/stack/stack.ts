// A deployed stack as plain data: what the lab's services are built from. Names follow CloudFormation's where they mean the same.

/** The template cannot be deployed in the lab: something in it is unknown, unresolvable, or contradicts itself. */
export class StackError extends Error {
  override readonly name = 'StackError';
  /** The resource that is to blame; undefined where it is the template as a whole. */
  readonly logicalId: string | undefined;

  constructor(logicalId: string | undefined, message: string) {
    super(logicalId === undefined ? message : `${logicalId}: ${message}`);
    this.logicalId = logicalId;
  }
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = Readonly<Record<string, Json>>;

/** Where a stack is deployed. */
export interface Place {
  readonly account: string;
  readonly region: string;
  readonly partition: string;
}

export interface Stack extends Place {
  readonly stage: string;
  /** CloudFormation's name of the stack: `skep-<stage>`. */
  readonly name: string;
  readonly table: StackTable;
  readonly functions: readonly StackFunction[];
  readonly stateMachines: readonly StackStateMachine[];
  readonly rules: readonly StackRule[];
  readonly documents: readonly StackDocument[];
  readonly queues: readonly StackQueue[];
  readonly roles: readonly StackRole[];
  readonly managedPolicies: readonly StackManagedPolicy[];
  readonly keys: readonly StackKey[];
  readonly topics: readonly StackTopic[];
  readonly dashboards: readonly StackDashboard[];
  readonly alarms: readonly StackAlarm[];
  readonly logGroups: readonly StackLogGroup[];
  readonly lambdaPermissions: readonly StackLambdaPermission[];
  readonly eventInvokeConfigs: readonly StackEventInvokeConfig[];
  readonly outputs: readonly StackOutput[];
  readonly parts: readonly StackPart[];
}

/** A resource as CloudFormation lists it. */
export interface StackPart {
  readonly logicalId: string;
  readonly type: string;
  readonly physicalId: string;
}

export interface StackOutput {
  readonly key: string;
  readonly value: string;
  readonly exportName: string | undefined;
  readonly description: string | undefined;
}

/** What an account has with several stacks in it; what there is one of in each stack, like its table, is the first one's. */
export function beside(stack: Stack, others: readonly Stack[]): Stack {
  const all = [stack, ...others];
  return {
    ...stack,
    functions: all.flatMap((one) => one.functions),
    stateMachines: all.flatMap((one) => one.stateMachines),
    rules: all.flatMap((one) => one.rules),
    documents: all.flatMap((one) => one.documents),
    queues: all.flatMap((one) => one.queues),
    keys: all.flatMap((one) => one.keys),
    lambdaPermissions: all.flatMap((one) => one.lambdaPermissions),
    alarms: all.flatMap((one) => one.alarms),
    topics: all.flatMap((one) => one.topics),
    eventInvokeConfigs: all.flatMap((one) => one.eventInvokeConfigs),
  };
}

interface Resource {
  readonly logicalId: string;
}

interface Named extends Resource {
  readonly name: string;
  readonly arn: string;
}

interface StackIndex {
  readonly name: string;
  readonly partitionKey: string;
  readonly sortKey: string;
  readonly projection: 'KEYS_ONLY' | 'ALL';
}

export interface StackTable extends Named {
  readonly partitionKey: string;
  readonly sortKey: string;
  readonly ttlAttribute: string;
  readonly indexes: readonly StackIndex[];
}

export interface StackFunction extends Named {
  /** The key in serverless.yml, e.g. `commandDone`. */
  readonly key: string;
  readonly roleArn: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Seconds. */
  readonly timeout: number;
  /** MB. */
  readonly memory: number;
  /** As Lambda knows it, e.g. `functions/claim.handler`. */
  readonly handler: string;
  /** The handler's name among the exports of `code`. */
  readonly export: string;
  /** The bundle: path of a CommonJS file. */
  readonly code: string;
}

export interface StackStateMachine extends Named {
  readonly roleArn: string;
  readonly definition: JsonObject;
  readonly logging: { readonly level: string; readonly includeExecutionData: boolean; readonly logGroupArn: string };
}

/** A rule has either a pattern or a schedule, and neither where it is switched off. */
export interface StackRule extends Named {
  readonly pattern: JsonObject | undefined;
  readonly schedule: string | undefined;
  readonly targets: readonly StackTarget[];
}

export interface StackTarget {
  readonly id: string;
  readonly arn: string;
  /** Which role EventBridge takes on; undefined for functions, which know a permission instead. */
  readonly roleArn: string | undefined;
  /** The constant text that is sent in place of the event. */
  readonly input: string | undefined;
  readonly deadLetterArn: string | undefined;
  readonly retry: { readonly maximumEventAgeSeconds: number; readonly maximumRetryAttempts: number };
}

export interface StackDocument extends Named {
  /** `skep-<stage>-<verb>` without its prefix. */
  readonly verb: string;
  readonly content: JsonObject;
}

export interface StackQueue extends Named {
  readonly url: string;
  readonly policies: readonly PolicyDocument[];
}

export interface StackRole extends Named {
  readonly assumeRolePolicy: PolicyDocument;
  readonly policies: readonly { readonly name: string; readonly document: PolicyDocument }[];
  readonly managedPolicyArns: readonly string[];
}

export interface StackManagedPolicy extends Named {
  readonly document: PolicyDocument;
}

export interface StackKey extends Resource {
  readonly id: string;
  readonly arn: string;
  readonly aliases: readonly string[];
  readonly policy: PolicyDocument;
}

export interface StackTopic extends Named {
  readonly policies: readonly PolicyDocument[];
}

export interface StackDashboard extends Named {
  readonly widgets: readonly StackWidget[];
}

export interface StackWidget {
  readonly title: string;
  readonly statistic: string | undefined;
  /** Alarm ARNs, metrics as [namespace, name, dimension, value], or SEARCH expressions. */
  readonly alarms: readonly string[];
  readonly metrics: readonly (readonly string[])[];
  readonly searches: readonly string[];
}

export interface StackAlarm extends Named {
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly statistic: string;
  /** Seconds. */
  readonly period: number;
  readonly evaluationPeriods: number;
  readonly threshold: number;
  readonly comparison: string;
  readonly treatMissingData: string;
  readonly actions: readonly string[];
}

interface StackLogGroup extends Resource {
  readonly name: string;
  readonly retentionDays: number;
}

interface StackLambdaPermission extends Resource {
  readonly functionArn: string;
  readonly action: string;
  readonly principal: string;
  readonly sourceArn: string;
}

/** What Lambda does with an event that an asynchronous call failed on. */
interface StackEventInvokeConfig extends Resource {
  readonly functionName: string;
  readonly maximumEventAgeSeconds: number;
  readonly maximumRetryAttempts: number;
  readonly onFailureArn: string;
}

/** As AWS has it, with all of CloudFormation's functions resolved and IAM's own variables left in place. */
export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly PolicyStatement[];
}

export interface PolicyStatement {
  readonly Sid?: string | undefined;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action?: string | readonly string[] | undefined;
  readonly NotAction?: string | readonly string[] | undefined;
  readonly Resource?: string | readonly string[] | undefined;
  readonly NotResource?: string | readonly string[] | undefined;
  readonly Principal?: '*' | Readonly<Record<string, string | readonly string[]>> | undefined;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>> | undefined;
}
