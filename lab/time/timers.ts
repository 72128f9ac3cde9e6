// Timers in the order in which they fire: a heap, since a burst has thousands, most of them never to fire.

export interface Timer {
  readonly at: number;
  /** Timers of the same moment fire in the order in which they were set. */
  readonly order: number;
  readonly wake: () => void;
  cancelled: boolean;
}

export class Timers {
  #heap: Timer[] = [];
  #order = 0;

  add(at: number, wake: () => void): Timer {
    const timer: Timer = { at, order: (this.#order += 1), wake, cancelled: false };
    this.#heap.push(timer);
    this.#rise(this.#heap.length - 1);
    return timer;
  }

  /** The next one to fire. Cancelled ones are dropped when they come up. */
  get next(): Timer | undefined {
    while (this.#heap[0]?.cancelled === true) {
      this.#removeFirst();
    }
    return this.#heap[0];
  }

  /** Takes the next one out. */
  take(): Timer | undefined {
    const { next } = this;
    if (next !== undefined) {
      this.#removeFirst();
    }
    return next;
  }

  clear(): void {
    this.#heap = [];
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (last !== undefined && this.#heap.length > 0) {
      this.#heap[0] = last;
      this.#sink(0);
    }
  }

  #rise(from: number): void {
    for (let index = from; index > 0;) {
      const parent = (index - 1) >> 1;
      if (!this.#isBefore(index, parent)) {
        return;
      }
      this.#swap(index, parent);
      index = parent;
    }
  }

  #sink(from: number): void {
    for (let index = from; ;) {
      const left = 2 * index + 1;
      const child = this.#isBefore(left + 1, left) ? left + 1 : left;
      if (!this.#isBefore(child, index)) {
        return;
      }
      this.#swap(index, child);
      index = child;
    }
  }

  /** False where there is no such timer. */
  #isBefore(first: number, second: number): boolean {
    const a = this.#heap[first];
    const b = this.#heap[second];
    return a !== undefined && b !== undefined && (a.at < b.at || (a.at === b.at && a.order < b.order));
  }

  #swap(first: number, second: number): void {
    const a = this.#heap[first];
    const b = this.#heap[second];
    if (a !== undefined && b !== undefined) {
      this.#heap[first] = b;
      this.#heap[second] = a;
    }
  }
}
