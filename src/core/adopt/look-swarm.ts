// What is found of the swarm itself, and of what the table has of the cluster.
import { contains, parseNetwork } from '../managers/networks.ts';
import type { AdoptFacts, Leading, AdoptedNode } from './facts.ts';
import { finding } from './findings.ts';
import type { AdoptFinding } from './findings.ts';

/** So many are named one by one. */
const NAMED = 10;

export function swarmFindings(
  facts: AdoptFacts,
  leading: Leading | undefined,
  members: readonly AdoptedNode[],
): AdoptFinding[] {
  const { cluster } = facts;
  return leading === undefined
    ? [
        finding(
          'NoLeader',
          cluster,
          'no instance of a manager group has a leader, and tells what its swarm was founded with',
        ),
      ]
    : [...ofRecord(facts, leading, members), ...ofOptions(facts, leading), ...ofNodes(facts, members)];
}

function ofRecord(
  { cluster, state, founder }: AdoptFacts,
  leading: Leading,
  members: readonly AdoptedNode[],
): AdoptFinding[] {
  if (state?.status === 'founded') {
    return state.swarmId === leading.swarmId
      ? []
      : [
          finding(
            'FoundedAlready',
            cluster,
            `it has swarm ${state.swarmId}, and these instances are in ${leading.swarmId}`,
          ),
        ];
  }
  // One whose launch found this very swarm is no founder any more: its engine is in a swarm, and founds none.
  return founder === undefined || members.some(({ instance }) => instance === founder)
    ? []
    : [finding('FoundingUnderWay', cluster, `${founder} has begun to found a swarm for it`)];
}

function ofOptions({ cluster, instances }: AdoptFacts, { founded, swarmId }: Leading): AdoptFinding[] {
  const addresses = [...instances.values()].flatMap(({ privateIp }) => privateIp ?? []);
  const overlapping = founded.pools.filter((pool) => addresses.some((address) => isIn(address, pool)));
  return [
    ...(founded.autolock ? [finding('Autolock', cluster, `swarm ${swarmId} locks its managers`)] : []),
    ...overlapping.map((pool) =>
      finding('PoolOverlaps', cluster, `instances have addresses in its address pool ${pool}`),
    ),
  ];
}

function isIn(address: string, pool: string): boolean {
  const [outer, inner] = [parseNetwork(pool), parseNetwork(`${address}/32`)];
  return outer !== undefined && inner !== undefined && contains(outer, inner);
}

function ofNodes({ cluster, nodes = [] }: AdoptFacts, members: readonly AdoptedNode[]): AdoptFinding[] {
  const matched = new Set(members.map(({ nodeId }) => nodeId));
  const outside = nodes.filter(({ nodeId }) => !matched.has(nodeId));
  const managers = nodes.filter(({ isManager }) => isManager).length;
  const more = outside.length - NAMED;
  return [
    ...outside
      .slice(0, NAMED)
      .map(({ nodeId, role, status }) =>
        finding('NodeOutside', nodeId, `a ${role} that is ${status}, and no instance here`),
      ),
    ...(more > 0 ? [finding('NodeOutside', cluster, `${more} more such nodes`)] : []),
    ...(managers % 2 === 0 ? [finding('EvenManagers', cluster, `the swarm has ${managers} managers`)] : []),
  ];
}
