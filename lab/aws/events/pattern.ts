// EventBridge event patterns: parsed strictly, since an operator that is ignored would match what AWS does not.
import { BlockList, isIP } from 'node:net';

/** A JSON object: an event as EventBridge delivers it. */
export type EventObject = Readonly<Record<string, unknown>>;

type Scalar = string | number | boolean | null;
type Comparison = '<' | '<=' | '=' | '>' | '>=';

const TEXT_OPERATORS: ReadonlySet<string> = new Set(['prefix', 'suffix', 'equals-ignore-case', 'wildcard']);

/** Numbers beyond it EventBridge does not compare. */
const LARGEST = 5_000_000_000;

/** What one entry of a pattern's list asks of a value. */
type Test =
  | { readonly kind: 'exact'; readonly value: Scalar }
  | { readonly kind: 'prefix' | 'suffix'; readonly text: string; readonly ignoreCase: boolean }
  | { readonly kind: 'equals-ignore-case'; readonly text: string }
  | { readonly kind: 'wildcard'; readonly expression: RegExp }
  | { readonly kind: 'cidr'; readonly block: BlockList }
  | {
      readonly kind: 'numeric';
      readonly bounds: readonly { readonly comparison: Comparison; readonly limit: number }[];
    }
  | { readonly kind: 'anything-but'; readonly tests: readonly Test[] }
  | { readonly kind: 'exists'; readonly wanted: boolean };

/** A parsed pattern. All of `fields` and one of each of `alternatives` must match. */
export interface Pattern {
  readonly fields: ReadonlyMap<string, Pattern | readonly Test[]>;
  readonly alternatives: readonly (readonly Pattern[])[];
}

/** A pattern that EventBridge refuses, or that the lab does not know. `path` is where, e.g. `detail.state[0]`. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
  readonly path: string;

  constructor(path: string, problem: string) {
    super(path === '' ? problem : `${path}: ${problem}`);
    this.path = path;
  }
}

/**
 * @example parsePattern({ source: ['aws.ssm'], detail: { status: [{ 'anything-but': 'InProgress' }] } })
 * @throws PatternError
 */
export function parsePattern(value: unknown): Pattern {
  const pattern = parseObject(value, '');
  if (pattern.fields.size === 0 && pattern.alternatives.length === 0)
    throw new PatternError('', 'a pattern must not be empty');
  return pattern;
}

function parseObject(value: unknown, path: string): Pattern {
  if (!isObject(value)) throw new PatternError(path, 'must be an object');
  const fields = new Map<string, Pattern | readonly Test[]>();
  const alternatives: Pattern[][] = [];
  for (const [key, field] of Object.entries(value)) {
    const where = path === '' ? key : `${path}.${key}`;
    if (key === '$or') alternatives.push(parseAlternatives(field, where));
    else if (Array.isArray(field)) fields.set(key, parseTests(field, where));
    else if (isObject(field)) fields.set(key, parseObject(field, where));
    else throw new PatternError(where, 'must be a list or an object');
  }
  return { fields, alternatives };
}

function parseAlternatives(value: unknown, path: string): Pattern[] {
  if (!Array.isArray(value) || value.length < 2)
    throw new PatternError(path, 'must be a list of at least two patterns');
  return value.map((entry, index) => parseObject(entry, `${path}[${index}]`));
}

function parseTests(values: readonly unknown[], path: string): Test[] {
  if (values.length === 0) throw new PatternError(path, 'an empty list matches nothing');
  return values.map((value, index) => parseTest(value, `${path}[${index}]`));
}

function parseTest(value: unknown, path: string): Test {
  if (isScalar(value)) return { kind: 'exact', value };
  if (!isObject(value)) throw new PatternError(path, 'must be a value or an operator');
  const [entry, ...others] = Object.entries(value);
  if (entry === undefined || others.length > 0) throw new PatternError(path, 'must hold exactly one operator');
  return parseOperator(entry[0], entry[1], `${path}.${entry[0]}`);
}

