// The explicit word without which nobody lets the last manager of a cluster go, since the swarm goes with it.
import * as z from 'zod';

/** An attribute of the STATE item: a person's word, for a short time and for this very swarm. */
export const erasureItem = z.object({
  since: z.number(),
  /** Afterwards it is as if it had never been given. Epoch seconds. */
  until: z.number(),
  swarmId: z.string(),
  /** The instance that was released by it. Whether that has left already is not known, so it goes on past the end of the word. */
  begun: z.string().optional(),
});
export type Erasure = z.infer<typeof erasureItem>;

/** A word that was forgotten must not meet a scale-in of next month. Seconds. */
export const ERASE_WITHIN = { default: 3600, most: 172_800 } as const;

/** AWS lets no hook live longer, and so no scale-in that has begun by a word. Seconds. */
const LONGEST_ACTION = 172_800;

export interface ErasureFacts {
  readonly erasure: Erasure | undefined;
  /** Of the cluster as it is founded now. */
  readonly swarmId: string;
  readonly instance: string;
  /** What the manager groups of the cluster want together. */
  readonly target: number;
  /** All other instances of the cluster's groups, whatever their role and state. */
  readonly others: readonly string[];
  /** Epoch seconds. */
  readonly now: number;
}

/**
 * The last manager may go when no other instance is left and the groups want no manager. Workers go first, since only a manager can drain and
 * forget them, and an instance that is launching will look for a manager. If the groups still want managers, a replacement is to come.
 *
 * @returns why not; undefined where it may
 */
export function whyNotErase({ erasure, swarmId, instance, target, others, now }: ErasureFacts): string | undefined {
  const goesOn = erasure?.begun === instance ? LONGEST_ACTION : 0;
  if (!isPermitted(erasure, swarmId, now - goesOn)) {
    return 'nobody has said that the swarm may be erased, or that was too long ago, or of another swarm';
  }
  if (target > 0) {
    return `the manager groups want ${target}: a replacement is to come`;
  }
  return others.length > 0 ? `there still are ${others.join(', ')}` : undefined;
}

export function isPermitted(erasure: Erasure | undefined, swarmId: string, now: number): boolean {
  return erasure?.swarmId === swarmId && now < erasure.until;
}
