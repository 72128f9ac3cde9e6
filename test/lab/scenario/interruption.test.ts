// Somebody ends a run before it has begun: nothing of it is started.
import { expect, it } from '@jest/globals';

import { Interrupted } from '../../../lab/scenario/interrupted.ts';
import { play } from '../../../lab/scenario/play.ts';
import { parseScenario } from '../../../lab/scenario/read.ts';
import { ScenarioRun } from '../../../lab/scenario/run.ts';

const EMPTY = parseScenario('{ name: an empty account, declared: false, groups: {}, steps: [] }', 'test');

it('ends while the service is packaged, if a person asks for it then', async () => {
  const controller = new AbortController();
  const opening = ScenarioRun.open(EMPTY, {
    nodes: 'simulated',
    signal: controller.signal,
    onProgress: () => {
      controller.abort();
    },
  });

  await expect(opening).rejects.toThrow(Interrupted);
});

it('ends at its first step, if a person asks for it while the lab is made ready', async () => {
  const controller = new AbortController();
  const steps = parseScenario('{ name: waits, declared: false, groups: {}, steps: [{ advance: 1h }] }', 'test');
  // As it comes where a signal is delivered between two parts of the lab.
  const signal = Object.assign(Object.create(controller.signal) as AbortSignal, {});
  let asked = 0;
  Object.defineProperty(signal, 'aborted', { get: () => (asked += 1) > 1 });
  Object.defineProperty(signal, 'addEventListener', { value: () => undefined });

  const run = await ScenarioRun.open(steps, { nodes: 'simulated', signal });
  try {
    await expect(play(run)).rejects.toThrow(Interrupted);
  } finally {
    await run.close();
  }
});
