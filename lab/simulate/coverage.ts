// What so many seeds have reached, and what they never did: states of the machines, under which kinds of trouble, and errors.
import { ERRORS } from '../../src/core/errors.ts';
import type { Progress } from '../scenario/progress.ts';
import type { World } from './clusters/world.ts';

/** What steps and faults are called that make trouble, in a step that is said. */
const TROUBLE =
  /^(?:fault: \{"(?<what>call|document|event)".*"effect":"(?<effect>[a-z-]+)"|fault: \{"document".*"(?<end>exitCode|status)")/;

/** As lists, so that it can come from another process. */
export interface Reached {
  readonly states: readonly string[];
  /** Of a state and a kind of trouble that was set before. */
  readonly pairs: readonly string[];
  readonly errors: readonly string[];
}

/** What one seed reaches. */
export class Reach {
  readonly #under = new Set<string>();
  readonly #states = new Set<string>();
  readonly #pairs = new Set<string>();
  readonly #errors = new Set<string>();

  readonly onProgress = (progress: Progress): void => {
    if (progress.kind === 'step') {
      const kind = troubleOf(progress.text);
      if (kind !== undefined) this.#under.add(kind);
    } else if (progress.kind === 'state') {
      this.#enter(`${progress.machine} > ${progress.state}`, progress.error);
    }
  };

  #enter(state: string, error: string | undefined): void {
    this.#states.add(state);
    for (const kind of this.#under) {
      this.#pairs.add(`${state} under ${kind}`);
    }
    if (error !== undefined) this.#errors.add(error);
  }

  get reached(): Reached {
    return { states: [...this.#states], pairs: [...this.#pairs], errors: [...this.#errors] };
  }
}

/** Of all seeds together. */
export function coverageOf(seeds: readonly { readonly reached: Reached }[], { states }: World): CoverageReport {
  const together = (of: (reached: Reached) => readonly string[]): Set<string> =>
    new Set(seeds.flatMap(({ reached }) => of(reached)));
  const seen = together((one) => one.states);
  const errors = together((one) => one.errors);
  const all = Object.entries(states).flatMap(([machine, names]) => names.map((name) => `${machine} > ${name}`));
  const entered = all.filter((one) => seen.has(one));
  return {
    states: { of: all.length, entered: entered.length, never: all.filter((one) => !seen.has(one)) },
    statesUnderTrouble: together((one) => one.pairs).size,
    errors: {
      of: ERRORS.size,
      seen: [...errors].toSorted(),
      never: [...ERRORS.keys()].filter((one) => !errors.has(one)),
    },
  };
}

export interface CoverageReport {
  readonly states: { readonly of: number; readonly entered: number; readonly never: readonly string[] };
  /** How many pairs of a state and a kind of trouble that was set before in the same seed. */
  readonly statesUnderTrouble: number;
  /** Of executions as they ended. */
  readonly errors: { readonly of: number; readonly seen: readonly string[]; readonly never: readonly string[] };
}

function troubleOf(text: string): string | undefined {
  const { what, effect, end } = TROUBLE.exec(text)?.groups ?? {};
  if (what !== undefined) return `${what} ${effect ?? ''}`;
  if (end !== undefined) return `document ${end}`;
  return /(is killed|cable of .* is pulled|dockerd of .* is killed|is stopped)/.exec(text)?.[1]?.replace(/i-\S+ /, '');
}
