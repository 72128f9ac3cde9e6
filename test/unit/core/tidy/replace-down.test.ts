// Nodes that are down while their instances live: whose instances are replaced, and in which words the others are told of.
import { describe, expect, it } from '@jest/globals';

import { USUAL_POLICY } from '../../../../src/core/lifecycle/warning-policy.ts';
import type { GroupInstance, SwarmNode, TidyFacts } from '../../../../src/core/tidy/facts.ts';
import { replaceDown } from '../../../../src/core/tidy/replace-down.ts';
import { INSTANCE, NODE_ID } from '../../support/examples.ts';
import { down, factsOf, group, manager, managerGroup, node } from '../../support/tidy-facts.ts';

const other = (n: number): string => `i-${String(n).padStart(17, '0')}`;
const late = (changes: Partial<SwarmNode> = {}): SwarmNode => down({ age: 900, ...changes });
/** Enough that one that is down is the smaller part. */
const rest = [1, 2, 3, 4].map((n) => node({ nodeId: `${n}`.repeat(25), instance: other(n) }));
const leader = manager({ nodeId: 'm'.repeat(25), instance: other(9) });
const wishing = (one: Partial<GroupInstance>, replaceDown_ = true): TidyFacts['groups'] => [
  group([{ instance: INSTANCE, lifecycle: 'InService', ...one }], { replaceDown: replaceDown_ }),
];
const found = (changes: Partial<TidyFacts>) =>
  replaceDown(
    factsOf({
      nodes: [late(), ...rest, leader],
      known: [],
      groups: wishing({}),
      states: new Map([[INSTANCE, 'running']]),
      ...changes,
    }),
  );
const told = (changes: Partial<TidyFacts>): string[] => found(changes).reports.map(({ because }) => because);
const replaced = (changes: Partial<TidyFacts>): string[] =>
  found(changes).repairs.flatMap((one) => (one.kind === 'replace' ? [one.instance] : []));

describe('a node that is down while its instance lives', () => {
  it('has its instance replaced where its group wants that, and is not told of besides', () => {
    expect(found({})).toEqual({
      repairs: [
        {
          kind: 'replace',
          instance: INSTANCE,
          group: 'workers',
          because: `node ${NODE_ID} has been down for 900 s while its instance lives, and its group wants such ones replaced`,
        },
      ],
      reports: [],
    });
  });

  it('is one of two of an instance that has joined twice: the instance is replaced once', () => {
    const instances = [INSTANCE, ...[1, 2, 3, 4].map(other)].map((instance) => ({ instance, lifecycle: 'InService' }));
    const groups = [group(instances, { replaceDown: true, policy: { ...USUAL_POLICY, share: 1 } })];
    const twice = [late(), late({ nodeId: 'z'.repeat(25) }), ...rest, leader];

    expect(replaced({ nodes: twice, groups })).toEqual([INSTANCE]);
  });

  it('is told of by a name that counts in the verdict, where its group does not want that', () => {
    expect(found({ groups: wishing({}, false) })).toEqual({
      repairs: [],
      reports: [
        {
          name: 'NodeDown',
          nodeId: NODE_ID,
          instance: INSTANCE,
          because: 'the node is down, and its instance lives: not removed',
        },
      ],
    });
  });

  it.each<[string, Partial<TidyFacts>, string[]]>([
    [
      'and is stopped',
      { groups: wishing({}, false), states: new Map([[INSTANCE, 'stopped']]) },
      ['the node is down, and its instance is stopped: not removed'],
    ],
    ['in no group', { groups: [] }, ['the node is down, and its instance lives: not removed']],
    [
      'as a manager',
      { groups: [], nodes: [late({ role: 'manager', isManager: true }), ...rest, leader, leader] },
      ['a manager is down, and its instance lives: not removed'],
    ],
    [
      'as a manager that was demoted, and is in the raft still',
      { groups: [], nodes: [late({ isManager: true }), ...rest, leader, leader] },
      ['a manager is down, and its instance lives: not removed'],
    ],
    [
      'as a manager that the raft never had',
      { groups: [], nodes: [late({ role: 'manager' }), ...rest, leader] },
      ['a manager is down, and its instance lives: not removed'],
    ],
    [
      'and is unhealthy: its group replaces it anyway',
      { groups: wishing({ healthy: false }) },
      ['the node is down, and its instance lives: its group replaces it'],
    ],
    [
      'and is on its way out',
      { groups: wishing({ lifecycle: 'Terminating:Wait' }) },
      ['the node is down, and its instance lives: its group replaces it'],
    ],
    [
      'where most nodes are down',
      { nodes: [late(), late({ nodeId: 'x', instance: 'i-x' }), leader] },
      ['the node is down, and its instance lives: not replaced, since this may be the view of the smaller part'],
    ],
    ['in standby: that is told of the instance', { groups: wishing({ lifecycle: 'Standby' }) }, []],
    ['not for long', { nodes: [late({ age: 899 }), ...rest, leader] }, []],
    ['whose instance is another node by now', { nodes: [late({ nodeId: 'x' }), node(), ...rest, leader] }, []],
    [
      'not at all: it is Unknown, as any is after a change of the leader',
      { nodes: [late({ status: 'unknown' }), ...rest, leader] },
      [],
    ],
    ['of which nobody knows whose it is', { nodes: [late({ instance: undefined }), ...rest, leader] }, []],
  ])('keeps its instance, and is told of where nothing else is done about it: %s', (_what, changes, wanted) => {
    expect(replaced(changes)).toEqual([]);
    expect(told(changes)).toEqual(wanted);
  });

  it.each([
    ['Pending', 'since it is Pending, and not in service'],
    ['Pending:Wait', 'since it is Pending:Wait, and not in service'],
    ['Warmed:Running', 'since it is in the warm pool, and not in service'],
  ])('has its instance never replaced while that is %s: only one that serves is missed', (lifecycle, why) => {
    const changes = { groups: wishing({ lifecycle }) };

    expect(replaced(changes)).toEqual([]);
    expect(told(changes)).toEqual([`the node is down, and its instance lives: not replaced, ${why}`]);
  });

  it('waits for its turn, managers first', () => {
    const three = [other(7), other(8), other(9)];
    const managers = managerGroup(
      three.map((instance) => ({ instance, lifecycle: 'InService' })),
      { replaceDown: true },
    );
    const changes: Partial<TidyFacts> = {
      nodes: [
        late(),
        ...rest,
        leader,
        manager({ nodeId: '8'.repeat(25), instance: other(8) }),
        late({ nodeId: '7'.repeat(25), instance: other(7), role: 'manager', isManager: true }),
      ],
      groups: [...wishing({}), managers],
      states: new Map([INSTANCE, other(7)].map((instance) => [instance, 'running'])),
    };

    expect(replaced(changes)).toEqual([other(7)]);
    expect(told(changes)).toEqual(['the node is down, and its instance lives: not replaced now, since others are']);
  });
});
