// A scenario whose groups are called otherwise than it says: what CloudFormation makes, it names by itself.
import type { Scenario } from './schema.ts';

/** @param names of groups, by the name that the scenario has for each */
export function withNames(scenario: Scenario, names: ReadonlyMap<string, string>): Scenario {
  const called = (name: string): string => names.get(name) ?? name;
  return {
    ...scenario,
    groups: Object.fromEntries(Object.entries(scenario.groups).map(([name, spec]) => [called(name), spec])),
    steps: replaced(scenario.steps, called) as Scenario['steps'],
    expect: replaced(scenario.expect, called) as Scenario['expect'],
  };
}

/** Steps name a group as `group`, expectations about one as `group.name`. */
function replaced(value: unknown, called: (name: string) => string, key = ''): unknown {
  if (typeof value === 'string') {
    return key === 'group' ? called(value) : value;
  }
  if (Array.isArray(value)) {
    return value.map((one) => replaced(one, called));
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value).map(([inner, one]) => {
      const isName = key === 'group' && inner === 'name' && typeof one === 'string';
      return [inner, isName ? called(one) : replaced(one, called, inner)];
    }),
  );
}
