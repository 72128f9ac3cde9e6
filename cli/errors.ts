/** The person asked for something that cannot be: exit code 1, and the message says what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
