// Whether the node that an instance has named is its own: EC2 says which addresses the instance has, the managers at which one they see the node.
//
// An instance whose root is somebody else's may name any node, and any address. What the managers see is where the connection of the node's
// engine comes from, which has its certificate: that is no word of the instance's.
import type { Verb } from '../names.ts';
import { giveUp } from './give-up.ts';
import type { Facts, GiveUp, Question, SeenElsewhere, Step } from './step.ts';
import { traitsOf } from './verbs.ts';

/** As the document words it: the address, or `-` where the managers tell none. */
const SEEN = /at (-|[0-9]{1,3}(?:\.[0-9]{1,3}){3}), which/;

/** Where the managers see the node, if the try before this one has ended with that. */
function seenAt({ item }: Facts): string | undefined {
  const result = item?.result;
  return result?.ok === false && result.error === 'OtherAddress' ? SEEN.exec(result.cause)?.[1] : undefined;
}

/** Past the deadline nothing is confirmed, whatever EC2 says. */
export const asksWhoseNode = ({ plan: { deadline } }: Step, verb: Verb, { now }: Facts): boolean =>
  traitsOf(verb).asksWhoseNode === true && (deadline === undefined || now < deadline);

/** @returns undefined where the node may be confirmed as the instance's, as far as that is known before a manager is asked */
export function ifNotItsOwn(step: Step, verb: Verb, facts: Facts): GiveUp | Question | undefined {
  return asksWhoseNode(step, verb, facts)
    ? (unseen(step, facts) ?? toldElsewhere(step, facts) ?? refused(step, facts))
    : undefined;
}

function unseen({ plan: { instance = '' } }: Step, { addresses = [] }: Facts): GiveUp | undefined {
  return addresses.length === 0
    ? giveUp('AwsUnavailable', `EC2 tells no address of ${instance} yet: its node is confirmed when it does`)
    : undefined;
}

function toldElsewhere(
  { plan: { instance = '' }, ask: { node } }: Step,
  { addresses = [] }: Facts,
): GiveUp | undefined {
  const [told = ''] = node.address.split(':');
  return told === 'none' || addresses.includes(told)
    ? undefined
    : notItsOwn(`${instance} says that its node is at ${told}, and EC2 has it at ${addresses.join(', ')}`);
}

function refused(step: Step, facts: Facts): GiveUp | Question | undefined {
  return refusedByLabel(facts) ?? refusedByAddress(step, facts);
}

/** So many managers are asked: one may be mistaken, and whoever is another node by its label stays one. */
const ASKED = 2;

function refusedByLabel({ item }: Facts): GiveUp | undefined {
  const result = item?.result;
  return result?.ok === false && result.error === 'WrongInstance' && (item?.try ?? 1) >= ASKED
    ? notItsOwn(result.cause)
    : undefined;
}

function refusedByAddress({ plan: { instance = '' }, ask }: Step, facts: Facts): GiveUp | Question | undefined {
  const { whose } = facts;
  const { nodeId } = ask.node;
  const address = seenAt(facts);
  if (address === undefined) {
    return undefined;
  }
  if (whose === undefined) {
    return { kind: 'ask', fact: 'whose', address, nodeId };
  }
  const other = otherOf(instance, whose);
  return other === undefined
    ? undefined
    : notItsOwn(`${instance} says that it is node ${nodeId}, which is at ${address} and so that of ${other}`);
}

/** Behind a NAT all instances have its address, and none: there nobody else may have named the node. */
function otherOf(instance: string, { instances, namedBy }: SeenElsewhere): string | undefined {
  return instances.includes(instance) ? undefined : [...instances, ...namedBy].find((one) => one !== instance);
}

/** Nothing is undone of a node that is another's: neither now, nor by who reads the record. */
const notItsOwn = (cause: string): GiveUp =>
  giveUp('NodeOfAnother', cause, { note: { on: 'node', nodeId: 'none', address: 'none' } });

/** At which of them a manager may see the node. */
export function addressesFor(facts: Facts): readonly string[] {
  const seen = seenAt(facts);
  // First, since an instance may have more addresses than a command takes.
  return [...(seen === undefined ? [] : [seen]), ...(facts.addresses ?? [])];
}
