// What an error of the AWS SDK means: by name, fault and status, never by message.
import { FlowError } from '../core/errors.ts';

const THROTTLES = new Set([
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'TooManyRequestsException',
  'RequestLimitExceeded',
  'ProvisionedThroughputExceededException',
  'RequestThrottled',
  'RequestThrottledException',
  'SlowDown',
  // DynamoDB: a transaction holds the item, for a moment.
  'TransactionConflictException',
  'TransactionInProgressException',
]);

/** `AbortError`: the time of the function was over, whatever AWS has made of the call. */
const NETWORK = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'TimeoutError',
  'AbortError',
]);

export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : String(error);
}

/** The first line of what an error says. */
export const messageOf = (error: unknown): string =>
  error instanceof Error ? (error.message.split('\n')[0] ?? '') : '';

/** Services name it differently. */
const DENIED: ReadonlySet<string> = new Set([
  'AccessDeniedException',
  'AccessDenied',
  'UnauthorizedOperation',
  'UnauthorizedException',
]);

/** AWS denies the call to the caller. */
export const isDenied = (error: unknown): boolean => DENIED.has(errorName(error));

export function isThrottled(error: unknown): boolean {
  return THROTTLES.has(errorName(error)) || statusOf(error) === 429;
}

/** AWS failed or did not answer: whether the call took effect is not known. */
export function isUnavailable(error: unknown): boolean {
  const status = statusOf(error);
  return (status !== undefined && status >= 500) || NETWORK.has(errorName(error)) || NETWORK.has(codeOf(error));
}

/** The error as the state machines know it; unchanged where it is neither throttling nor an outage. */
export function asFlowError(error: unknown): unknown {
  if (error instanceof FlowError) {
    return error;
  }
  const message = error instanceof Error ? error.message : String(error);
  if (isThrottled(error)) {
    return new FlowError('Throttled', message, { cause: error });
  }
  return isUnavailable(error) ? new FlowError('AwsUnavailable', message, { cause: error }) : error;
}

/** What a conditional write answers. Undefined where its condition does not hold, since somebody has written in between. */
export async function ifHolds<Output extends object>(write: Promise<Output>): Promise<Output | undefined> {
  try {
    return await write;
  } catch (error) {
    if (errorName(error) === 'ConditionalCheckFailedException') {
      return undefined;
    }
    throw error;
  }
}

/** Whether it went through. */
export const passes = async (write: Promise<object>): Promise<boolean> => (await ifHolds(write)) !== undefined;

function statusOf(error: unknown): number | undefined {
  const metadata = property(error, '$metadata');
  const status = property(metadata, 'httpStatusCode');
  return typeof status === 'number' ? status : undefined;
}

function codeOf(error: unknown): string {
  const code = property(error, 'code');
  return typeof code === 'string' ? code : '';
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
