// CloudFormation's intrinsic functions, as far as skep's template uses them. Any other one is refused.
import type { Json } from './stack.ts';
import { StackError } from './stack.ts';

/** What the functions refer to. Both throw StackError for what does not exist. */
export interface Scope {
  ref(name: string): Json;
  getAtt(logicalId: string, attribute: string): Json;
}

/** A template's property whose value is AWS::NoValue is as good as absent. */
const NO_VALUE = 'AWS::NoValue';

/**
 * Replaces every intrinsic function in `value` by what it stands for.
 * @throws StackError for a function that is not known, one with arguments of another shape, or a reference that leads nowhere.
 */
export function resolve(value: Json, scope: Scope, logicalId: string): Json {
  if (Array.isArray(value)) {
    return (value as readonly Json[]).filter((item) => !isNoValue(item)).map((item) => resolve(item, scope, logicalId));
  }
  if (!isObject(value)) return value;
  const call = intrinsicOf(value, logicalId);
  if (call !== undefined) return call.apply(call.argument, scope, logicalId);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => !isNoValue(item))
      .map(([key, item]) => [key, resolve(item, scope, logicalId)]),
  );
}

/** The logical ids (and pseudo parameters) that `value` refers to. */
export function references(value: Json, logicalId: string): ReadonlySet<string> {
  const found = new Set<string>();
  const scope: Scope = {
    ref: (name) => (found.add(name), ''),
    getAtt: (id) => (found.add(id), ''),
  };
  resolve(value, scope, logicalId);
  return found;
}

type Intrinsic = (argument: Json, scope: Scope, logicalId: string) => Json;

const INTRINSICS: Readonly<Record<string, Intrinsic>> = {
  Ref: (argument, scope, logicalId) => scope.ref(text(argument, 'Ref', logicalId)),
  'Fn::GetAtt': getAtt,
  'Fn::Join': join,
  'Fn::Sub': sub,
};

function intrinsicOf(
  value: Readonly<Record<string, Json>>,
  logicalId: string,
): { apply: Intrinsic; argument: Json } | undefined {
  const [key, ...more] = Object.keys(value);
  if (key === undefined || !(key === 'Ref' || key.startsWith('Fn::'))) return undefined;
  const apply = Object.hasOwn(INTRINSICS, key) ? INTRINSICS[key] : undefined;
  if (apply === undefined) throw new StackError(logicalId, `the lab does not know the function ${key}`);
  if (more.length > 0) throw new StackError(logicalId, `${key} stands beside ${more.join(', ')}`);
  return { apply, argument: value[key] ?? null };
}

function getAtt(argument: Json, scope: Scope, logicalId: string): Json {
  const parts: readonly Json[] =
    typeof argument === 'string' ? splitOnce(argument) : list(argument, 'Fn::GetAtt', logicalId);
  const [id, attribute] = parts;
  if (parts.length !== 2 || typeof id !== 'string' || typeof attribute !== 'string') {
    throw new StackError(logicalId, 'Fn::GetAtt takes a logical id and an attribute');
  }
  return scope.getAtt(id, attribute);
}

function join(argument: Json, scope: Scope, logicalId: string): string {
  const [separator, items, ...more] = list(argument, 'Fn::Join', logicalId);
  if (typeof separator !== 'string' || more.length > 0) {
    throw new StackError(logicalId, 'Fn::Join takes a separator and a list');
  }
  return list(resolve(items ?? null, scope, logicalId), 'Fn::Join', logicalId)
    .map((item) => text(item, 'Fn::Join', logicalId))
    .join(separator);
}

/** `${Name}`, `${Name.Attribute}`, and `${!Literal}`, which stays as `${Literal}`. */
const PLACEHOLDER = /\$\{([^}]*)\}/g;

function sub(argument: Json, scope: Scope, logicalId: string): string {
  const [template, variables = {}, ...more] =
    typeof argument === 'string' ? [argument] : list(argument, 'Fn::Sub', logicalId);
  if (typeof template !== 'string' || !isObject(variables) || more.length > 0) {
    throw new StackError(logicalId, 'Fn::Sub takes a text, or a text and a map of variables');
  }
  return template.replace(PLACEHOLDER, (_, inner: string) => {
    if (inner.startsWith('!')) return `\${${inner.slice(1)}}`;
    const name = inner.trim();
    if (Object.hasOwn(variables, name)) {
      return text(resolve(variables[name] ?? null, scope, logicalId), 'Fn::Sub', logicalId);
    }
    const value = name.includes('.') ? getAtt(name, scope, logicalId) : scope.ref(name);
    return text(value, `Fn::Sub \${${name}}`, logicalId);
  });
}

function splitOnce(name: string): readonly string[] {
  const dot = name.indexOf('.');
  return dot === -1 ? [name] : [name.slice(0, dot), name.slice(dot + 1)];
}

function isNoValue(value: Json): boolean {
  return isObject(value) && Object.keys(value).length === 1 && value['Ref'] === NO_VALUE;
}

function isObject(value: Json): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function list(value: Json, what: string, logicalId: string): readonly Json[] {
  if (Array.isArray(value)) return value as readonly Json[];
  throw new StackError(logicalId, `${what} takes a list`);
}

function text(value: Json, what: string, logicalId: string): string {
  if (typeof value === 'string') return value;
  throw new StackError(logicalId, `${what} needs a text, not ${JSON.stringify(value)}`);
}
