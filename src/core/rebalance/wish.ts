// What is wished for of a rebalance, and whether it may begin.
import * as z from 'zod';

import { FlowError } from '../errors.ts';
import { holdText } from '../lifecycle/hold.ts';
import type { ClusterState } from '../model.ts';
import { SERVICE_NAME, clusterName } from '../names.ts';
import { MOVES } from './run.ts';

/** What a person gives, and nothing else: a name that was mistyped must not mean every service. */
export const wish = z.strictObject({
  cluster: clusterName,
  services: z.array(z.string().regex(SERVICE_NAME, 'not the name of a service')).max(100).default([]),
  /** 0: only what others have left behind is taken back. */
  maxMoves: z.int().min(0).max(MOVES.most).default(MOVES.default),
  dryRun: z.boolean().default(false),
  /** Nothing is moved: these services go back to the spec that a rebalance or a hand-over could not put in its place again. */
  rollback: z.boolean().default(false),
  even: z.enum(['services', 'cluster']).default('services'),
  /** The tidy's, which asks but once for the same set of workers: kept when it has ended well. */
  workers: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .exactOptional(),
});
export type RebalanceWish = z.infer<typeof wish>;

/**
 * A dry run changes nothing, so that a hold does not stop it.
 *
 * @throws {FlowError} ClusterUndeclared, NotFounded or Held
 */
export function refuseToBegin(
  { cluster, dryRun }: Pick<RebalanceWish, 'cluster' | 'dryRun'>,
  state: ClusterState | undefined,
): void {
  if (state === undefined) {
    throw new FlowError('ClusterUndeclared', `nobody declared a cluster ${cluster}`);
  }
  if (state.status === 'new') {
    throw new FlowError('NotFounded', `${cluster} has no swarm yet`);
  }
  if (!dryRun && state.hold !== undefined) {
    throw new FlowError('Held', holdText(cluster, state.hold));
  }
}
