// Single tasks that leave full nodes for the sake of the cluster: which, and how.
import { describe, expect, it } from '@jest/globals';

import { MARK_LABEL } from '../../../../src/core/labels.ts';
import { planRebalance } from '../../../../src/core/rebalance/plan.ts';
import { rebalanceRound, startRuns } from '../../../../src/core/rebalance/round.ts';
import type { ServiceRun } from '../../../../src/core/rebalance/round.ts';
import type { PlacementNode, ServiceFacts } from '../../../../src/core/services/facts.ts';
import { aNode, aService } from '../../support/services.ts';

const NOW = 1_700_000_000;
const zoned = (id: string, zone: string): PlacementNode => aNode(id, { labels: { 'skep.zone': zone } });

function moved(services: readonly ServiceFacts[], nodes: readonly PlacementNode[], maxMoves = 100): string[] {
  return planRebalance({ nodes, services, now: NOW }, { only: [], maxMoves, even: 'cluster' }).services.map(
    ({ name, nodes: changes }) =>
      `${name} ${changes.map(({ node, from, to }) => `${node.replace('host-', '')}:${from}>${to}`).join(' ')}`,
  );
}

/** By node, so many tasks of services that are updated stop-first. */
const staying = (counts: Readonly<Record<string, number>>): ServiceFacts[] =>
  Object.entries(counts).flatMap(([node, count]) =>
    Array.from({ length: count }, (_one, index) =>
      aService(`${node}-${index}`, { [node]: 1 }, { order: 'stop-first' }),
    ),
  );

