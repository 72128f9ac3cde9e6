// What the leader's orchestrators wait for. It is forgotten with the leader: the next one begins anew from what is on record.
import type { Clock } from '../../time/clock.ts';

export class ManagerTimers {
  readonly #clock: Clock;
  readonly #isLed: () => boolean;
  readonly #cancels = new Set<() => void>();

  constructor(clock: Clock, isLed: () => boolean) {
    this.#clock = clock;
    this.#isLed = isLed;
  }

  /** Returns how to cancel it. */
  after(delay: number, work: () => void): () => void {
    const cancel = this.#clock.schedule(delay, () => {
      this.#cancels.delete(cancel);
      if (this.#isLed()) {
        work();
      }
    });
    this.#cancels.add(cancel);
    return () => {
      this.#cancels.delete(cancel);
      cancel();
    };
  }

  forget(): void {
    for (const cancel of this.#cancels) {
      cancel();
    }
    this.#cancels.clear();
  }
}
