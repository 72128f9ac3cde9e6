// The managers as they are now: what each of them shows of the swarm, against the groups and against the record of skep.
import type { Table } from '../../src/store/table.ts';
import type { Lab } from '../lab.ts';
import type { NodeView } from '../nodes/machines.ts';
import type { ManagerCounts, ManagerWatch } from './manager-watch.ts';
import type { Expectation, Scenario } from './schema.ts';
import { INSTANCE_LABEL } from '../../src/core/labels.ts';

export interface ManagersSeen extends ManagerCounts {
  readonly members: number;
  readonly reachable: number;
  /** Every manager in service shows the same nodes, in the same states. */
  readonly agree: boolean;
  /** The members of raft are the instances in service, no more and no fewer. */
  readonly inService: boolean;
  /** The record names the leader as the swarm has it, every reachable member, and nobody who is none. */
  readonly recorded: boolean;
  /** Every member was let in in the epoch that the cluster is in. */
  readonly sameEpoch: boolean;
  /** Of the cluster: how often it was recovered. */
  readonly epoch: number;
}

const PATIENCE_SECONDS = 20;

export function watchesManagers({ steps, expect }: Scenario): boolean {
  const within = (those: readonly Expectation[]): boolean => those.some((one) => 'managers' in one);
  const plain = steps.flatMap((step) => ('each' in step ? step.each.do : [step]));
  return (
    within(expect) ||
    plain.some((step) => ('expect' in step && within(step.expect)) || ('wait' in step && within(step.wait.for)))
  );
}

/** Instances that run, of the groups of managers of the cluster. */
export function managersOf(lab: Lab, cluster: string): { readonly instanceId: string; readonly inService: boolean }[] {
  return [...lab.autoScaling.groups.values()]
    .filter(({ tags }) => tags['skep:cluster'] === cluster && tags['skep:role'] === 'manager')
    .flatMap(({ members }) => [...members.values()])
    .filter(({ instanceId }) => lab.ec2.isRunning(instanceId))
    .map(({ instanceId, lifecycle }) => ({ instanceId, inService: lifecycle === 'InService' }));
}

export async function seeManagers(lab: Lab, cluster: string, table: Table, watch: ManagerWatch): Promise<ManagersSeen> {
  const inService = managersOf(lab, cluster).filter((one) => one.inService);
  const lists = await Promise.all(
    inService.map(({ instanceId }) => lab.machines.nodes(instanceId, PATIENCE_SECONDS).catch(() => undefined)),
  );
  const nodes = lists.find((list) => list !== undefined) ?? [];
  const members = nodes.filter(({ reachability }) => reachability !== undefined);
  const { record } = await table.readLeader(cluster);
  const state = await table.readState(cluster);
  const epoch = state?.status === 'founded' ? (state.epoch ?? 0) : 0;
  const remembered = await Promise.all(
    members.map((one) => lab.machines.epoch(instanceOf(one)).catch(() => 'unknown')),
  );
  return {
    ...watch.counts,
    members: members.length,
    reachable: members.filter(({ reachability }) => reachability !== 'unreachable').length,
    agree: lists.length > 0 && new Set(lists.map((list) => (list === undefined ? 'none' : listed(list)))).size === 1,
    inService: sameSet(
      members.map(instanceOf),
      inService.map(({ instanceId }) => instanceId),
    ),
    recorded:
      record !== undefined &&
      record.leader.nodeId === members.find(({ reachability }) => reachability === 'leader')?.nodeId &&
      record.managers.every(({ nodeId }) => members.some((one) => one.nodeId === nodeId)) &&
      members.every(
        (one) => one.reachability === 'unreachable' || record.managers.some(({ nodeId }) => nodeId === one.nodeId),
      ),
    // A member of before the first recovery remembers none.
    sameEpoch: remembered.every((one) => one === String(epoch) || (one === '' && epoch === 0)),
    epoch,
  };
}

const instanceOf = ({ labels }: NodeView): string => labels[INSTANCE_LABEL] ?? '';

/** What `docker node ls` prints of it. */
function listed(nodes: readonly NodeView[]): string {
  const rows = nodes.map(({ nodeId, status, availability, reachability }) => [
    nodeId,
    status,
    availability,
    reachability,
  ]);
  return JSON.stringify(rows.toSorted());
}

function sameSet(some: readonly string[], others: readonly string[]): boolean {
  return JSON.stringify(some.toSorted()) === JSON.stringify(others.toSorted());
}
