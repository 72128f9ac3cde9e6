// A state machine's definition: refused when the lab could not run every part of it, else compiled once.
import { createRequire } from 'node:module';

import type validate from 'asl-validator';
import type { z } from 'zod';
import { DefinitionError } from './errors.ts';
import { type Accessible, compileTemplate, type Template } from './expression.ts';
import { isRecord } from './json.ts';
import { type Retrier, RETRIER_DEFAULTS } from './retry.ts';
import {
  branchSchema,
  machineSchema,
  processorSchema,
  type RawCatcher,
  type RawRetrier,
  type RawState,
  stateSchema,
} from './schema.ts';

export interface Definition extends Machine {
  readonly comment: string | undefined;
  /** Seconds until the execution ends as TIMED_OUT. */
  readonly timeoutSeconds: number | undefined;
}

/** States with a first one: the whole definition, a branch of Parallel, or what Map does with an item. */
export interface Machine {
  readonly startAt: string;
  readonly states: ReadonlyMap<string, State>;
}

interface Catcher {
  readonly errorEquals: readonly string[];
  readonly next: string;
  readonly assign: Template | undefined;
  readonly output: Template | undefined;
}

interface ChoiceRule {
  readonly condition: Template;
  readonly next: string;
  readonly assign: Template | undefined;
  readonly output: Template | undefined;
}

interface Common {
  readonly name: string;
  /** Undefined after the last state. */
  readonly next: string | undefined;
  readonly assign: Template | undefined;
  readonly output: Template | undefined;
  readonly retry: readonly Retrier[];
  readonly catch: readonly Catcher[];
}

export interface TaskState extends Common {
  readonly type: 'Task';
  /** As written, `.waitForTaskToken` included. */
  readonly resource: string;
  readonly waitsForToken: boolean;
  readonly arguments: Template | undefined;
  readonly timeoutSeconds: Template | undefined;
  readonly heartbeatSeconds: Template | undefined;
}

export interface ChoiceState extends Common {
  readonly type: 'Choice';
  readonly rules: readonly ChoiceRule[];
  readonly otherwise: string | undefined;
}

export interface WaitState extends Common {
  readonly type: 'Wait';
  readonly unit: 'seconds' | 'timestamp';
  readonly until: Template;
}

export interface FailState extends Common {
  readonly type: 'Fail';
  readonly error: Template | undefined;
  readonly cause: Template | undefined;
}

export interface MapState extends Common {
  readonly type: 'Map';
  readonly items: Template;
  readonly itemSelector: Template | undefined;
  readonly maxConcurrency: Template | undefined;
  readonly processor: Machine;
}

export interface ParallelState extends Common {
  readonly type: 'Parallel';
  readonly arguments: Template | undefined;
  readonly branches: readonly Machine[];
}

interface PlainState extends Common {
  readonly type: 'Pass' | 'Succeed';
}

export type State = TaskState | ChoiceState | WaitState | FailState | MapState | ParallelState | PlainState;

/**
 * @param value the definition as JSON, with every placeholder of the deployment filled in
 * @throws DefinitionError for anything that the lab would not run as AWS does
 */
export function parseDefinition(value: unknown): Definition {
  const definition = compileDefinition(value);
  // Last, since its messages do not name the field; what it adds is the graph: targets, reachability, duplicate names.
  checkWithAslValidator(value);
  return definition;
}

/** By the lab's own rules only. @throws DefinitionError */
export function compileDefinition(value: unknown): Definition {
  const raw = parse(machineSchema, value, '');
  const machine = compileMachine(raw, '', new Set());
  return { ...machine, comment: raw.Comment, timeoutSeconds: raw.TimeoutSeconds };
}

/**
 * asl-validator is loaded when it is first asked: with what it needs it is an eighth of the files that a lab would load, and most labs play
 * definitions that it has passed before.
 * @throws DefinitionError
 */
export function checkWithAslValidator(value: unknown): void {
  const copy = forAslValidator(value);
  if (!isRecord(copy)) return;
  const check = createRequire(import.meta.url)('asl-validator') as typeof validate;
  const verdict = check(copy, { checkPaths: true, checkArn: true });
  if (!verdict.isValid) throw new DefinitionError('', `asl-validator: ${verdict.errorsText('; ')}`);
}

