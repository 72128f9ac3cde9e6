// The state machines and states that a scenario names.
import type { JsonObject, StackStateMachine } from '../aws/stack/stack.ts';
import type { ScenarioRun } from './run.ts';
import { StepFailed } from './step-failed.ts';

function findMachine({ lab: { stack } }: ScenarioRun, machine: string): StackStateMachine {
  const name = `skep-${stack.stage}-${machine}`;
  const found = stack.stateMachines.find((one) => one.name === name);
  if (found === undefined) {
    throw new StepFailed(`the stack has no state machine ${name}`);
  }
  return found;
}

export const machineArn = (run: ScenarioRun, machine: string): string => findMachine(run, machine).arn;

export const statesOfMachine = (run: ScenarioRun, machine: string): string[] =>
  statesWithin(findMachine(run, machine).definition);

/** A mistyped state would never be entered, and what waits for it would pass in silence. */
export function knownState(run: ScenarioRun, machine: string, state: string): string {
  const states = statesOfMachine(run, machine);
  if (!states.includes(state)) {
    throw new StepFailed(`${machine} has no state ${state} to be in, only ${states.join(', ')}`);
  }
  return state;
}

/** All but the ends, where there is nothing left to stop; those of a Map or Parallel too. */
export function statesWithin({ States: states = {} }: JsonObject): string[] {
  return Object.entries(states as Readonly<Record<string, JsonObject>>).flatMap(([name, state]) => {
    const { Type: type, ItemProcessor: processor, Branches: branches = [] } = state;
    const inner = [...(processor === undefined ? [] : [processor]), ...(branches as readonly JsonObject[])];
    const own = type === 'Succeed' || type === 'Fail' ? [] : [name];
    return [...own, ...inner.flatMap((one) => statesWithin(one as JsonObject))];
  });
}
