// Dice: what a seed decides. All that is made up by a seed is thrown with these, and with nothing else.
import { seededRandom } from '../time/random.ts';
import type { Random } from '../time/random.ts';

/** One of several things that may be done next. */
export interface Choice<Made> {
  /** Against the weights of the others; none where it makes no sense. */
  readonly weight: number;
  readonly make: () => Made;
}

export class Dice {
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  chance(probability: number): boolean {
    return this.#random.next() < probability;
  }

  between(least: number, most: number): number {
    return least + Math.floor(this.#random.next() * (most - least + 1));
  }

  pick<T>(those: readonly T[]): T {
    const picked = those[this.between(0, those.length - 1)];
    if (picked === undefined) {
      throw new Error('there is nothing to pick from');
    }
    return picked;
  }

  choose<Kind extends Choice<unknown>>(choices: readonly Kind[]): Kind {
    const sensible = choices.filter(({ weight }) => weight > 0);
    let dice = this.#random.next() * sensible.reduce((sum, { weight }) => sum + weight, 0);
    return sensible.find(({ weight }) => (dice -= weight) < 0) ?? this.pick(sensible);
  }
}
