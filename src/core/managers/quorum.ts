// Whether a manager may be demoted, from what another manager sees. documents/verbs/demote.sh asks the same.

export interface RaftMember {
  readonly nodeId: string;
  readonly reachable: boolean;
  /** It was told to become a worker, and is a member still: it goes as soon as the quorum allows it. */
  readonly demoting: boolean;
}

/** How many of so many managers must agree. */
export const majorityOf = (members: number): number => Math.floor(members / 2) + 1;

/**
 * SwarmKit's own rule, and the cluster's: SwarmKit alone would let three managers become one within seconds. Both must hold now, and
 * when those are gone who were told to go before: a demotion that was accepted is a standing order, which SwarmKit carries out later.
 *
 * @param least how many are to be left; 0 for one that is gone, or whose launch failed: it is missed by nobody
 * @returns why not; undefined where it may
 */
export function whyNotDemote(members: readonly RaftMember[], nodeId: string, least: number): string | undefined {
  const left = members.filter((member) => member.nodeId !== nodeId);
  const staying = left.filter(({ demoting }) => !demoting);
  for (const some of [left, staying]) {
    const reachable = reachableOf(some);
    if (reachable < majorityOf(some.length)) {
      return `without node ${nodeId} ${reachable} of ${some.length} managers are reachable`;
    }
  }
  const reachable = reachableOf(staying);
  return reachable < least
    ? `without node ${nodeId} ${reachable} managers are reachable, and ${least} are wanted`
    : undefined;
}

/**
 * How many managers are to be left beside one that goes. One that comes back itself is not waited for: no replacement would ever join. The last one
 * stays.
 */
export const leastBeside = (wanted: number, { comesBack = false }: { readonly comesBack?: boolean }): number =>
  comesBack ? Math.max(1, wanted - 1) : wanted;

const reachableOf = (members: readonly RaftMember[]): number => members.filter(({ reachable }) => reachable).length;
