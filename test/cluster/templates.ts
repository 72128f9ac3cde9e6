// The templates of cluster/, read as CloudFormation reads them.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { isAlias, parseDocument, visit } from 'yaml';
import { z } from 'zod';

export type Json = z.infer<ReturnType<typeof z.json>>;
export type JsonObject = Readonly<Record<string, Json>>;

const resource = z.strictObject({
  Type: z.string(),
  Condition: z.string().optional(),
  DependsOn: z.string().optional(),
  DeletionPolicy: z.string().optional(),
  UpdateReplacePolicy: z.string().optional(),
  CreationPolicy: z.json().optional(),
  UpdatePolicy: z.record(z.string(), z.json()).optional(),
  Properties: z.record(z.string(), z.json()).default({}),
});

const template = z.strictObject({
  AWSTemplateFormatVersion: z.literal('2010-09-09'),
  Description: z.string().max(1024),
  Parameters: z.record(
    z.string(),
    z.strictObject({
      Type: z.string(),
      Default: z.union([z.string(), z.number()]).optional(),
      AllowedPattern: z.string().optional(),
      AllowedValues: z.array(z.union([z.string(), z.number()])).optional(),
      ConstraintDescription: z.string().optional(),
      Description: z.string().optional(),
      MinValue: z.number().optional(),
      MaxValue: z.number().optional(),
      MaxLength: z.number().optional(),
    }),
  ),
  Rules: z.record(z.string(), z.json()).default({}),
  Conditions: z.record(z.string(), z.json()).default({}),
  Resources: z.record(z.string(), resource),
  Outputs: z.record(
    z.string(),
    z.strictObject({ Condition: z.string().optional(), Description: z.string().optional(), Value: z.json() }),
  ),
});

export type ClusterTemplate = z.output<typeof template>;
export type ClusterResource = z.output<typeof resource>;

export const NAMES = ['network', 'cluster', 'group'] as const;
export type TemplateName = (typeof NAMES)[number];

export const textOf = (name: TemplateName): string =>
  readFileSync(fileURLToPath(new URL(`../../cluster/${name}.yaml`, import.meta.url)), 'utf8');

/** @throws where CloudFormation would not take it as a template at all */
export function parse(text: string): ClusterTemplate {
  const document = parseDocument(text, { strict: true, uniqueKeys: true });
  if (document.errors.length > 0) throw new Error(document.errors.map(({ message }) => message).join('\n'));
  visit(document, (_key, node) => {
    // Its guide lists what it does not take of YAML.
    if (isAlias(node)) throw new Error(`CloudFormation takes no YAML aliases: *${node.source}`);
  });
  return template.parse(document.toJS());
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What stands at `path`, or null. */
export function at(value: Json | undefined, ...path: readonly (string | number)[]): Json {
  const [key, ...rest] = path;
  if (key === undefined) return value ?? null;
  if (Array.isArray(value)) return at(value[Number(key)], ...rest);
  return isObject(value) ? at(value[key], ...rest) : null;
}

/** A text as it is, all else as JSON. */
export const asText = (value: Json | undefined): string =>
  typeof value === 'string' ? value : JSON.stringify(value ?? null);

/** Every object within `value`, itself included. */
export function objectsIn(value: Json | undefined): JsonObject[] {
  if (Array.isArray(value)) return value.flatMap((item) => objectsIn(item));
  return isObject(value) ? [value, ...Object.values(value).flatMap((item) => objectsIn(item))] : [];
}
