// Has scenarios played, on simulated nodes, by a process that all files of tests of a worker share.
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';

import type { ScenarioResult } from '../../lab/scenario/result.ts';

/** A scenario to be played. */
export interface Asked {
  readonly id: number;
  /** Its path, or what it is called in messages where its text is given. */
  readonly file: string;
  readonly text?: string | undefined;
  /** Whether every call and answer is held against AWS's models. */
  readonly holdsModels: boolean;
}

/** What came of it: the result as JSON, or the error that ended the run. */
export type Played =
  | { readonly id: number; readonly result: string; readonly problems: readonly string[] }
  | { readonly id: number; readonly error: string };

const PLAYER = fileURLToPath(new URL('scenario-player.ts', import.meta.url));
const COMPILE_CACHE = fileURLToPath(new URL('../../.build/compile-cache', import.meta.url));

/** The player of this process, and how many scenarios it was asked for. */
interface Shared {
  skepPlayer?: { readonly child: ChildProcess; asked: number } | undefined;
}

/** Jest gives each file of tests globals of its own. Those of the process outlive them. */
const shared = new Script('globalThis').runInThisContext() as Shared;

function player(): NonNullable<Shared['skepPlayer']> {
  const known = shared.skepPlayer;
  if (known?.child.connected === true) {
    return known;
  }
  const child = fork(PLAYER, [], {
    // Not jest's: they are for its own way of loading modules.
    execArgv: [],
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE },
  });
  // It ends when this process does, and keeps it from nothing.
  child.unref();
  child.channel?.unref();
  return (shared.skepPlayer = { child, asked: 0 });
}

/** What is asked for besides the scenario. */
type Wanted = Partial<Pick<Asked, 'holdsModels'>>;

/**
 * @param file its path, from the root of the project
 * @throws the error that ended the run, such as BadScenario
 */
export const playFile = (file: string, { holdsModels = false }: Wanted = {}): ReturnType<typeof play> =>
  play({ file, holdsModels });

/** @throws as playFile does */
export const playText = async (text: string): Promise<ScenarioResult> =>
  (await play({ file: 'generated', text, holdsModels: false })).result;

async function play(asked: Omit<Asked, 'id'>): Promise<{ result: ScenarioResult; problems: readonly string[] }> {
  const one = player();
  one.asked += 1;
  const played = await exchange(one.child, { ...asked, id: one.asked });
  if ('error' in played) {
    throw new Error(played.error);
  }
  return { result: JSON.parse(played.result) as ScenarioResult, problems: [...played.problems] };
}

function exchange(child: ChildProcess, asked: Asked): Promise<Played> {
  return new Promise((resolve, reject) => {
    const hear = (message: unknown): void => {
      const played = message as Played;
      if (played.id === asked.id) {
        leave();
        resolve(played);
      }
    };
    const end = (code: number | null, signal: NodeJS.Signals | null): void => {
      leave();
      reject(new Error(`the player ended with ${String(signal ?? code)} while it played ${asked.file}`));
    };
    const leave = (): void => {
      child.channel?.unref();
      child.off('message', hear).off('exit', end);
    };
    child.on('message', hear).on('exit', end);
    child.channel?.ref();
    child.send(asked);
  });
}
