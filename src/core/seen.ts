// What a tidy saw of a cluster, as few numbers: what its verdict is made of.
import { z } from 'zod';

import type { GroupInstance, KnownNode, SwarmNode } from './repairs.ts';

/** Instances that wait in a hook, of which the verdict remembers since when. More than that is a burst, and says enough. */
const MOST_WAITING = 500;
/** For a person to begin with; the count says how many there are. */
const MOST_NAMED = 10;

const count = z.int().nonnegative();

/** Goes from the tidy function to the verdict function through the execution. */
export const seenSchema = z.object({
  /** When the managers were asked. Epoch seconds. */
  at: z.number(),
  managers: z.object({
    /** Of the raft. */
    members: count,
    reachable: count,
    /** By the manager groups. */
    wanted: count,
  }),
  nodes: z.object({ total: count, ready: count, down: count }),
  /** Of the cluster's groups. */
  inService: count,
  /** Instances in service that are no Ready node: how many, and the first of them. */
  notReady: z.object({ count, instances: z.array(z.string()).max(MOST_NAMED) }),
  /** `i-... Pending:Wait`: the instance and its lifecycle state, which together are one open hook. */
  waiting: z.array(z.string()).max(MOST_WAITING),
});
export type Seen = z.infer<typeof seenSchema>;

/** A manager as the managers see it. */
export interface ManagerReach {
  readonly nodeId: string;
  readonly isReachable: boolean;
}

interface SeenGroup {
  readonly name: string;
  readonly role: string | undefined;
  readonly desired: number;
}

export interface Sight {
  readonly nodes: readonly SwarmNode[];
  readonly managers: readonly ManagerReach[];
  readonly groups: readonly SeenGroup[];
  readonly instances: readonly GroupInstance[];
  readonly known: readonly KnownNode[];
  /** Epoch seconds. */
  readonly now: number;
}

/**
 * Of groups only those that have launched a node of this table: another stage in the account may have a cluster of the same name,
 * and asking for the hooks of each group would cost a call per group and tidy.
 */
export function seenOf({ nodes, managers, groups, instances, known, now }: Sight): Seen {
  const own = new Set(known.map(({ group }) => group));
  const members = instances.filter(({ group }) => own.has(group));
  const ready = new Set(nodes.filter(({ status }) => status === 'ready').map(({ instance }) => instance));
  const inService = members.filter(({ lifecycle }) => lifecycle === 'InService').map(({ instance }) => instance);
  const notReady = inService.filter((instance) => !ready.has(instance)).toSorted();
  const waiting = members.filter(({ lifecycle }) => lifecycle.endsWith(':Wait'));
  return {
    at: now,
    managers: {
      members: managers.length,
      reachable: managers.filter(({ isReachable }) => isReachable).length,
      wanted: groups
        .filter(({ name, role }) => role === 'manager' && own.has(name))
        .reduce((sum, { desired }) => sum + desired, 0),
    },
    nodes: {
      total: nodes.length,
      ready: nodes.filter(({ status }) => status === 'ready').length,
      down: nodes.filter(({ status }) => status === 'down').length,
    },
    inService: inService.length,
    notReady: { count: notReady.length, instances: notReady.slice(0, MOST_NAMED) },
    waiting: waiting
      .map(({ instance, lifecycle }) => `${instance} ${lifecycle}`)
      .toSorted()
      .slice(0, MOST_WAITING),
  };
}
