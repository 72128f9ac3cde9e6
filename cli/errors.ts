/** Nothing was done: the person asked for something that cannot be. The message says what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly exitCode = 1;
}

/** It was tried and did not turn out well. The message says what to do. */
export class Failed extends Error {
  override readonly name: string = 'Failed';
  readonly exitCode = 2;
}
