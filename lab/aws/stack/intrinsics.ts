// CloudFormation's intrinsic functions, as far as the templates use them. Any other one is refused.
import type { Json } from './stack.ts';
import { StackError } from './stack.ts';

/** What the functions refer to. Both throw StackError for what does not exist. */
export interface Scope {
  ref(name: string): Json;
  getAtt(logicalId: string, attribute: string): Json;
  /** The rest is for templates that have such sections; without it the functions that need it are refused. */
  readonly more?: {
    condition(name: string): boolean;
    mapping(map: string, key: string, inner: string): Json;
    importValue(name: string): Json;
    zones(region: string): readonly string[];
  };
}

/** A template's property whose value is AWS::NoValue is as good as absent. */
const NO_VALUE = 'AWS::NoValue';

/**
 * Replaces every intrinsic function in `value` by what it stands for.
 * @throws StackError for a function that is not known, one with arguments of another shape, or a reference that leads nowhere.
 */
export function resolve(given: Json, scope: Scope, logicalId: string): Json {
  const value = chosen(given, scope, logicalId);
  if (Array.isArray(value)) {
    return (value as readonly Json[])
      .map((item) => chosen(item, scope, logicalId))
      .filter((item) => !isNoValue(item))
      .map((item) => resolve(item, scope, logicalId));
  }
  if (!isObject(value)) return value;
  const call = intrinsicOf(value, logicalId, scope);
  if (call !== undefined) return call.apply(call.argument, scope, logicalId);
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, item]) => [key, chosen(item, scope, logicalId)] as const)
      .filter(([, item]) => !isNoValue(item))
      .map(([key, item]) => [key, resolve(item, scope, logicalId)]),
  );
}

/**
 * The logical ids (and parameters) that `value` refers to; of Fn::If only those of the branch that holds, where conditions are known.
 */
export function references(given: Json, logicalId: string, scope: Pick<Scope, 'more'> = {}): ReadonlySet<string> {
  const value = chosen(given, scope, logicalId);
  if (Array.isArray(value)) {
    return union((value as readonly Json[]).map((item) => references(item, logicalId, scope)));
  }
  if (!isObject(value)) return new Set();
  const [key, ...more] = Object.keys(value);
  const argument = value[key ?? ''] ?? null;
  if (key === 'Ref' && more.length === 0) return new Set([text(argument, 'Ref', logicalId)]);
  if (key === 'Fn::GetAtt') return new Set([attributeOf(argument, logicalId).id]);
  if (key === 'Fn::Sub') return namesInSub(argument, logicalId, scope);
  return union(Object.values(value).map((item) => references(item, logicalId, scope)));
}

const union = (sets: readonly ReadonlySet<string>[]): ReadonlySet<string> => new Set(sets.flatMap((set) => [...set]));

function namesInSub(argument: Json, logicalId: string, scope: Pick<Scope, 'more'>): ReadonlySet<string> {
  const { template, variables } = subParts(argument, logicalId);
  const inner = [...template.matchAll(PLACEHOLDER)].map(([, name = '']) => name.trim());
  const names = inner.filter((name) => !name.startsWith('!') && !Object.hasOwn(variables, name));
  return union([new Set(names.map((name) => name.split('.')[0] ?? '')), references(variables, logicalId, scope)]);
}

/** Whether a condition of the section Conditions holds. */
export function holds(condition: Json, scope: Scope, logicalId: string): boolean {
  const [[key, argument] = ['', null], ...others] = isObject(condition) ? Object.entries(condition) : [];
  const test = Object.hasOwn(TESTS, key) && others.length === 0 ? TESTS[key] : undefined;
  if (test === undefined) {
    throw new StackError(logicalId, `Every Conditions member must be a condition, not ${JSON.stringify(condition)}`);
  }
  return test(argument, scope, logicalId);
}

type Test = (argument: Json, scope: Scope, logicalId: string) => boolean;

const each = (argument: Json, scope: Scope, logicalId: string): boolean[] =>
  list(argument, 'a condition', logicalId).map((one) => holds(one, scope, logicalId));

