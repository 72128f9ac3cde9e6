// Whether instances reach Systems Manager from where their groups launch them: by a route, or by endpoints. Of all that skep uses, nodes call
// nothing else: the table, the state machines and Auto Scaling are called by functions outside of the VPC.
import { AGENT_SERVICES } from '../agent-services.ts';
import type { AdoptFacts, FoundGroup, VpcFacts } from './facts.ts';
import { finding } from './findings.ts';
import type { AdoptFinding } from './findings.ts';

const EVERYWHERE = '0.0.0.0/0';

/** By the agent that is heard of a subnet is proven, whatever its routes look like. */
export function wayFindings(facts: AdoptFacts): AdoptFinding[] {
  const { cluster, groups, network } = facts;
  if ('unseen' in network) {
    return [finding('NotLookedAt', cluster, `routes and endpoints, and the networks of the VPC: ${network.unseen}`)];
  }
  return groups.flatMap(({ name, found }) => (found === undefined ? [] : ofGroup(facts, network.seen, name, found)));
}

function ofGroup(
  { instances, agents }: AdoptFacts,
  network: VpcFacts,
  name: string,
  { instances: members, subnets }: FoundGroup,
): AdoptFinding[] {
  const all = members.flatMap(({ instance }) => {
    const shown = instances.get(instance);
    return shown === undefined ? [] : [{ isHeard: agents.get(instance) === 'online', ...shown }];
  });
  const unproven = subnets.filter((subnet) => !all.some((one) => one.subnet === subnet && one.isHeard));
  // All subnets of a group are of one VPC.
  const vpc = all.find((one) => one.vpc !== undefined)?.vpc;
  if (vpc === undefined) {
    return unproven.length === 0
      ? []
      : [finding('NotLookedAt', name, 'routes and endpoints: none of its instances tells of which VPC it is')];
  }
  return unproven.flatMap((subnet) => {
    const isPrivate = all.some((one) => one.subnet === subnet && !one.hasPublicAddress);
    const problem = wayProblem(network, vpc, subnet, isPrivate);
    return problem === undefined ? [] : [finding('NoWay', name, problem)];
  });
}

/**
 * @param isPrivate what is launched there is known to have no public address
 * @returns in words, what keeps instances of the subnet from Systems Manager; undefined where nothing is seen that does
 */
export function wayProblem(
  { tables, endpoints }: VpcFacts,
  vpc: string,
  subnet: string,
  isPrivate: boolean,
): string | undefined {
  const missing = AGENT_SERVICES.filter(
    (service) => !endpoints.some((one) => one.vpc === vpc && one.service.endsWith(`.${service}`)),
  );
  if (missing.length === 0) {
    return undefined;
  }
  const table =
    tables.find(({ subnets }) => subnets.includes(subnet)) ?? tables.find((one) => one.vpc === vpc && one.isMain);
  const out = table?.routes.find((one) => one.network === EVERYWHERE);
  if (out === undefined) {
    return `${subnet} has no default route, and its VPC no endpoint of ${missing.join(' and ')}`;
  }
  return out.gateway === 'internet' && isPrivate
    ? `${subnet} reaches the internet by public addresses only, and what is launched there has none`
    : undefined;
}
