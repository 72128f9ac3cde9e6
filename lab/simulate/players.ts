// Who plays seeds: this process, or several of their own, one for each processor.
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { getCompileCacheDir } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { interrupted } from '../scenario/interrupted.ts';
import type { RunOptions } from '../scenario/run.ts';
import type { World } from './clusters/world.ts';
import { showSeed } from './one-seed.ts';
import type { SeedSettings, SeedShown } from './one-seed.ts';

/** What playing has taken, since the process began or since this one began to play. */
export interface Spent {
  readonly cpuSeconds: number;
  readonly heapBytes: number;
}

export interface Player {
  /** One seed at a time. @throws {Interrupted} */
  readonly show: (seed: number) => Promise<SeedShown>;
  readonly spent: () => Spent;
  readonly close: () => void;
}

/** What a process is asked for, and what it answers. */
export interface Asked {
  readonly seed: number;
  readonly settings: SeedSettings;
}
export interface Answered {
  readonly shown: SeedShown;
  readonly spent: Spent;
}

type Options = SeedSettings & Pick<RunOptions, 'signal'>;

const PLAYER = fileURLToPath(new URL('seed-player.ts', import.meta.url));

export const spentSince = (cpu?: NodeJS.CpuUsage): Spent => {
  const { user, system } = process.cpuUsage(cpu);
  return { cpuSeconds: (user + system) / 1e6, heapBytes: process.memoryUsage().heapUsed };
};

export function playerHere(world: World, { signal, ...settings }: Options): Player {
  const cpu = process.cpuUsage();
  return {
    show: (seed) => showSeed(seed, world, settings, signal === undefined ? {} : { signal }),
    spent: () => spentSince(cpu),
    close: () => undefined,
  };
}

export const playersOf = (jobs: number, options: Options): Player[] =>
  Array.from({ length: jobs }, () => playerElsewhere(options));

function playerElsewhere({ folder, tries, signal }: Options): Player {
  // Without the flags of this process: they may be a profiler's. What Node has made of the sources for this process serves that one.
  const made = getCompileCacheDir();
  const env = made === undefined ? process.env : { ...process.env, NODE_COMPILE_CACHE: path.dirname(made) };
  const child = fork(PLAYER, [], { execArgv: [], env });
  let spent: Spent = { cpuSeconds: 0, heapBytes: 0 };
  const close = (): void => {
    child.kill('SIGKILL');
  };
  signal?.addEventListener('abort', close);
  return {
    show: async (seed) => {
      const answered = await ask(child, { seed, settings: { folder, tries } }, signal);
      spent = answered.spent;
      return answered.shown;
    },
    spent: () => spent,
    close,
  };
}

function ask(child: ChildProcess, asked: Asked, signal: AbortSignal | undefined): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const hear = (answered: unknown): void => {
      child.off('exit', end);
      resolve(answered as Answered);
    };
    const end = (code: number | null, killedBy: NodeJS.Signals | null): void => {
      child.off('message', hear);
      reject(
        signal?.aborted === true
          ? interrupted()
          : new Error(`the process that played seed ${asked.seed} ended with ${String(killedBy ?? code)}`),
      );
    };
    child.once('message', hear).once('exit', end);
    if (child.exitCode !== null || child.signalCode !== null) {
      end(child.exitCode, child.signalCode);
    } else {
      child.send(asked);
    }
  });
}
