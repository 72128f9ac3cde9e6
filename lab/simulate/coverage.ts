// What so many seeds have reached, and what they never did: states of the machines, under which kinds of trouble, and errors.
import { ERRORS } from '../../src/core/errors.ts';
import type { Progress } from '../scenario/progress.ts';
import type { World } from './clusters/world.ts';

/** What steps and faults are called that make trouble, in a step that is said. */
const TROUBLE =
  /^(?:fault: \{"(?<what>call|document|event)".*"effect":"(?<effect>[a-z-]+)"|fault: \{"document".*"(?<end>exitCode|status)")/;

export class Coverage {
  readonly #states = new Set<string>();
  readonly #pairs = new Set<string>();
  readonly #errors = new Set<string>();

  /** What one seed reaches is heard by what this gives. */
  listener(): (progress: Progress) => void {
    const under = new Set<string>();
    return (progress) => {
      if (progress.kind === 'step') {
        const kind = troubleOf(progress.text);
        if (kind !== undefined) under.add(kind);
      } else if (progress.kind === 'state') {
        this.#enter(`${progress.machine} > ${progress.state}`, under, progress.error);
      }
    };
  }

  #enter(state: string, under: ReadonlySet<string>, error: string | undefined): void {
    this.#states.add(state);
    for (const kind of under) {
      this.#pairs.add(`${state} under ${kind}`);
    }
    if (error !== undefined) this.#errors.add(error);
  }

  report({ states }: World): CoverageReport {
    const all = Object.entries(states).flatMap(([machine, names]) => names.map((name) => `${machine} > ${name}`));
    const entered = all.filter((one) => this.#states.has(one));
    return {
      states: { of: all.length, entered: entered.length, never: all.filter((one) => !this.#states.has(one)) },
      statesUnderTrouble: this.#pairs.size,
      errors: {
        of: ERRORS.size,
        seen: [...this.#errors].toSorted(),
        never: [...ERRORS.keys()].filter((one) => !this.#errors.has(one)),
      },
    };
  }
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