function parseOperator(operator: string, operand: unknown, path: string): Test {
  switch (operator) {
    case 'prefix':
    case 'suffix':
      return parseAffix(operator, operand, path);
    case 'equals-ignore-case':
      return { kind: operator, text: parseText(operand, path).toLowerCase() };
    case 'wildcard':
      return { kind: operator, expression: parseWildcard(parseText(operand, path), path) };
    case 'cidr':
      return { kind: operator, block: parseBlock(parseText(operand, path), path) };
    case 'exists':
      if (typeof operand !== 'boolean') throw new PatternError(path, 'must be true or false');
      return { kind: operator, wanted: operand };
    case 'numeric':
      return { kind: operator, bounds: parseBounds(operand, path) };
    case 'anything-but':
      return { kind: operator, tests: parseExcluded(operand, path) };
    default:
      throw new PatternError(path, 'the lab does not know this operator');
  }
}

function parseAffix(kind: 'prefix' | 'suffix', operand: unknown, path: string): Test {
  if (!isObject(operand)) return { kind, text: parseText(operand, path), ignoreCase: false };
  const [key, ...others] = Object.keys(operand);
  if (key !== 'equals-ignore-case' || others.length > 0)
    throw new PatternError(path, 'may hold equals-ignore-case only');
  const text = parseText(operand['equals-ignore-case'], `${path}.equals-ignore-case`);
  return { kind, text: text.toLowerCase(), ignoreCase: true };
}

function parseText(operand: unknown, path: string): string {
  if (typeof operand !== 'string' || operand === '') throw new PatternError(path, 'must be a string that is not empty');
  return operand;
}

/** `*` stands for any text; `\*` and `\\` for themselves. */
function parseWildcard(text: string, path: string): RegExp {
  if (/(^|[^\\])(\\\\)*\*\*/.test(text))
    throw new PatternError(path, 'two wildcards must not stand next to each other');
  if (/\\(?![\\*])/.test(text.replaceAll('\\\\', ''))) throw new PatternError(path, 'only * and \\ may be escaped');
  const parts = text.match(/\\[\\*]|\*|[^\\*]+/g) ?? [];
  const source = parts.map((part) => (part === '*' ? '.*' : escape(part.replace(/^\\/, ''))));
  return new RegExp(`^${source.join('')}$`, 's');
}

