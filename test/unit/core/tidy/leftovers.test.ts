import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { addressesInDoubt, leftoverOf } from '../../../../src/core/tidy/leftovers.ts';
import type { SwarmNode, TidyFacts } from '../../../../src/core/tidy/facts.ts';
import { planTidy } from '../../../../src/core/tidy/repairs.ts';
import { INSTANCE, OTHER_INSTANCE } from '../../support/examples.ts';
import { OTHER_NODE, down, factsOf, group, manager, managerGroup, node } from '../../support/tidy-facts.ts';

const ADDRESS = '10.0.1.12';
const own = node();
/** Spoke from the address of the instance, and is nobody's by label or table. */
const replaced = down({ nodeId: OTHER_NODE, instance: undefined, address: ADDRESS });
const unborn = node({ nodeId: OTHER_NODE, instance: undefined, status: 'unknown', neverUp: true, age: 3600 });
const owners = new Map([[ADDRESS, [INSTANCE]]]);
const found = (one: SwarmNode, changes: Partial<TidyFacts> = {}) =>
  leftoverOf(one, { ...factsOf({ nodes: [own, one] }), owners, ...changes });
const of = (one: SwarmNode, changes: Partial<TidyFacts> = {}): string | undefined => found(one, changes)?.instance;

describe('a node that a join left behind', () => {
  it.each<[string, SwarmNode]>([
    ['a worker', replaced],
    ['a manager that the raft never had', { ...replaced, role: 'manager' }],
  ])('is removed where the instance at its address is another node by now: %s', (_what, one) => {
    expect(of(one)).toBe(INSTANCE);
  });

  it.each<[string, SwarmNode, Partial<TidyFacts>]>([
    ['it is Ready', { ...replaced, status: 'ready' }, {}],
    ['it is Unknown, as all are after a change of the leader', { ...replaced, status: 'unknown' }, {}],
    ['it bears the label of an instance', { ...replaced, instance: OTHER_INSTANCE }, {}],
    ['it is in the raft', { ...replaced, role: 'manager', isManager: true }, {}],
    ['nobody knows where it spoke from', { ...replaced, address: undefined }, {}],
    ['EC2 shows nobody at its address: a laptop, say', replaced, { owners: new Map() }],
    [
      'the same, and somebody has joined without a label',
      replaced,
      { owners: new Map(), nodes: [node({ instance: undefined }), replaced] },
    ],
    [
      'two have its address, in networks that overlap',
      replaced,
      { owners: new Map([[ADDRESS, [INSTANCE, OTHER_INSTANCE]]]) },
    ],
    ['the instance at its address is no other node', replaced, { nodes: [replaced] }],
    ['that node is down as well', replaced, { nodes: [down(), replaced] }],
  ])('stays where it may be alive, or somebody’s: %s', (_why, one, changes) => {
    expect(found(one, changes)).toBeUndefined();
  });

  it.each<[string, SwarmNode]>([
    ['unknown', unborn],
    ['down, since the leader has changed', { ...unborn, status: 'down' }],
  ])(
    'and as whom no engine ever came is removed after an hour, if every instance is another node: %s',
    (_what, one) => {
      expect(of(one)).toBe('none');
    },
  );

  it('is removed with the reason', () => {
    expect([replaced, unborn].map((one) => found(one)?.because)).toEqual([
      'the node is down and bears no label, and the instance at its address has joined as another one',
      'no engine has ever come as this node, for an hour, and every instance of the cluster is another one',
    ]);
  });

  it('and as whom no engine ever came is removed whoever rests in a warm pool: out of it, it comes with the group', () => {
    const warm = [{ instance: OTHER_INSTANCE, lifecycle: 'Warmed:Stopped', healthy: true }];
    expect(of(unborn, { groups: [group(), managerGroup([], { warm })] })).toBe('none');
  });

  it.each<[string, SwarmNode, Partial<TidyFacts>]>([
    ['it is young', { ...unborn, age: 3599 }, {}],
    ['an engine has come as it once', { ...unborn, neverUp: false }, {}],
    ['it is in the raft', { ...unborn, isManager: true }, {}],
    [
      'an instance is missing in one of the groups',
      unborn,
      { groups: [group(), managerGroup([{ instance: OTHER_INSTANCE, lifecycle: 'InService' }])] },
    ],
    [
      'an instance is missing, which may come as it',
      unborn,
      { groups: [group([INSTANCE, OTHER_INSTANCE].map((instance) => ({ instance, lifecycle: 'Standby' })))] },
    ],
  ])('and as whom no engine ever came stays where %s', (_why, one, changes) => {
    expect(found(one, changes)).toBeUndefined();
  });

  it('is a repair of the plan, and no stranger that people are told of; before that it is told of, and is no part of the verdict', () => {
    expect(planTidy(factsOf({ nodes: [own, replaced], owners }))).toMatchObject({
      repairs: [{ kind: 'forget', nodes: [{ nodeId: OTHER_NODE, instance: INSTANCE }] }],
      reports: [],
    });
    const young = planTidy(factsOf({ nodes: [own, { ...unborn, age: 60 }] }));
    expect(young.repairs).toEqual([]);
    expect(young.reports).toEqual([{ nodeId: OTHER_NODE, because: expect.stringContaining('after an hour') }]);
  });

  it('is never one that is Ready or in the raft, whatever else is said of it', () => {
    const any = fc.record({
      status: fc.constantFrom('ready' as const, 'down' as const, 'unknown' as const),
      isManager: fc.boolean(),
      neverUp: fc.boolean(),
      age: fc.integer({ min: 0, max: 10_000 }),
      address: fc.constantFrom(undefined, ADDRESS),
      role: fc.constantFrom('worker' as const, 'manager' as const),
    });
    fc.assert(
      fc.property(any, (changes) => {
        const one = node({ nodeId: OTHER_NODE, instance: undefined, ...changes });
        expect(of(one) === undefined || (one.status !== 'ready' && !one.isManager)).toBe(true);
      }),
    );
  });
});

describe('addresses that EC2 is asked for', () => {
  it('are those of unlabelled nodes that are down and no managers, each once', () => {
    const labelled = down({ address: '10.0.1.1' });
    const nodes = [
      ...[own, labelled, replaced, replaced, unborn],
      manager({ instance: undefined, address: '10.0.1.3' }),
      node({ instance: undefined, address: '10.0.1.4' }),
      down({ instance: undefined, isManager: true, address: '10.0.1.5' }),
    ];

    expect(addressesInDoubt(nodes)).toEqual([ADDRESS]);
  });
});
