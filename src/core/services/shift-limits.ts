// How much one `shift` command may carry. The document's patterns count no lists: the agent's engine refuses such counts.

/** Changes of one command, and services or nodes that it tells of; documents/verbs/shift.sh has the same numbers. */
export const CHANGES = 200;
const TOLD_OF = 200;
/** Nodes in one constraint; documents/verbs/shift.sh has the length that they make. */
export const EXCLUDED = 100;
/**
 * Characters of all changes together. Linux takes 128 KiB in one string of the environment; the rest is for what SSM, its agent and the
 * engines of regular expressions on the way may have for limits of their own, which nobody publishes.
 */
const LENGTH = 40_000;

const serviceOf = (change: string): string => change.slice(0, 25);

/** As many changes as one command takes, from the first on; what belongs to one service stays together. The others come next time. */
export function fitting(changes: readonly string[]): readonly string[] {
  let length = 0;
  let count = 0;
  for (const change of changes) {
    length += change.length + 1;
    if (count === CHANGES || length > LENGTH) {
      break;
    }
    count += 1;
  }
  const next = changes[count];
  while (next !== undefined && count > 1 && serviceOf(changes[count - 1] ?? '') === serviceOf(next)) {
    count -= 1;
  }
  return changes.slice(0, count);
}

/** The services of a command, cut to what one command takes: callers put first what they need most. */
export function fittingTell(tell: string): string {
  return tell.split(',').slice(0, TOLD_OF).join(',');
}
