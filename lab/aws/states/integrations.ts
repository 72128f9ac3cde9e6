// What a definition calls of AWS, and whether the lab answers it: asked when a machine is deployed, not when it gets there.
import type { Machine, State } from './definition.ts';
import { DefinitionError } from './errors.ts';

/**
 * @param knows whether there is such an operation, e.g. `autoscaling.CompleteLifecycleAction`
 * @throws DefinitionError for the first state whose service or action the lab does not have
 */
export function checkIntegrations(machine: Machine, knows: (call: string) => boolean): void {
  for (const state of machine.states.values()) {
    const call = state.type === 'Task' ? callOf(state.resource) : undefined;
    if (call !== undefined && !knows(call)) {
      throw new DefinitionError(`States.${state.name}.Resource`, `the lab has no ${call}`);
    }
    for (const inner of innerMachines(state)) {
      checkIntegrations(inner, knows);
    }
  }
}

function innerMachines(state: State): readonly Machine[] {
  switch (state.type) {
    case 'Map':
      return [state.processor];
    case 'Parallel':
      return state.branches;
    default:
      return [];
  }
}

/**
 * Undefined for a function: which ones there are is the stack's.
 *
 * @example callOf('arn:aws:states:::aws-sdk:autoscaling:completeLifecycleAction') // autoscaling.CompleteLifecycleAction
 */
export function callOf(resource: string): string | undefined {
  const [, service, action] =
    /:states:::aws-sdk:([a-z0-9]+):([A-Za-z0-9]+)(?:\.waitForTaskToken)?$/.exec(resource) ?? [];
  if (service !== undefined && action !== undefined) {
    return `${service}.${action.charAt(0).toUpperCase()}${action.slice(1)}`;
  }
  return resource.includes(':states:::states:startExecution') ? 'states.StartExecution' : undefined;
}
