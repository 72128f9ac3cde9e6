// How many instances a tidy may send out at once, whatever the reason: never more than a share of a group, or one manager.
import { USUAL_POLICY } from '../lifecycle/warning-policy.ts';
import type { WarningPolicy } from '../lifecycle/warning-policy.ts';
import type { GroupInstance, TidyFacts, TidyGroup } from './facts.ts';

export const policyOf = ({ policy = USUAL_POLICY }: TidyGroup): WarningPolicy => policy;

export const isGoing = ({ lifecycle, healthy }: GroupInstance): boolean =>
  !healthy || lifecycle.startsWith('Terminating');

/** Or one is only coming: also a change of the managers. */
function managerIsGoing({ groups }: Pick<TidyFacts, 'groups'>): boolean {
  return groups
    .filter(({ role }) => role === 'manager')
    .some(({ instances, desired }) => {
      const inService = instances.filter((it) => it.lifecycle === 'InService' && it.healthy).length;
      return inService < desired || instances.some(isGoing);
    });
}

/** Where what is seen may be the view of the smaller part: of the managers, or of the nodes, most must be there. */
export function isSmallerPart({ nodes }: Pick<TidyFacts, 'nodes'>): boolean {
  const managers = nodes.filter(({ isManager }) => isManager);
  const reachable = managers.filter(({ isReachable }) => isReachable).length;
  const ready = nodes.filter(({ status }) => status === 'ready').length;
  return reachable * 2 <= managers.length || ready * 2 <= nodes.length;
}

const countIn = (all: number, share: number): number => Math.max(1, Math.floor(all * share));

interface Leaver {
  readonly group: TidyGroup;
}

/**
 * The first of them that there is room for, in their group and in the cluster. The share of the cluster is the largest share of any group: a tag
 * that allows one group more has its effect, and ten groups of one instance each still do not go at once.
 *
 * @param wanted the most urgent first
 * @param going the group of each that is on its way out already
 */
export function withinShare<One extends Leaver>(
  wanted: readonly One[],
  going: readonly TidyGroup[],
  facts: Pick<TidyFacts, 'nodes' | 'groups'>,
): One[] {
  const mostOfAll = countIn(facts.nodes.length, Math.max(...facts.groups.map((group) => policyOf(group).share)));
  const counted = new Map<string, number>();
  const count = ({ name }: TidyGroup): number => counted.get(name) ?? 0;
  let all = going.length;
  let managerGoes = managerIsGoing(facts) || going.some(({ role }) => role === 'manager');
  for (const group of going) {
    counted.set(group.name, count(group) + 1);
  }
  return wanted.filter(({ group }) => {
    const isFull = all >= mostOfAll || count(group) >= countIn(group.instances.length, policyOf(group).share);
    if (isFull || (group.role === 'manager' && managerGoes)) {
      return false;
    }
    all += 1;
    counted.set(group.name, count(group) + 1);
    managerGoes ||= group.role === 'manager';
    return true;
  });
}
