// The errors of the interpreter: those a state machine can see, those of its loader, those of task tokens.

/** What a Catch hands on. Both are null where a task token was failed without them (recorded 2024-04-29). */
export interface ErrorOutput {
  readonly Error: string | null;
  readonly Cause: string | null;
}

/**
 * An error as a state machine sees it: a name to match in Retry and Catch, and a cause. The one kind of rejection
 * that a runtime's `call` may answer with.
 *
 * @example new StatesError('Lambda.TooManyRequestsException', 'Rate Exceeded.')
 */
export class StatesError extends Error {
  override readonly name = 'StatesError';
  readonly error: string;
  override readonly cause: string;
  readonly output: ErrorOutput;

  constructor(error = '', cause = '') {
    super(cause === '' ? error : `${error}: ${cause}`);
    this.error = error;
    this.cause = cause;
    this.output = { Error: error, Cause: cause };
  }
}

/** What somebody failed a task token with, or a Fail state: with or without a name and a cause. */
export class GivenFailure extends StatesError {
  override readonly output: ErrorOutput;

  constructor(error: string | undefined, cause: string | undefined) {
    super(error, cause);
    this.output = { Error: error ?? null, Cause: cause ?? null };
  }
}

/**
 * A task's result is over the limit of a payload. Recorded on 2024-03-21: `States.ALL` catches it, although the documentation says that
 * only its own name does. What else is over the limit, like an Output, is known from the documentation alone.
 */
export class OversizedResult extends StatesError {
  constructor(resource: string) {
    const what = /:states:::([a-z-]+)/.exec(resource)?.[1] ?? resource;
    super(
      'States.DataLimitExceeded',
      `The state/task '${what}' returned a result with a size exceeding the maximum number of bytes service limit.`,
    );
  }
}

/** A definition that the lab does not run. `path` is where, e.g. `States.Join.Retry[0].IntervalSeconds`. */
export class DefinitionError extends Error {
  override readonly name = 'DefinitionError';
  readonly path: string;

  constructor(path: string, problem: string) {
    super(path === '' ? problem : `${path}: ${problem}`);
    this.path = path;
  }
}

export type TaskTokenProblem = 'TaskTimedOut' | 'TaskDoesNotExist';

/** A task token that cannot be used: closed (`TaskTimedOut`) or never issued by this execution (`TaskDoesNotExist`). */
export class TaskTokenError extends Error {
  override readonly name: TaskTokenProblem;

  constructor(problem: TaskTokenProblem) {
    super(
      problem === 'TaskTimedOut'
        ? 'The task token has either expired or the task associated with the token has already been closed'
        : 'No task of this execution has that token',
    );
    this.name = problem;
  }
}

/**
 * Thrown through code whose state, branch or execution was ended from outside. Never leaves the interpreter, so nobody reads where it was made:
 * there is one of them, since each task and each wait ends with one, mostly for nobody.
 */
export class Cancelled extends Error {
  static readonly one = new Cancelled();
  override readonly name = 'Cancelled';

  private constructor() {
    super();
  }
}

/** `An error occurred` texts want a string whatever was thrown; jsonata throws plain objects. */
export function messageOf(thrown: unknown): string {
  if (typeof thrown === 'object' && thrown !== null && 'message' in thrown && typeof thrown.message === 'string') {
    return 'code' in thrown && typeof thrown.code === 'string' ? `${thrown.code}: ${thrown.message}` : thrown.message;
  }
  return String(thrown);
}
