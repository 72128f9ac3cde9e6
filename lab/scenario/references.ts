// Names in a scenario that mean nothing, and expectations that say nothing: both would hold for ever.
import { SELECTORS } from './schema.ts';
import type { Expectation, Scenario } from './schema.ts';

export interface Problem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

export function danglingReferences(scenario: Scenario): Problem[] {
  const { steps, expect } = scenario;
  return [
    ...steps.flatMap((step, index) => [
      ...groupsOfStep(step, ['steps', index], scenario),
      ...('expect' in step ? ofExpectations(step.expect, ['steps', index, 'expect'], scenario) : []),
      ...('wait' in step ? ofExpectations(step.wait.for, ['steps', index, 'wait', 'for'], scenario) : []),
    ]),
    ...ofExpectations(expect, ['expect'], scenario),
  ];
}

function groupsOfStep(step: object, path: readonly PropertyKey[], { groups }: Scenario): Problem[] {
  return Object.entries(step).flatMap(([verb, value]: [string, unknown]) => {
    const name = typeof value === 'object' && value !== null && 'group' in value ? value.group : undefined;
    return typeof name === 'string' && !(name in groups)
      ? [{ path: [...path, verb, 'group'], message: `unknown group ${name}` }]
      : [];
  });
}

function ofExpectations(
  expectations: readonly Expectation[],
  path: readonly PropertyKey[],
  scenario: Scenario,
): Problem[] {
  return expectations.flatMap((expectation, index) => {
    if ('group' in expectation && !(expectation.group.name in scenario.groups)) {
      return [{ path: [...path, index, 'group', 'name'], message: `unknown group ${expectation.group.name}` }];
    }
    if ('tasks' in expectation && !servicesOf(scenario).has(expectation.tasks.service)) {
      return [{ path: [...path, index, 'tasks', 'service'], message: `unknown service ${expectation.tasks.service}` }];
    }
    return saysNothing(expectation) ? [{ path: [...path, index], message: 'nothing is expected here' }] : [];
  });
}

function saysNothing(expectation: Expectation): boolean {
  return Object.values(expectation).some(
    (wanted: unknown) =>
      typeof wanted === 'object' &&
      wanted !== null &&
      !Array.isArray(wanted) &&
      Object.keys(wanted).every((name) => SELECTORS.has(name)),
  );
}

function servicesOf({ steps }: Scenario): Set<string> {
  return new Set(steps.flatMap((step) => ('service' in step ? [step.service.name] : [])));
}
