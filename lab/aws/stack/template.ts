// A CloudFormation template, with all references resolved: what `aws cloudformation deploy` would make of it, without the making.
import { createHash } from 'node:crypto';
import { z } from 'zod';

import { references, resolve, type Scope } from './intrinsics.ts';
import { type Json, type JsonObject, type Place, StackError, type StackOutput } from './stack.ts';

/** A resource with resolved properties and the identity that its references stand for. */
export interface ResolvedResource {
  readonly logicalId: string;
  readonly type: string;
  readonly properties: JsonObject;
  /** What `Ref` gives. */
  readonly ref: string;
  /** What `Fn::GetAtt` gives, by attribute. */
  readonly attributes: Readonly<Record<string, string>>;
}

const resourceShape = z.strictObject({
  Type: z.string(),
  Properties: z.record(z.string(), z.json()).default({}),
  DependsOn: z.union([z.string(), z.array(z.string())]).optional(),
  DeletionPolicy: z.string().optional(),
  UpdateReplacePolicy: z.string().optional(),
});

/** What else stands there CloudFormation refuses, and with it the whole template. */
const output = z.strictObject({
  Description: z.string().optional(),
  Value: z.json(),
  Export: z.strictObject({ Name: z.json() }).optional(),
});

/** Parameters, conditions, mappings and transforms are refused: nothing here would obey them. */
const templateShape = z.strictObject({
  AWSTemplateFormatVersion: z.string().optional(),
  Description: z.string().optional(),
  Resources: z.record(z.string(), resourceShape),
  Outputs: z.record(z.string(), output).default({}),
});

export type Template = z.output<typeof templateShape>;
type TemplateResource = z.output<typeof resourceShape>;

/** @throws StackError where the template has parts that the lab does not know. */
export function parseTemplate(json: unknown): Template {
  const parsed = templateShape.safeParse(json);
  if (!parsed.success)
    throw new StackError(undefined, `not a template that the lab can deploy:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** How a type names itself. `nameProperty` is absent where CloudFormation makes the name up. */
interface Identity {
  readonly nameProperty?: string;
  ref(name: string, place: Place): string;
  attributes(name: string, place: Place): Readonly<Record<string, string>>;
}

const nothing = (): Record<string, string> => ({});
const anonymous: Identity = { ref: (name) => name, attributes: nothing };
const arnOf = (place: Place, service: string, rest: string): string =>
  `arn:${place.partition}:${service}:${place.region}:${place.account}:${rest}`;

/** Every type that may occur. What the lab does with each is in load-stack.ts. */
const IDENTITIES: Readonly<Record<string, Identity>> = {
  'AWS::CloudWatch::Alarm': byName('AlarmName', (name, place) => ({
    Arn: arnOf(place, 'cloudwatch', `alarm:${name}`),
  })),
  'AWS::CloudWatch::Dashboard': byName('DashboardName', nothing),
  'AWS::DynamoDB::Table': byName('TableName', (name, place) => ({ Arn: arnOf(place, 'dynamodb', `table/${name}`) })),
  'AWS::Events::Rule': byName('Name', (name, place) => ({ Arn: arnOf(place, 'events', `rule/${name}`) })),
  'AWS::IAM::ManagedPolicy': {
    nameProperty: 'ManagedPolicyName',
    ref: policyArn,
    attributes: (name, place) => ({ PolicyArn: policyArn(name, place) }),
  },
  'AWS::IAM::Role': byName('RoleName', (name, place) => ({
    Arn: `arn:${place.partition}:iam::${place.account}:role/${name}`,
  })),
  'AWS::KMS::Alias': byName('AliasName', nothing),
  'AWS::KMS::Key': {
    ref: keyId,
    attributes: (name, place) => ({ Arn: arnOf(place, 'kms', `key/${keyId(name)}`), KeyId: keyId(name) }),
  },
  'AWS::Lambda::EventInvokeConfig': anonymous,
  'AWS::Lambda::Function': byName('FunctionName', (name, place) => ({
    Arn: arnOf(place, 'lambda', `function:${name}`),
  })),
  'AWS::Lambda::Permission': anonymous,
  'AWS::Logs::LogGroup': byName('LogGroupName', (name, place) => ({
    Arn: arnOf(place, 'logs', `log-group:${name}:*`),
  })),
  'AWS::S3::Bucket': byName('BucketName', (name, place) => ({ Arn: `arn:${place.partition}:s3:::${name}` })),
  'AWS::S3::BucketPolicy': anonymous,
  'AWS::SNS::Topic': {
    nameProperty: 'TopicName',
    ref: (name, place) => arnOf(place, 'sns', name),
    attributes: (name, place) => ({ TopicArn: arnOf(place, 'sns', name), TopicName: name }),
  },
  'AWS::SNS::TopicPolicy': anonymous,
  'AWS::SQS::Queue': {
    nameProperty: 'QueueName',
    ref: (name, place) => `https://sqs.${place.region}.${urlSuffix(place)}/${place.account}/${name}`,
    attributes: (name, place) => ({ Arn: arnOf(place, 'sqs', name), QueueName: name }),
  },
  'AWS::SQS::QueuePolicy': anonymous,
  'AWS::SSM::Document': byName('Name', nothing),
  'AWS::StepFunctions::StateMachine': {
    nameProperty: 'StateMachineName',
    ref: machineArn,
    attributes: (name, place) => ({ Arn: machineArn(name, place), Name: name }),
  },
};

