// Plays a scenario: takes its steps one after the other, and checks the end.
import { NotToBeHad } from '../nodes/machines.ts';
import { placeOf } from './read.ts';
import type { ScenarioResult } from './result.ts';
import { ScenarioRun } from './run.ts';
import type { RunOptions } from './run.ts';
import type { Scenario } from './schema.ts';
import { StepFailed } from './step-failed.ts';
import { takeStep } from './steps.ts';

/** Runs a scenario from start to end, and leaves nothing behind, however it ends. */
export async function runScenario(scenario: Scenario, options: RunOptions): Promise<ScenarioResult> {
  const run = await ScenarioRun.open(scenario, options);
  try {
    await play(run);
    return await run.result();
  } finally {
    await run.close();
  }
}

/** Takes all steps and checks the end. A step that cannot be taken ends the run, as an expectation that does not hold. */
export async function play(run: ScenarioRun): Promise<void> {
  for (const [index, step] of run.scenario.steps.entries()) {
    try {
      await takeStep(run, step);
    } catch (error) {
      if (!(error instanceof StepFailed || error instanceof NotToBeHad)) {
        throw error;
      }
      const place = placeOf(step);
      const what = `step ${index + 1}, ${Object.keys(step).join()}${place === undefined ? '' : ` at ${place}`}`;
      run.record({ what, ok: false, seen: error.message });
      return;
    }
  }
  await run.expect(run.scenario.expect);
}
