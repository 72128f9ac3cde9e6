// Simulates bad days: seed after seed, each a cluster of its own. What breaks a rule is shortened, and written down as a scenario.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import type { RunOptions } from '../scenario/run.ts';
import { stackOf } from '../scenario/parts.ts';
import { scenarioOf } from './clusters/generator.ts';
import { worldOf } from './clusters/world.ts';
import { textOf } from './clusters/written.ts';
import type { Written } from './clusters/written.ts';
import { Coverage } from './coverage.ts';
import type { CoverageReport } from './coverage.ts';
import { complaintOf, playWritten } from './play-seed.ts';
import type { Played } from './play-seed.ts';
import { shorten } from './shorten.ts';

export interface SimulateOptions extends Pick<RunOptions, 'changed' | 'signal'> {
  readonly seeds: readonly number[];
  /** No seed is begun after so long, ms. */
  readonly within?: number | undefined;
  /** Where scenarios of violations are written; none: nowhere, and they are not shortened. */
  readonly folder?: string | undefined;
  /** Ends with the first seed that breaks a rule. */
  readonly first?: boolean;
  /** So many runs may be spent on shortening one. */
  readonly tries: number;
  readonly onSeed?: (played: Played) => void;
}

interface SeedViolation {
  readonly seed: number;
  readonly what: string;
  readonly seen: unknown;
  /** The scenario that does the same, for `lab run`. */
  readonly file: string | undefined;
  readonly steps: number;
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
  readonly cpuSeconds: number;
  readonly seedsPerCpuMinute: number;
  readonly heapMegabytes: number;
  readonly coverage: CoverageReport;
}

export async function simulate(options: SimulateOptions): Promise<Simulated> {
  const world = worldOf(await stackOf('dev'));
  const [began, cpu] = [performance.now(), process.cpuUsage()];
  const coverage = new Coverage();
  const all: Played[] = [];
  const violations: SeedViolation[] = [];
  for (const seed of options.seeds) {
    const isLate = performance.now() - began > (options.within ?? Infinity);
    if (isLate || options.signal?.aborted === true || (options.first === true && violations.length > 0)) {
      break;
    }
    const written = scenarioOf(seed, world);
    const played = await playWritten(written, { ...options, onProgress: coverage.listener() });
    options.onSeed?.(played);
    all.push(played);
    violations.push(...(await violationsOf(written, played, options)));
  }
  const { user, system } = process.cpuUsage(cpu);
  return { ...summary(all, (user + system) / 1e6), violations, coverage: coverage.report(world) };
}

function summary(all: readonly Played[], cpuSeconds: number): Omit<Simulated, 'violations' | 'coverage'> {
  const sum = (of: (played: Played) => number): number => all.reduce((total, one) => total + of(one), 0);
  return {
    seeds: all.length,
    useful: sum(({ useful }) => useful),
    seedsWithoutUse: all.filter(({ useful }) => useful === 0).map(({ seed }) => seed),
    traces: Object.fromEntries(all.map(({ seed, hash }) => [seed, hash])),
    virtualHours: Math.round(sum(({ virtualSeconds }) => virtualSeconds) / 360) / 10,
    cpuSeconds: Math.round(cpuSeconds * 10) / 10,
    seedsPerCpuMinute: Math.round((all.length / cpuSeconds) * 600) / 10,
    heapMegabytes: Math.round(process.memoryUsage().heapUsed / 1e6),
  };
}

async function violationsOf(written: Written, played: Played, options: SimulateOptions): Promise<SeedViolation[]> {
  const [first] = played.broken;
  if (first === undefined) {
    return [];
  }
  const { folder, tries, changed, signal } = options;
  if (folder === undefined) {
    return [{ seed: played.seed, ...first, file: undefined, steps: written.steps.length }];
  }
  const settings = { ...(changed === undefined ? {} : { changed }), ...(signal === undefined ? {} : { signal }) };
  const shortest = await shorten(
    written,
    async (candidate) => complaintOf(await playWritten(candidate, settings)) === first.what,
    tries,
  );
  const file = path.join(folder, `seed-${played.seed}.yaml`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, textOf({ ...shortest, description: `${first.what}. Seen: ${JSON.stringify(first.seen)}` }));
  return [{ seed: played.seed, ...first, file, steps: shortest.steps.length }];
}

/** The scenario of a seed, as it is before anything is played. */
export const writtenOf = async (seed: number): Promise<Written> => scenarioOf(seed, worldOf(await stackOf('dev')));