describe('for the sake of a cluster', () => {
  const three = [aNode('a'), aNode('b'), aNode('c')];

  it('single tasks go to empty nodes until no two nodes differ by more than one', () => {
    const services = ['s1', 's2', 's3', 's4'].map((name) => aService(name, { a: 1 }));
    expect(moved(services, three)).toEqual(['s1 a:1>0 b:0>1', 's2 a:1>0 c:0>1']);
    expect(moved(services, three, 1)).toHaveLength(1);
  });

  it('nothing goes by default', () => {
    const services = ['s1', 's2', 's3', 's4'].map((name) => aService(name, { a: 1 }));
    expect(planRebalance({ nodes: three, services, now: NOW }, { only: [], maxMoves: 100 }).moves).toBe(0);
  });

  it('nothing goes that is updated stop-first or is not restarted, or whose node has more than one of it', () => {
    expect(moved(staying({ a: 3 }), three)).toEqual([]);
    const once = ['s1', 's2', 's3'].map((name) => aService(name, { a: 1 }, { restart: 'none' }));
    expect(moved(once, three)).toEqual([]);
    const doubled = ['s1', 's2', 's3'].map((name) => aService(name, { a: 2, b: 1, c: 1 }));
    expect(moved(doubled, three)).toEqual([]);
  });

  it.each(['cpu', 'memory'])('nodes are weighed by what is reserved on them: %s', (what) => {
    const services = [
      aService('large', { a: 1 }, { [what]: 2e9 }),
      aService('small', { a: 1 }, { [what]: 1e9 }),
      aService('none', { b: 1 }),
      aService('other', { b: 1 }),
    ];
    // By tasks both nodes would be as full.
    expect(moved(services, [aNode('a'), aNode('b')])).toEqual(['large a:1>0 b:0>1']);
  });

  it.each(['cpu', 'memory'])('what is reserved counts by how much the node has: %s', (what) => {
    const nodes = [aNode('a', { [what]: 8e9 }), aNode('b', { [what]: 2e9 }), aNode('c', { [what]: 8e9 })];
    const one = { [what]: 1e9 };
    const services = [aService('s1', { a: 1 }, one), aService('s2', { a: 1 }, one), aService('s3', { b: 1 }, one)];
    expect(moved(services, nodes)).toEqual(['s3 b:1>0 c:0>1']);
  });

  it('a service keeps to as many nodes as before: its task goes where there is none of it', () => {
    const everywhere = aService('s', { a: 1, b: 1, c: 1 });
    expect(moved([everywhere, ...staying({ a: 3 })], three)).toEqual([]);
    // Though the node that has one is the emptier one.
    const twice = aService('s', { a: 1, b: 1 });
    expect(moved([twice, ...staying({ a: 4, c: 2 })], three)).toEqual(['s a:1>0 c:0>1']);
  });

  it('where one service is does not count for another', () => {
    const services = [aService('s1', { a: 1, b: 1 }), aService('s2', { a: 1 }), ...staying({ a: 4, c: 2 })];
    expect(moved(services, three, 1)).toEqual(['s2 a:1>0 b:0>1']);
  });

  it('nothing goes where its host port is taken by what has gone there just before', () => {
    const port = { hostPorts: [80] };
    const services = [aService('s1', { a: 1 }, port), aService('s2', { c: 1 }, port), ...staying({ a: 3, c: 3 })];
    expect(moved(services, three)).toEqual(['s1 a:1>0 b:0>1']);
  });

  it.each([
    ['s1', 'b', 'c'],
    ['s2', 'c', 'b'],
  ])('%s goes first, whose node is the emptier one, or is in the emptier zone', (first, ofOne, ofTwo) => {
    const on = (...ids: string[]): Partial<ServiceFacts> => ({
      constraints: ['a', 'b', 'c', 'd'].filter((id) => !ids.includes(id)).map((id) => `node.id!=${id}`),
    });
    const services = [aService('s1', { a: 1 }, on('a', ofOne)), aService('s2', { a: 1 }, on('a', ofTwo))];
    const all = ['a', 'b', 'c', 'd'].map((id) => aNode(id));
    expect(moved([...services, ...staying({ a: 5, c: 1 })], all, 1)).toEqual([`${first} a:1>0 b:0>1`]);
    // Here it is the fuller node.
    const zones = [zoned('a', '1'), zoned('b', '2'), zoned('c', '3'), zoned('d', '3')];
    expect(moved([...services, ...staying({ a: 9, b: 2, c: 1, d: 5 })], zones, 1)).toEqual([`${first} a:1>0 b:0>1`]);
  });

  it('a zone is as full as the mean of its nodes that take tasks', () => {
    const services = ['s1', 's2', 's3', 's4'].map((name) => aService(name, { a: 1 }));
    const zones = [zoned('a', '1'), zoned('c', '2'), zoned('d', '2')];
    const drained: PlacementNode = { ...zoned('e', '2'), availability: 'drain' };
    expect(moved([...services, ...staying({ c: 5 })], zones)).toEqual(['s1 a:1>0 d:0>1', 's2 a:1>0 d:0>1']);
    expect(moved([...services, ...staying({ c: 9 })], [...zones, drained])).toEqual([]);
  });

  it('nothing goes where SwarmKit may choose a node of a fuller zone', () => {
    const services = [...['s1', 's2', 's3', 's4'].map((name) => aService(name, { a: 1 })), ...staying({ c: 9 })];
    const zones = [zoned('a', '1'), zoned('e', '3'), zoned('c', '2'), zoned('d', '2')];
    expect(moved(services, zones)).toEqual([]);
    // It does not choose one that has a task of the service already.
    const twice = [aService('s', { a: 1, b: 1 }), ...staying({ a: 3, c: 1, d: 9 })];
    expect(moved(twice, [zoned('a', '1'), zoned('c', '1'), zoned('b', '2'), zoned('d', '2')])).toEqual([
      's a:1>0 c:0>1',
    ]);
  });

  it('nothing goes to a zone that is fuller already, be one of its nodes empty', () => {
    const services = [...['s1', 's2', 's3', 's4'].map((name) => aService(name, { a: 1 })), ...staying({ c: 9 })];
    const zones = [zoned('a', '1'), zoned('c', '2'), zoned('d', '2')];
    expect(moved(services, zones)).toEqual([]);
    expect(moved(services, [aNode('a'), aNode('c'), aNode('d')])).toEqual(['s1 a:1>0 d:0>1', 's2 a:1>0 d:0>1']);
  });

  it.each([
    [1, 5],
    [2, 5],
    [3, 5],
    [3, 2],
  ])(
    'in %i equally full zones, each with an empty node, nodes differ by one in the end: %i on each full one',
    (zones, each) => {
      const letters = ['a', 'b', 'c'].slice(0, zones);
      const nodes = [
        ...letters.map((letter) => zoned(letter, letter)),
        ...letters.map((letter) => zoned(`new-${letter}`, letter)),
      ];
      const services = letters.flatMap((letter) =>
        Array.from({ length: each }, (_one, index) => aService(`${letter}${index}`, { [letter]: 1 })),
      );
      const counts = new Map(nodes.map(({ hostname }) => [hostname, hostname.includes('new') ? 0 : each]));
      for (const { nodes: changes } of planRebalance(
        { nodes, services, now: NOW },
        { only: [], maxMoves: 100, even: 'cluster' },
      ).services) {
        for (const { node, from, to } of changes) {
          counts.set(node, (counts.get(node) ?? 0) + to - from);
        }
      }
      expect(Math.max(...counts.values()) - Math.min(...counts.values())).toBeLessThanOrEqual(1);
    },
  );
});

