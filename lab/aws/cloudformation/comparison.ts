// What has changed between two states of a resource, and what that comes to.
import type { Json, JsonObject } from '../stack/stack.ts';
import { replacementBy } from './schemas.ts';
import type { Replacement } from './schemas.ts';

export function changedProperties(before: JsonObject, after: JsonObject): readonly string[] {
  const all = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...all].filter((name) => !isSame(before[name], after[name]));
}

export const isSame = (one: Json | undefined, other: Json | undefined): boolean => textOf(one) === textOf(other);

/** In whatever order the members stand; numbers and truths are texts. */
function textOf(value: Json | undefined): string {
  return JSON.stringify(value, (_key, one: unknown) => {
    if (typeof one === 'number' || typeof one === 'boolean') {
      return String(one);
    }
    return typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : one;
  });
}

export function replacementOf(type: string, changed: readonly string[]): Replacement {
  const each = changed.map((name) => replacementBy(type, name));
  return each.find((one) => one === 'always') ?? each.find((one) => one === 'conditionally') ?? 'never';
}
