// Instances of warm pools, which DescribeAutoScalingGroups does not list: those of them that may be nodes still are looked up.
//
// One that goes back to its pool waits in the terminate hook as `Warmed:Pending:Wait`. Where nobody heard of that it is stopped with its tasks, and its
// node stays behind.
import type { ShownInstance } from '../lifecycle/contradiction.ts';
import type { GroupInstance, KnownNode, SwarmNode, TidyGroup } from './facts.ts';

export type OnRecord = Pick<KnownNode, 'instance' | 'phase' | 'role'>;

export interface Pooled {
  readonly warm?: readonly (GroupInstance & { readonly zone: string })[];
}

/** Four calls: the next tidy goes on. */
const MOST_ASKED = 200;

export const isWarm = (lifecycle: string | undefined): boolean => lifecycle?.startsWith('Warmed:') === true;

/**
 * The instances to ask Auto Scaling about: those that the table has as nodes, or as on their way, and that no group lists. A healthy cluster has no
 * such worker. Managers that have left are included: one that its group retains in the pool must still be ended.
 */
export function perhapsWarm(known: readonly OnRecord[], groups: readonly Pick<TidyGroup, 'instances'>[]): string[] {
  const present = new Set(groups.flatMap(({ instances }) => instances.map(({ instance }) => instance)));
  return known
    .filter(({ instance, phase, role }) => (phase !== 'gone' || role === 'manager') && !present.has(instance))
    .map(({ instance }) => instance)
    .slice(0, MOST_ASKED);
}

/** Those in the group, and those of its pool. */
export const allOf = ({ instances, warm = [] }: Pick<TidyGroup, 'instances' | 'warm'>): readonly GroupInstance[] =>
  warm.length === 0 ? instances : [...instances, ...warm];

/** The groups, with those of their warm pools that were asked for. */
export function withWarm<One extends { readonly name: string }>(
  groups: readonly One[],
  shown: ReadonlyMap<string, ShownInstance>,
): (One & Pooled)[] {
  const warm = [...shown].filter(([, { lifecycle }]) => isWarm(lifecycle));
  return groups.map((group) => {
    const own = warm.filter(([, one]) => one.group === group.name);
    const more = own.map(([instance, { lifecycle, zone }]) => ({ instance, lifecycle, zone, healthy: true }));
    return more.length === 0 ? group : { ...group, warm: more };
  });
}

const isOff = (lifecycle: string | undefined): boolean =>
  lifecycle === 'Warmed:Stopped' || lifecycle === 'Warmed:Hibernated';

/**
 * Its machine is off, and what may come of it is another node. One that comes out of the pool at this moment may be shown in it still.
 *
 * @param state as EC2 says
 * @returns undefined for one that is not in a warm pool, or that may be up
 */
export const whyOff = (lifecycle: string | undefined, state: string | undefined): string | undefined =>
  isOff(lifecycle) && state === 'stopped'
    ? `its instance is stopped in the warm pool of its group (${lifecycle})`
    : undefined;

const PASSING: ReadonlySet<string> = new Set(['Warmed:Pending', 'Warmed:Pending:Proceed']);

/** Why an instance in a warm pool is to leave the swarm, as nobody is at work on it; undefined where it is in none. */
export function whyLeave({ lifecycle }: GroupInstance, node: SwarmNode | undefined): string | undefined {
  if (lifecycle === 'Warmed:Pending:Wait') {
    return 'it waits to go back to the warm pool, and no execution is at work on it';
  }
  // Before it waits its own event is still to come, which has the token of its action.
  const isPassing = PASSING.has(lifecycle) || lifecycle.startsWith('Warmed:Terminat');
  // A worker's node is removed as that of any machine that is gone.
  const isForgotten = isOff(lifecycle) && node?.role === 'worker' && !node.isManager;
  return node === undefined || isPassing || isForgotten
    ? undefined
    : `it is ${lifecycle} in the warm pool of its group, and a node`;
}
