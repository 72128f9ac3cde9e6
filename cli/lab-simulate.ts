// What `skep lab simulate` does: loaded only where it is asked for.
import type { Played } from '../lab/simulate/play-seed.ts';
import { simulate as play, writtenOf } from '../lab/simulate/simulate.ts';
import type { Simulated } from '../lab/simulate/simulate.ts';
import { textOf } from '../lab/simulate/clusters/written.ts';
import { interruption, leaves } from './interruption.ts';
import { say } from './output.ts';

interface Flags {
  readonly seeds: number;
  readonly from: number;
  readonly minutes?: number;
  readonly folder: string;
  readonly tries: number;
  readonly jobs: number;
  readonly first?: boolean;
  readonly print?: boolean;
  readonly json?: boolean;
}

export async function simulate({
  seeds,
  from,
  minutes,
  folder,
  tries,
  jobs,
  first = false,
  print: only = false,
  json = false,
}: Flags): Promise<void> {
  if (only) {
    say(textOf(await writtenOf(from)).trimEnd());
    return;
  }
  leaves('no further seed is played; what those before have found is written');
  const result = await play({
    seeds: Array.from({ length: seeds }, (_, index) => from + index),
    within: minutes === undefined ? undefined : minutes * 60_000,
    folder,
    tries,
    jobs,
    first,
    signal: interruption().signal,
    ...(json
      ? {}
      : {
          onSeed: (played: Played) => {
            say(seedLine(played));
          },
        }),
  });
  say(json ? JSON.stringify(result, null, 2) : summaryText(result));
  process.exitCode = result.violations.length === 0 ? 0 : 2;
}

function seedLine({ seed, hash, broken, useful, virtualSeconds }: Played): string {
  const how = broken.map(
    ({ what, seen }) => `\n      ${what}: ${typeof seen === 'string' ? seen : JSON.stringify(seen)}`,
  );
  const hours = (virtualSeconds / 3600).toFixed(1);
  return `${broken.length === 0 ? 'ok   ' : 'FAIL '} seed ${seed}  ${hash}  ${hours} h, ${useful} things done${how.join('')}`;
}

function summaryText({ violations, coverage: { states, errors, statesUnderTrouble }, ...rest }: Simulated): string {
  const { seeds, useful, seedsWithoutUse, virtualHours, cpuSeconds, seedsPerCpuMinute, heapMegabytes } = rest;
  return [
    `${seeds} seeds, ${violations.length} of them with a broken rule; ${virtualHours} hours of the lab's time in ${cpuSeconds} s of the processor:`,
    `${seedsPerCpuMinute} seeds per CPU-minute, heap ${heapMegabytes} MB at the end; ${useful} things done, none in ${seedsWithoutUse.length} seeds`,
    `states entered: ${states.entered} of ${states.of}, ${statesUnderTrouble} pairs with trouble that was set before`,
    `never entered: ${states.never.join(', ') || 'none'}`,
    `errors of executions: ${errors.seen.join(', ') || 'none'}`,
    ...violations.map(
      ({ seed, what, file, steps }) =>
        `seed ${seed}: ${what}${file === undefined ? '' : ` (npx skep lab run ${file}, ${steps} steps)`}`,
    ),
  ].join('\n');
}
