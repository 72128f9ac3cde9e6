// Goes from state to state: enters, performs, retries, catches, leaves. What every state type does is one switch.
import type {
  ChoiceState,
  FailState,
  Machine,
  MapState,
  ParallelState,
  State,
  TaskState,
  WaitState,
} from './definition.ts';
import { GivenFailure, OversizedResult, StatesError } from './errors.ts';
import type { Template } from './expression.ts';
import { checkPayload, isOversized, isRecord, toJson } from './json.ts';
import type { Lifetime } from './lifetime.ts';
import { matchesError, Retries } from './retry.ts';
import { isTimestamp } from './timestamp.ts';
import type { Run } from './runtime.ts';
import { attempt, sleep } from './task.ts';
import { runTogether } from './together.ts';
import { Variables } from './variables.ts';
import {
  ask,
  asFailure,
  askInteger,
  askRecord,
  enter,
  type Frame,
  type Known,
  type Limits,
  record,
  type Visit,
  wrongType,
} from './visit.ts';

/** Inline maps run this many iterations at a time, whatever MaxConcurrency says. */
const MAP_CONCURRENCY = 40;
/** Milliseconds: 24,855 days, as recorded. */
const LONGEST_WAIT = 24_855 * 86_400_000;
/** State types for which AWS has a `...StateAborted` event. */
const ABORTABLE: ReadonlySet<State['type']> = new Set(['Task', 'Wait', 'Map', 'Parallel']);

/** What performing a state, or catching its error, came to. */
interface Outcome {
  /** The state's output where it has no Output. */
  readonly result: unknown;
  readonly known: Known;
  readonly output: Template | undefined;
  readonly assign: Template | undefined;
  readonly next: string | undefined;
}

/**
 * Runs a machine to its end; resolves with its output.
 *
 * @throws StatesError when a state failed and nothing caught it
 * @throws Cancelled when the frame's lifetime ended
 */
export async function runMachine(run: Run, machine: Machine, input: unknown, frame: Frame): Promise<unknown> {
  let name: string | undefined = machine.startAt;
  let data = input;
  while (name !== undefined) {
    const state = machine.states.get(name);
    if (state === undefined) throw new Error(`no state ${name}`);
    const step: { next: string | undefined; output: unknown } = await visitState(run, frame, state, data);
    name = step.next;
    data = step.output;
  }
  return data;
}

async function visitState(
  run: Run,
  frame: Frame,
  state: State,
  input: unknown,
): Promise<{ next: string | undefined; output: unknown }> {
  const visit = enter(run, frame, state, input);
  const aborted = ABORTABLE.has(state.type)
    ? noteAborted(run, frame, `${state.type}StateAborted`, state.name)
    : undefined;
  const retries = new Retries(state.retry);
  try {
    for (;;) {
      try {
        return await leave(visit, await perform(visit));
      } catch (thrown) {
        const failure = asFailure(run, thrown);
        frame.life.check();
        const delay = retries.next(failure, () => run.runtime.random());
        if (delay === undefined) {
          noteFailed(visit, failure);
          return await leave(visit, recover(visit, failure));
        }
        await sleep(run, frame.life, delay);
        visit.retryCount += 1;
        run.counters.retries += 1;
        run.counters.transitions += 1;
      }
    }
  } catch (thrown) {
    // As recorded: a task whose failure ends a branch of Parallel is called aborted too.
    if (state.type === 'Task' && frame.isBranch === true && !frame.life.ended) record(visit, 'TaskStateAborted');
    throw thrown;
  } finally {
    aborted?.();
  }
}

/** Of Map and Parallel: written once, after the last try. */
function noteFailed(visit: Visit, { error, cause }: StatesError): void {
  const { type } = visit.state;
  if (type === 'Map' || type === 'Parallel') record(visit, `${type}StateFailed`, { error, cause });
}

/** Writes the event when the lifetime ends first. Returns how to forget that. */
function noteAborted(run: Run, frame: Frame, type: string, state: string, details = {}): () => void {
  return frame.life.onEnd(() => {
    if (!run.history.full) run.history.add(type, state, details);
  });
}

