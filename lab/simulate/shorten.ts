// Shortens what breaks a rule, for as long as it breaks the same one: fewer steps first, then smaller groups.
import { REST } from './clusters/written.ts';
import type { Written } from './clusters/written.ts';

/** Whether the written one still breaks what the first one broke. */
export type Breaks = (written: Written) => Promise<boolean>;

export async function shorten(written: Written, breaks: Breaks, tries: number): Promise<Written> {
  let left = tries;
  const asked: Breaks = async (one) => {
    left -= 1;
    return left >= 0 && breaks(one);
  };
  const fewer = await withFewerSteps(written, asked);
  return withSmallerGroups(fewer, asked);
}

/** Delta debugging: halves are left out first, then quarters, down to single steps. */
async function withFewerSteps(written: Written, breaks: Breaks): Promise<Written> {
  const hasRest = written.invariants === 'at rest too';
  const rest = hasRest ? REST : [];
  let steps = hasRest ? written.steps.slice(0, -REST.length) : [...written.steps];
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < steps.length;) {
      const fewer = [...steps.slice(0, from), ...steps.slice(from + size)];
      if (await breaks({ ...written, steps: [...fewer, ...rest] })) {
        steps = fewer;
      } else {
        from += size;
      }
    }
  }
  return { ...written, steps: [...steps, ...rest] };
}

async function withSmallerGroups(written: Written, breaks: Breaks): Promise<Written> {
  let smallest = written;
  const take = async (groups: Written['groups']): Promise<boolean> => {
    const candidate = { ...smallest, groups };
    const isEnough = await breaks(candidate);
    smallest = isEnough ? candidate : smallest;
    return isEnough;
  };
  for (const [name, group] of Object.entries(written.groups)) {
    const isNeeded = group['role'] === 'manager' || JSON.stringify(smallest.steps).includes(`"${name}"`);
    const { [name]: own = {}, ...others } = smallest.groups;
    if (!isNeeded && (await take(others))) {
      continue;
    }
    await take({ ...smallest.groups, [name]: plain(own) });
    for (const desired of group['role'] === 'manager' ? [1, 3] : [0, 1]) {
      if (await take({ ...smallest.groups, [name]: { ...smallest.groups[name], desired } })) break;
    }
  }
  return withoutLimits(smallest, breaks);
}

async function withoutLimits(written: Written, breaks: Breaks): Promise<Written> {
  const { limits, ...without } = written;
  return limits !== undefined && (await breaks(without)) ? without : written;
}

/** Without what makes it special. */
const plain = ({ role, desired, labels }: Readonly<Record<string, unknown>>): Record<string, unknown> => ({
  role,
  desired,
  ...(labels === undefined ? {} : { labels }),
});
