// How many instances a tidy may send out at once.
import { describe, expect, it } from '@jest/globals';

import { USUAL_POLICY } from '../../../../src/core/lifecycle/warning-policy.ts';
import type { GroupInstance, TidyGroup } from '../../../../src/core/tidy/facts.ts';
import { isSmallerPart, withinShare } from '../../../../src/core/tidy/share.ts';
import { down, group, manager, managerGroup, node } from '../../support/tidy-facts.ts';

type Members = readonly (Partial<GroupInstance> | undefined)[];

const membersOf = (name: string, changes: Members) =>
  changes.map((change, n) => ({ instance: `i-${name}${n}`, lifecycle: 'InService', ...change }));
const many = (count: number): Members => Array.from({ length: count }, () => undefined);
const workers = (name: string, count: number, share = 0.2): TidyGroup =>
  group(membersOf(name, many(count)), { name, policy: { ...USUAL_POLICY, share } });
const managers = (name: string, of: Members, desired = of.length): TidyGroup =>
  managerGroup(membersOf(name, of), { name, desired, policy: { ...USUAL_POLICY, share: 1 } });
/** Of those of which so many are wanted out, by their groups: which are chosen. */
function chosen(
  groups: readonly TidyGroup[],
  wanted: readonly TidyGroup[],
  going: readonly TidyGroup[] = [],
): string[] {
  const count = groups.reduce((sum, { instances }) => sum + instances.length, 0);
  const nodes = Array.from({ length: count }, (_, n) => node({ nodeId: `${n}` }));
  return withinShare(
    wanted.map((one) => ({ group: one })),
    going,
    { nodes, groups },
  ).map((one) => one.group.name);
}

describe('the share of the cluster', () => {
  it('is for all groups together: ten of one instance each do not go at once', () => {
    const ten = Array.from({ length: 10 }, (_, n) => workers(`g${n}`, 1));

    expect(chosen(ten, ten)).toEqual(['g0', 'g1']);
    expect(chosen(ten, ten.slice(1), ten.slice(0, 1))).toEqual(['g1']);
  });

  it('is the largest of any group: a tag that allows a group more is not in vain', () => {
    const some = workers('some', 10);
    const most = workers('most', 10, 0.5);

    expect(chosen([some, most], [...many(9).map(() => most), some, some, some])).toEqual([
      ...many(5).map(() => 'most'),
      'some',
      'some',
    ]);
  });

  it('of a group is less by those of it that go already, and by those of no other group', () => {
    const one = workers('one', 10);
    const two = workers('two', 10);

    expect(chosen([one, two], [one, two, two, two], [one, one])).toEqual(['two', 'two']);
  });
});

describe('managers', () => {
  const three = managers('three', many(3));
  const some = workers('some', 10, 1);

  it('go one at a time, whatever their share', () => {
    expect(chosen([three], [three, three])).toEqual(['three']);
    expect(chosen([three, some], [some, three, some, three, some])).toEqual(['some', 'three', 'some', 'some']);
  });

  it('go not while another one goes, as workers do', () => {
    expect(chosen([three, some], [three, some], [three])).toEqual(['some']);
    expect(chosen([three, some], [three], [some])).toEqual(['three']);
  });

  it.each<[string, readonly TidyGroup[]]>([
    ['one is only coming', [managers('three', [{ lifecycle: 'Pending:Wait' }, ...many(2)])]],
    ['one is wanted that nobody has launched yet', [managers('three', many(3), 4)]],
    ['one more than is wanted is on its way out', [managers('three', [...many(3), { lifecycle: 'Terminating' }], 3)]],
    ['one more than is wanted is unhealthy', [managers('three', [...many(3), { healthy: false }], 3)]],
    ['one is missing in another group of managers', [three, managers('other', many(1), 2)]],
  ])('go not while %s', (_what, groups) => {
    expect(chosen([...groups, some], [...groups.slice(0, 1), some])).toEqual(['some']);
  });

  it('go while workers come and go', () => {
    const coming = { ...some, desired: 12 };

    expect(chosen([three, coming], [three])).toEqual(['three']);
  });
});

describe('what is seen', () => {
  it.each<[string, readonly [number, number], readonly [number, number], boolean]>([
    ['most managers are reachable, and most nodes are Ready', [2, 1], [3, 2], false],
    ['half of the managers are not reachable', [1, 1], [9, 0], true],
    ['half of the nodes are down', [3, 0], [1, 4], true],
    ['one node more than half is Ready', [3, 0], [1, 3], false],
    ['there is no manager', [0, 0], [9, 0], true],
  ])('may be the view of the smaller part, or not, where %s', (_what, [reachable, lost], [ready, away], isSmaller) => {
    const nodes = [
      ...many(reachable).map(() => manager()),
      ...many(lost).map(() => manager({ isReachable: false })),
      ...many(ready).map(() => node()),
      ...many(away).map(() => down()),
    ];

    expect(isSmallerPart({ nodes })).toBe(isSmaller);
  });
});
