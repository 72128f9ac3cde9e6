// What is found of the swarm itself, and of what the table has of the cluster.
import { overlap, parseNetwork } from '../managers/networks.ts';
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

function ofOptions(facts: AdoptFacts, { founded, swarmId }: Leading): AdoptFinding[] {
  const { cluster } = facts;
  return [
    ...(founded.autolock ? [finding('Autolock', cluster, `swarm ${swarmId} locks its managers`)] : []),
    ...founded.pools.flatMap((pool) => {
      const taken = takenIn(facts, pool);
      return taken === undefined ? [] : [finding('PoolOverlaps', cluster, `its address pool ${pool} ${taken}`)];
    }),
  ];
}

/** By the addresses of the instances; by all of the VPC where its routes were looked at, since others live there too. */
function takenIn({ instances, network }: AdoptFacts, pool: string): string | undefined {
  const addresses = [...instances.values()].flatMap(({ privateIp }) => privateIp ?? []);
  if (addresses.some((address) => isOverlap(pool, `${address}/32`))) {
    return 'has the addresses of instances';
  }
  const routes = 'unseen' in network ? [] : network.seen.tables.flatMap((table) => table.routes);
  const own = routes.find((one) => one.gateway === 'local' && isOverlap(pool, one.network));
  return own === undefined ? undefined : `overlaps ${own.network}, which is the VPC's`;
}

function isOverlap(one: string, other: string): boolean {
  const [first, second] = [parseNetwork(one), parseNetwork(other)];
  return first !== undefined && second !== undefined && overlap(first, second);
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
