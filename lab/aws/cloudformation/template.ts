// A template with the values of its parameters: which resources there are to be, in which order, and what each is made of.
import { z } from 'zod';

import { AwsError } from '../services/service.ts';
import { holds, references, resolve } from '../stack/intrinsics.ts';
import type { Scope } from '../stack/intrinsics.ts';
import { StackError } from '../stack/stack.ts';
import type { Json, JsonObject, Place, StackOutput } from '../stack/stack.ts';
import { declaredParameter, refOf } from './parameters.ts';
import type { Declared } from './parameters.ts';
import { checkRules, rule } from './rules.ts';
import { invalidTemplate, readTemplateText } from './template-text.ts';

const policy = z.enum(['Delete', 'Retain', 'RetainExceptOnCreate']).default('Delete');
const resource = z.strictObject({
  Type: z.string(),
  Properties: z.record(z.string(), z.json()).default({}),
  DependsOn: z.union([z.string().transform((one) => [one]), z.array(z.string())]).default([]),
  Condition: z.string().optional(),
  DeletionPolicy: policy,
  UpdateReplacePolicy: policy,
  UpdatePolicy: z
    .strictObject({
      AutoScalingScheduledAction: z.strictObject({ IgnoreUnmodifiedGroupSizeProperties: z.boolean() }).optional(),
    })
    .default({}),
  Metadata: z.json().optional(),
});
const output = z.strictObject({
  Description: z.string().max(1024).optional(),
  Value: z.json(),
  Export: z.strictObject({ Name: z.json() }).optional(),
  Condition: z.string().optional(),
});
const template = z.strictObject({
  AWSTemplateFormatVersion: z.literal('2010-09-09').optional(),
  Description: z.string().max(1024).optional(),
  Metadata: z.json().optional(),
  Parameters: z.record(z.string(), declaredParameter).default({}),
  Rules: z.record(z.string(), rule).default({}),
  Mappings: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.json()))).default({}),
  Conditions: z.record(z.string(), z.json()).default({}),
  Resources: z.record(z.string().regex(/^[A-Za-z0-9]{1,255}$/), resource),
  Outputs: z.record(z.string(), output).default({}),
});

export type Template = z.output<typeof template>;
export type TemplateResource = z.output<typeof resource>;

/** @throws {AwsError} where CloudFormation, or the lab, would not take it */
export function parseTemplate(text: string, longest?: number): Template {
  const json = readTemplateText(text, longest);
  if (json['Resources'] === undefined || Object.keys(json['Resources'] as object).length === 0) {
    throw invalidTemplate('At least one Resources member must be defined.');
  }
  const parsed = template.safeParse(json);
  if (!parsed.success) {
    throw invalidTemplate(problemOf(parsed.error));
  }
  checkNames(parsed.data);
  return parsed.data;
}

function problemOf({ issues }: z.ZodError): string {
  const [issue] = issues;
  if (issue?.code === 'unrecognized_keys') {
    const where = issue.path.join('/');
    return where === ''
      ? `Invalid template property or properties [${issue.keys.join(', ')}]`
      : `Invalid template resource property '${issue.keys[0] ?? ''}' (${where})`;
  }
  return issue === undefined ? 'unsupported structure.' : `[/${issue.path.join('/')}] ${issue.message}`;
}

/** What is referred to in a section must stand in it, or in another one that it may refer to. */
function checkNames(parsed: Template): void {
  const known = new Set([...Object.keys(parsed.Parameters), ...Object.keys(parsed.Resources), ...PSEUDO]);
  checkReferences(Object.entries(parsed.Resources), known, parsed, 'Resources');
  const outputs = Object.entries(parsed.Outputs).map(([name, { Value, Export, Condition }]): [string, Referring] => [
    name,
    { Properties: { Value, ...(Export === undefined ? {} : { Export }) }, DependsOn: [], Condition },
  ]);
  checkReferences(outputs, known, parsed, 'Outputs');
}

type Referring = Pick<TemplateResource, 'Properties' | 'DependsOn' | 'Condition'>;

function checkReferences(
  entries: readonly (readonly [string, Referring])[],
  known: ReadonlySet<string>,
  { Conditions, Resources }: Template,
  section: string,
): void {
  const unresolved = new Set<string>();
  for (const [name, { Properties, DependsOn, Condition }] of entries) {
    if (Condition !== undefined && !Object.hasOwn(Conditions, Condition)) {
      throw invalidTemplate(`Template validation error: Unresolved condition ${Condition} of ${name}`);
    }
    const named = [...asTemplateError(() => references(Properties, name))];
    const missing = [
      ...named.filter((one) => !known.has(one)),
      ...DependsOn.filter((one) => !Object.hasOwn(Resources, one)),
    ];
    for (const one of missing) unresolved.add(one);
  }
  if (unresolved.size > 0) {
    throw invalidTemplate(
      `Unresolved resource dependencies [${[...unresolved].join(', ')}] in the ${section} block of the template`,
    );
  }
}

const PSEUDO = [
  ...['AccountId', 'NoValue', 'NotificationARNs', 'Partition', 'Region', 'StackId', 'StackName', 'URLSuffix'].map(
    (name) => `AWS::${name}`,
  ),
];

/** Words of the functions as an error of CloudFormation. */
function asTemplateError<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof StackError) {
      throw new AwsError('ValidationError', `Template error: ${error.message}`);
    }
    throw error;
  }
}

/** What a template needs to know of whom it is deployed for. */
export interface Deployment extends Place {
  readonly stackName: string;
  readonly stackId: string;
  readonly notificationArns: readonly string[];
  readonly zones: readonly string[];
  /** @throws {AwsError} where there is no such export */
  readonly importValue: (name: string) => string;
}

