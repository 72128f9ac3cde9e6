// A clock that stands still until it is told to go on, dice that can be loaded, and tasks that do what a test says.
import type { Definition } from '../../../../lab/aws/states/definition.ts';
import { deployedDefinition } from '../../../../lab/aws/states/deployed.ts';
import { Execution, type ExecutionOptions } from '../../../../lab/aws/states/execution.ts';
import type { StatesRuntime, TaskCall } from '../../../../lab/aws/states/runtime.ts';

export const START = Date.parse('2026-01-01T00:00:00Z');

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly wake: () => void;
}

export class FakeRuntime implements StatesRuntime {
  readonly calls: (TaskCall & { readonly at: number })[] = [];
  handler: (task: TaskCall) => unknown = () => ({});
  dice: () => number = () => 0.5;
  readonly #timers = new Set<Timer>();
  #time = START;
  #order = 0;

  now(): number {
    return this.#time;
  }

  random(): number {
    return this.dice();
  }

  newTaskToken(): string {
    this.#order += 1;
    return `token-${this.#order}`;
  }

  schedule(delayMs: number, wake: () => void): () => void {
    this.#order += 1;
    const timer = { at: this.#time + delayMs, order: this.#order, wake };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  call(task: TaskCall): Promise<unknown> {
    this.calls.push({ ...task, at: this.#time });
    return new Promise((resolve) => {
      resolve(this.handler(task));
    });
  }

  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Seconds since the start. */
  get elapsed(): number {
    return (this.#time - START) / 1000;
  }

  /** When calls were made, in seconds since the start. */
  get callTimes(): number[] {
    return this.calls.map(({ at }) => (at - START) / 1000);
  }

  /** Lets everything happen that needs no time. */
  async settle(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Goes on for that long, waking what is due in order. */
  async advance(seconds: number): Promise<void> {
    const end = this.#time + seconds * 1000;
    await this.settle();
    for (let timer = this.#next(); timer !== undefined && timer.at <= end; timer = this.#next()) {
      await this.#fire(timer);
    }
    this.#time = end;
  }

  /** Goes on until no timer is left. */
  async finish(): Promise<void> {
    await this.settle();
    for (let timer = this.#next(); timer !== undefined; timer = this.#next()) await this.#fire(timer);
  }

  async #fire(timer: Timer): Promise<void> {
    this.#timers.delete(timer);
    this.#time = timer.at;
    timer.wake();
    await this.settle();
  }

  #next(): Timer | undefined {
    return [...this.#timers].sort((a, b) => a.at - b.at || a.order - b.order)[0];
  }
}

/** A definition of these states, the first of which is the start. */
export function define(states: Record<string, unknown>, more: Record<string, unknown> = {}): Definition {
  return deployedDefinition(machine(states, more));
}

export function machine(states: Record<string, unknown>, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { QueryLanguage: 'JSONata', StartAt: Object.keys(states)[0], States: states, ...more };
}

export function begin(
  definition: Definition,
  runtime: StatesRuntime,
  input: unknown = {},
  more: Partial<ExecutionOptions> = {},
): Execution {
  return new Execution({
    definition,
    arn: 'arn:aws:states:eu-west-1:111122223333:execution:machine:one',
    name: 'one',
    stateMachine: { arn: 'arn:aws:states:eu-west-1:111122223333:stateMachine:machine', name: 'machine' },
    roleArn: 'arn:aws:iam::111122223333:role/machine',
    input,
    runtime,
    ...more,
  });
}

/** Runs the states to the end of all timers. */
export async function runStates(
  states: Record<string, unknown>,
  { input = {}, runtime = new FakeRuntime() }: { input?: unknown; runtime?: FakeRuntime } = {},
): Promise<Execution> {
  const execution = begin(define(states), runtime, input);
  await runtime.finish();
  return execution;
}

export const INVOKE = 'arn:aws:states:::lambda:invoke';
export const INVOKE_TOKEN = 'arn:aws:states:::lambda:invoke.waitForTaskToken';

export function types(execution: Execution): string[] {
  return execution.history.map(({ type }) => type);
}
