// The section Rules: what must hold of the parameters before anything is made.
import { z } from 'zod';

import { AwsError } from '../services/service.ts';
import { holds, resolve } from '../stack/intrinsics.ts';
import type { Scope } from '../stack/intrinsics.ts';
import type { Json, JsonObject } from '../stack/stack.ts';

export const rule = z.strictObject({
  RuleCondition: z.json().optional(),
  Assertions: z.array(z.strictObject({ Assert: z.json(), AssertDescription: z.string().optional() })),
});

type Rule = z.output<typeof rule>;

/** @throws {AwsError} with the descriptions of all that does not hold */
export function checkRules(rules: Readonly<Record<string, Rule>>, scope: Scope): void {
  const broken = Object.entries(rules)
    .filter(([name, { RuleCondition: when }]) => when === undefined || ruleHolds(when, scope, name))
    .flatMap(([name, { Assertions }]) =>
      Assertions.filter(({ Assert }) => !ruleHolds(Assert, scope, name)).map(
        ({ AssertDescription }) => AssertDescription ?? name,
      ),
    );
  if (broken.length > 0) {
    throw new AwsError('ValidationError', `Template error: Rule assertion failed: ${broken.join('; ')}`);
  }
}

type Lists = (left: readonly Json[], right: readonly Json[]) => boolean;

/** What only rules have: functions of two lists, or of a list and a value. */
const OF_LISTS: Readonly<Record<string, Lists>> = {
  'Fn::Contains': (list, [value = null]) => list.includes(value),
  'Fn::EachMemberEquals': (list, [value = null]) => list.every((one) => one === value),
  'Fn::EachMemberIn': (list, others) => list.every((one) => others.includes(one)),
};

/** As a condition, with the functions that only rules have. */
function ruleHolds(value: Json, scope: Scope, name: string): boolean {
  const [key, argument] = Object.entries(isObject(value) ? value : {})[0] ?? ['', null];
  const all = (): readonly Json[] => (Array.isArray(argument) ? (argument as readonly Json[]) : []);
  const ofLists = OF_LISTS[key];
  if (ofLists !== undefined) {
    const [left = [], right = []] = resolve(argument, scope, name) as readonly (readonly Json[])[];
    return ofLists([left].flat(), [right].flat());
  }
  switch (key) {
    case 'Fn::And':
      return all().every((one) => ruleHolds(one, scope, name));
    case 'Fn::Or':
      return all().some((one) => ruleHolds(one, scope, name));
    case 'Fn::Not':
      return all().some((one) => !ruleHolds(one, scope, name));
    default:
      return holds(value, scope, name);
  }
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
