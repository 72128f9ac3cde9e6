// A loop: the same steps for each call that skep makes, or for each state of a machine.
import { statesOfMachine } from './machine.ts';
import type { ScenarioRun } from './run.ts';
import type { Each, PlainStep } from './schema.ts';
import { StepFailed } from './step-failed.ts';

export async function takeTurns(run: ScenarioRun, loop: Each, take: (step: PlainStep) => Promise<void>): Promise<void> {
  const variable = 'call' in loop ? '$call' : '$state';
  const values = turnsOf(run, loop);
  for (const [index, value] of values.entries()) {
    run.say(`${value}, ${index + 1} of ${values.length}`);
    await run.turn(value, async () => {
      for (const [number, step] of loop.do.entries()) {
        try {
          await take(fillIn(step, variable, value) as PlainStep);
        } catch (error) {
          throw error instanceof StepFailed
            ? new StepFailed(`${value}, step ${number + 1}, ${Object.keys(step).join()}: ${error.message}`)
            : error;
        }
      }
    });
  }
}

/** Never an empty list, and none without what is excepted: either would hold for ever. */
function turnsOf(run: ScenarioRun, loop: Each): string[] {
  const all = 'call' in loop ? callsOf(run, loop.call) : statesOf(run, loop.state);
  const unknown = loop.except.filter((name) => !all.includes(name));
  if (unknown.length > 0) {
    throw new StepFailed(`excepts ${unknown.join(', ')}, which is not among ${all.join(', ')}`);
  }
  const left = all.filter((name) => !loop.except.includes(name));
  if (left.length === 0) {
    throw new StepFailed('there is nothing to do it for');
  }
  return left;
}

function callsOf(run: ScenarioRun, wanted: string | readonly string[]): string[] {
  return typeof wanted === 'string' ? [...run.lab.endpoint.calls.keys()].toSorted() : [...wanted];
}

function statesOf(run: ScenarioRun, wanted: string | readonly string[]): string[] {
  if (typeof wanted !== 'string') {
    return [...wanted];
  }
  return statesOfMachine(run, wanted.replace('every state of ', ''));
}

function fillIn(value: unknown, variable: string, by: string): unknown {
  if (typeof value === 'string') {
    return value === variable ? by : value;
  }
  if (Array.isArray(value)) {
    return value.map((one) => fillIn(one, variable, by));
  }
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fillIn(inner, variable, by)]))
    : value;
}
