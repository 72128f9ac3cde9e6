// The one flock of a node: exclusive for documents that change its own membership, shared for those that ask managers.
import type { Clock } from '../../time/clock.ts';

export type LockMode = 'shared' | 'exclusive';

interface Waiter {
  readonly mode: LockMode;
  readonly grant: () => void;
}

export class NodeLock {
  readonly #clock: Clock;
  #holders = 0;
  #exclusive = false;
  #waiters: Waiter[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * @param patience milliseconds
   * @returns how to give it back, or undefined when others held it for too long
   */
  async acquire(mode: LockMode, patience: number): Promise<(() => void) | undefined> {
    if (!this.#take(mode) && !(await this.#wait(mode, patience))) {
      return undefined;
    }
    return () => {
      this.#holders -= 1;
      this.#exclusive = false;
      this.#waiters = this.#waiters.filter((waiter) => {
        const taken = this.#take(waiter.mode);
        if (taken) {
          waiter.grant();
        }
        return !taken;
      });
    };
  }

  #take(mode: LockMode): boolean {
    if (this.#exclusive || (mode === 'exclusive' && this.#holders > 0)) {
      return false;
    }
    this.#holders += 1;
    this.#exclusive = mode === 'exclusive';
    return true;
  }

  #wait(mode: LockMode, patience: number): Promise<boolean> {
    return new Promise((resolve) => {
      const waiter: Waiter = {
        mode,
        grant: () => {
          giveUp();
          resolve(true);
        },
      };
      const giveUp = this.#clock.schedule(patience, () => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        resolve(false);
      });
      this.#waiters.push(waiter);
    });
  }
}