const TESTS: Readonly<Record<string, Test>> = {
  Condition: (argument, scope, logicalId) =>
    needs(scope, 'Condition', logicalId).condition(text(argument, 'Condition', logicalId)),
  'Fn::Equals': (argument, scope, logicalId) => {
    const both = list(argument, 'Fn::Equals', logicalId).map((one) => resolve(one, scope, logicalId));
    const [left, right, ...more] = both.map((one) => JSON.stringify(asText(one)));
    if (right === undefined || more.length > 0) throw new StackError(logicalId, 'Fn::Equals takes two values');
    return left === right;
  },
  'Fn::Not': (...args) => each(...args)[0] === false,
  'Fn::And': (...args) => each(...args).every(Boolean),
  'Fn::Or': (...args) => each(...args).some(Boolean),
};

/** Numbers and truths are texts to CloudFormation. */
const asText = (value: Json): Json => (typeof value === 'number' || typeof value === 'boolean' ? String(value) : value);

/** What Fn::If comes to, until it is something else. */
function chosen(value: Json, scope: Pick<Scope, 'more'>, logicalId: string): Json {
  if (scope.more === undefined || !isObject(value) || !Object.hasOwn(value, 'Fn::If')) return value;
  const { name, then, otherwise } = branches(value, logicalId);
  return chosen(scope.more.condition(name) ? then : otherwise, scope, logicalId);
}

function branches(value: Readonly<Record<string, Json>>, logicalId: string) {
  const [name, then, otherwise, ...more] = list(value['Fn::If'] ?? null, 'Fn::If', logicalId);
  const isWhole = then !== undefined && otherwise !== undefined && more.length === 0 && Object.keys(value).length === 1;
  if (typeof name !== 'string' || !isWhole) {
    throw new StackError(logicalId, 'Fn::If takes the name of a condition and two values');
  }
  return { name, then, otherwise };
}

type Intrinsic = (argument: Json, scope: Scope, logicalId: string) => Json;

const INTRINSICS: Readonly<Record<string, Intrinsic>> = {
  Ref: (argument, scope, logicalId) => scope.ref(text(argument, 'Ref', logicalId)),
  'Fn::GetAtt': getAtt,
  'Fn::Join': join,
  'Fn::Sub': sub,
};

const FURTHER: Readonly<Record<string, Intrinsic>> = {
  'Fn::Base64': (argument, scope, logicalId) =>
    Buffer.from(text(resolve(argument, scope, logicalId), 'Fn::Base64', logicalId)).toString('base64'),
  'Fn::Select': select,
  'Fn::Split': split,
  'Fn::FindInMap': (argument, scope, logicalId) => {
    const [map = '', key = '', inner = '', ...more] = texts(argument, scope, 'Fn::FindInMap', logicalId);
    if (more.length > 0) throw new StackError(logicalId, 'Fn::FindInMap takes a map and two keys');
    return needs(scope, 'Fn::FindInMap', logicalId).mapping(map, key, inner);
  },
  'Fn::ImportValue': (argument, scope, logicalId) =>
    needs(scope, 'Fn::ImportValue', logicalId).importValue(
      text(resolve(argument, scope, logicalId), 'Fn::ImportValue', logicalId),
    ),
  'Fn::GetAZs': (argument, scope, logicalId) =>
    needs(scope, 'Fn::GetAZs', logicalId).zones(text(resolve(argument, scope, logicalId), 'Fn::GetAZs', logicalId)),
  'Fn::Cidr': cidr,
};

function intrinsicOf(
  value: Readonly<Record<string, Json>>,
  logicalId: string,
  { more: further }: Scope,
): { apply: Intrinsic; argument: Json } | undefined {
  const [key, ...more] = Object.keys(value);
  if (key === undefined || !(key === 'Ref' || key.startsWith('Fn::'))) return undefined;
  const known = further === undefined ? INTRINSICS : { ...INTRINSICS, ...FURTHER };
  const apply = Object.hasOwn(known, key) ? known[key] : undefined;
  if (apply === undefined) throw new StackError(logicalId, `the lab does not know the function ${key}`);
  if (more.length > 0) throw new StackError(logicalId, `${key} stands beside ${more.join(', ')}`);
  return { apply, argument: value[key] ?? null };
}

function needs(scope: Scope, what: string, logicalId: string): NonNullable<Scope['more']> {
  if (scope.more === undefined) throw new StackError(logicalId, `the lab does not know the function ${what} here`);
  return scope.more;
}

