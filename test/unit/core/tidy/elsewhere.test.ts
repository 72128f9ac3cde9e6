import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { SwarmNode, TidyFacts } from '../../../../src/core/tidy/facts.ts';
import { whyAnothers, whyNobodys } from '../../../../src/core/tidy/elsewhere.ts';
import { addressesElsewhere, namedByNodes } from '../../../../src/core/tidy/repair-nodes.ts';
import { planTidy } from '../../../../src/core/tidy/repairs.ts';
import { INSTANCE, OTHER_INSTANCE } from '../../support/examples.ts';
import { OTHER_NODE, down, factsOf, group, item, manager, managerGroup, node } from '../../support/tidy-facts.ts';

const OWN = '10.0.1.12';
const ELSEWHERE = '10.0.1.99';
const addresses = new Map([[INSTANCE, [OWN, '10.0.9.12']]]);
const owners = new Map([[ELSEWHERE, [OTHER_INSTANCE]]]);
const nobodys = new Map([[ELSEWHERE, []]]);
/** Its item says that it is the node: so has the instance said. */
const named = (changes: Partial<SwarmNode> = {}): SwarmNode =>
  node({ instance: undefined, address: ELSEWHERE, ...changes });
const leader = (changes: Partial<SwarmNode> = {}): SwarmNode => manager({ address: ELSEWHERE, ...changes });
const managers = [managerGroup([{ instance: INSTANCE, lifecycle: 'InService' }])];
const told = (changes: Partial<TidyFacts>): [string, string | undefined, string][] => {
  const { repairs, reports } = planTidy(factsOf({ addresses, owners, ...changes }));
  return [
    ...repairs.map(({ kind, because }): [string, undefined, string] => [kind, undefined, because]),
    ...reports.map(({ name, because }): [string, string | undefined, string] => ['report', name, because]),
  ];
};

describe('a node at an address that EC2 has for another instance', () => {
  it.each<[string, SwarmNode, Partial<TidyFacts>, string]>([
    ['that an instance has named', named(), {}, `${INSTANCE} has named it as its own`],
    ['a manager', leader(), { groups: managers }, `its label says ${INSTANCE}`],
    ['that is down', named({ status: 'down', age: 9e6 }), {}, `${INSTANCE} has named it as its own`],
  ])('is reported by name, and neither it nor an instance is touched: %s', (_what, one, changes, why) => {
    expect(told({ nodes: [one], known: [item({ phase: 'joined', role: one.role })], ...changes })).toContainEqual([
      'report',
      'NodeOfAnother',
      `${why}, and the managers see it at ${ELSEWHERE}, which EC2 has for ${OTHER_INSTANCE}: never touched`,
    ]);
  });

  it('is not removed with the instance that has named it', () => {
    const gone: Partial<TidyFacts> = {
      nodes: [named({ status: 'down', age: 9e6 })],
      known: [item({ phase: 'leaving' })],
      groups: [group([])],
      states: new Map([[INSTANCE, 'terminated']]),
    };
    const kinds = (changes: Partial<TidyFacts>): string[] => told({ ...gone, ...changes }).map(([kind]) => kind);

    expect(kinds({ addresses: new Map([[INSTANCE, []]]) })).toEqual(['report']);
    // Of an address that is nobody's by now, it is what its instance said: there is nobody else whose it could be.
    expect(kinds({ addresses: new Map([[INSTANCE, []]]), owners: nobodys })).toContain('forget');
    // Whoever has the address now is another node.
    const heir = node({ nodeId: OTHER_NODE, instance: OTHER_INSTANCE });
    expect(kinds({ addresses: new Map([[INSTANCE, []]]), nodes: [...(gone.nodes ?? []), heir] })).toContain('forget');
  });

  it('makes no instance end, however long it is down', () => {
    const wants = group([{ instance: INSTANCE, lifecycle: 'InService' }], { replaceDown: true });
    const others = [1, 2].map((n) => manager({ nodeId: `${n}`.repeat(25), instance: `i-${`${n}`.repeat(17)}` }));
    const facts: Partial<TidyFacts> = {
      nodes: [named({ status: 'down', age: 9e6 }), ...others],
      groups: [wants],
      states: new Map([[INSTANCE, 'running']]),
    };

    expect(told(facts).map(([kind, name]) => name ?? kind)).toContain('NodeOfAnother');
    expect(told(facts).map(([kind]) => kind)).not.toContain('replace');
    expect(told({ ...facts, owners: nobodys }).map(([kind]) => kind)).toContain('replace');
  });

  it.each<[string, Partial<TidyFacts>]>([
    ['EC2 has the address for its instance', { nodes: [named({ address: '10.0.9.12' })] }],
    ['EC2 shows nothing of its instance', { addresses: new Map() }],
    ['it tells no address', { nodes: [named({ address: undefined })] }],
    ['it tells one that means nothing', { nodes: [named({ address: '0.0.0.0' })] }],
    [
      'networks overlap, and its instance has it as well',
      { owners: new Map([[ELSEWHERE, [OTHER_INSTANCE, INSTANCE]]]) },
    ],
    ['its instance is gone, and it bears its label', { nodes: [leader()], addresses: new Map([[INSTANCE, []]]) }],
  ])('is not reported where %s', (_why, changes) => {
    expect(told({ nodes: [named()], ...changes }).map(([, name]) => name)).not.toContain('NodeOfAnother');
  });

  it('is not reported where nobody has asked EC2', () => {
    expect(planTidy(factsOf({ nodes: [named()], owners })).reports).toEqual([]);
  });

  it('is left to the execution that is at work on the instance: that one asks EC2 as well', () => {
    const known = [item({ phase: 'joined', leaseUntil: 9e9 })];
    expect(told({ nodes: [named()], known })).toEqual([]);
  });

  it('behind a NAT is a note, and nothing to worry about', () => {
    const behind = told({ nodes: [leader()], groups: managers, owners: nobodys });
    expect(behind).toEqual([['report', undefined, expect.stringContaining('no instance: behind a NAT that is so')]]);
    expect(told({ nodes: [leader()], groups: managers, owners: new Map() })).toEqual([]);
  });

  it('that is nobody’s is nothing where its instance runs no more, or where networks overlap', () => {
    const gone = new Map([[INSTANCE, []]]);
    const both = new Map([[ELSEWHERE, [OTHER_INSTANCE, INSTANCE]]]);

    expect(whyNobodys(named(), INSTANCE, { addresses, owners: nobodys })).toBeDefined();
    expect(whyNobodys(named(), INSTANCE, { addresses: gone, owners: nobodys })).toBeUndefined();
    expect(whyNobodys(named(), INSTANCE, { addresses: new Map(), owners: nobodys })).toBeUndefined();
    expect(whyNobodys(named(), INSTANCE, { addresses, owners: both })).toBeUndefined();
  });

  it('is told with all whose it is', () => {
    const two = new Map([[ELSEWHERE, [OTHER_INSTANCE, 'i-1']]]);

    expect(whyAnothers(named(), INSTANCE, { addresses, owners: two })).toContain(
      `has for ${OTHER_INSTANCE}, i-1: never`,
    );
  });
});

