// Nodes that are down while their instances live: reported after a while, and replaced where their group has opted in.
import type { Found } from './repair-nodes.ts';
import { GONE, groupOf, instanceOf, isAnothers } from './repair-nodes.ts';
import type { GroupInstance, Repair, Report, SwarmNode, TidyFacts, TidyGroup } from './facts.ts';

/** Of a cluster's nodes, at a time. */
const SHARE = 0.2;

interface Candidate {
  readonly node: SwarmNode;
  readonly instance: string;
  readonly group: TidyGroup | undefined;
  readonly member: GroupInstance | undefined;
}

export function replaceDown(facts: TidyFacts): Found {
  const down = facts.nodes.flatMap((node) => candidateOf(node, facts));
  const late = down.filter(({ node }) => (node.age ?? 0) >= facts.downAfter);
  const chosen = chosenOf(down, late, facts);
  return {
    repairs: chosen.map(asRepair),
    reports: late.filter((one) => !chosen.includes(one) && !isInStandby(one)).map((one) => asReport(one, facts)),
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
  if (state === undefined || GONE.includes(state) || joinedAgain) {
    return [];
  }
  const group = groupOf(instance, groups);
  return [{ node, instance, group, member: group?.instances.find((it) => it.instance === instance) }];
}

/**
 * Never more than a fifth of a cluster, or one manager, at a time; those count that are on their way out already. None at all where
 * what is seen may be the view of the smaller part: of the managers, or of the nodes, most must be there.
 */
function chosenOf(down: readonly Candidate[], late: readonly Candidate[], facts: TidyFacts): Candidate[] {
  if (isSmallerPart(facts)) {
    return [];
  }
  const going = down.filter(({ member }) => member !== undefined && isGoing(member)).length;
  const room = Math.max(1, Math.floor(facts.nodes.length * SHARE)) - going;
  const wanted = late.filter(
    ({ group, member }) => group?.replaceDown === true && member?.lifecycle === 'InService' && member.healthy,
  );
  const managers = wanted.filter(({ group }) => group?.role === 'manager').slice(0, managerIsGoing(facts) ? 0 : 1);
  const workers = wanted.filter(({ group }) => group?.role === 'worker');
  return [...managers, ...workers].slice(0, Math.max(0, room));
}

/** Somebody has taken it out of service on purpose, which is reported of the instance. */
const isInStandby = ({ member }: Candidate): boolean => member?.lifecycle.includes('Standby') === true;

const isGoing = ({ lifecycle, healthy }: GroupInstance): boolean => !healthy || lifecycle.startsWith('Terminating');

/** Or one is only coming: also a change of the managers. */
function managerIsGoing({ groups }: TidyFacts): boolean {
  return groups
    .filter(({ role }) => role === 'manager')
    .some(({ instances, desired }) => {
      const settled = instances.filter((it) => it.lifecycle === 'InService' && it.healthy).length;
      return settled < desired || instances.some(isGoing);
    });
}

function isSmallerPart({ nodes }: TidyFacts): boolean {
  const managers = nodes.filter(({ isManager }) => isManager);
  const reachable = managers.filter(({ isReachable }) => isReachable).length;
  const ready = nodes.filter(({ status }) => status === 'ready').length;
  return reachable * 2 <= managers.length || ready * 2 <= nodes.length;
}

function asRepair({ node, instance, group }: Candidate): Repair {
  const because = `node ${node.nodeId} has been down for ${node.age ?? 0} s while its instance lives, and its group wants such ones replaced`;
  return { kind: 'replace', instance, group: group?.name ?? '', because };
}

function asReport({ node, instance, group, member }: Candidate, facts: TidyFacts): Report {
  const what = node.isManager || node.role === 'manager' ? 'a manager' : 'the node';
  const why =
    group?.replaceDown !== true
      ? 'not removed'
      : member !== undefined && isGoing(member)
        ? 'its group replaces it'
        : isSmallerPart(facts)
          ? 'not replaced, since this may be the view of the smaller part'
          : 'not replaced now, since others are';
  const state = facts.states.get(instance) ?? '';
  const lives = state.startsWith('stop') ? `is ${state}` : 'lives';
  return {
    name: 'NodeDown',
    nodeId: node.nodeId,
    instance,
    because: `${what} is down, and its instance ${lives}: ${why}`,
  };
}
