// The lab's time. Virtual: it jumps to the next thing that happens, as soon as nothing is under way. Wall: it passes by itself.
import { Timers } from './timers.ts';

/** How a piece of real work stands: whether it is counted, at a moment, depends on both. */
export class Work {
  pauses = 0;
  ended = false;
}

export class Clock {
  #virtual: boolean;
  #now: number;
  /** What the lab's time is ahead of the wall's, in wall mode. */
  #offset = 0;
  readonly #timers = new Timers();
  #busy = 0;
  /** Callers that wait for the work to be done. They do not look again and again: that takes the processor from the work itself. */
  #idle: (() => void)[] = [];
  #alarm: NodeJS.Timeout | undefined;
  #stopped = false;
  #interruption: Error | undefined;
  readonly start: number;

  constructor(options: { readonly virtual: boolean; readonly start: number }) {
    this.#virtual = options.virtual;
    this.#now = options.start;
    this.start = options.start;
    this.#offset = options.start - Date.now();
  }

  get virtual(): boolean {
    return this.#virtual;
  }

  /** Epoch milliseconds. */
  now(): number {
    return this.#virtual ? this.#now : Date.now() + this.#offset;
  }

  /** Calls `wake` once, after `delay` ms. Returns how to cancel it. */
  schedule(delay: number, wake: () => void): () => void {
    const timer = this.#timers.add(this.now() + Math.max(0, delay), wake);
    this.#arm();
    return () => {
      timer.cancelled = true;
    };
  }

  sleep(delay: number): Promise<void> {
    return new Promise((resolve) => {
      this.schedule(delay, resolve);
    });
  }

  /** Real work (a socket, a process): virtual time stands still until it is done. */
  async busy<T>(work: Promise<T>, state: Work = new Work()): Promise<T> {
    this.#busy += 1;
    try {
      return await work;
    } finally {
      state.ended = true;
      // One that is ended in a pause of its own is not counted already.
      if (state.pauses === 0) {
        this.#busy -= 1;
        this.#resumeIdle();
      }
    }
  }

  #resumeIdle(): void {
    if (this.#busy === 0) {
      for (const resume of this.#idle.splice(0)) {
        resume();
      }
    }
  }

  /** A pause within real work: while it lasts, this work holds nothing up. It may have several at once, and be ended meanwhile. */
  async pause(delay: number, work: Work): Promise<void> {
    if (work.pauses === 0 && !work.ended) {
      this.#busy -= 1;
      this.#resumeIdle();
    }
    work.pauses += 1;
    try {
      await this.sleep(delay);
    } finally {
      work.pauses -= 1;
      if (work.pauses === 0 && !work.ended) {
        this.#busy += 1;
      }
    }
  }

  /** From now on time passes by itself. */
  follow(): void {
    this.#offset = this.#now - Date.now();
    this.#virtual = false;
    this.#arm();
  }

  /** Callers that wait for time to pass wait no longer: Ctrl-C. */
  interrupt(reason: Error): void {
    this.#interruption = reason;
  }

  /**
   * Lets time pass until `done`, at most `limit` ms of it. Returns whether it came so far.
   *
   * @throws the reason of an interruption
   */
  async until(done: () => boolean, limit: number): Promise<boolean> {
    const end = this.now() + limit;
    for (;;) {
      await this.#settle();
      if (this.#interruption !== undefined) {
        throw this.#interruption;
      }
      if (done()) {
        return true;
      }
      if (this.#virtual ? !this.#step(end) : this.now() >= end) {
        return done();
      }
    }
  }

  async advance(delay: number): Promise<void> {
    await this.until(() => false, delay);
  }

  /** From now on nothing is woken. What ends meanwhile may still set timers: they must not keep the process alive. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#alarm);
    this.#timers.clear();
  }

  /** Jumps to the next timer and fires it; false if there is none before `end`. */
  #step(end: number): boolean {
    const { next } = this.#timers;
    if (next === undefined || next.at > end) {
      this.#now = end;
      return false;
    }
    this.#timers.take();
    this.#now = Math.max(this.#now, next.at);
    next.wake();
    return true;
  }

  /** Waits until nothing is under way: promises settle before an immediate runs, and real work is counted. */
  async #settle(): Promise<void> {
    if (!this.#virtual) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return;
    }
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#busy > 0) {
        await new Promise<void>((resolve) => {
          this.#idle.push(resolve);
        });
        continue;
      }
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#busy === 0) {
        return;
      }
    }
  }

  #arm(): void {
    if (this.#virtual || this.#stopped) {
      return;
    }
    clearTimeout(this.#alarm);
    const { next } = this.#timers;
    if (next !== undefined) {
      this.#alarm = setTimeout(
        () => {
          this.#ring();
        },
        Math.min(2 ** 31 - 1, Math.max(0, next.at - this.now())),
      );
    }
  }

  #ring(): void {
    while (!this.#virtual) {
      const { next } = this.#timers;
      if (next === undefined || next.at > this.now()) {
        break;
      }
      this.#timers.take();
      next.wake();
    }
    this.#arm();
  }
}
