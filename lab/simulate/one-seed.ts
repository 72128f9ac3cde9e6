// One seed from its dice to what it has shown: it is played, and what breaks a rule is shortened and written down.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import type { RunOptions } from '../scenario/run.ts';
import { scenarioOf } from './clusters/generator.ts';
import type { World } from './clusters/world.ts';
import { textOf } from './clusters/written.ts';
import type { Written } from './clusters/written.ts';
import { Reach } from './coverage.ts';
import type { Reached } from './coverage.ts';
import { complaintOf, playWritten } from './play-seed.ts';
import type { Played } from './play-seed.ts';
import { shorten } from './shorten.ts';

export interface SeedSettings {
  /** Where scenarios of violations are written; none: nowhere, and they are not shortened. */
  readonly folder?: string | undefined;
  /** So many runs may be spent on shortening one. */
  readonly tries: number;
}

export interface SeedViolation {
  readonly seed: number;
  readonly what: string;
  readonly seen: unknown;
  /** The scenario that does the same, for `lab run`. */
  readonly file: string | undefined;
  readonly steps: number;
}

/** All of it is data, so that it can come from another process. */
export interface SeedShown {
  readonly played: Played;
  readonly violations: readonly SeedViolation[];
  readonly reached: Reached;
}

/** @throws {Interrupted} */
export async function showSeed(
  seed: number,
  world: World,
  settings: SeedSettings,
  options: Pick<RunOptions, 'signal'> = {},
): Promise<SeedShown> {
  const written = scenarioOf(seed, world);
  const reach = new Reach();
  const played = await playWritten(written, { ...options, onProgress: reach.onProgress });
  return { played, violations: await violationsOf(written, played, settings, options), reached: reach.reached };
}

async function violationsOf(
  written: Written,
  played: Played,
  { folder, tries }: SeedSettings,
  options: Pick<RunOptions, 'signal'>,
): Promise<SeedViolation[]> {
  const [first] = played.broken;
  if (first === undefined) {
    return [];
  }
  if (folder === undefined) {
    return [{ seed: played.seed, ...first, file: undefined, steps: written.steps.length }];
  }
  const shortest = await shorten(
    written,
    async (candidate) => complaintOf(await playWritten(candidate, options)) === first.what,
    tries,
  );
  const file = path.join(folder, `seed-${played.seed}.yaml`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, textOf({ ...shortest, description: `${first.what}. Seen: ${JSON.stringify(first.seen)}` }));
  return [{ seed: played.seed, ...first, file, steps: shortest.steps.length }];
}
