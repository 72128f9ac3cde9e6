// What seeds have shown, in their order, whichever was done first: a run of many processes is told as one of a single process would be.
import type { SeedShown } from './one-seed.ts';

export class InOrder {
  readonly all: SeedShown[] = [];
  readonly #early = new Map<number, SeedShown>();
  readonly #onNext: (shown: SeedShown) => void;
  readonly #untilBroken: boolean;

  /** @param untilBroken nothing is wanted after the first seed that breaks a rule */
  constructor(untilBroken: boolean, onNext: (shown: SeedShown) => void) {
    this.#untilBroken = untilBroken;
    this.#onNext = onNext;
  }

  /** Nothing more is wanted. */
  get isComplete(): boolean {
    return this.#untilBroken && this.all.some(({ violations }) => violations.length > 0);
  }

  /** @param index the place of the seed among those that are played */
  put(index: number, shown: SeedShown): void {
    this.#early.set(index, shown);
    while (!this.isComplete) {
      const next = this.#early.get(this.all.length);
      if (next === undefined) {
        return;
      }
      this.all.push(next);
      this.#onNext(next);
    }
  }
}
