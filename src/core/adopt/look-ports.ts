// Whether the security groups of the nodes let them reach each other at the ports of a swarm.
import { contains, parseNetwork } from '../managers/networks.ts';
import type { NodeRole } from '../names.ts';
import type { AdoptFacts, FoundInstance, Ingress } from './facts.ts';
import { finding } from './findings.ts';
import type { AdoptFinding } from './findings.ts';

interface Port {
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
}

/** @param dataPathPort undefined where no manager tells it */
const portsOf = (role: NodeRole, dataPathPort: number | undefined): Port[] => [
  ...(role === 'manager' ? [{ protocol: 'tcp', port: 2377 } as const] : []),
  { protocol: 'tcp', port: 7946 },
  { protocol: 'udp', port: 7946 },
  ...(dataPathPort === undefined ? [] : [{ protocol: 'udp', port: dataPathPort } as const]),
];

/** Nodes that are Ready reach their managers somehow; what is closed shows when the next one comes, or a service speaks to another. */
export function portFindings(facts: AdoptFacts, dataPathPort: number | undefined): AdoptFinding[] {
  const { cluster, groups, instances, ingress } = facts;
  if ('unseen' in ingress) {
    return [finding('NotLookedAt', cluster, `the security groups: ${ingress.unseen}`)];
  }
  return groups.flatMap(({ name, role, found }) => {
    const shown = (found?.instances ?? []).flatMap(({ instance }) => instances.get(instance) ?? []);
    const closed = portsOf(role, dataPathPort).filter((port) =>
      shown.some((one) => isClosed(instances, ingress.seen, one, port)),
    );
    const words = closed.map(({ protocol, port }) => `${protocol} ${port}`).join(', ');
    return closed.length === 0
      ? []
      : [finding('PortsClosed', name, `its security groups do not let all nodes in at ${words}`)];
  });
}

/** Of a security group that EC2 does not show nothing is known. */
function isClosed(
  instances: AdoptFacts['instances'],
  ingress: ReadonlyMap<string, readonly Ingress[]>,
  { securityGroups }: FoundInstance,
  port: Port,
): boolean {
  if (securityGroups.length === 0 || securityGroups.some((id) => !ingress.has(id))) {
    return false;
  }
  const open = securityGroups.flatMap((id) => ingress.get(id) ?? []).filter((one) => isAbout(one, port));
  return [...instances.values()].some((source) => !open.some((one) => letsIn(one, source)));
}

const isAbout = ({ protocol, from, to }: Ingress, port: Port): boolean =>
  protocol === '-1' || (protocol === port.protocol && from <= port.port && port.port <= to);

function letsIn({ groups, networks, others }: Ingress, { securityGroups, privateIp }: FoundInstance): boolean {
  const address = parseNetwork(`${privateIp ?? ''}/32`);
  return (
    others ||
    groups.some((id) => securityGroups.includes(id)) ||
    networks.some((text) => {
      const network = parseNetwork(text);
      return network !== undefined && address !== undefined && contains(network, address);
    })
  );
}
