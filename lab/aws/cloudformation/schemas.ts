// AWS's own schemas of its resource types (@aws-cdk/aws-service-spec): which properties there are, and what a change of each means.
import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec';

import type { Json, JsonObject } from '../stack/stack.ts';

/** What becomes of a resource whose property changes. */
export type Replacement = 'never' | 'always' | 'conditionally';

type Database = ReturnType<typeof loadAwsServiceSpecSync>;
type Schema = NonNullable<ReturnType<typeof schemaOf>>;
type Properties = Schema['properties'];
type PropertyType = Properties[string]['type'];

let loaded: Database | undefined;

/** Read when it is first asked for: it takes half a second of the processor, and most labs never ask. */
const database = (): Database => (loaded ??= loadAwsServiceSpecSync());

const schemaOf = (type: string) => [...database().lookup('resource', 'cloudFormationType', 'equals', type)][0];

export const isType = (type: string): boolean => schemaOf(type) !== undefined;

export function replacementBy(type: string, name: string): Replacement {
  const property = schemaOf(type)?.properties[name];
  switch (property?.causesReplacement) {
    case 'yes':
      return 'always';
    case 'maybe':
      return 'conditionally';
    default:
      return 'never';
  }
}

/** As CloudFormation words it; undefined where the properties are those of the schema. */
export function problemWith(type: string, properties: JsonObject): string | undefined {
  const schema = schemaOf(type);
  return schema === undefined ? undefined : problemsIn(schema.properties, properties, '#')[0];
}

function problemsIn(known: Properties, given: JsonObject, path: string): readonly string[] {
  const missing = Object.entries(known)
    .filter(([name, { required }]) => required === true && given[name] === undefined)
    .map(([name]) => `${path}: required key [${name}] not found`);
  const inside = Object.entries(given).flatMap(([name, value]) => {
    const property = known[name];
    return property === undefined
      ? [`${path}: extraneous key [${name}] is not permitted`]
      : problemsOf([property.type, ...(property.previousTypes ?? [])], value, `${path}/${name}`);
  });
  return [...missing, ...inside];
}

/** Types that a property had before are taken, too. */
function problemsOf(types: readonly PropertyType[], value: Json, path: string): readonly string[] {
  const each = types.map((type) => problemsOfType(type, value, path));
  return each.find((problems) => problems.length === 0) ?? each[0] ?? [];
}

function problemsOfType(type: PropertyType, value: Json, path: string): readonly string[] {
  switch (type.type) {
    case 'array':
      return Array.isArray(value)
        ? (value as readonly Json[]).flatMap((one, index) => problemsOf([type.element], one, `${path}/${index}`))
        : [`${path}: expected type: JSONArray, found: ${kindOf(value)}`];
    case 'map':
    case 'ref':
      return isObject(value)
        ? problemsOfObject(type, value, path)
        : [`${path}: expected type: JSONObject, found: ${kindOf(value)}`];
    case 'union':
      return problemsOf(type.types, value, path);
    case 'json':
    case 'tag':
    case 'null':
      return [];
    default:
      return problemsOfScalar(type.type, value, path);
  }
}

function problemsOfObject(
  type: Extract<PropertyType, { readonly type: 'map' | 'ref' }>,
  value: JsonObject,
  path: string,
): readonly string[] {
  return type.type === 'ref'
    ? problemsIn(database().get('typeDefinition', type.reference).properties, value, path)
    : Object.entries(value).flatMap(([name, one]) => problemsOf([type.element], one, `${path}/${name}`));
}

/** A text may stand for a number or a truth, and the other way round. */
function problemsOfScalar(type: string, value: Json, path: string): readonly string[] {
  if (typeof value === 'object') {
    return [`${path}: expected type: ${NAMES[type] ?? 'String'}, found: ${kindOf(value)}`];
  }
  const fits =
    type === 'boolean'
      ? /^(true|false)$/.test(String(value))
      : type === 'integer' || type === 'number'
        ? String(value).trim() !== '' && Number.isFinite(Number(value))
        : true;
  return fits ? [] : [`${path}: expected type: ${NAMES[type] ?? type}, found: ${kindOf(value)}`];
}

const NAMES: Readonly<Record<string, string>> = { boolean: 'Boolean', integer: 'Integer', number: 'Number' };

function kindOf(value: Json): string {
  if (Array.isArray(value)) {
    return 'JSONArray';
  }
  return isObject(value) ? 'JSONObject' : 'String';
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
