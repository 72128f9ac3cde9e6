// How many managers a swarm may lose before it takes no change any more.
import { majorityOf } from '../../src/core/managers/quorum.ts';
import { GONE } from './facts.ts';
import type { PageFacts, SeenNode } from './facts.ts';

export interface QuorumView {
  readonly managers: number;
  readonly reachable: number;
  readonly needed: number;
  /** Below 0 where the majority is gone. */
  readonly mayLose: number;
  /** Whose word it is. */
  readonly by: 'the swarm' | 'the record and EC2';
}

/** @returns null for a cluster without a manager, and for one of which nobody has told any */
export function quorumOf({
  swarm,
  managers,
  states,
}: Pick<PageFacts, 'swarm' | 'managers' | 'states'>): QuorumView | null {
  const members = (swarm?.nodes ?? []).filter(({ reachability }) => reachability !== undefined);
  if (members.length > 0) {
    return margin(members.length, members.filter(isReachable).length, 'the swarm');
  }
  return managers.length === 0
    ? null
    : margin(
        managers.length,
        managers.filter((one) => !GONE.has(states.get(one) ?? 'terminated')).length,
        'the record and EC2',
      );
}

const isReachable = ({ reachability }: SeenNode): boolean => reachability === 'leader' || reachability === 'reachable';

function margin(managers: number, reachable: number, by: QuorumView['by']): QuorumView {
  const needed = majorityOf(managers);
  return { managers, reachable, needed, mayLose: reachable - needed, by };
}
