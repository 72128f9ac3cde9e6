// Puts what belongs together into lists, by name.
/** By a name that each has, in the order in which the names come. Map.groupBy is younger than the oldest Node.js that skep runs on. */
export function grouped<T>(all: readonly T[], nameOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const name = nameOf(one);
    const some = groups.get(name) ?? [];
    some.push(one);
    groups.set(name, some);
  }
  return groups;
}