/**
 * Resolves every property of every resource.
 * @throws StackError for unknown types, functions, references, and for references that go in a circle.
 */
export function resolveTemplate(template: Template, stackName: string, place: Place): readonly ResolvedResource[] {
  const known = new Map<string, ResolvedResource>();
  const scope = scopeOf(known, stackName, place);
  // Dependencies first, so that every name is known when it is referred to.
  for (const [logicalId, resource] of inOrder(template)) {
    const identity = IDENTITIES[resource.Type];
    if (identity === undefined) throw new StackError(logicalId, `the lab does not know the type ${resource.Type}`);
    const properties = resolve(resource.Properties, scope, logicalId) as JsonObject;
    const name = nameOf(logicalId, properties, identity, stackName);
    known.set(logicalId, {
      logicalId,
      type: resource.Type,
      properties,
      ref: identity.ref(name, place),
      attributes: identity.attributes(name, place),
    });
  }
  resolveOutputs(template, scope);
  return Object.keys(template.Resources).flatMap((logicalId) => known.get(logicalId) ?? []);
}

/** What a deployed template tells of itself, and lets others import. */
export function outputsOf(
  template: Template,
  resources: readonly ResolvedResource[],
  stackName: string,
  place: Place,
): readonly StackOutput[] {
  const known = new Map(resources.map((resource) => [resource.logicalId, resource]));
  return resolveOutputs(template, scopeOf(known, stackName, place));
}

function resolveOutputs({ Outputs }: Template, scope: Scope): readonly StackOutput[] {
  return Object.entries(Outputs).map(([key, { Value, Export, Description }]) => ({
    key,
    value: textOf(resolve(Value, scope, `Outputs.${key}`), key),
    exportName: Export === undefined ? undefined : textOf(resolve(Export.Name, scope, `Outputs.${key}`), key),
    description: Description,
  }));
}

function textOf(value: Json, output: string): string {
  if (typeof value !== 'string') throw new StackError(`Outputs.${output}`, 'is not a text');
  return value;
}

function nameOf(logicalId: string, properties: JsonObject, identity: Identity, stackName: string): string {
  const given = identity.nameProperty === undefined ? undefined : properties[identity.nameProperty];
  if (given === undefined) return `${stackName}-${logicalId}`;
  if (typeof given !== 'string')
    throw new StackError(logicalId, `${identity.nameProperty ?? 'the name'} is not a text`);
  return given;
}

function scopeOf(known: ReadonlyMap<string, ResolvedResource>, stackName: string, place: Place): Scope {
  const pseudo: Readonly<Record<string, string>> = {
    'AWS::AccountId': place.account,
    'AWS::Partition': place.partition,
    'AWS::Region': place.region,
    'AWS::StackName': stackName,
    'AWS::URLSuffix': urlSuffix(place),
  };
  const resource = (logicalId: string): ResolvedResource => {
    const found = known.get(logicalId);
    if (found === undefined) throw new StackError(logicalId, 'is referred to, and does not exist');
    return found;
  };
  return {
    ref: (name) => (Object.hasOwn(pseudo, name) ? (pseudo[name] ?? '') : resource(name).ref),
    getAtt: (logicalId, attribute) => {
      const value = resource(logicalId).attributes[attribute];
      if (value === undefined) throw new StackError(logicalId, `the lab does not know its attribute ${attribute}`);
      return value;
    },
  };
}

/** Resources, each after those that it refers to. */
function inOrder(template: Template): readonly (readonly [string, TemplateResource])[] {
  const done = new Map<string, TemplateResource>();
  const visit = (logicalId: string, path: readonly string[]): void => {
    const resource = template.Resources[logicalId];
    if (resource === undefined || done.has(logicalId)) return;
    if (path.includes(logicalId)) {
      throw new StackError(logicalId, `refers to itself: ${[...path, logicalId].join(' -> ')}`);
    }
    for (const id of dependenciesOf(logicalId, resource, template)) visit(id, [...path, logicalId]);
    done.set(logicalId, resource);
  };
  for (const logicalId of Object.keys(template.Resources)) visit(logicalId, []);
  return [...done];
}

function dependenciesOf(logicalId: string, resource: TemplateResource, template: Template): ReadonlySet<string> {
  const explicit = [resource.DependsOn ?? []].flat();
  for (const id of explicit) {
    if (template.Resources[id] === undefined) throw new StackError(logicalId, `depends on ${id}, which does not exist`);
  }
  return new Set([...explicit, ...references(resource.Properties, logicalId)]);
}

function byName(nameProperty: string, attributes: Identity['attributes']): Identity {
  return { nameProperty, ref: (name) => name, attributes };
}

function policyArn(name: string, place: Place): string {
  return `arn:${place.partition}:iam::${place.account}:policy/${name}`;
}

function machineArn(name: string, place: Place): string {
  return arnOf(place, 'states', `stateMachine:${name}`);
}

/** AWS draws key ids at random; the lab's are the same in each run, so that what it prints can be compared. */
function keyId(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}

function urlSuffix(place: Place): string {
  return place.partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
}