/** @throws the failure when no catcher means it */
function recover(visit: Visit, failure: StatesError): Outcome {
  const catcher = visit.state.catch.find(({ errorEquals }) => matchesError(errorEquals, failure));
  if (catcher === undefined) throw failure;
  const errorOutput = failure.output;
  const { output, assign, next } = catcher;
  return { result: errorOutput, known: { errorOutput }, output, assign, next };
}

/** Output and Assign both see the variables as they were when the state was entered. */
async function leave(visit: Visit, outcome: Outcome): Promise<{ next: string | undefined; output: unknown }> {
  const { frame, state } = visit;
  const output = outcome.output === undefined ? outcome.result : await ask(visit, outcome.output, outcome.known);
  const assigned = outcome.assign === undefined ? {} : await ask(visit, outcome.assign, outcome.known);
  checkPayload(output, `The state's output`);
  checkPayload(assigned, 'The assigned variables');
  if (isRecord(assigned)) frame.variables.assign(assigned);
  record(visit, `${state.type}StateExited`, { output, assignedVariables: assigned });
  return { next: outcome.next, output };
}

async function perform(visit: Visit): Promise<Outcome> {
  const { state, input } = visit;
  checkPayload(input, `The state's input`);
  switch (state.type) {
    case 'Pass':
    case 'Succeed':
      return toNext(state, input);
    case 'Fail':
      throw await failureOf(visit, state);
    case 'Choice':
      return choose(visit, state);
    case 'Wait':
      await sleep(visit.run, visit.frame.life, await waitOf(visit, state));
      return toNext(state, input);
    case 'Task':
      return withResult(state, await performTask(visit, state));
    case 'Map':
      return withResult(state, await performMap(visit, state));
    case 'Parallel':
      return withResult(state, await performParallel(visit, state));
  }
}

function toNext({ output, assign, next }: State, result: unknown): Outcome {
  return { result, known: {}, output, assign, next };
}

function withResult(state: State, result: unknown): Outcome {
  checkPayload(result, `The state's result`);
  return { ...toNext(state, result), known: { result } };
}

async function failureOf(visit: Visit, state: FailState): Promise<StatesError> {
  const text = async (template: Template | undefined): Promise<string | undefined> => {
    if (template === undefined) return undefined;
    const value = await ask(visit, template);
    if (typeof value === 'string') return value;
    throw wrongType(visit, template, 'a string', value);
  };
  return new GivenFailure(await text(state.error), await text(state.cause));
}

async function choose(visit: Visit, state: ChoiceState): Promise<Outcome> {
  for (const { condition, output, assign, next } of state.rules) {
    const met = await ask(visit, condition);
    if (met === true) return { result: visit.input, known: {}, output, assign, next };
    if (met !== false) {
      throw wrongType(visit, condition, 'a boolean', met);
    }
  }
  if (state.otherwise === undefined) {
    throw new StatesError('States.NoChoiceMatched', `No choice of ${visit.place} matched and it has no Default.`);
  }
  return { ...toNext(state, visit.input), next: state.otherwise };
}

/** Milliseconds. */
async function waitOf(visit: Visit, state: WaitState): Promise<number> {
  if (state.unit === 'seconds') return (await askInteger(visit, state.until, 0)) * 1000;
  const value = await ask(visit, state.until);
  if (!isTimestamp(value)) {
    throw wrongType(visit, state.until, 'an ISO 8601 date with a time and an offset', value);
  }
  const delay = Math.max(0, Date.parse(value) - visit.run.runtime.now());
  if (delay > LONGEST_WAIT) throw new StatesError('States.Runtime', `${visit.place}: Wait state delay is too long.`);
  return delay;
}