/** What refers to resources has to know of them. */
export interface Made {
  readonly ref: string;
  readonly attribute: (name: string) => Json | undefined;
}

export interface Planned {
  readonly logicalId: string;
  readonly resource: TemplateResource;
  /** Logical ids of what must be there first. */
  readonly after: ReadonlySet<string>;
}

/** A template that is to be deployed: conditions are known, resources are not yet. */
export class Blueprint {
  readonly template: Template;
  readonly parameters: ReadonlyMap<string, string>;
  /** Resources that are to be, each after those that it refers to. */
  readonly planned: readonly Planned[];
  readonly #deployment: Deployment;
  /** Of the exports of others. */
  readonly imports = new Set<string>();

  /** @throws {AwsError} where a rule of the template does not hold, or resources need each other in a circle */
  constructor(parsed: Template, parameters: ReadonlyMap<string, string>, deployment: Deployment) {
    this.template = parsed;
    this.parameters = parameters;
    this.#deployment = deployment;
    asTemplateError(() => {
      checkRules(
        parsed.Rules,
        this.#scope(() => undefined),
      );
    });
    this.planned = this.#plan();
  }

  /** @throws {AwsError} where they go in a circle */
  #plan(): readonly Planned[] {
    const scope = this.#scope(() => undefined);
    const active = Object.entries(this.template.Resources).filter(([, one]) => this.#isActive(one.Condition));
    const names = new Set(active.map(([name]) => name));
    const all = active.map(([logicalId, one]) => {
      const referred = asTemplateError(() => references(one.Properties, logicalId, scope));
      const after = new Set([...referred, ...one.DependsOn].filter((name) => names.has(name)));
      return { logicalId, resource: one, after };
    });
    return inOrder(all);
  }

  /** @throws {AwsError} for a function with wrong arguments, or what is not there */
  properties(planned: Planned, made: (logicalId: string) => Made | undefined): JsonObject {
    const { Properties: properties } = planned.resource;
    return asTemplateError(() => resolve(properties, this.#scope(made), planned.logicalId)) as JsonObject;
  }

  outputs(made: (logicalId: string) => Made | undefined): readonly StackOutput[] {
    const scope = this.#scope(made);
    return Object.entries(this.template.Outputs)
      .filter(([, { Condition }]) => this.#isActive(Condition))
      .map(([key, { Value, Export, Description }]) => ({
        key,
        value: textOf(asTemplateError(() => resolve(Value, scope, key))),
        exportName: Export === undefined ? undefined : textOf(asTemplateError(() => resolve(Export.Name, scope, key))),
        description: Description,
      }));
  }

  #isActive(condition: string | undefined): boolean {
    return condition === undefined || asTemplateError(() => this.#holds(condition));
  }

  #holds(name: string): boolean {
    const condition = this.template.Conditions[name];
    if (condition === undefined) {
      throw new StackError(name, 'is no condition of the template');
    }
    return holds(
      condition,
      this.#scope(() => undefined),
      name,
    );
  }

  #scope(made: (logicalId: string) => Made | undefined): Scope {
    const known = (logicalId: string): Made => {
      const found = made(logicalId);
      if (found === undefined) throw new StackError(logicalId, 'is referred to, and is not there');
      return found;
    };
    return {
      ref: (name) => this.#pseudo(name) ?? this.#parameter(name) ?? known(name).ref,
      getAtt: (logicalId, attribute) => {
        const value = known(logicalId).attribute(attribute);
        if (value === undefined) {
          const type = this.template.Resources[logicalId]?.Type ?? logicalId;
          throw new StackError(logicalId, `${type} does not support attribute type ${attribute} in Fn::GetAtt`);
        }
        return value;
      },
      more: {
        condition: (name) => this.#holds(name),
        mapping: (map, key, inner) => {
          const value = this.template.Mappings[map]?.[key]?.[inner];
          if (value === undefined) throw new StackError(map, `Unable to get mapping for ${map}::${key}::${inner}`);
          return value;
        },
        importValue: (name) => {
          this.imports.add(name);
          return this.#deployment.importValue(name);
        },
        zones: () => this.#deployment.zones,
      },
    };
  }

  #parameter(name: string): Json | undefined {
    const declared: Declared = this.template.Parameters;
    const [one, value] = [declared[name], this.parameters.get(name)];
    return one === undefined || value === undefined ? undefined : refOf(name, value, one);
  }

  #pseudo(name: string): Json | undefined {
    const { account, partition, region, stackId, stackName, notificationArns } = this.#deployment;
    const values: Readonly<Record<string, Json>> = {
      'AWS::AccountId': account,
      'AWS::NotificationARNs': notificationArns,
      'AWS::Partition': partition,
      'AWS::Region': region,
      'AWS::StackId': stackId,
      'AWS::StackName': stackName,
      'AWS::URLSuffix': partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com',
    };
    return values[name];
  }
}

/** Outputs are texts. */
function textOf(value: Json): string {
  if (typeof value === 'object') {
    throw invalidTemplate('The Value field of every Outputs member must evaluate to a String.');
  }
  return String(value);
}

function inOrder(all: readonly Planned[]): readonly Planned[] {
  const done = new Map<string, Planned>();
  let left = all;
  while (left.length > 0) {
    const ready = left.filter(({ after }) => [...after].every((one) => done.has(one)));
    if (ready.length === 0) {
      const names = left.map(({ logicalId }) => logicalId);
      throw new AwsError('ValidationError', `Circular dependency between resources: [${names.join(', ')}]`);
    }
    for (const one of ready) done.set(one.logicalId, one);
    left = left.filter(({ logicalId }) => !done.has(logicalId));
  }
  return [...done.values()];
}
