// Which error a Retry or Catch entry means, and how long a retrier waits.
import { OversizedResult, type StatesError } from './errors.ts';

export interface Retrier {
  readonly errorEquals: readonly string[];
  readonly intervalSeconds: number;
  readonly maxAttempts: number;
  readonly backoffRate: number;
  readonly maxDelaySeconds: number | undefined;
  readonly jitter: 'FULL' | 'NONE';
}

export const RETRIER_DEFAULTS = { intervalSeconds: 1, maxAttempts: 3, backoffRate: 2, jitter: 'NONE' } as const;
/** AWS's upper limit of an interval in seconds: keeps 2^400 out of the clock. */
export const MAX_SECONDS = 99_999_999;

/** Errors that the wildcards do not mean: only their own name catches them. */
const BY_NAME_ONLY = new Set(['States.DataLimitExceeded']);
const NEVER = 'States.Runtime';

/**
 * Whether an `ErrorEquals` list means the failure.
 *
 * @example matchesError(['States.TaskFailed'], new StatesError('States.Timeout')) // false
 */
export function matchesError(errorEquals: readonly string[], failure: StatesError): boolean {
  const { error } = failure;
  return errorEquals.some((name) => {
    if (error === NEVER) return false;
    if (name === error) return true;
    if (failure instanceof OversizedResult) return name === 'States.ALL';
    if (BY_NAME_ONLY.has(error)) return false;
    switch (name) {
      case 'States.ALL':
        return true;
      case 'States.TaskFailed':
        return error !== 'States.Timeout';
      // A missed heartbeat is one of the two timeouts of the specification.
      case 'States.Timeout':
        return error === 'States.HeartbeatTimeout';
      default:
        return false;
    }
  });
}

/** The retriers of one visit of a state. Each counts its own attempts, also when errors alternate. */
export class Retries {
  readonly #retriers: readonly { readonly retrier: Retrier; used: number }[];

  constructor(retriers: readonly Retrier[]) {
    this.#retriers = retriers.map((retrier) => ({ retrier, used: 0 }));
  }

  /** Milliseconds to wait before the next try; undefined when there is none. Only the first matching retrier is asked. */
  next(failure: StatesError, random: () => number): number | undefined {
    const entry = this.#retriers.find(({ retrier }) => matchesError(retrier.errorEquals, failure));
    if (entry === undefined || entry.used >= entry.retrier.maxAttempts) return undefined;
    const delay = delayOf(entry.retrier, entry.used);
    entry.used += 1;
    return Math.round((entry.retrier.jitter === 'FULL' ? random() * delay : delay) * 1000);
  }
}

/** Seconds before retry number `used` (from 0), without jitter. */
export function delayOf(retrier: Retrier, used: number): number {
  const longest = retrier.maxDelaySeconds ?? MAX_SECONDS;
  return Math.min(longest, retrier.intervalSeconds * retrier.backoffRate ** used);
}
