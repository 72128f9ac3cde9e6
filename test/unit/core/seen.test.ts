import { describe, expect, it } from '@jest/globals';

import { seenOf, seenSchema } from '../../../src/core/seen.ts';
import type { Sight } from '../../../src/core/seen.ts';
import type { GroupInstance, KnownNode, SwarmNode } from '../../../src/core/repairs.ts';

const NOW = 1_700_000_000;
const id = (n: number): string => `i-${String(n).padStart(17, '0')}`;
const node = (n: number, changes: Partial<SwarmNode> = {}): SwarmNode => ({
  nodeId: `node${n}`,
  role: 'worker',
  status: 'ready',
  instance: id(n),
  isManager: false,
  address: undefined,
  ...changes,
});
const member = (n: number, lifecycle = 'InService', group = 'workers'): GroupInstance => ({
  instance: id(n),
  group,
  role: 'worker',
  lifecycle,
});
const known = (n: number, group = 'workers'): KnownNode => ({
  instance: id(n),
  phase: 'ready',
  nodeId: `node${n}`,
  group,
  leaseUntil: 0,
});
const sight = (changes: Partial<Sight> = {}): Sight => ({
  nodes: [],
  managers: [],
  groups: [],
  instances: [],
  known: [],
  now: NOW,
  ...changes,
});

describe('what a tidy saw', () => {
  it('counts managers as the managers see them, against what their groups want', () => {
    const seen = seenOf(
      sight({
        managers: [
          { nodeId: 'a', isReachable: true },
          { nodeId: 'b', isReachable: false },
        ],
        groups: [
          { name: 'one', role: 'manager', desired: 2 },
          { name: 'two', role: 'manager', desired: 1 },
          { name: 'workers', role: 'worker', desired: 9 },
        ],
        known: [known(1, 'one'), known(2, 'two'), known(3, 'workers')],
      }),
    );
    expect(seen.managers).toEqual({ members: 2, reachable: 1, wanted: 3 });
  });

  it('leaves out groups that never launched a node of this table: another stage may have a cluster of the same name', () => {
    const seen = seenOf(
      sight({
        groups: [{ name: 'theirs', role: 'manager', desired: 3 }],
        instances: [member(1, 'InService', 'theirs'), member(2, 'Pending:Wait', 'theirs')],
      }),
    );
    expect(seen).toMatchObject({ managers: { wanted: 0 }, inService: 0, notReady: { count: 0 }, waiting: [] });
  });

  it.each([
    ['in the swarm and Ready', [node(1)], 0],
    ['down', [node(1, { status: 'down' })], 1],
    ['unknown', [node(1, { status: 'unknown' })], 1],
    ['in the swarm without its label', [node(1, { instance: undefined })], 1],
    ['not in the swarm', [], 1],
  ])('an instance in service whose node is %s', (_what, nodes, count) => {
    const seen = seenOf(sight({ nodes, instances: [member(1)], known: [known(1)] }));
    expect(seen.notReady).toEqual({ count, instances: count === 0 ? [] : [id(1)] });
  });

  it('one that waits in a hook, is retained or is on its way is not in service', () => {
    const instances = ['Pending:Wait', 'Terminating:Wait', 'Terminating:Retained', 'Pending'].map((lifecycle, n) =>
      member(n, lifecycle),
    );
    const seen = seenOf(sight({ instances, known: [known(9)] }));
    expect(seen).toMatchObject({ inService: 0, notReady: { count: 0 } });
    expect(seen.waiting).toEqual([`${id(0)} Pending:Wait`, `${id(1)} Terminating:Wait`]);
  });

  it('stays small, and is what the verdict reads, however large the swarm', () => {
    const many = Array.from({ length: 2000 }, (_one, n) => n);
    const seen = seenOf(
      sight({
        instances: many.map((n) => member(n, n % 2 === 0 ? 'InService' : 'Pending:Wait')),
        known: many.map((n) => known(n)),
      }),
    );
    expect(seenSchema.parse(seen)).toEqual(seen);
    expect(seen.notReady).toMatchObject({ count: 1000 });
    expect(JSON.stringify(seen).length).toBeLessThan(24_000);
  });
});