/** asl-validator's patterns know neither line breaks in a string, nor the empty string, nor an Output that is no object; AWS takes all. */
function forAslValidator(value: unknown): unknown {
  if (typeof value === 'string') return value === '' ? ' ' : value.replaceAll(/\s*[\r\n]+\s*/g, ' ');
  if (Array.isArray(value)) return value.map(forAslValidator);
  if (!isRecord(value)) return value;
  const plain = (key: string, field: unknown): unknown =>
    key === 'Output' && !isRecord(field) && !(typeof field === 'string' && field.startsWith('{%')) ? {} : field;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, forAslValidator(plain(key, field))]));
}

function parse<T extends z.ZodType>(schema: T, value: unknown, path: string): z.infer<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  if (issue === undefined) throw new DefinitionError(path, 'invalid');
  const unknownField = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const where = [...issue.path, ...unknownField].reduce<string>(extend, path);
  throw new DefinitionError(where, unknownField.length > 0 ? 'the lab does not know this field' : issue.message);
}

function extend(path: string, key: PropertyKey): string {
  if (typeof key === 'number') return `${path}[${key}]`;
  return path === '' ? String(key) : `${path}.${String(key)}`;
}

interface RawMachine {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, unknown>>;
}

/** @param outer variables of the machines around this one, which it may read and must not assign to */
function compileMachine(raw: RawMachine, path: string, outer: ReadonlySet<string>): Machine {
  const parsed = Object.entries(raw.States).map(([name, value]) => {
    const where = extend(extend(path, 'States'), name);
    return { name, where, state: parse(stateSchema, value, where) };
  });
  const own = new Set<string>();
  for (const { state, where } of parsed) {
    for (const variable of assignedBy(state)) {
      if (outer.has(variable))
        throw new DefinitionError(where, `assigns to ${variable}, which belongs to an outer machine`);
      own.add(variable);
    }
  }
  const visible = new Set([...outer, ...own]);
  const states = parsed.map(({ name, where, state }) => [name, compileState(name, state, where, visible)] as const);
  return { startAt: raw.StartAt, states: new Map(states) };
}

function assignedBy(state: RawState): string[] {
  const assigns: (Record<string, unknown> | undefined)[] = [];
  if ('Assign' in state) assigns.push(state.Assign);
  if ('Catch' in state) assigns.push(...(state.Catch ?? []).map((catcher) => catcher.Assign));
  if ('Choices' in state) assigns.push(...state.Choices.map((rule) => rule.Assign));
  return assigns.flatMap((assign) => Object.keys(assign ?? {}));
}

function compileState(name: string, raw: RawState, path: string, variables: ReadonlySet<string>): State {
  const field = (key: string, value: unknown): Template | undefined => optional(value, `${path}.${key}`, key);
  const base = { name, ...compileCommon(raw, path) };
  switch (raw.Type) {
    case 'Pass':
    case 'Succeed':
      return { ...base, type: raw.Type };
    case 'Fail':
      return { ...base, type: 'Fail', error: field('Error', raw.Error), cause: field('Cause', raw.Cause) };
    case 'Wait':
      return { ...base, type: 'Wait', ...compileWait(raw, path) };
    case 'Choice': {
      const rules = raw.Choices.map((rule, index) =>
        compileRule(rule, `${path}.Choices[${index}]`, `Choices[${index}]`),
      );
      return { ...base, type: 'Choice', rules, otherwise: raw.Default };
    }
    case 'Task':
      return {
        ...base,
        type: 'Task',
        resource: raw.Resource,
        waitsForToken: raw.Resource.endsWith('.waitForTaskToken'),
        arguments: field('Arguments', raw.Arguments),
        timeoutSeconds: field('TimeoutSeconds', raw.TimeoutSeconds),
        heartbeatSeconds: field('HeartbeatSeconds', raw.HeartbeatSeconds),
      };
    case 'Map': {
      const where = `${path}.ItemProcessor`;
      return {
        ...base,
        type: 'Map',
        items: compileTemplate(raw.Items, `${path}.Items`, 'Items'),
        itemSelector: field('ItemSelector', raw.ItemSelector),
        maxConcurrency: field('MaxConcurrency', raw.MaxConcurrency),
        processor: compileMachine(parse(processorSchema, raw.ItemProcessor, where), where, variables),
      };
    }
    case 'Parallel': {
      const branches = raw.Branches.map((branch, index) => {
        const where = `${path}.Branches[${index}]`;
        return compileMachine(parse(branchSchema, branch, where), where, variables);
      });
      return { ...base, type: 'Parallel', arguments: field('Arguments', raw.Arguments), branches };
    }
  }
}

