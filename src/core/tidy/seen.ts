// What a tidy saw of a cluster, as few numbers: what its verdict is made of.
import { z } from 'zod';

import { targetOf } from './repair-instances.ts';
import type { Report, TidyFacts } from './facts.ts';

/** Instances that wait in a hook, of which the verdict remembers since when. More than that is a burst, and says enough. */
const MOST_WAITING = 500;
/** For a person to begin with; the count says how many there are. */
const MOST_NAMED = 10;

/** A reason of a verdict names a few; with all of a swarm's it could not be kept. */
const MOST_TOLD = 100;
const MOST_NOTES = 20;
/** Characters. Names of groups are their owners' and may be long. */
const LONGEST = 400;

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
  /** Ready nodes whose instances are in none of the cluster's groups: how many, and the first of them. */
  strays: z.object({ count, instances: z.array(z.string()).max(MOST_NAMED) }).optional(),
  /** Reports that count in the verdict, by their names (`ToldName`). Executions of an older version tell none. */
  told: z
    .array(z.object({ name: z.string(), what: z.string() }))
    .max(MOST_TOLD)
    .optional(),
  /** Reports that do not: what somebody meant so, or what nobody can mend. */
  notes: z.array(z.string()).max(MOST_NOTES).optional(),
  /** False where there is no swarm yet: of that nothing is missing. */
  founded: z.boolean().optional(),
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
  const grouped = new Set(members.map(({ instance }) => instance));
  const strays = [...ready].flatMap((instance) => (instance === undefined || grouped.has(instance) ? [] : [instance]));
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
    strays: { count: strays.length, instances: strays.toSorted().slice(0, MOST_NAMED) },
    waiting: waiting
      .map(({ instance, lifecycle }) => `${instance} ${lifecycle}`)
      .toSorted()
      .slice(0, MOST_WAITING),
  };
}

/** The same, with what the tidy tells. */
export function withTold(seen: Seen, reports: readonly Report[]): Seen {
  return {
    ...seen,
    told: reports
      .flatMap((report) => (report.name === undefined ? [] : [{ name: report.name, what: wordsOf(report) }]))
      .slice(0, MOST_TOLD),
    notes: reports
      .filter(({ name }) => name === undefined)
      .map(wordsOf)
      .slice(0, MOST_NOTES),
  };
}

export function wordsOf({ instance, group, nodeId, because }: Report): string {
  const about = [instance, group, nodeId].filter((part) => part !== undefined).join(' ');
  return `${about === '' ? '' : `${about}: `}${because}`.slice(0, LONGEST);
}
