/** The person asked for something that cannot be: exit code 1, and the message says what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** It was tried and did not turn out well: exit code 2, and the message says what to do. */
export class Failed extends Error {
  override readonly name = 'Failed';
}
