// What a tidy saw of a cluster, as few numbers: what its verdict is made of.
import * as z from 'zod';

/** Instances that wait in a hook, of which the verdict remembers since when. More than that is a burst, and says enough. */
export const MOST_WAITING = 500;
/** For a person to begin with; the count says how many there are. */
export const MOST_NAMED = 10;

/** A reason of a verdict names a few; with all of a swarm's it could not be kept. */
export const MOST_REPORTS = 100;
export const MOST_NOTES = 20;

const count = z.int().nonnegative();

/** Goes from the tidy function to the verdict function through the execution. */
export const tidySummary = z.object({
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
  /** Reports that count in the verdict, by their names (`ReportName`). Executions of an older version tell none. */
  told: z
    .array(z.object({ name: z.string(), what: z.string() }))
    .max(MOST_REPORTS)
    .optional(),
  /** Reports that do not: what somebody meant so, or what nobody can mend. */
  notes: z.array(z.string()).max(MOST_NOTES).optional(),
  /** False where there is no swarm yet: of that nothing is missing. */
  founded: z.boolean().optional(),
});
export type TidySummary = z.infer<typeof tidySummary>;
