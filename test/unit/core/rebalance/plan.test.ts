// The plan of a rebalance: how many moves, of what, and why not.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { planRebalance } from '../../../../src/core/rebalance/plan.ts';
import type { RebalancePlan } from '../../../../src/core/rebalance/plan.ts';
import type { PlacementNode, ServiceFacts } from '../../../../src/core/services/facts.ts';
import { aNode, aService } from '../../support/services.ts';

const NOW = 1_700_000_600;
const six = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6'].map((id) => aNode(id));

function plan(
  services: readonly ServiceFacts[],
  nodes: readonly PlacementNode[] = six,
  options: { only?: string[]; maxMoves?: number } = {},
): RebalancePlan {
  return planRebalance({ nodes, services, now: NOW }, { only: [], maxMoves: 100, ...options });
}

const reasons = ({ leftOut }: RebalancePlan): string[] => leftOut.map(({ name, reason }) => `${name} ${reason}`);

describe('a rebalance', () => {
  it('of 12 tasks on three of six nodes is six moves, two for each of the new nodes', () => {
    const made = plan([aService('web', { n1: 4, n2: 4, n3: 4 })]);
    expect(made).toMatchObject({ moves: 6, remaining: 0, even: 0, leftOut: [] });
    expect(made.services[0]?.nodes).toEqual([
      { node: 'host-n1', from: 4, to: 2 },
      { node: 'host-n2', from: 4, to: 2 },
      { node: 'host-n3', from: 4, to: 2 },
      { node: 'host-n4', from: 0, to: 2 },
      { node: 'host-n5', from: 0, to: 2 },
      { node: 'host-n6', from: 0, to: 2 },
    ]);
  });

  it('of what is even is none', () => {
    const made = plan([aService('web', { n1: 2, n2: 2, n3: 2, n4: 2, n5: 2, n6: 1 }), aService('api', { n1: 1 })]);
    expect(made).toMatchObject({ moves: 0, services: [], leftOut: [], even: 2 });
  });

  it('takes the most uneven first, and says what remains', () => {
    const made = plan([aService('a', { n1: 3 }), aService('b', { n1: 6 })], six, { maxMoves: 5 });
    expect(made.services.map(({ name, moves, remaining }) => [name, moves, remaining])).toEqual([
      ['b', 5, 0],
      ['a', 0, 2],
    ]);
    expect(made).toMatchObject({ moves: 5, remaining: 2 });
  });

  it('is of the services that were asked for, by name or id, and says what there is not', () => {
    const services = [aService('a', { n1: 3 }), aService('b', { n1: 3 }), aService('c', { n1: 3 })];
    const made = plan(services, six, { only: ['a', 'id-b', 'd'] });
    expect(made.services.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(made.unknown).toEqual(['d']);
  });

  it('takes tasks from a node that takes no new ones, and gives it none', () => {
    const nodes = six.map((node) =>
      node.nodeId === 'n1' || node.nodeId === 'n2' ? { ...node, availability: 'pause' as const } : node,
    );
    const made = plan([aService('web', { n1: 6 })], nodes);
    expect(made.services[0]?.nodes).toContainEqual({ node: 'host-n1', from: 6, to: 2 });
    expect(made.services[0]?.nodes.map(({ node }) => node)).not.toContain('host-n2');
  });

  it('fills no node beyond what is reserved there, and says what keeps it uneven', () => {
    const nodes = [aNode('n1', { memory: 100 }), aNode('n2', { memory: 25 }), aNode('n3', { memory: 25 })];
    const made = plan([aService('web', { n1: 8 }, { memory: 10 })], nodes);
    expect(made.services[0]).toMatchObject({ moves: 4, remaining: 0 });
    const after = plan([aService('web', { n1: 4, n2: 2, n3: 2 }, { memory: 10 })], nodes);
    expect(reasons(after)).toEqual(['web NoRoom']);
  });

  it('counts what it has planned for one service when it plans the next', () => {
    const nodes = [aNode('n1'), aNode('n2', { memory: 20 })];
    const made = plan([aService('a', { n1: 4 }, { memory: 10 }), aService('b', { n1: 4 }, { memory: 10 })], nodes);
    expect(made.moves).toBe(2);
  });
});

describe('left out is', () => {
  const uneven = { n1: 4, n2: 4 };
  it.each<[string, Partial<ServiceFacts>]>([
    ['OptedOut', { labels: { 'skep.rebalance': 'off' } }],
    ['Job', { mode: 'replicated-job' }],
    ['Job', { mode: 'global-job' }],
    ['Updating', { update: 'updating' }],
    ['Paused', { update: 'paused' }],
    ['RollingBack', { update: 'rollback_started' }],
    ['RollingBack', { update: 'rollback_paused' }],
    ['Marked', { labels: { 'skep.shift': 'more@1700009999@8' } }],
    ['Marked', { labels: { 'skep.shift': 'by hand' } }],
    ['Volumes', { mounts: ['bind'] }],
    ['Volumes', { mounts: ['tmpfs', 'volume:local'] }],
    ['Volumes', { mounts: ['volume:rexray'] }],
    ['Volumes', { mounts: ['cluster'] }],
    ['Templated', { templated: true }],
    ['UnknownConstraint', { constraints: ['node.ip==10.0.0.1'] }],
    ['Pinned', { constraints: ['node.hostname==host-n1'] }],
    ['Pinned', { constraints: ['node.labels.none==x'] }],
    ['Preferences', { preferences: 1 }],
    ['GenericResources', { generic: 1 }],
    ['NotRunning', { unassigned: 1 }],
    ['NotRunning', { replicas: 9 }],
    ['MaxReplicas', { maxReplicas: 4, constraints: ['node.labels.old==yes'] }],
    ['HostPorts', { hostPorts: [80], constraints: ['node.labels.old==yes'] }],
    ['NoRoom', { memory: 9e9 }],
  ])('%s: %j', (reason, changes) => {
    const nodes = six.map((node) => (['n1', 'n2'].includes(node.nodeId) ? { ...node, labels: { old: 'yes' } } : node));
    const made = plan([aService('web', uneven, changes)], nodes);
    expect(reasons(made)).toEqual([`web ${reason}`]);
    expect(made.moves).toBe(0);
  });

  it('nothing with a volume whose owner wants it moved', () => {
    const made = plan([aService('web', uneven, { mounts: ['volume:local'], labels: { 'skep.rebalance': 'on' } })]);
    expect(made.moves).toBeGreaterThan(0);
  });

  it('a global service, of which nobody is told who has not asked', () => {
    const agent = aService('agent', uneven, { mode: 'global' });
    expect(plan([agent]).leftOut).toEqual([]);
    expect(reasons(plan([agent], six, { only: ['agent'] }))).toEqual(['agent NotReplicated']);
  });

  it('what has an image that nobody has resolved, where the nodes are of several platforms', () => {
    const mixed = six.map((node) => (node.nodeId === 'n6' ? { ...node, platform: 'linux/aarch64' } : node));
    expect(reasons(plan([aService('web', uneven)], mixed))).toEqual(['web UnknownPlatform']);
    expect(plan([aService('web', uneven, { platforms: ['linux/amd64'] })], mixed).moves).toBeGreaterThan(0);
    const same = six.map((node) => (node.nodeId === 'n6' ? { ...node, platform: 'linux/amd64' } : node));
    expect(plan([aService('web', uneven)], same).moves).toBeGreaterThan(0);
  });
});

describe('a person is warned of', () => {
  const warned = (changes: Partial<ServiceFacts>): readonly string[] =>
    plan([aService('web', { n1: 4 }, changes)]).services[0]?.warnings ?? [];
  const ecr = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/web@sha256:01';

  it('nothing, where all is well', () => {
    expect(warned({})).toEqual([]);
    expect(warned({ image: ecr, updatedAt: NOW - 43_200 })).toEqual([]);
  });

  it.each<[string, Partial<ServiceFacts>]>([
    ['registry login', { image: ecr, updatedAt: NOW - 43_201 }],
    ['not pinned', { image: 'example.com/web:latest' }],
    ['health check', { health: false }],
    ['stop-first', { order: 'stop-first' }],
  ])('%s: %j', (word, changes) => {
    expect(warned(changes)).toEqual([expect.stringContaining(word)]);
  });
});

describe('whatever the nodes have', () => {
  const counts = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 2, maxLength: 12 });

  it('the moves are the sum of the surplus, and what is planned again afterwards is nothing', () => {
    fc.assert(
      fc.property(counts, (before) => {
        const nodes = before.map((_count, index) => aNode(`n${index}`));
        const made = plan([aService('web', asCounts(before))], nodes, { maxMoves: 1000 });
        const all = before.reduce((sum, count) => sum + count, 0);
        const floor = Math.floor(all / before.length);
        // As many nodes have one more as there are tasks over: those that had most.
        const goals = before
          .toSorted((a, b) => b - a)
          .map((_count, index) => floor + (index < all % before.length ? 1 : 0));
        const surplus = before
          .toSorted((a, b) => b - a)
          .reduce((sum, count, index) => sum + Math.max(0, count - (goals[index] ?? 0)), 0);
        expect(made.moves).toBe(surplus);
        const change = new Map((made.services[0]?.nodes ?? []).map(({ node, to }) => [node, to]));
        const after = before.map((count, index) => change.get(`host-n${index}`) ?? count);
        expect(Math.max(...after) - Math.min(...after)).toBeLessThanOrEqual(1);
        expect(plan([aService('web', asCounts(after))], nodes)).toMatchObject({ moves: 0, leftOut: [] });
      }),
    );
  });
});

const asCounts = (counts: readonly number[]): Record<string, number> =>
  Object.fromEntries(counts.map((count, index) => [`n${index}`, count]));
