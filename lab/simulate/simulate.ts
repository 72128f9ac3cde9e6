// Simulates bad days: seed after seed, each a cluster of its own. What breaks a rule is shortened, and written down as a scenario.
import { stackOf } from '../scenario/parts.ts';
import { scenarioOf } from './clusters/generator.ts';
import { worldOf } from './clusters/world.ts';
import type { Written } from './clusters/written.ts';
import { coverageOf } from './coverage.ts';
import type { CoverageReport } from './coverage.ts';
import { InOrder } from './in-order.ts';
import type { SeedSettings, SeedShown, SeedViolation } from './one-seed.ts';
import type { Played } from './play-seed.ts';
import { playerHere, playersOf } from './players.ts';
import type { Player, Spent } from './players.ts';

export interface SimulateOptions extends SeedSettings {
  readonly seeds: readonly number[];
  /** No seed is begun after so long, ms. */
  readonly within?: number | undefined;
  /** Ends with the first seed that breaks a rule. */
  readonly first?: boolean;
  /** So many processes play seeds at once. What they show is told in the order of the seeds, as if there were one. */
  readonly jobs?: number;
  readonly signal?: AbortSignal;
  readonly onSeed?: (played: Played) => void;
}

export interface Simulated {
  readonly seeds: number;
  readonly violations: readonly SeedViolation[];
  /** Hooks that were completed, and executions that did what they were for. */
  readonly useful: number;
  readonly seedsWithoutUse: readonly number[];
  /** Of each seed the hash of all that happened. */
  readonly traces: Readonly<Record<number, string>>;
  readonly virtualHours: number;
  /** Of all processes, from their start on. */
  readonly cpuSeconds: number;
  readonly seedsPerCpuMinute: number;
  /** Of the process that has most. */
  readonly heapMegabytes: number;
  readonly coverage: CoverageReport;
}

/** @throws {Interrupted} */
export async function simulate(options: SimulateOptions): Promise<Simulated> {
  const world = worldOf(await stackOf('dev'));
  const jobs = Math.min(options.jobs ?? 1, options.seeds.length);
  const players = jobs > 1 ? playersOf(jobs, options) : [playerHere(world, options)];
  try {
    const shown = await playAll(players, options);
    const violations = shown.flatMap((one) => one.violations);
    return { ...summary(shown, spentBy(players)), violations, coverage: coverageOf(shown, world) };
  } finally {
    for (const player of players) player.close();
  }
}

/** Each player takes the next seed as soon as it is done with one. */
async function playAll(players: readonly Player[], options: SimulateOptions): Promise<SeedShown[]> {
  const { seeds, within = Infinity, first = false, signal, onSeed } = options;
  const began = performance.now();
  const inOrder = new InOrder(first, ({ played }) => onSeed?.(played));
  let next = 0;
  const isOver = (): boolean =>
    performance.now() - began > within || signal?.aborted === true || inOrder.isComplete || next >= seeds.length;
  await Promise.all(
    players.map(async (player) => {
      while (!isOver()) {
        const index = next;
        next += 1;
        inOrder.put(index, await player.show(seeds[index] ?? 0));
      }
    }),
  );
  return inOrder.all;
}

const spentBy = (players: readonly Player[]): Spent => ({
  cpuSeconds: players.reduce((sum, { spent }) => sum + spent().cpuSeconds, 0),
  heapBytes: Math.max(...players.map(({ spent }) => spent().heapBytes)),
});

function summary(
  shown: readonly SeedShown[],
  { cpuSeconds, heapBytes }: Spent,
): Omit<Simulated, 'violations' | 'coverage'> {
  const all = shown.map(({ played }) => played);
  const sum = (of: (played: Played) => number): number => all.reduce((total, one) => total + of(one), 0);
  return {
    seeds: all.length,
    useful: sum(({ useful }) => useful),
    seedsWithoutUse: all.filter(({ useful }) => useful === 0).map(({ seed }) => seed),
    traces: Object.fromEntries(all.map(({ seed, hash }) => [seed, hash])),
    virtualHours: Math.round(sum(({ virtualSeconds }) => virtualSeconds) / 360) / 10,
    cpuSeconds: Math.round(cpuSeconds * 10) / 10,
    seedsPerCpuMinute: Math.round((all.length / cpuSeconds) * 600) / 10,
    heapMegabytes: Math.round(heapBytes / 1e6),
  };
}

/** The scenario of a seed, as it is before anything is played. */
export const writtenOf = async (seed: number): Promise<Written> => scenarioOf(seed, worldOf(await stackOf('dev')));
