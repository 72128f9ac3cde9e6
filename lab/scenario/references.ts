// Names in a scenario that mean nothing, and expectations that say nothing: both would hold for ever.
import { SELECTORS } from './schema.ts';
import type { Each, Expectation, PlainStep, Scenario } from './schema.ts';
import { serviceNames } from './service-schema.ts';

export interface Problem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

export function danglingReferences(scenario: Scenario): Problem[] {
  const { groups, steps, expect } = scenario;
  return [
    ...Object.entries(groups).flatMap(([name, { image = {} }]) =>
      Object.entries(image)
        .filter(([, origin = '']) => !(origin in groups))
        .map(([key, origin = '']) => ({ path: ['groups', name, 'image', key], message: `unknown group ${origin}` })),
    ),
    ...steps.flatMap((step, index) =>
      'each' in step
        ? ofLoop(step.each, ['steps', index, 'each'], scenario)
        : ofStep(step, ['steps', index], scenario, undefined),
    ),
    ...ofExpectations(expect, ['expect'], scenario),
  ];
}

function ofLoop(loop: Each, path: readonly PropertyKey[], scenario: Scenario): Problem[] {
  const variable = 'call' in loop ? '$call' : '$state';
  const problems = loop.do.flatMap((step, index) => ofStep(step, [...path, 'do', index], scenario, variable));
  return JSON.stringify(loop.do).includes(`"${variable}"`)
    ? problems
    : [...problems, { path: [...path, 'do'], message: `nothing here says ${variable}` }];
}

function ofStep(
  step: PlainStep,
  path: readonly PropertyKey[],
  scenario: Scenario,
  variable: '$call' | '$state' | undefined,
): Problem[] {
  return [
    ...groupsOfStep(step, path, scenario),
    ...('expect' in step ? ofExpectations(step.expect, [...path, 'expect'], scenario) : []),
    ...('wait' in step ? ofExpectations(step.wait.for, [...path, 'wait', 'for'], scenario) : []),
    ...('load' in step && !servicesOf(scenario, (one) => one.http === true).has(step.load.service)
      ? [{ path: [...path, 'load', 'service'], message: `no service ${step.load.service} with http: true` }]
      : []),
    ...placeholders(step, path, variable),
  ];
}

/** A call or a state is wanted, and what stands in its place is not what the loop fills in. */
function placeholders(step: PlainStep, path: readonly PropertyKey[], variable: string | undefined): Problem[] {
  const call = 'fault' in step && 'call' in step.fault ? step.fault.call : '';
  const state = 'stop' in step ? (step.stop.state ?? '') : '';
  return [
    { path: [...path, 'fault', 'call'], name: call },
    { path: [...path, 'stop', 'state'], name: state },
  ].flatMap(({ path: where, name }) =>
    name.startsWith('$') && name !== variable ? [{ path: where, message: `${name} means nothing here` }] : [],
  );
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
    if ('requests' in expectation && !loadsOf(scenario).has(expectation.requests.service)) {
      const message = `nobody asks service ${expectation.requests.service}`;
      return [{ path: [...path, index, 'requests', 'service'], message }];
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

const allSteps = ({ steps }: Scenario): PlainStep[] =>
  steps.flatMap((step) => ('each' in step ? step.each.do : [step]));

type Service = Extract<PlainStep, { service: unknown }>['service'];

function servicesOf(scenario: Scenario, fits: (service: Service) => boolean = () => true): Set<string> {
  const services = allSteps(scenario).flatMap((step) => ('service' in step ? [step.service] : []));
  return new Set(services.filter(fits).flatMap(serviceNames));
}

const loadsOf = (scenario: Scenario): Set<string> =>
  new Set(allSteps(scenario).flatMap((step) => ('load' in step ? [step.load.service] : [])));
