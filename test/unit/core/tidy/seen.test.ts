import { describe, expect, it } from '@jest/globals';

import { seenOf } from '../../../../src/core/tidy/summary.ts';
import { seenSchema } from '../../../../src/core/tidy/seen.ts';
import type { Seen } from '../../../../src/core/tidy/seen.ts';
import type { GroupInstance, SwarmNode, TidyGroup } from '../../../../src/core/tidy/facts.ts';

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
const see = (nodes: readonly SwarmNode[], ...groups: readonly TidyGroup[]): Seen => seenOf({ nodes, groups, now: NOW });

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

  it('stays small, and is what the verdict reads, however large the swarm', () => {
    const instances = Array.from({ length: 2000 }, (_one, n) => member(n, n % 2 === 0 ? 'InService' : 'Pending:Wait'));
    const seen = see([], group({ instances }));
    expect(seenSchema.parse(seen)).toEqual(seen);
    expect(seen.notReady).toMatchObject({ count: 1000 });
    expect(JSON.stringify(seen).length).toBeLessThan(24_000);
  });
});