const [A = '', B = ''] = ['a', 'b'].map((letter) => letter.repeat(25));

describe('the run of a task that is to leave a node', () => {
  const nodes = [aNode(A), aNode(B)];
  const services = ['s1', 's2'].map((name) => aService(name, { [A]: 1 }));
  const planned = planRebalance({ nodes, services, now: NOW }, { only: [], maxMoves: 1, even: 'cluster' });
  const of = (at: Record<string, number>, changes: Partial<ServiceFacts>): ServiceFacts => aService('s1', at, changes);

  function next(
    runs: readonly ServiceRun[],
    seen: ServiceFacts,
    now: number,
    more = {},
  ): ReturnType<typeof rebalanceRound> {
    return rebalanceRound({ runs, seen: [seen], cut: false, closing: undefined, now, ...more });
  }
  const first = rebalanceRound({ runs: startRuns(planned, NOW), seen: [], cut: false, closing: undefined, now: NOW });
  const begun = next(first.runs, of({ [A]: 1 }, {}), NOW);
  const mark = { [MARK_LABEL]: `exclude@${NOW + 900}@${A}` };

  it('keeps the service off it, waits until the task runs elsewhere, and takes that away again', () => {
    expect(begun.changes).toEqual([{ kind: 'exclude', serviceId: 'id-s1', version: 10, until: NOW + 900, nodes: [A] }]);
    const starting = of({ [A]: 1 }, { labels: mark, update: 'updating', version: 11 });
    const waiting = next(begun.runs, starting, NOW + 5);
    expect(waiting.changes).toEqual([]);
    const there = of({ [B]: 1 }, { labels: mark, update: 'completed', version: 12 });
    const back = next(waiting.runs, there, NOW + 10);
    expect(back.changes).toEqual([{ kind: 'include', serviceId: 'id-s1', version: 12 }]);
    const after = of({ [B]: 1 }, { version: 13, previousMark: `exclude@${NOW + 900}@${A}` });
    const settled = next(back.runs, after, NOW + 12);
    expect(settled.changes).toEqual([{ kind: 'settle', serviceId: 'id-s1', version: 13 }]);
    const end = next(settled.runs, of({ [B]: 1 }, { version: 15 }), NOW + 14);
    expect(end.ask).toEqual([]);
    expect(end.runs).toMatchObject([{ done: 1, outcome: 'moved' }]);
  });

  it('gives up after a while, and takes the constraint away', () => {
    const late = next(begun.runs, of({ [A]: 1 }, { labels: mark, update: 'updating', version: 11 }), NOW + 121);
    expect(late.changes).toMatchObject([{ kind: 'include' }]);
    expect(late.runs).toMatchObject([{ outcome: 'failed', because: 'its task has not left within 120 s' }]);
  });

  it('ends when its owner updates it, and waits for that before anything is taken away', () => {
    const owners = { labels: mark, previousMark: `exclude@${NOW + 900}@${A}`, version: 12 };
    const during = next(begun.runs, of({ [A]: 1 }, { ...owners, update: 'updating' }), NOW + 5);
    expect(during.changes).toEqual([]);
    const after = next(during.runs, of({ [B]: 1 }, { ...owners, update: 'completed' }), NOW + 20);
    expect(after.changes).toMatchObject([{ kind: 'include' }]);
    expect(after.runs).toMatchObject([{ outcome: 'changed' }]);
  });

  it('ends when nodes come or go, since places are others then', () => {
    const { changes, runs } = next(begun.runs, of({ [B]: 1 }, { labels: mark, version: 11 }), NOW + 5, { moved: true });
    expect(changes).toMatchObject([{ kind: 'include' }]);
    expect(runs).toMatchObject([{ outcome: 'failed', because: expect.stringContaining('nodes came or went') }]);
  });
});
