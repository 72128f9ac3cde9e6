// Plays a scenario: takes its steps one after the other, and checks the end.
import { AwsError } from '../aws/services/service.ts';
import { RULES } from '../invariants/rules.ts';
import { NotToBeHad } from '../nodes/machines.ts';
import { placeOf } from './read.ts';
import type { ScenarioResult } from './result.ts';
import { ScenarioRun } from './run.ts';
import type { RunOptions } from './run.ts';
import type { Scenario, Step } from './schema.ts';
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
    const goesOn = await take(run, step, index);
    if (!goesOn || tellViolations(run)) {
      return;
    }
  }
  await run.expect(run.scenario.expect);
  await rest(run);
}

/** @returns false where it could not be taken, and the run ends with it */
async function take(run: ScenarioRun, step: Step, index: number): Promise<boolean> {
  try {
    await takeStep(run, step);
    await run.invariants?.after(step);
  } catch (error) {
    if (run.scenario.passOver && isNotToBeDone(error)) {
      run.say(`passed over: ${error.message}`);
      run.invariants?.passedOver(error.message);
      return true;
    }
    if (!(error instanceof StepFailed || error instanceof NotToBeHad)) {
      throw error;
    }
    const place = placeOf(step);
    const what = `step ${index + 1}, ${Object.keys(step).join()}${place === undefined ? '' : ` at ${place}`}`;
    run.record({ what, ok: false, seen: error.message });
    return false;
  }
  return true;
}

async function rest(run: ScenarioRun): Promise<void> {
  if (run.scenario.invariants === 'at rest too') {
    await run.invariants?.rest();
  }
  if (run.invariants !== undefined && !tellViolations(run)) {
    run.record({ what: 'every rule holds', ok: true, seen: run.scenario.invariants });
  }
}

/** Where nobody has looked whether a step can be taken. */
const isNotToBeDone = (error: unknown): error is Error =>
  error instanceof StepFailed || error instanceof NotToBeHad || error instanceof AwsError;

/** @returns whether there are any: what comes after the first ones shows nothing more */
function tellViolations(run: ScenarioRun): boolean {
  const violations = run.invariants?.violations ?? [];
  for (const { rule, what } of violations) {
    run.record({ what: `the rule ${rule}: ${RULES[rule]}`, ok: false, seen: what });
  }
  return violations.length > 0;
}
