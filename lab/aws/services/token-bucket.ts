// How AWS throttles: a bucket that fills at a rate, and from which every call takes one.
import type { Clock } from '../../time/clock.ts';

/** So many calls a second, and so many at once after a time of quiet. */
export interface Rate {
  readonly rate: number;
  readonly burst: number;
}

export class TokenBucket {
  /** How often it was empty. */
  refused = 0;
  readonly #clock: Clock;
  readonly #rate: Rate;
  #tokens: number;
  #at: number;

  constructor(clock: Clock, rate: Rate) {
    this.#clock = clock;
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#at = clock.now();
  }

  /** Whether one more call goes through now. */
  take(): boolean {
    const { rate, burst } = this.#rate;
    const now = this.#clock.now();
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#at) / 1000) * rate);
    this.#at = now;
    if (this.#tokens < 1) {
      this.refused += 1;
      return false;
    }
    this.#tokens -= 1;
    return true;
  }
}
