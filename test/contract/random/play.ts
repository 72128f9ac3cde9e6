// Plays one sequence in two worlds, step by step, and tells the first difference.
import type { Side } from './side.ts';
import { differences, ties } from './state.ts';
import type { State } from './state.ts';
import { AT_ONCE, readStep } from '../../../lab/simulate/machines/steps.ts';
import type { Sequence } from '../../../lab/simulate/machines/steps.ts';

/** How long a simulated world settles after a step, ms: longer than SwarmKit's longest period, the 40 s of nodes after an election. */
const SETTLES_IN = 60_000;
/** How long a real one may take to come to the same, ms. */
const REAL_SETTLES_WITHIN = 90_000;
/** How long a state is watched when the last step is done, ms. */
const STAYS_AT_THE_END_FOR = 12_000;
/**
 * The certificate of a node that was demoted says manager for some 6 s more, ms. It cannot be seen from outside, and an engine that dies or
 * loses its managers meanwhile comes back as the manager that it no longer is: a person would wait.
 */
const CERTIFICATE_AFTER = 9000;
/** A state counts when it is still so this much later, ms: it may be the one that was before, about to change. */
const STAYS_FOR = 700;

export interface Difference {
  /** So many steps were played; the last of them made the difference. */
  readonly played: number;
  readonly lines: readonly string[];
}

/** @returns the first difference, if there is one */
export async function play(sequence: Sequence, simulated: Side, real: Side): Promise<Difference | undefined> {
  await Promise.all([simulated.open(sequence.machines), real.open(sequence.machines)]);
  const match = new Match(simulated, real);
  for (const [index, step] of sequence.steps.entries()) {
    const lines = await match.step(step);
    const isFollowed = sequence.steps[index + 1]?.startsWith(AT_ONCE) === true;
    if (lines.length === 0 && !isFollowed) {
      lines.push(...(await match.untilAlike()));
    }
    if (lines.length > 0) {
      return { played: index + 1, lines };
    }
  }
  // What a step comes to may come late, and be reached by a state that looked the same before.
  const late = await match.untilAlike(STAYS_AT_THE_END_FOR);
  return late.length > 0 ? { played: sequence.steps.length, lines: late } : undefined;
}

class Match {
  readonly #simulated: Side;
  readonly #real: Side;
  /** Services of which it is no longer definite how many tasks a node has. */
  readonly #tied = new Set<string>();
  #last: State | undefined;
  #patience = 0;

  constructor(simulated: Side, real: Side) {
    this.#simulated = simulated;
    this.#real = real;
  }

  async step(line: string): Promise<string[]> {
    this.#expectTies(line);
    const [wanted, outcome] = [await this.#simulated.step(line), await this.#real.step(line)];
    if (line.includes('node demote') && outcome === 'exit 0') {
      this.#patience = CERTIFICATE_AFTER;
    }
    return wanted === outcome ? [] : [`- simulated: ${wanted}`, `+ real:      ${outcome}`];
  }

  /** Lets both worlds settle, for so long at least; tells how they differ then. */
  async untilAlike(least = this.#patience): Promise<string[]> {
    const real = this.#real.world;
    this.#patience = 0;
    await this.#simulated.world.pass(SETTLES_IN);
    const state = await this.#simulated.look();
    this.#last = state;
    await real.pass(least);
    const deadline = real.now() + REAL_SETTLES_WITHIN;
    for (let pause = 200, since: number | undefined; ; pause = Math.min(pause * 1.4, 2500)) {
      const seen = await this.#real.look();
      const lines = differences(state, seen, this.#tied);
      since = lines.length > 0 ? undefined : (since ?? real.now());
      if (since !== undefined && real.now() - since >= STAYS_FOR) {
        ties(state, seen).forEach((service) => this.#tied.add(service));
        return [];
      }
      if (real.now() > deadline) {
        return lines;
      }
      await real.pass(since === undefined ? pause : STAYS_FOR);
    }
  }

  /** Where tasks go is not definite after some steps: their services count as tied. */
  #expectTies(line: string): void {
    const step = readStep(line);
    const isLeaderPerhaps = step.verb !== 'docker' && this.#last?.managers.includes(step.machine) === true;
    // A worker whose session went through a lost leader may be Down until it finds another manager, and its tasks move. So may one whose
    // engine is slow to start again. And two engines that take themselves for the same node run each other's tasks.
    if (isLeaderPerhaps || step.verb === 'restart' || (step.verb === 'launch' && step.folderOf !== undefined)) {
      this.#last?.places.forEach((_, service) => this.#tied.add(service));
    }
  }
}

/** The report of a difference: what to read, and how to see it again. */
export function report({ seed, machines, steps }: Sequence, { played, lines }: Difference): string {
  return [
    `seed ${seed}, ${machines} machines; after the last of these steps:`,
    ...steps.slice(0, played).map((line, index) => `  ${index + 1}. ${line}`),
    'differs:',
    ...lines.map((line) => `  ${line}`),
  ].join('\n');
}