function getAtt(argument: Json, scope: Scope, logicalId: string): Json {
  const { id, attribute } = attributeOf(argument, logicalId);
  return scope.getAtt(id, attribute);
}

function attributeOf(argument: Json, logicalId: string): { id: string; attribute: string } {
  const parts: readonly Json[] =
    typeof argument === 'string' ? splitOnce(argument) : list(argument, 'Fn::GetAtt', logicalId);
  const [id, attribute] = parts;
  if (parts.length !== 2 || typeof id !== 'string' || typeof attribute !== 'string') {
    throw new StackError(logicalId, 'Fn::GetAtt takes a logical id and an attribute');
  }
  return { id, attribute };
}

function join(argument: Json, scope: Scope, logicalId: string): string {
  const [separator, items, ...more] = list(argument, 'Fn::Join', logicalId);
  if (typeof separator !== 'string' || more.length > 0) {
    throw new StackError(logicalId, 'Fn::Join takes a separator and a list');
  }
  return texts(items ?? null, scope, 'Fn::Join', logicalId).join(separator);
}

function select(argument: Json, scope: Scope, logicalId: string): Json {
  const [index = null, items = null, ...more] = list(argument, 'Fn::Select', logicalId);
  const at = Number(text(resolve(index, scope, logicalId), 'Fn::Select', logicalId));
  const value = list(resolve(items, scope, logicalId), 'Fn::Select', logicalId)[at];
  if (value === undefined || more.length > 0) {
    throw new StackError(logicalId, `Fn::Select cannot select nonexistent value at index ${at}`);
  }
  return value;
}

function split(argument: Json, scope: Scope, logicalId: string): readonly string[] {
  const [separator, source = null, ...more] = list(argument, 'Fn::Split', logicalId);
  if (typeof separator !== 'string' || separator === '' || more.length > 0) {
    throw new StackError(logicalId, 'Fn::Split takes a separator and a text');
  }
  return text(resolve(source, scope, logicalId), 'Fn::Split', logicalId).split(separator);
}

/** So many blocks of a block, each with so many bits for addresses (of IPv4). */
function cidr(argument: Json, scope: Scope, logicalId: string): readonly string[] {
  const [block = '', count = '', bits = ''] = texts(argument, scope, 'Fn::Cidr', logicalId);
  const made = blocksOf(block, Number(count), Number(bits));
  if (made === undefined) {
    throw new StackError(logicalId, `Fn::Cidr cannot make ${count} blocks of ${bits} bits of ${block}`);
  }
  return made;
}

function blocksOf(block: string, count: number, bits: number): readonly string[] | undefined {
  const [, address = '', prefix = ''] = /^((?:\d{1,3}\.){3}\d{1,3})\/(\d{1,2})$/.exec(block) ?? [];
  const size = 2 ** bits;
  if (address === '' || !(count >= 1 && count <= 256 && count * size <= 2 ** (32 - Number(prefix)))) {
    return undefined;
  }
  const first = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const dotted = (start: number): string =>
    [24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256).join('.');
  return Array.from({ length: count }, (_, index) => `${dotted(first + index * size)}/${32 - bits}`);
}

/** `${Name}`, `${Name.Attribute}`, and `${!Literal}`, which stays as `${Literal}`. */
const PLACEHOLDER = /\$\{([^}]*)\}/g;

function subParts(argument: Json, logicalId: string): { template: string; variables: Readonly<Record<string, Json>> } {
  const [template, variables = {}, ...more] =
    typeof argument === 'string' ? [argument] : list(argument, 'Fn::Sub', logicalId);
  if (typeof template !== 'string' || !isObject(variables) || more.length > 0) {
    throw new StackError(logicalId, 'Fn::Sub takes a text, or a text and a map of variables');
  }
  return { template, variables };
}

function sub(argument: Json, scope: Scope, logicalId: string): string {
  const { template, variables } = subParts(argument, logicalId);
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

function texts(value: Json, scope: Scope, what: string, logicalId: string): readonly string[] {
  return list(resolve(value, scope, logicalId), what, logicalId).map((item) => text(item, what, logicalId));
}

function text(given: Json, what: string, logicalId: string): string {
  const value = asText(given);
  if (typeof value === 'string') return value;
  throw new StackError(logicalId, `${what} needs a text, not ${JSON.stringify(value)}`);
}
