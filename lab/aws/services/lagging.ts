// What a describe call sees of something that changes: as it was a moment ago. AWS calls it eventual consistency.
import type { Clock } from '../../time/clock.ts';
import { seededRandom } from '../../time/random.ts';

/** How late describe calls are, at most, ms. AWS publishes no number, and says so much of EC2 only. */
export interface Lag {
  readonly instances?: number | undefined;
  readonly groups?: number | undefined;
  /** GetCommandInvocation, behind the command's end; the event of it comes half a second after that end. */
  readonly invocations?: number | undefined;
}

/** Where time costs nothing. Of one in six commands the event comes before GetCommandInvocation knows that it has ended. */
const DEFAULT_LAG: Lag = { instances: 5000, invocations: 600 };

/** Values one after the other, seen late by always the same time: nobody sees them in another order. */
export class Lagging<T> {
  readonly #clock: Clock;
  readonly #lag: number;
  #values: { readonly from: number; readonly value: T }[] = [];

  constructor(clock: Clock, lag: number) {
    this.#clock = clock;
    this.#lag = lag;
  }

  note(value: T): void {
    this.#values.push({ from: this.#clock.now() + this.#lag, value });
  }

  /** Undefined as long as there is nothing to be seen. */
  get seen(): T | undefined {
    const now = this.#clock.now();
    const at = this.#values.findLastIndex(({ from }) => from <= now);
    // What came before will not be seen any more.
    if (at > 0) this.#values = this.#values.slice(at);
    return at === -1 ? undefined : this.#values[0]?.value;
  }
}

/** One lag for each thing that is described, from dice of their own: ids and jitter stay what they are with another knob. */
export function lagsOf(
  { seed, virtual }: { readonly seed: number; readonly virtual: boolean },
  asked: Lag = {},
): {
  readonly instances: () => number;
  readonly groups: (() => number) | undefined;
  readonly invocations: () => number;
} {
  const dice = seededRandom(seed + 1);
  const ofCommands = seededRandom(seed + 2);
  const { instances = 0, groups = 0, invocations = 0 } = { ...(virtual ? DEFAULT_LAG : {}), ...asked };
  return {
    instances: () => Math.round(dice.next() * instances),
    invocations: () => Math.round(ofCommands.next() * invocations),
    groups: groups === 0 ? undefined : () => Math.round(dice.next() * groups),
  };
}
