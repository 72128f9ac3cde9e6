// What a tidy saw of a cluster, as few numbers: what its verdict is made of.
import { z } from 'zod';

import { targetOf } from './repair-instances.ts';
import type { TidyFacts } from './tidy-facts.ts';

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

/** Of groups only those of this stage: another one in the account may have a cluster of the same name. */
export function seenOf({ nodes, groups, now }: Pick<TidyFacts, 'nodes' | 'groups' | 'now'>): Seen {
  const count = (status: string): number => nodes.filter((node) => node.status === status).length;
  const raft = nodes.filter(({ isManager }) => isManager);
  const ready = new Set(nodes.filter(({ status }) => status === 'ready').map(({ instance }) => instance));
  const members = groups.flatMap(({ instances }) => instances);
  const inService = members.filter(({ lifecycle }) => lifecycle === 'InService').map(({ instance }) => instance);
  const notReady = inService.filter((instance) => !ready.has(instance)).toSorted();
  const waiting = members.filter(({ lifecycle }) => lifecycle.endsWith(':Wait'));
  return {
    at: now,
    managers: {
      members: raft.length,
      reachable: raft.filter(({ isReachable }) => isReachable).length,
      wanted: targetOf(groups),
    },
    nodes: { total: nodes.length, ready: count('ready'), down: count('down') },
    inService: inService.length,
    notReady: { count: notReady.length, instances: notReady.slice(0, MOST_NAMED) },
    waiting: waiting
      .map(({ instance, lifecycle }) => `${instance} ${lifecycle}`)
      .toSorted()
      .slice(0, MOST_WAITING),
  };
}
