// A lab whose time passes while a command waits: by itself it stands still, and the command would wait for ever.
import { setTimeout as sleep } from 'node:timers/promises';

import type { ScenarioRun } from '../../lab/scenario/run.ts';

/** A second of the lab's in each fiftieth of the wall's. */
export async function whileTimePasses<T>({ lab }: ScenarioRun, ended: Promise<T>): Promise<T> {
  const state = { over: false };
  const end = ended.finally(() => (state.over = true));
  while (!state.over) {
    await lab.clock.advance(1000);
    await sleep(20);
  }
  return end;
}
