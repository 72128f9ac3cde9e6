// Whether the node that an instance has named is its own: EC2 says which addresses the instance has, the managers at which one they see the node.
//
// An instance whose root is somebody else's may name any node, and any address. What the managers see is where the connection of the node's
// engine comes from, which has its certificate: that is no word of the instance's.
import type { Verb } from '../names.ts';
import { giveUp } from './give-up.ts';
import type { Facts, GiveUp, Note, Question, SeenElsewhere, Step } from './step.ts';
import { traitsOf } from './verbs.ts';

/** As the document words it: the node, and the address, or `-` where the managers tell none. */
const SEEN = /node ([0-9a-z]{25}) at (-|[0-9]{1,3}(?:\.[0-9]{1,3}){3}), which/;

/** Where the managers see the node, if the try before this one has ended with that. */
function whereManagersSeeIt({ item }: Facts): { readonly nodeId: string; readonly address: string } | undefined {
  const result = item?.result;
  const cause = result?.ok === false && result.error === 'OtherAddress' ? result.cause : '';
  const [, nodeId, address] = SEEN.exec(cause) ?? [];
  return nodeId === undefined || address === undefined ? undefined : { nodeId, address };
}

/** Past the deadline nothing is confirmed, whatever EC2 says. */
export const asksWhoseNode = ({ plan: { deadline } }: Step, verb: Verb, { now }: Facts): boolean =>
  traitsOf(verb).asksWhoseNode === true && (deadline === undefined || now < deadline);

/** @returns undefined where the node may be confirmed as the instance's, as far as that is known before a manager is asked */
export function ifNotItsOwn(step: Step, verb: Verb, facts: Facts): GiveUp | Question | undefined {
  return asksWhoseNode(step, verb, facts)
    ? (withoutAddress(step, facts) ?? atAnotherAddress(step, facts) ?? refused(step, facts))
    : undefined;
}

function withoutAddress({ plan: { instance = '' } }: Step, { addresses = [] }: Facts): GiveUp | undefined {
  return addresses.length === 0
    ? giveUp('AwsUnavailable', `EC2 tells no address of ${instance} yet: its node is confirmed when it does`)
    : undefined;
}

function atAnotherAddress(
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

/** How many managers are asked: one may be mistaken. A node that is labelled as another instance's stays that instance's. */
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
  const { address } = whereManagersSeeIt(facts) ?? {};
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
const NOTHING_IS_ITS_OWN = { on: 'node', nodeId: 'none', address: 'none' } as const satisfies Note;
const notItsOwn = (cause: string): GiveUp => giveUp('NodeOfAnother', cause, { note: NOTHING_IS_ITS_OWN });

/** At which of them a manager may see the node. Undefined where EC2 was not asked. */
export function addressesFor(step: Step, verb: Verb, facts: Facts): readonly string[] | undefined {
  const { addresses } = facts;
  const { address } = whereManagersSeeIt(facts) ?? {};
  if (addresses === undefined || address === undefined) {
    return addresses;
  }
  // First, since an instance may have more addresses than a command takes.
  return provesWhoseNode(verb) && !isProven(step, verb, facts, address) ? [] : [address, ...addresses];
}

// --- What takes a node out. That it bears the label of its instance is seen by the document, and needs no question; nearly all do. A node that
// bears none belongs to a launch that nobody has confirmed. An instance that has named it is no reason to remove it.

const provesWhoseNode = (verb: Verb): boolean => traitsOf(verb).provesWhoseNode !== undefined;

/** What EC2 is asked where a manager has seen that the node bears no label. */
export function toProve(verb: Verb, facts: Facts): Question | undefined {
  const seen = whereManagersSeeIt(facts);
  if (seen === undefined || !provesWhoseNode(verb)) {
    return undefined;
  }
  if (facts.addresses === undefined) {
    return { kind: 'ask', fact: 'addresses' };
  }
  return facts.whose === undefined && !facts.addresses.includes(seen.address)
    ? { kind: 'ask', fact: 'whose', ...seen }
    : undefined;
}

/** If the node that the instance has named belongs to another instance, the name is forgotten. A node of no instance is left to the tidy. */
export const noteOnAnothers = ({ plan: { instance = '' } }: Step, verb: Verb, { whose }: Facts): Note | undefined =>
  provesWhoseNode(verb) && whose !== undefined && otherOf(instance, whose) !== undefined
    ? NOTHING_IS_ITS_OWN
    : undefined;

function isProven({ plan: { instance = '' } }: Step, verb: Verb, facts: Facts, address: string): boolean {
  const { addresses = [], whose } = facts;
  const isNobodyElses = whose !== undefined && otherOf(instance, whose) === undefined;
  const isEnough = traitsOf(verb).provesWhoseNode === 'unless another is there' || whose?.instances.includes(instance);
  return addresses.includes(address) || (isNobodyElses && isEnough === true);
}
