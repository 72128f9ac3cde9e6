// Holds a template against AWS's own resource schemas, and its references against each other.
import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec';

import { asText, isObject } from './templates.ts';
import type { ClusterTemplate, Json, JsonObject } from './templates.ts';

const spec = loadAwsServiceSpecSync();

interface Properties {
  readonly [name: string]: { readonly type: SpecType; readonly required?: boolean | undefined };
}
/** As the package has them. */
type SpecType =
  | { readonly type: 'string' | 'number' | 'integer' | 'boolean' | 'date-time' | 'json' | 'tag' | 'null' }
  | { readonly type: 'array' | 'map'; readonly element: SpecType }
  | { readonly type: 'ref'; readonly reference: { readonly $ref: string } }
  | { readonly type: 'union'; readonly types: readonly SpecType[] };

/** What CloudFormation would refuse, as `Resource.Property: what`. */
export function schemaProblems(template: ClusterTemplate): string[] {
  return Object.entries(template.Resources).flatMap(([logicalId, { Type, Properties: given }]) => {
    const found = spec.lookup('resource', 'cloudFormationType', 'equals', Type)[0];
    return found === undefined
      ? [`${logicalId}: AWS has no type ${Type}`]
      : objectProblems(given, found.properties, logicalId);
  });
}

export function attributesOf(type: string): readonly string[] {
  const found = spec.lookup('resource', 'cloudFormationType', 'equals', type)[0];
  return Object.keys(found?.attributes ?? {});
}

function objectProblems(given: JsonObject, known: Properties, path: string): string[] {
  const missing = Object.entries(known)
    .filter(([name, { required }]) => required === true && !Object.hasOwn(given, name))
    .map(([name]) => `${path}: ${name} is missing`);
  const others = Object.entries(given).flatMap(([name, value]) => {
    const property = known[name];
    return property === undefined
      ? [`${path}: no property ${name}`]
      : typeProblems(value, property.type, `${path}.${name}`);
  });
  return [...missing, ...others];
}

function typeProblems(value: Json, type: SpecType, path: string): string[] {
  const [name, argument] = intrinsic(value) ?? [];
  if (name !== undefined) {
    const branches = name === 'Fn::If' && Array.isArray(argument) ? argument.slice(1) : [];
    return branches.flatMap((branch) => typeProblems(branch, type, path));
  }
  return literalProblems(value, type, path);
}

function literalProblems(value: Json, type: SpecType, path: string): string[] {
  switch (type.type) {
    case 'array':
      return Array.isArray(value)
        ? value.flatMap((item, index) => typeProblems(item, type.element, `${path}[${index}]`))
        : [`${path}: a list is wanted`];
    case 'union':
      return type.types.some((one) => typeProblems(value, one, path).length === 0) ? [] : [`${path}: no type fits`];
    case 'map':
    case 'ref':
    case 'tag':
      return isObject(value) ? memberProblems(value, type, path) : [`${path}: an object is wanted`];
    default:
      return fits(value, type.type) ? [] : [`${path}: ${type.type} is wanted`];
  }
}

function memberProblems(value: JsonObject, type: SpecType, path: string): string[] {
  switch (type.type) {
    case 'map':
      return Object.entries(value).flatMap(([key, item]) => typeProblems(item, type.element, `${path}.${key}`));
    case 'ref':
      return objectProblems(value, spec.get('typeDefinition', type.reference.$ref).properties, path);
    default:
      return Object.keys(value).toSorted().join() === 'Key,Value' ? [] : [`${path}: a tag is wanted`];
  }
}

/** CloudFormation turns texts into numbers and truth values, and the other way round. */
function fits(value: Json, type: string): boolean {
  switch (type) {
    case 'json':
      return true;
    case 'boolean':
      return ['true', 'false'].includes(asText(value));
    case 'number':
    case 'integer':
      return ['string', 'number'].includes(typeof value) && Number.isFinite(Number(value));
    default:
      return ['string', 'number', 'boolean'].includes(typeof value);
  }
}

export function intrinsic(value: Json): readonly [string, Json] | undefined {
  const entries = isObject(value) ? Object.entries(value) : [];
  const [first] = entries;
  return entries.length === 1 && first !== undefined && (first[0] === 'Ref' || first[0].startsWith('Fn::'))
    ? first
    : undefined;
}
