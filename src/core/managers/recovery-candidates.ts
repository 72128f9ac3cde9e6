// Who may be a manager of a cluster that has lost its quorum: whoever is found by the table or by EC2's tags.
import type { ClusterState, Manager } from '../model.ts';
import type { Candidate } from './recovery.ts';

type NodeOnRecord = Omit<Candidate, 'state'>;

/**
 * A manager that lost one of the two, table or tags, is still found. What the items of the nodes say counts before the leader record.
 *
 * @param tagged instances that EC2 finds by their tags
 */
export function allCandidates(
  recorded: readonly Manager[],
  items: readonly NodeOnRecord[],
  tagged: readonly string[],
): NodeOnRecord[] {
  const byInstance = new Map<string, NodeOnRecord>(tagged.map((instance) => [instance, { instance }]));
  for (const one of [...recorded.map((manager) => ({ ...manager, phase: 'ready' as const })), ...items]) {
    byInstance.set(one.instance, { ...byInstance.get(one.instance), ...one });
  }
  return [...byInstance.values()];
}

/** Of those that were to end. What EC2 does not know any more has ended. */
export const notEnded = (named: readonly string[], states: ReadonlyMap<string, string>): string[] =>
  named.filter((one) => !['terminated', 'stopped', undefined].includes(states.get(one)));

/** How often the cluster was recovered. */
export const epochOf = (state: ClusterState | undefined): number =>
  state?.status === 'founded' ? (state.epoch ?? 0) : 0;
