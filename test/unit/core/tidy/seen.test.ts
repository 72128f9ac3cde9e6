import { describe, expect, it } from '@jest/globals';

import { summaryOf, withReports } from '../../../../src/core/tidy/summary.ts';
import { tidySummary } from '../../../../src/core/tidy/summary-shape.ts';
import type { TidySummary } from '../../../../src/core/tidy/summary-shape.ts';
import type { GroupInstance, Report, SwarmNode, TidyGroup } from '../../../../src/core/tidy/facts.ts';

const NOW = 1_700_000_000;
const id = (n: number): string => `i-${String(n).padStart(17, '0')}`;
const node = (n: number, changes: Partial<SwarmNode> = {}): SwarmNode => ({
  nodeId: `node${n}`,
  role: 'worker',
  status: 'ready',
  availability: 'active',
  instance: id(n),
  isManager: false,
  isReachable: false,
  isLeaving: false,
  version: undefined,
  age: undefined,
  address: undefined,
  neverUp: false,
  ...changes,
});
const member = (n: number, lifecycle = 'InService'): GroupInstance => ({ instance: id(n), lifecycle, healthy: true });
const group = (changes: Partial<TidyGroup> = {}): TidyGroup => ({
  name: 'workers',
  role: 'worker',
  desired: 1,
  replaceDown: false,
  instances: [],
  hooks: [],
  ...changes,
});
const see = (nodes: readonly SwarmNode[], ...groups: readonly TidyGroup[]): TidySummary =>
  summaryOf({ nodes, groups, now: NOW });

describe('what a tidy saw', () => {
  it('counts managers as the managers see them, against what their groups want', () => {
    const managers = [
      node(1, { isManager: true, isReachable: true }),
      node(2, { isManager: true }),
      node(3, { status: 'down' }),
    ];
    const groups = [
      group({ name: 'one', role: 'manager', desired: 2 }),
      group({ name: 'two', role: 'manager', desired: 1 }),
      group({ desired: 9 }),
    ];
    expect(see(managers, ...groups)).toMatchObject({
      at: NOW,
      managers: { members: 2, reachable: 1, wanted: 3 },
      nodes: { total: 3, ready: 2, down: 1 },
    });
  });

  it.each([
    ['in the swarm and Ready', [node(1)], 0],
    ['down', [node(1, { status: 'down' })], 1],
    ['unknown', [node(1, { status: 'unknown' })], 1],
    ['in the swarm without its label', [node(1, { instance: undefined })], 1],
    ['not in the swarm', [], 1],
  ])('an instance in service whose node is %s', (_what, nodes, count) => {
    expect(see(nodes, group({ instances: [member(1)] })).notReady).toEqual({
      count,
      instances: count === 0 ? [] : [id(1)],
    });
  });

  it('one that waits in a hook, is retained or is on its way is not in service', () => {
    const instances = ['Pending:Wait', 'Terminating:Wait', 'Terminating:Retained', 'Pending'].map((lifecycle, n) =>
      member(n, lifecycle),
    );
    const seen = see([], group({ instances }));
    expect(seen).toMatchObject({ inService: 0, notReady: { count: 0 } });
    expect(seen.waiting).toEqual([`${id(0)} Pending:Wait`, `${id(1)} Terminating:Wait`]);
  });

  it('names Ready nodes whose instances are in no group, not even in a warm pool; those without a label are strangers', () => {
    const nodes = [node(1), node(2), node(4), node(3), node(5, { status: 'down' }), node(6, { instance: undefined })];
    const groups = [group({ instances: [member(1)], warm: [member(2, 'Warmed:Running')] })];

    expect(see(nodes, ...groups).strays).toEqual({ count: 2, instances: [id(3), id(4)] });
    expect(see(nodes.slice(0, 2), ...groups).strays).toEqual({ count: 0, instances: [] });
  });

  it('stays small, and is what the verdict reads, however large the swarm', () => {
    const instances = Array.from({ length: 2000 }, (_one, n) => member(n, n % 2 === 0 ? 'InService' : 'Pending:Wait'));
    const seen = see([], group({ instances }));
    expect(tidySummary.parse(seen)).toEqual(seen);
    expect(seen.notReady).toMatchObject({ count: 1000 });
    expect(JSON.stringify(seen).length).toBeLessThan(24_000);
  });
});

describe('what a tidy tells', () => {
  const told = (...reports: readonly Report[]) => withReports(see([]), reports);

  it('counts in the verdict where it has a name, and is a note where it has none; each says what it is about', () => {
    const because = 'something is wrong';

    expect(
      told(
        { name: 'NodeDown', instance: id(1), group: 'workers', nodeId: 'node1', because },
        { group: 'workers', because },
        { name: 'NodeUnknown', nodeId: 'node2', because },
        { because },
      ),
    ).toMatchObject({
      told: [
        { name: 'NodeDown', what: `${id(1)} workers node1: something is wrong` },
        { name: 'NodeUnknown', what: 'node2: something is wrong' },
      ],
      notes: ['workers: something is wrong', 'something is wrong'],
    });
  });

  it('stays small, however much there is to tell', () => {
    const long = 'x'.repeat(999);
    const some = Array.from({ length: 300 }, (_one, n): Report =>
      n % 2 === 0 ? { name: 'NodeDown', because: long } : { because: long },
    );
    const { told: counted = [], notes = [] } = told(...some);

    expect([counted.length, counted[0]?.what.length, notes.length, notes[0]?.length]).toEqual([100, 400, 20, 400]);
  });
});