async function performTask(visit: Visit, state: TaskState): Promise<unknown> {
  const { run, frame } = visit;
  visit.taskToken = state.waitsForToken ? run.runtime.newTaskToken() : undefined;
  const given = state.arguments === undefined ? {} : await askRecord(visit, state.arguments);
  checkPayload(given, 'The arguments');
  const limits = await limitsOf(visit, state);
  const { resource } = state;
  record(visit, 'TaskScheduled', { resource, parameters: given, ...limits });
  record(visit, 'TaskStarted', { resource });
  const call = {
    resource,
    arguments: given,
    state: state.name,
    execution: run.execution,
    ...(visit.taskToken === undefined ? {} : { taskToken: visit.taskToken }),
  };
  const submitted = (output: unknown): void => {
    record(visit, 'TaskSubmitted', { resource, output });
  };
  try {
    const output = toJson(await attempt(run, frame.life, { call, submitted, ...limits }));
    if (isOversized(output)) throw new OversizedResult(resource);
    record(visit, 'TaskSucceeded', { resource, output });
    return output;
  } catch (thrown) {
    const failure = asFailure(run, thrown);
    const { error, cause } = failure;
    const timedOut = error === 'States.Timeout' || error === 'States.HeartbeatTimeout';
    record(visit, timedOut ? 'TaskTimedOut' : 'TaskFailed', { resource, error, cause });
    throw failure;
  }
}

async function limitsOf(visit: Visit, state: TaskState): Promise<Limits> {
  if (visit.limits !== undefined && !visit.run.knobs.timeoutPerTry) return visit.limits;
  const seconds = (template: Template | undefined): Promise<number> | undefined =>
    template === undefined ? undefined : askInteger(visit, template, 1);
  visit.limits = {
    timeoutSeconds: await seconds(state.timeoutSeconds),
    heartbeatSeconds: await seconds(state.heartbeatSeconds),
  };
  return visit.limits;
}

async function performMap(visit: Visit, state: MapState): Promise<unknown> {
  const items = await ask(visit, state.items);
  if (!Array.isArray(items)) {
    throw wrongType(visit, state.items, 'an array', items);
  }
  const wanted = state.maxConcurrency === undefined ? 0 : await askInteger(visit, state.maxConcurrency, 0);
  const limit = wanted === 0 ? MAP_CONCURRENCY : Math.min(wanted, MAP_CONCURRENCY);
  return together(visit, { length: items.length }, (life) =>
    runTogether(life, items.length, limit, (index) =>
      iterate(visit, state, life, { Index: index, Value: items[index] }),
    ),
  );
}

async function iterate(
  visit: Visit,
  state: MapState,
  outer: Lifetime,
  item: NonNullable<Frame['item']>,
): Promise<unknown> {
  const { run } = visit;
  const details = { name: state.name, index: item.Index };
  const frame = { life: outer.child(), variables: new Variables(visit.frame.variables), item };
  const input = state.itemSelector === undefined ? item.Value : await ask(visit, state.itemSelector, {}, frame);
  frame.life.check();
  run.history.add('MapIterationStarted', state.name, details);
  const forget = noteAborted(run, frame, 'MapIterationAborted', state.name, details);
  try {
    const output = await runMachine(run, state.processor, input, frame);
    frame.life.check();
    run.history.add('MapIterationSucceeded', state.name, details);
    return output;
  } catch (thrown) {
    const failure = asFailure(run, thrown);
    frame.life.check();
    run.history.add('MapIterationFailed', state.name, { ...details, error: failure.error, cause: failure.cause });
    throw failure;
  } finally {
    forget();
    frame.life.end();
  }
}

async function performParallel(visit: Visit, state: ParallelState): Promise<unknown> {
  const { run, frame } = visit;
  const input = state.arguments === undefined ? visit.input : await ask(visit, state.arguments);
  const { branches } = state;
  return together(visit, {}, (life) =>
    runTogether(life, branches.length, branches.length, (index) => {
      const branch = branches[index];
      if (branch === undefined) throw new Error(`no branch ${index}`);
      const inner = { ...frame, life, variables: new Variables(frame.variables), isBranch: true };
      return runMachine(run, branch, input, inner);
    }),
  );
}

/** The events around the branches of Parallel and the iterations of Map. */
async function together(
  visit: Visit,
  details: Record<string, unknown>,
  work: (life: Lifetime) => Promise<unknown[]>,
): Promise<unknown> {
  const { frame, state } = visit;
  record(visit, `${state.type}StateStarted`, details);
  const results = await work(frame.life.child());
  record(visit, `${state.type}StateSucceeded`);
  return results;
}
