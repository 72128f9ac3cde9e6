// One execution of a Standard state machine, on whatever clock it is given.
import type { Definition } from './definition.ts';
import { Cancelled, messageOf, StatesError, GivenFailure } from './errors.ts';
import { History, type HistoryEvent } from './history.ts';
import { runMachine } from './interpreter.ts';
import { toJson } from './json.ts';
import { Lifetime } from './lifetime.ts';
import { type Knobs, KNOBS, type Run, type StatesRuntime } from './runtime.ts';
import { TaskTokens } from './task-tokens.ts';
import { after } from './task.ts';
import { Variables } from './variables.ts';

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

export interface ExecutionOptions {
  readonly definition: Definition;
  readonly arn: string;
  readonly name: string;
  readonly stateMachine: { readonly arn: string; readonly name: string };
  readonly roleArn: string;
  /** JSON, parsed. */
  readonly input: unknown;
  readonly runtime: StatesRuntime;
  readonly knobs?: Partial<Knobs>;
  readonly onEvent?: (event: HistoryEvent) => void;
}

interface End {
  readonly status: Exclude<ExecutionStatus, 'RUNNING'>;
  readonly event: string;
  readonly output?: unknown;
  readonly error?: string;
  readonly cause?: string;
}

/**
 * Runs from its construction on: the first state is entered in a microtask, and from then on only the runtime's clock,
 * its calls and the task tokens move it. Between those it needs microtasks only, so a virtual clock may go on when the
 * microtask queue is empty.
 */
export class Execution {
  readonly arn: string;
  readonly name: string;
  readonly stateMachine: { readonly arn: string; readonly name: string };
  readonly input: unknown;
  /** Epoch milliseconds. */
  readonly startDate: number;
  /** Resolves, and never rejects, when the status is no longer RUNNING. */
  readonly done: Promise<void>;
  /** Errors that no state machine can cause: bugs of the lab. A test bench must fail when there are any. */
  readonly defects: unknown[] = [];

  readonly #history: History;
  readonly #tokens = new TaskTokens();
  readonly #life = new Lifetime();
  readonly #counters = { transitions: 0, retries: 0 };
  readonly #now: () => number;
  #end: (End & { readonly at: number }) | undefined;
  #finished: () => void = () => undefined;

  constructor({ definition, arn, name, stateMachine, roleArn, input, runtime, knobs, onEvent }: ExecutionOptions) {
    this.arn = arn;
    this.name = name;
    this.stateMachine = stateMachine;
    this.input = toJson(input);
    this.startDate = runtime.now();
    this.#now = () => runtime.now();
    this.#history = new History(this.#now, onEvent);
    this.done = new Promise((resolve) => {
      this.#finished = resolve;
    });

    const run = this.#share(runtime, { ...KNOBS, ...knobs }, roleArn);
    this.#history.mark('ExecutionStarted', { input: this.input });
    if (definition.timeoutSeconds !== undefined) {
      after(run, this.#life, definition.timeoutSeconds * 1000, () => {
        // Without an error, as recorded: the status says it.
        this.#finish({ status: 'TIMED_OUT', event: 'ExecutionTimedOut' });
      });
    }
    void this.#follow(run, definition);
  }

  get status(): ExecutionStatus {
    return this.#end?.status ?? 'RUNNING';
  }

  /** Only of an execution that succeeded. */
  get output(): unknown {
    return this.#end?.output;
  }

  get error(): string | undefined {
    return this.#end?.error;
  }

  get cause(): string | undefined {
    return this.#end?.cause;
  }

  /** Epoch milliseconds. */
  get stopDate(): number | undefined {
    return this.#end?.at;
  }

  get history(): readonly HistoryEvent[] {
    return this.#history.events;
  }

  /** As AWS bills them: states entered and retries, inside Map and Parallel too. The start is not counted. */
  get transitions(): number {
    return this.#counters.transitions;
  }

  get retries(): number {
    return this.#counters.retries;
  }

  /** Whether this execution ever issued the task token. */
  ownsTaskToken(taskToken: string): boolean {
    return this.#tokens.has(taskToken);
  }

  /**
   * @param output JSON, parsed
   * @throws TaskTokenError `TaskTimedOut` for a token that is closed, `TaskDoesNotExist` for one never issued here
   */
  sendTaskSuccess(taskToken: string, output: unknown): void {
    this.#tokens.find(taskToken).succeed(toJson(output));
  }

  /** @throws TaskTokenError like sendTaskSuccess */
  sendTaskFailure(taskToken: string, error?: string, cause?: string): void {
    this.#tokens.find(taskToken).fail(new GivenFailure(error, cause));
  }

  /** @throws TaskTokenError like sendTaskSuccess */
  sendTaskHeartbeat(taskToken: string): void {
    this.#tokens.find(taskToken).beat();
  }

  /** Ends it as ABORTED; no Catch sees that. Without effect on an execution that has ended. */
  stop(error?: string, cause?: string): void {
    this.#finish({ status: 'ABORTED', event: 'ExecutionAborted', ...textsOf({ error, cause }) });
  }

  #share(runtime: StatesRuntime, knobs: Knobs, roleArn: string): Run {
    const { arn, name, startDate, input } = this;
    return {
      runtime,
      knobs,
      history: this.#history,
      tokens: this.#tokens,
      execution: { arn, name, startTime: startDate, input },
      context: {
        Execution: {
          Id: arn,
          Input: input,
          Name: name,
          RedriveCount: 0,
          RoleArn: roleArn,
          StartTime: new Date(startDate).toISOString(),
        },
        StateMachine: { Id: this.stateMachine.arn, Name: this.stateMachine.name },
      },
      counters: this.#counters,
      defect: (error) => {
        this.defects.push(error);
      },
    };
  }

  async #follow(run: Run, definition: Definition): Promise<void> {
    // Not before whoever made this execution has it in hand: a call may look it up.
    await Promise.resolve();
    try {
      const output = await runMachine(run, definition, this.input, { life: this.#life, variables: new Variables() });
      this.#finish({ status: 'SUCCEEDED', event: 'ExecutionSucceeded', output });
    } catch (thrown) {
      if (thrown instanceof Cancelled) return;
      if (!(thrown instanceof StatesError)) this.defects.push(thrown);
      const { output } = thrown instanceof StatesError ? thrown : new StatesError('States.Runtime', messageOf(thrown));
      const { Error: error, Cause: cause } = output;
      this.#finish({ status: 'FAILED', event: 'ExecutionFailed', ...textsOf({ error, cause }) });
    }
  }

  #finish({ event, ...end }: End): void {
    if (this.#end !== undefined) return;
    // First, so that no state goes on while the end is written; its aborted states come before the end in the history.
    this.#life.end();
    this.#end = { event, ...end, at: this.#now() };
    this.#history.mark(event, event === 'ExecutionSucceeded' ? { output: end.output } : textsOf(end));
    this.#finished();
  }
}

/** What nobody said is left out, and so is a cause without a word in it: both as recorded. */
function textsOf(texts: { readonly error?: string | null | undefined; readonly cause?: string | null | undefined }): {
  readonly error?: string;
  readonly cause?: string;
} {
  const { error, cause } = texts;
  return {
    ...(typeof error === 'string' ? { error } : {}),
    ...(typeof cause === 'string' && cause !== '' ? { cause } : {}),
  };
}
