// The two errors that the command ends with on purpose. Each has a message for a person, and an exit code.
import { NOT_WELL, USAGE } from './exit-codes.ts';

/** Nothing was done: the person asked for something that cannot be. The message says what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly exitCode = USAGE;
}

/** It was tried and did not turn out well. The message says what to do. */
export class Failed extends Error {
  override readonly name: string = 'Failed';
  readonly exitCode = NOT_WELL;
}
