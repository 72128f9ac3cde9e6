// What an execution needs of the world, and what its parts share.
import type { History } from './history.ts';
import type { TaskTokens } from './task-tokens.ts';

/** The world around an execution. There is no other clock, no other dice, no other way out. */
export interface StatesRuntime {
  /** Epoch milliseconds. */
  now(): number;
  /** Calls `wake` once, after `delayMs`. Returns how to cancel it. */
  schedule(delayMs: number, wake: () => void): () => void;
  /** In [0, 1). */
  random(): number;
  /** Unique for ever: a token must not be valid in another execution. */
  newTaskToken(): string;
  /**
   * Does what a Task asks for. Resolves with the result as AWS gives it, rejects with StatesError. Any other rejection is
   * a defect of the lab.
   */
  call(task: TaskCall): Promise<unknown>;
}

export interface TaskCall {
  /** As written in the definition, `.waitForTaskToken` included. */
  readonly resource: string;
  /** The evaluated Arguments; `{}` without any. */
  readonly arguments: unknown;
  readonly state: string;
  readonly execution: {
    readonly arn: string;
    readonly name: string;
    /** Epoch milliseconds. */
    readonly startTime: number;
    readonly input: unknown;
  };
  /** Only where the resource waits for it. */
  readonly taskToken?: string;
}

/** What AWS does not document; both answers are to be tested. */
export interface Knobs {
  /** Whether a TimeoutSeconds expression is evaluated anew for each retry, or once for the state. */
  readonly timeoutPerTry: boolean;
  /** What a missed heartbeat is called. The documentation has both; recorded on 2024-04-18 was `States.Timeout`. */
  readonly missedHeartbeat: 'States.Timeout' | 'States.HeartbeatTimeout';
}

export const KNOBS: Knobs = { timeoutPerTry: true, missedHeartbeat: 'States.Timeout' };

/** What all branches of one execution share. */
export interface Run {
  readonly runtime: StatesRuntime;
  readonly knobs: Knobs;
  readonly history: History;
  readonly tokens: TaskTokens;
  readonly execution: TaskCall['execution'];
  /** `$states.context` without what a state adds to it. */
  readonly context: Readonly<Record<string, unknown>>;
  readonly counters: { transitions: number; retries: number };
  /** Takes note of an error that no state machine can cause: a bug of the interpreter or of the runtime. */
  defect(error: unknown): void;
}
