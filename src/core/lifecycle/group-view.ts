// What is known of the group of an action: its tags, from the table while they are fresh, else from Auto Scaling.
import type { Plan } from '../model.ts';

/** A group's tags rarely change, and DescribeAutoScalingGroups is throttled. Seconds. */
const CACHED_FOR = 3600;

/** As the table keeps it. */
export interface CachedGroup {
  readonly cluster?: string | undefined;
  readonly role?: string | undefined;
  /** Its nodes have names in DNS. */
  readonly dns?: boolean | undefined;
  readonly abandons: number;
  /** Epoch seconds. */
  readonly readAt: number;
}

export interface GroupView extends CachedGroup {
  readonly isUntagged?: boolean;
}

interface ShownGroup {
  readonly cluster: string | undefined;
  readonly role: string | undefined;
  /** Its tags about names; undefined where it wants none. */
  readonly dns?: unknown;
}

export const isFresh = (cached: CachedGroup | undefined, now: number): cached is CachedGroup =>
  cached !== undefined && now - cached.readAt < CACHED_FOR;

/** A group that is there and names no cluster. One that no answer has shown may have any tags. */
export const isUntagged = (group: ShownGroup | undefined): boolean =>
  group !== undefined && group.cluster === undefined;

/** @param cached even an old one has the right number of launches that were abandoned in a row, since only skep counts them */
export function groupView(group: ShownGroup | undefined, cached: CachedGroup | undefined, now: number): GroupView {
  const { cluster, role } = group ?? {};
  const named = group?.dns === undefined ? {} : { dns: true };
  return { cluster, role, ...named, abandons: cached?.abandons ?? 0, readAt: now, isUntagged: isUntagged(group) };
}

/** No tidy looks after a cluster that nobody declared. */
export const isToldInVerdict = ({ rejection }: Pick<Plan, 'rejection'>): boolean => rejection !== 'ClusterUndeclared';
