// Nodes whose address is not one that EC2 has for their instance: the instance that the node's label names, or that has named the node.
//
// An attacker with root on an instance may name any node as its own, and the launch may have ended before that was refused. The address at
// which the managers see the node does not come from the instance (steps/whose-node.ts). Such a node is reported; neither it nor an instance is touched for it.
import type { SwarmNode, TidyFacts } from './facts.ts';

type Facts = Pick<TidyFacts, 'addresses' | 'owners'>;

/** An engine may know itself by none that others could tell it by. */
const SAYS_NOTHING = /^(0\.0\.0\.0|127\..*)$/;

/** Where it is seen, if that is not where its instance is; whether another instance is there is a question to EC2. */
export function seenElsewhere(
  { address, instance: label }: SwarmNode,
  instance: string,
  { addresses }: Pick<Facts, 'addresses'>,
): string | undefined {
  const has = addresses?.get(instance);
  // Its address may be another's by now: of a node that has the label of an instance that is gone nothing follows.
  const isKnown = has !== undefined && (has.length > 0 || label === undefined);
  return address === undefined || SAYS_NOTHING.test(address) || !isKnown || has.includes(address) ? undefined : address;
}

/** @returns why it is not the instance's; undefined where it may be, as behind a NAT, whose address is nobody's */
export function whyAnothers(node: SwarmNode, instance: string, facts: Facts): string | undefined {
  const address = seenElsewhere(node, instance, facts);
  const owners = (address === undefined ? undefined : facts.owners.get(address)) ?? [];
  const claim = node.instance === undefined ? `${instance} has named it as its own` : `its label says ${instance}`;
  return address === undefined || owners.length === 0 || owners.includes(instance)
    ? undefined
    : `${claim}, and the managers see it at ${address}, which EC2 has for ${owners.join(', ')}: never touched`;
}

/** Of one that runs: what else may be behind that is a person's to know. */
export function whyNobodys(node: SwarmNode, instance: string, facts: Facts): string | undefined {
  const address = seenElsewhere(node, instance, facts);
  const runs = (facts.addresses?.get(instance) ?? []).length > 0;
  // Of what EC2 was not asked yet nothing follows.
  const owners = address === undefined ? undefined : facts.owners.get(address);
  return address === undefined || !runs || owners === undefined || owners.length > 0
    ? undefined
    : `the managers see it at ${address}, which EC2 has for no instance: behind a NAT that is so`;
}