describe('what EC2 is asked for', () => {
  it('is whose nodes without a label tell an address, and whose the addresses are that are not theirs, so many at a time', () => {
    const nodes = [leader(), node({ nodeId: OTHER_NODE, instance: OTHER_INSTANCE }), down({ nodeId: 'x'.repeat(25) })];
    expect(namedByNodes([...nodes, named({ nodeId: 'y'.repeat(25) })], [item({ nodeId: 'y'.repeat(25) })])).toEqual([
      INSTANCE,
    ]);
    expect(namedByNodes(nodes, [])).toEqual([]);
    expect(namedByNodes([named({ address: undefined })], [item()])).toEqual([]);
    expect(addressesElsewhere({ nodes, known: [], addresses })).toEqual([ELSEWHERE]);
    const silent = ['0.0.0.0', '127.0.0.1'].map((address) => leader({ address }));
    expect(addressesElsewhere({ nodes: silent, known: [], addresses })).toEqual([]);
    const many = Array.from({ length: 30 }, (_, n) => leader({ nodeId: String(n), address: `10.9.0.${n}` }));
    expect(addressesElsewhere({ nodes: many, known: [], addresses })).toHaveLength(10);
  });

  it('ends nobody and removes nothing, whatever addresses are told', () => {
    const address = fc.constantFrom(undefined, OWN, ELSEWHERE, '0.0.0.0', '127.0.0.1', '192.0.2.1');
    fc.assert(
      fc.property(address, fc.boolean(), fc.boolean(), (told, isLabelled, isManager) => {
        const instance = isLabelled ? INSTANCE : undefined;
        const one = node({ address: told, instance, isManager, role: isManager ? 'manager' : 'worker' });
        const facts = factsOf({ nodes: [one], groups: isManager ? managers : [group()], addresses, owners });
        expect(planTidy(facts).repairs.filter(({ kind }) => !['record', 'join'].includes(kind))).toEqual([]);
      }),
    );
  });
});
