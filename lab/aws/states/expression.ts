// JSONata in a definition: `{% ... %}` strings, compiled once when the definition is loaded, evaluated in each state.
import jsonata from 'jsonata';
import { DefinitionError, messageOf, StatesError } from './errors.ts';
import { isRecord, toJson } from './json.ts';

/** A JSON value with expressions in it. What holds no expression is a constant. */
export type Template =
  | { readonly kind: 'constant'; readonly value: unknown }
  | {
      readonly kind: 'expression';
      readonly source: string;
      readonly field: string;
      readonly compiled: jsonata.Expression;
    }
  | { readonly kind: 'list'; readonly items: readonly Template[] }
  | { readonly kind: 'record'; readonly fields: readonly (readonly [string, Template])[] };

/** What `$states` has besides input and context, where an expression stands. Elsewhere AWS refuses to create the machine. */
export type Accessible = 'result' | 'errorOutput';
const NOTHING_MORE: ReadonlySet<Accessible> = new Set();

/** What an expression sees, and where it stands (for the cause of an error). */
export interface Scope {
  /** E.g. `the state 'Join' (entered at the event id #6)`. */
  readonly place: string;
  readonly bindings: Readonly<Record<string, unknown>>;
}

/** Variables that no expression may name: Step Functions has no $eval, and $$ has nothing to stand for. */
const REFUSED = new Map([
  ['eval', '$eval does not exist in Step Functions (use $parse)'],
  ['$', '$$ means nothing in Step Functions (use $states.input)'],
]);

/**
 * @param value JSON
 * @param path where in the definition, e.g. `States.Join.Arguments.Payload`
 * @param field the same within the state and as AWS writes it in causes, e.g. `Arguments/Payload`
 * @param sees what `$states` has there
 * @throws DefinitionError for an expression that does not parse, or names what is not accessible there
 */
export function compileTemplate(value: unknown, path: string, field: string, sees = NOTHING_MORE): Template {
  if (typeof value === 'string') return compileString(value, path, field, sees);
  if (Array.isArray(value)) {
    const items = value.map((item, index) => compileTemplate(item, `${path}[${index}]`, `${field}[${index}]`, sees));
    return items.every(isConstant)
      ? { kind: 'constant', value: items.map(({ value }) => value) }
      : { kind: 'list', items };
  }
  if (isRecord(value)) return compileRecord(value, path, field, sees);
  try {
    return { kind: 'constant', value: toJson(value) };
  } catch (thrown) {
    throw new DefinitionError(path, messageOf(thrown));
  }
}

function compileRecord(
  value: Record<string, unknown>,
  path: string,
  field: string,
  sees: ReadonlySet<Accessible>,
): Template {
  const fields = Object.entries(value).map(
    ([key, entry]) => [key, compileTemplate(entry, `${path}.${key}`, `${field}/${key}`, sees)] as const,
  );
  const constants: Record<string, unknown> = {};
  for (const [key, template] of fields) {
    if (!isConstant(template)) return { kind: 'record', fields };
    constants[key] = template.value;
  }
  return { kind: 'constant', value: constants };
}

function isConstant(template: Template): template is Template & { kind: 'constant' } {
  return template.kind === 'constant';
}

function compileString(text: string, path: string, field: string, sees: ReadonlySet<Accessible>): Template {
  const source = /^\{%(.*)%\}$/s.exec(text)?.[1]?.trim();
  if (source === undefined) {
    // A space before {% or after %} would turn an expression into text without a word.
    if (/^\s*\{%|%\}\s*$/.test(text)) throw new DefinitionError(path, 'an expression starts with {% and ends with %}');
    return { kind: 'constant', value: text };
  }
  return { kind: 'expression', source, field, compiled: compile(source, path, sees) };
}

function compile(source: string, path: string, sees: ReadonlySet<Accessible>): jsonata.Expression {
  let compiled;
  try {
    compiled = jsonata(source);
  } catch (thrown) {
    throw new DefinitionError(path, `JSONata: ${messageOf(thrown)}`);
  }
  for (const name of variablesOf(compiled.ast())) {
    const problem = REFUSED.get(name);
    if (problem !== undefined) throw new DefinitionError(path, problem);
  }
  for (const name of ofStates(compiled.ast())) {
    if ((name === 'result' || name === 'errorOutput') && !sees.has(name)) {
      throw new DefinitionError(path, `$states.${name} is not accessible here`);
    }
  }
  return compiled;
}

/**
 * The template's value: plain JSON. Expressions are evaluated one after the other, so that a seeded run draws its random
 * numbers in the same order every time.
 *
 * @throws StatesError `States.QueryEvaluationError` when an expression fails, or yields nothing or no JSON
 */
export async function evaluate(template: Template, scope: Scope): Promise<unknown> {
  switch (template.kind) {
    case 'constant':
      return typeof template.value === 'object' ? structuredClone(template.value) : template.value;
    case 'expression':
      return evaluateExpression(template, scope);
    case 'list': {
      const list: unknown[] = [];
      for (const item of template.items) list.push(await evaluate(item, scope));
      return list;
    }
    case 'record': {
      const entries: [string, unknown][] = [];
      for (const [key, field] of template.fields) entries.push([key, await evaluate(field, scope)]);
      return Object.fromEntries(entries);
    }
  }
}

async function evaluateExpression(template: Template & { kind: 'expression' }, scope: Scope): Promise<unknown> {
  let value: unknown;
  try {
    value = await template.compiled.evaluate(undefined, { ...scope.bindings });
    if (value !== undefined) return toJson(value);
  } catch (thrown) {
    throw queryError(template, scope, `threw an error during evaluation. ${messageOf(thrown)}`);
  }
  throw queryError(template, scope, 'returned nothing (undefined).');
}

/** An error of the expression behind `template`, or of the constant that stands in its place. */
export function queryError(template: Template, scope: Scope, problem: string): StatesError {
  const subject =
    template.kind === 'expression'
      ? `The JSONata expression '${template.source}' specified for the field '${template.field}'`
      : 'The value of a field';
  return new StatesError(
    'States.QueryEvaluationError',
    `An error occurred while executing ${scope.place}. ${subject} ${problem}`,
  );
}

/** Names of all variables used in a parsed expression, without the dollar sign. */
function variablesOf(node: unknown, found = new Set<string>()): Set<string> {
  if (Array.isArray(node)) for (const item of node) variablesOf(item, found);
  if (!isRecord(node)) return found;
  if (node['type'] === 'variable' && typeof node['value'] === 'string') found.add(node['value']);
  for (const child of Object.values(node)) variablesOf(child, found);
  return found;
}

/** The fields of `$states` that a parsed expression names. */
function ofStates(node: unknown, found = new Set<unknown>()): Set<unknown> {
  if (Array.isArray(node)) {
    for (const [index, item] of node.entries()) {
      const next: unknown = node[index + 1];
      if (isRecord(item) && item['type'] === 'variable' && item['value'] === 'states' && isRecord(next)) {
        found.add(next['value']);
      }
      ofStates(item, found);
    }
  } else if (isRecord(node)) {
    for (const child of Object.values(node)) ofStates(child, found);
  }
  return found;
}
