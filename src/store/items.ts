// The items of the table, as they are read back: whatever else lies there is refused here, not met later.
import * as z from 'zod';

import { REBALANCE_WHEN } from '../core/tidy/facts.ts';
import type { LeaderRecord } from '../core/model.ts';
import { holdItem } from '../core/lifecycle/hold.ts';
import { nodePhase, nodeRole } from '../core/names.ts';

/** Seconds for which the item of an instance that is gone is kept: long enough for late and duplicate events of it to find out that it is. */
export const GONE_TTL = 7 * 86_400;

const anyState = z.object({
  hold: holdItem.optional(),
  // What is no list of timeouts is none: a claim does not fail for it.
  hookTimeouts: z.record(z.string(), z.int().positive()).optional().catch(undefined),
});
export const stateItem = z.discriminatedUnion('status', [
  anyState.extend({ status: z.literal('new') }),
  anyState.extend({
    status: z.literal('founded'),
    swarmId: z.string(),
    caDigest: z.string(),
    // Clusters that were founded before there were epochs have none.
    epoch: z.int().nonnegative().default(0),
  }),
]);
export const nodeItem = z.object({
  instance: z.string(),
  group: z.string(),
  role: nodeRole,
  phase: nodePhase,
  owner: z.string(),
  ownerArn: z.string(),
  nodeId: z.string().optional(),
  address: z.string().optional(),
  formerNodeIds: z.array(z.string()).optional(),
  labelled: z.string().optional(),
  taskToken: z.string().optional(),
  leaseUntil: z.number().default(0),
  beatAt: z.number().optional(),
  /** AWS has said that it takes the instance then. Epoch seconds. */
  diesAt: z.number().optional(),
  /** What AWS Health has announced of it, by EC2's code, and for when. Epoch seconds. */
  announced: z.string().optional(),
  announcedAt: z.number().optional(),
  /** Since when EC2 recommends to have another one in its place. Epoch seconds. */
  recommendedAt: z.number().optional(),
  /** Its engine was found in a swarm that is not the cluster's. */
  foreignSwarm: z.object({ at: z.number(), because: z.string() }).optional(),
});
export const actionItem = z.object({
  owner: z.string(),
  ownerArn: z.string(),
  actionToken: z.string().optional(),
  time: z.number(),
  leaseUntil: z.number(),
  warned: z.boolean().optional(),
});
export const groupItem = z.object({
  cluster: z.string().optional(),
  role: z.string().optional(),
  dns: z.boolean().optional(),
  abandons: z.number().default(0),
  readAt: z.number().default(0),
});
export const configItem = z.object({ addressPool: z.string(), subnetSize: z.number(), dataPathPort: z.number() });
/** The same item, as the tidy reads it. */
export const policyItem = z.looseObject({
  downAfter: z.number().default(900),
  rebalance: z.enum(REBALANCE_WHEN).default('off'),
});
/** The workers that there were when the tidy's last rebalance ended well, as a digest. */
export const rebalancedItem = z.looseObject({ workers: z.string() });
export const tokenDigests = z.object({ worker: z.string(), manager: z.string() });
export const publishedTokens = tokenDigests.extend({ key: z.string().optional() });
export const lockItem = z.object({ instance: z.string(), leaseUntil: z.number() });

export type GroupItem = z.infer<typeof groupItem>;
type ActionItem = z.infer<typeof actionItem>;

export const founderItem = z.object({ instance: z.string(), since: z.number().default(0) });

export interface StoredFacts {
  readonly state: z.infer<typeof stateItem> | undefined;
  readonly leader: LeaderRecord | undefined;
  readonly founder: z.infer<typeof founderItem> | undefined;
  readonly node: z.infer<typeof nodeItem> | undefined;
  readonly action: ActionItem | undefined;
  readonly group: GroupItem | undefined;
}
