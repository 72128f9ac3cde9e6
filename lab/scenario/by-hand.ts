// A swarm that somebody made by hand, on instances of groups that nothing tells of: whoever made it knows where it is.
import type { Lab } from '../lab.ts';
import type { SwarmView } from '../nodes/machines.ts';

/** As the first manager among the instances of these groups sees it, and the instance of that manager. */
export async function swarmByHand(
  lab: Lab,
  groups: readonly string[],
): Promise<{ readonly manager: string; readonly view: SwarmView } | undefined> {
  for (const manager of groups.flatMap((name) => [...lab.autoScaling.group(name).members.keys()])) {
    try {
      return { manager, view: await lab.machines.view(manager) };
    } catch {
      // No manager, or not up: another one may be.
    }
  }
  return undefined;
}
