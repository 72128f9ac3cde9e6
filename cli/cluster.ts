// The cluster that a command is about.
import { tableClient } from '../src/aws/clients.ts';
import { listClusters } from '../src/store/clusters.ts';
import { Table } from '../src/store/table.ts';
import type { ClusterState } from '../src/core/model.ts';
import { clusterName } from '../src/core/names.ts';
import { UsageError } from './errors.ts';
import { explained } from './explained.ts';

/** @param typed what stands on the command line, with its option where it has one */
export function checkCluster(cluster: string, typed = cluster): void {
  const name = clusterName.safeParse(cluster);
  if (!name.success) {
    throw new UsageError(`${typed}: ${name.error.issues[0]?.message ?? 'not a cluster name'}`);
  }
}

/** @throws {UsageError} for a cluster that nobody has declared in the stage */
export async function stateOf(cluster: string, stage: string): Promise<ClusterState> {
  checkCluster(cluster, `--cluster ${cluster}`);
  const state = await explained(new Table(tableClient(), `skep-${stage}`).readState(cluster), stage);
  if (state === undefined) {
    throw new UsageError(`stage ${stage} has no cluster ${cluster}`);
  }
  return state;
}

/** Names those that there are: it may have been mistyped. */
export async function unknownCluster(cluster: string, stage: string): Promise<UsageError> {
  const names = await explained(listClusters(tableClient(), `skep-${stage}`), stage);
  const there = names.length === 0 ? 'none was ever declared' : `it has ${names.join(', ')}`;
  return new UsageError(`stage ${stage} has no cluster ${cluster}: ${there}`);
}
