// Nodes that are down while their instances live: reported after a while, and replaced where their group has opted in.
import type { Conclusions } from './repair-nodes.ts';
import { GONE, groupOf, instanceOf, isAnothers, whyOffIn } from './repair-nodes.ts';
import { isGoing, isSmallerPart, withinShare } from './share.ts';
import type { GroupInstance, Repair, Report, SwarmNode, TidyFacts, TidyGroup } from './facts.ts';

interface Candidate {
  readonly node: SwarmNode;
  readonly instance: string;
  readonly group: TidyGroup | undefined;
  readonly member: GroupInstance | undefined;
}

export function replaceDown(facts: TidyFacts): Conclusions {
  const down = facts.nodes.flatMap((node) => candidateOf(node, facts));
  const late = down.filter(({ node }) => (node.age ?? 0) >= facts.downAfter);
  const chosen = chosenOf(down, late, facts);
  const isChosen = new Set<Candidate>(chosen);
  return {
    repairs: chosen.map(asRepair),
    reports: late.filter((one) => !isChosen.has(one) && !isInStandby(one)).map((one) => asReport(one, facts)),
  };
}

function candidateOf(node: SwarmNode, facts: TidyFacts): Candidate[] {
  const { known, groups, states, nodes } = facts;
  const instance = instanceOf(node, known);
  if (node.status !== 'down' || instance === undefined || isAnothers(node, facts)) {
    return [];
  }
  const state = states.get(instance);
  const joinedAgain = nodes.some((other) => other.instance === instance && other.status === 'ready');
  // Of one that is off in its pool the same plan removes the node, or has the manager leave.
  const isOver = state === undefined || GONE.includes(state) || whyOffIn(instance, facts) !== undefined;
  if (isOver || joinedAgain) {
    return [];
  }
  const group = groupOf(instance, groups);
  return [{ node, instance, group, member: group?.instances.find((it) => it.instance === instance) }];
}

/** None at all where what is seen may be the view of the smaller part. */
function chosenOf(down: readonly Candidate[], late: readonly Candidate[], facts: TidyFacts): Placed[] {
  if (isSmallerPart(facts)) {
    return [];
  }
  const going = ofEachInstance(down.filter(({ member }) => member !== undefined && isGoing(member)).filter(isPlaced));
  const wanted = ofEachInstance(late.filter(isPlaced))
    .filter(({ group, member }) => group.replaceDown && member?.lifecycle === 'InService' && member.healthy)
    .toSorted((one, other) => rank(one) - rank(other));
  return withinShare(
    wanted,
    going.map(({ group }) => group),
    facts,
  );
}

type Placed = Candidate & { readonly group: TidyGroup };
const isPlaced = (one: Candidate): one is Placed => one.group !== undefined;
/** An instance that has joined twice has two nodes that are down: it is one instance less. */
const ofEachInstance = (candidates: readonly Placed[]): Placed[] =>
  [...new Map(candidates.toReversed().map((one) => [one.instance, one])).values()].toReversed();
/** Managers first. */
const rank = ({ group }: Placed): number => (group.role === 'manager' ? 0 : 1);

/** Somebody has taken it out of service on purpose, which is reported of the instance. */
const isInStandby = ({ member }: Candidate): boolean => member?.lifecycle.includes('Standby') === true;

function asRepair({ node, instance, group }: Placed): Repair {
  const because = `node ${node.nodeId} has been down for ${node.age ?? 0} s while its instance lives, and its group wants such ones replaced`;
  return { kind: 'replace', instance, group: group.name, because };
}

function asReport({ node, instance, group, member }: Candidate, facts: TidyFacts): Report {
  const what = node.isManager || node.role === 'manager' ? 'a manager' : 'the node';
  const state = facts.states.get(instance) ?? '';
  const lives = state.startsWith('stop') ? `is ${state}` : 'lives';
  return {
    name: 'NodeDown',
    nodeId: node.nodeId,
    instance,
    because: `${what} is down, and its instance ${lives}: ${whyNot({ group, member }, facts)}`,
  };
}

function whyNot({ group, member }: Pick<Candidate, 'group' | 'member'>, facts: TidyFacts): string {
  if (group?.replaceDown !== true) {
    return 'not removed';
  }
  if (member !== undefined && isGoing(member)) {
    return 'its group replaces it';
  }
  if (member?.lifecycle !== 'InService') {
    return `not replaced, since it is ${member?.lifecycle ?? 'in the warm pool'}, and not in service`;
  }
  return isSmallerPart(facts)
    ? 'not replaced, since this may be the view of the smaller part'
    : 'not replaced now, since others are';
}