function parseBlock(text: string, path: string): BlockList {
  const [, address = '', bits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const family = isIP(address);
  if (family === 0 || Number(bits) > (family === 4 ? 32 : 128)) {
    throw new PatternError(path, 'must be a block of addresses like 10.0.0.0/24');
  }
  const block = new BlockList();
  block.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  return block;
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

type Bound = (Test & { kind: 'numeric' })['bounds'][number];

function parseBounds(operand: unknown, path: string): readonly Bound[] {
  if (!Array.isArray(operand) || (operand.length !== 2 && operand.length !== 4)) {
    throw new PatternError(path, 'must be a comparison and a number, or two of each');
  }
  const first = parseBound(operand[0], operand[1], path);
  if (operand.length === 2) return [first];
  const second = parseBound(operand[2], operand[3], path);
  if (!first.comparison.startsWith('>') || !second.comparison.startsWith('<')) {
    throw new PatternError(path, 'a range is a lower bound (> or >=), then an upper one');
  }
  if (first.limit >= second.limit) throw new PatternError(path, 'the range is empty');
  return [first, second];
}

function parseBound(comparison: unknown, limit: unknown, path: string): Bound {
  if (isComparison(comparison) && typeof limit === 'number') {
    if (Math.abs(limit) > LARGEST) throw new PatternError(path, `compares numbers from -${LARGEST} to ${LARGEST}`);
    return { comparison, limit };
  }
  throw new PatternError(path, 'knows < <= = >= > and numbers');
}

function isComparison(value: unknown): value is Comparison {
  return value === '<' || value === '<=' || value === '=' || value === '>' || value === '>=';
}

function parseExcluded(operand: unknown, path: string): Test[] {
  if (isObject(operand)) return parseExcludedText(operand, path);
  const values: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
  const kinds = new Set(values.map((value) => typeof value));
  if (kinds.size !== 1 || !(kinds.has('string') || kinds.has('number'))) {
    throw new PatternError(path, 'must be strings only or numbers only');
  }
  return parseTests(values, path);
}

function parseExcludedText(operand: EventObject, path: string): Test[] {
  const [entry, ...others] = Object.entries(operand);
  if (entry === undefined || others.length > 0 || !TEXT_OPERATORS.has(entry[0])) {
    throw new PatternError(
      path,
      'inside anything-but the lab knows one of prefix, suffix, equals-ignore-case, wildcard',
    );
  }
  const [operator, inner] = entry;
  const list: readonly unknown[] = Array.isArray(inner) ? inner : [inner];
  if (list.length === 0) throw new PatternError(path, 'an empty list excludes nothing');
  return list.map((text) => parseOperator(operator, parseText(text, path), `${path}.${operator}`));
}

/** Whether an event matches: each field named by the pattern, in one of the ways that its list allows. */
export function matchesPattern(pattern: Pattern, event: EventObject): boolean {
  return matchesObject(pattern, event);
}

function matchesObject(pattern: Pattern, value: unknown): boolean {
  // In the event, a list of objects matches when one of its objects does.
  if (Array.isArray(value) && value.length > 0) return value.some((item) => matchesObject(pattern, item));
  const object = isObject(value) ? value : {};
  for (const [key, wanted] of pattern.fields) {
    const field = Object.hasOwn(object, key) ? object[key] : undefined;
    const matches = isTests(wanted) ? wanted.some((test) => matchesField(test, field)) : matchesObject(wanted, field);
    if (!matches) return false;
  }
  return pattern.alternatives.every((patterns) => patterns.some((alternative) => matchesObject(alternative, object)));
}

function isTests(wanted: Pattern | readonly Test[]): wanted is readonly Test[] {
  return Array.isArray(wanted);
}

/** A list in the event matches when one of its values does; `exists` asks for leaves, which objects and empty lists are not. */
function matchesField(test: Test, field: unknown): boolean {
  const leaves = (Array.isArray(field) ? field.flat(Infinity) : [field]).filter(isScalar);
  if (test.kind === 'exists') return leaves.length > 0 === test.wanted;
  return leaves.some((leaf) => matchesLeaf(test, leaf));
}

function matchesLeaf(test: Exclude<Test, { kind: 'exists' }>, leaf: Scalar): boolean {
  switch (test.kind) {
    case 'exact':
      return leaf === test.value;
    case 'cidr':
      return typeof leaf === 'string' && isIP(leaf) !== 0 && test.block.check(leaf, isIP(leaf) === 4 ? 'ipv4' : 'ipv6');
    case 'numeric':
      return isComparable(leaf) && test.bounds.every(({ comparison, limit }) => compare(leaf, comparison, limit));
    case 'anything-but':
      return !test.tests.some((excluded) => matchesField(excluded, leaf));
    default:
      return typeof leaf === 'string' && matchesText(test, leaf);
  }
}

function matchesText(
  test: Test & { kind: 'prefix' | 'suffix' | 'equals-ignore-case' | 'wildcard' },
  leaf: string,
): boolean {
  switch (test.kind) {
    case 'prefix':
      return (test.ignoreCase ? leaf.toLowerCase() : leaf).startsWith(test.text);
    case 'suffix':
      return (test.ignoreCase ? leaf.toLowerCase() : leaf).endsWith(test.text);
    case 'equals-ignore-case':
      return leaf.toLowerCase() === test.text;
    case 'wildcard':
      return test.expression.test(leaf);
  }
}

const isComparable = (leaf: Scalar): leaf is number => typeof leaf === 'number' && Math.abs(leaf) <= LARGEST;

function compare(value: number, comparison: Comparison, limit: number): boolean {
  switch (comparison) {
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
    case '=':
      return value === limit;
    case '>=':
      return value >= limit;
    case '>':
      return value > limit;
  }
}

function isScalar(value: unknown): value is Scalar {
  return value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function isObject(value: unknown): value is EventObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
