// One visit of a state: what its expressions see, and what it writes into the history.
import type { State } from './definition.ts';
import { Cancelled, messageOf, StatesError } from './errors.ts';
import { evaluate, queryError, type Scope, type Template } from './expression.ts';
import { functionsOf } from './functions.ts';
import { isRecord } from './json.ts';
import type { Lifetime } from './lifetime.ts';
import { MAX_SECONDS } from './retry.ts';
import type { Run } from './runtime.ts';
import type { Variables } from './variables.ts';

/** Where a machine runs: at the top, in a branch, or for one item of a Map. */
export interface Frame {
  readonly life: Lifetime;
  readonly variables: Variables;
  readonly item?: { readonly Index: number; readonly Value: unknown };
  /** Of Parallel, and not of a Map within it. */
  readonly isBranch?: boolean;
}

/** Added to `$states` once it is known. */
export interface Known {
  readonly result?: unknown;
  readonly errorOutput?: unknown;
}

/** One visit of a state, from its entry to its exit, with all retries. */
export interface Visit {
  readonly run: Run;
  readonly frame: Frame;
  readonly state: State;
  readonly input: unknown;
  readonly enteredAt: number;
  /** For causes: names the state and its event. */
  readonly place: string;
  retryCount: number;
  /** The token of the current try. */
  taskToken: string | undefined;
  limits: Limits | undefined;
}

export interface Limits {
  readonly timeoutSeconds: number | undefined;
  readonly heartbeatSeconds: number | undefined;
}

export function enter(run: Run, frame: Frame, state: State, input: unknown): Visit {
  frame.life.check();
  const enteredAt = run.runtime.now();
  const { id } = run.history.add(`${state.type}StateEntered`, state.name, { input });
  run.counters.transitions += 1;
  const place = `the state '${state.name}' (entered at the event id #${id})`;
  return { run, frame, state, input, enteredAt, place, retryCount: 0, taskToken: undefined, limits: undefined };
}

/**
 * What a state fails with. Anything but an error of the States Language is a defect of the lab, and States.Runtime to the state.
 *
 * @throws Cancelled as it is
 */
export function asFailure(run: Run, thrown: unknown): StatesError {
  if (thrown instanceof Cancelled) throw thrown;
  if (thrown instanceof StatesError) return thrown;
  run.defect(thrown);
  return new StatesError('States.Runtime', messageOf(thrown));
}

/** Writes an event of the state, unless it has been ended meanwhile. */
export function record(visit: Visit, type: string, details: Record<string, unknown> = {}): void {
  visit.frame.life.check();
  visit.run.history.add(type, visit.state.name, details);
}

/**
 * The value of one of the state's templates, in the frame of the state or of one of its items.
 *
 * @throws StatesError `States.QueryEvaluationError`
 */
export function ask(visit: Visit, template: Template, known: Known = {}, frame = visit.frame): Promise<unknown> {
  return evaluating(visit, evaluate(template, scopeOf(visit, known, frame)));
}

/** For TimeoutSeconds, MaxConcurrency and the like. */
export async function askInteger(visit: Visit, template: Template, minimum: number): Promise<number> {
  const value = await ask(visit, template);
  if (typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= MAX_SECONDS) return value;
  throw wrongType(visit, template, `an integer from ${minimum} to ${MAX_SECONDS}`, value);
}

export async function askRecord(visit: Visit, template: Template): Promise<Record<string, unknown>> {
  const value = await ask(visit, template);
  if (isRecord(value)) return value;
  throw wrongType(visit, template, 'an object', value);
}

async function evaluating<T>(visit: Visit, evaluation: Promise<T>): Promise<T> {
  try {
    return await evaluation;
  } catch (thrown) {
    if (thrown instanceof StatesError) record(visit, 'EvaluationFailed', { error: thrown.error, cause: thrown.cause });
    throw thrown;
  }
}

function scopeOf(visit: Visit, known: Known = {}, frame = visit.frame): Scope {
  const { run, state, input, taskToken } = visit;
  const context = {
    ...run.context,
    State: {
      EnteredTime: new Date(visit.enteredAt).toISOString(),
      Name: state.name,
      ...(state.type === 'Task' ? { RetryCount: visit.retryCount } : {}),
    },
    ...(taskToken === undefined ? {} : { Task: { Token: taskToken } }),
    ...(frame.item === undefined ? {} : { Map: { Item: frame.item } }),
  };
  const bindings = { ...functionsOf(run.runtime), ...frame.variables.all(), states: { input, context, ...known } };
  return { place: visit.place, bindings };
}

/** The failure of a state whose expression came out as something else. */
export function wrongType(visit: Visit, template: Template, wanted: string, value: unknown): StatesError {
  const failure = queryError(template, scopeOf(visit), `must return ${wanted}, not ${JSON.stringify(value)}.`);
  record(visit, 'EvaluationFailed', { error: failure.error, cause: failure.cause });
  return failure;
}
