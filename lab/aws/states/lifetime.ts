// How long something runs: an execution, a branch, one try of a task. What ends takes its timers and children with it.
import { Cancelled } from './errors.ts';

/** Plain callbacks instead of AbortSignal: they run in a fixed order and at once, which replays need. */
export class Lifetime {
  #ended = false;
  readonly #hooks = new Set<() => void>();

  get ended(): boolean {
    return this.#ended;
  }

  /** Runs `hook` when this ends. Returns how to forget the hook. */
  onEnd(hook: () => void): () => void {
    if (this.#ended) {
      hook();
      return () => undefined;
    }
    this.#hooks.add(hook);
    return () => {
      this.#hooks.delete(hook);
    };
  }

  /** A lifetime within this one. */
  child(): Lifetime {
    const child = new Lifetime();
    const forget = this.onEnd(() => {
      child.end();
    });
    child.onEnd(forget);
    return child;
  }

  /** Ends this and all within it, the youngest first. Idempotent. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    const hooks = [...this.#hooks].reverse();
    this.#hooks.clear();
    for (const hook of hooks) hook();
  }

  /** @throws Cancelled when this has ended: code that awaited something must not go on */
  check(): void {
    if (this.#ended) throw Cancelled.one;
  }
}
