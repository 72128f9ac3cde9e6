// Asks a manager of a swarm for a person: the leader on record first, and another one where it does not answer.
import { runDocument } from '../aws/run-document.ts';
import type { DocumentPorts } from '../aws/run-document.ts';
import type { Manager } from '../core/model.ts';
import type { Outcome } from '../core/steps/rendezvous.ts';
import type { Command } from '../core/steps/verbs.ts';
import type { Table } from '../store/table.ts';

/** A swarm, and whom to ask of it. */
export interface SwarmOnRecord {
  readonly swarmId: string;
  readonly epoch: number;
  /** The leader first. */
  readonly managers: readonly Manager[];
}

/** @returns undefined where the cluster was never declared or has no swarm, or where no manager of it is on record */
export async function swarmOnRecord(table: Table, cluster: string): Promise<SwarmOnRecord | undefined> {
  const [state, { record }] = await Promise.all([table.readState(cluster), table.readLeader(cluster)]);
  if (state?.status !== 'founded' || record === undefined) {
    return undefined;
  }
  const { leader, managers } = record;
  const others = managers.filter(({ instance }) => instance !== leader.instance);
  return { swarmId: state.swarmId, epoch: state.epoch ?? 0, managers: [leader, ...others] };
}

/** How many are asked, one after the other: each manager that does not answer costs minutes. */
const MOST_ASKED = 3;

/**
 * @param commandTo the command for that manager
 * @param asking is told whom it asks
 * @returns what the last of them said
 */
export async function askManagers(
  ports: DocumentPorts,
  { managers }: SwarmOnRecord,
  commandTo: (manager: Manager) => Command,
  asking: (instance: string) => void,
): Promise<Outcome> {
  let last: Outcome = { ok: false, error: 'CommandUndelivered', cause: 'no manager is on record', retryable: true };
  for (const manager of managers.slice(0, MOST_ASKED)) {
    asking(manager.instance);
    last = await runDocument(ports, commandTo(manager));
    if (last.ok || !last.retryable) {
      return last;
    }
  }
  return last;
}