function optional(value: unknown, path: string, field: string, sees?: ReadonlySet<Accessible>): Template | undefined {
  return value === undefined ? undefined : compileTemplate(value, path, field, sees);
}

const RESULT: ReadonlySet<Accessible> = new Set(['result'] as const);
const ERROR_OUTPUT: ReadonlySet<Accessible> = new Set(['errorOutput'] as const);
/** States that have a result which is not their input. */
const WITH_RESULT: ReadonlySet<RawState['Type']> = new Set(['Task', 'Map', 'Parallel'] as const);

function compileCommon(raw: RawState, path: string): Omit<Common, 'name'> {
  const recovering = 'Retry' in raw || 'Catch' in raw ? raw : undefined;
  return {
    next: 'Next' in raw ? raw.Next : undefined,
    ...compileResults(raw, path, '', WITH_RESULT.has(raw.Type) ? RESULT : undefined),
    retry: (recovering?.Retry ?? []).map(compileRetrier),
    catch: (recovering?.Catch ?? []).map((catcher, index) =>
      compileCatcher(catcher, `${path}.Catch[${index}]`, `Catch[${index}]`),
    ),
  };
}

function compileResults(
  raw: object,
  path: string,
  field: string,
  sees?: ReadonlySet<Accessible>,
): Pick<Common, 'output' | 'assign'> {
  const prefix = field === '' ? '' : `${field}/`;
  return {
    output: optional('Output' in raw ? raw.Output : undefined, `${path}.Output`, `${prefix}Output`, sees),
    assign: optional('Assign' in raw ? raw.Assign : undefined, `${path}.Assign`, `${prefix}Assign`, sees),
  };
}

function compileRetrier(raw: RawRetrier): Retrier {
  return {
    errorEquals: raw.ErrorEquals,
    intervalSeconds: raw.IntervalSeconds ?? RETRIER_DEFAULTS.intervalSeconds,
    maxAttempts: raw.MaxAttempts ?? RETRIER_DEFAULTS.maxAttempts,
    backoffRate: raw.BackoffRate ?? RETRIER_DEFAULTS.backoffRate,
    maxDelaySeconds: raw.MaxDelaySeconds,
    jitter: raw.JitterStrategy ?? RETRIER_DEFAULTS.jitter,
  };
}

function compileCatcher(raw: RawCatcher, path: string, field: string): Catcher {
  return { errorEquals: raw.ErrorEquals, next: raw.Next, ...compileResults(raw, path, field, ERROR_OUTPUT) };
}

type RawRule = (RawState & { Type: 'Choice' })['Choices'][number];

function compileRule(raw: RawRule, path: string, field: string): ChoiceRule {
  const condition = compileTemplate(raw.Condition, `${path}.Condition`, `${field}/Condition`);
  return { condition, next: raw.Next, ...compileResults(raw, path, field) };
}

function compileWait(raw: RawState & { Type: 'Wait' }, path: string): Pick<WaitState, 'unit' | 'until'> {
  if (raw.Seconds !== undefined && raw.Timestamp === undefined) {
    return { unit: 'seconds', until: compileTemplate(raw.Seconds, `${path}.Seconds`, 'Seconds') };
  }
  if (raw.Timestamp !== undefined && raw.Seconds === undefined) {
    return { unit: 'timestamp', until: compileTemplate(raw.Timestamp, `${path}.Timestamp`, 'Timestamp') };
  }
  throw new DefinitionError(path, 'needs either Seconds or Timestamp');
}
