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
  options: { only?: string[]; maxMoves?: number; even?: 'cluster' } = {},
): RebalancePlan {
  return planRebalance({ nodes, services, now: NOW }, { only: [], maxMoves: 100, ...options });
}

/** By node id, how many of its tasks run and how many are on their way. */
const tasksOf = (counts: Record<string, [running: number, others: number]>): Pick<ServiceFacts, 'tasks'> => ({
  tasks: new Map(Object.entries(counts).map(([id, [running, others]]) => [id, { running, others }])),
});

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

  it('takes those that are as uneven by their names', () => {
    const made = plan(['c', 'a', 'd', 'b'].map((name) => aService(name, { n1: 3 })));
    expect(made.services.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('measures how uneven a service is by its fullest node and the emptiest one that may take a task of it', () => {
    const nodes = ['n1', 'n2', 'n3', 'n4'].map((id) => aNode(id, id < 'n3' ? { availability: 'pause' } : {}));
    const services = [
      aService('a', { n3: 6, n4: 4 }),
      // All of its tasks are on nodes that take none: both others are empty.
      aService('b', { n1: 3, n2: 3 }),
      aService('c', { n3: 5, n4: 1 }),
    ];
    expect(plan(services, nodes).services.map(({ name }) => name)).toEqual(['c', 'b', 'a']);
  });

  it('tells of the nodes that change, by their names, as they are after the moves that it makes', () => {
    const nodes = ['n3', 'n1', 'n4', 'n2'].map((id) => aNode(id));
    const web = aService('web', { n3: 2, n1: 5, n4: 1, n2: 1 });
    expect(plan([web], nodes).services[0]?.nodes).toEqual([
      { node: 'host-n1', from: 5, to: 3 },
      { node: 'host-n2', from: 1, to: 2 },
      { node: 'host-n4', from: 1, to: 2 },
    ]);
    expect(plan([web], nodes, { maxMoves: 1 }).services).toMatchObject([
      {
        ...{ moves: 1, remaining: 1 },
        nodes: [
          { node: 'host-n1', from: 5, to: 4 },
          { node: 'host-n4', from: 1, to: 2 },
        ],
      },
    ]);
  });

  it('takes the nodes that each service may use, whatever the others may', () => {
    const nodes = [aNode('n1'), aNode('n2'), aNode('n3', { labels: { tier: 'db' }, platform: 'linux/aarch64' })];
    const goals = (changes: Partial<ServiceFacts>): string[] =>
      plan(
        [aService('a', { n1: 6 }, { platforms: ['linux/amd64', 'linux/arm64'] }), aService('b', { n1: 3 }, changes)],
        nodes,
      )
        .services.filter(({ name }) => name === 'b')
        .flatMap((one) => one.nodes.map(({ node }) => node));
    expect(goals({ platforms: ['linux/amd64', 'linux/arm64'] })).toEqual(['host-n1', 'host-n2', 'host-n3']);
    expect(goals({ platforms: ['linux/amd64'] })).toEqual(['host-n1', 'host-n2']);
    expect(goals({ platforms: ['linux/amd64', 'linux/arm64'], constraints: ['node.labels.tier!=db'] })).toEqual([
      'host-n1',
      'host-n2',
    ]);
  });

  it('takes tasks from a node that was removed, by its id, since nobody knows its name', () => {
    const made = plan([aService('web', { gone: 4 })], [aNode('n1'), aNode('n2')]);
    expect(made.services[0]?.nodes).toEqual([
      { node: 'gone', from: 4, to: 2 },
      { node: 'host-n1', from: 0, to: 1 },
      { node: 'host-n2', from: 0, to: 1 },
    ]);
    // For the sake of the cluster it takes nothing of such a service: what stands on that node is not known.
    const single = ['s2', 's3'].map((name) => aService(name, { n1: 1 }));
    const wide = plan([aService('s1', { n1: 1, gone: 1 }), ...single], [aNode('n1'), aNode('n2')], { even: 'cluster' });
    expect(wide.services.map(({ name }) => name)).toEqual(['s2']);
    expect(wide).toMatchObject({ moves: 1, even: 2 });
  });

  it('of a service without a task is none, be there room for one or not', () => {
    expect(plan([aService('web', {}), aService('wide', {}, { memory: 9e9 })])).toMatchObject({ leftOut: [], even: 2 });
  });

  it('ends where every node has as many tasks as may be there', () => {
    const made = plan([aService('web', { n1: 6, n2: 1 }, { maxReplicas: 2 })], [aNode('n1'), aNode('n2')]);
    expect(made).toMatchObject({ moves: 1, remaining: 0, leftOut: [] });
  });

  it('is of the services that were asked for, by name or id, and says what there is not', () => {
    const services = [aService('a', { n1: 3 }), aService('b', { n1: 3 }), aService('c', { n1: 3 })];
    const made = plan(services, six, { only: ['a', 'id-b', 'd'] });
    expect(made.services.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(made.unknown).toEqual(['d']);
  });

  it.each<[string[], string[], string[]]>([
    [['x', 'y'], [], []],
    [['x'], ['x'], []],
    [['y'], ['id-y'], []],
    [['x', 'y'], ['x', 'id-y', 'z'], ['z']],
  ])('tells that %j cannot be read where %j were asked for, and that there is no %j', (told, only, unknown) => {
    const unreadable = ['x', 'y'].map((name) => ({ id: `id-${name}`, name }));
    const made = planRebalance({ nodes: six, services: [], unreadable, now: NOW }, { only, maxMoves: 100 });
    const because = 'what the engine says of it is too long, or cannot be read';
    expect(made.leftOut).toEqual(
      told.map((name) => ({ serviceId: `id-${name}`, name, reason: 'Unreadable', because })),
    );
    expect(made.unknown).toEqual(unknown);
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

  const marked = (mark: string): Partial<ServiceFacts> => ({ labels: { 'skep.shift': mark } });
  const time = (seconds: number): string => new Date(seconds * 1000).toISOString();

  it.each<[string, Partial<ServiceFacts>]>([
    ['its label skep.rebalance says off', { labels: { 'skep.rebalance': 'off' } }],
    ["another run of skep is at work on it: its label skep.shift is not one of skep's: by hand", marked('by hand')],
    [`another run of skep is at work on it: until ${time(NOW)}`, marked(`more@${NOW}@8`)],
    [
      `another run of skep is at work on it: its time was over at ${time(NOW - 1)}, and nobody has taken it back yet`,
      marked(`more@${NOW - 1}@8`),
    ],
    [
      'what it keeps would stay behind on the old node: volume:local, bind',
      { mounts: ['volume:local', 'tmpfs', 'bind', 'volume:local'] },
    ],
    [
      'whether a node meets its constraints cannot be seen: node.ip==10.0.0.1, nonsense',
      { constraints: ['node.ip==10.0.0.1', 'node.role==worker', 'nonsense'] },
    ],
    [
      'its constraints leave it no choice of nodes: NODE.ID==n1, node.hostname==host-n1',
      { constraints: ['NODE.ID==n1', 'node.role==worker', 'node.hostname==host-n1'] },
    ],
    ['its constraints leave it no choice of nodes: only host-n1', { constraints: ['node.labels.one==yes'] }],
    [
      'its constraints leave it no choice of nodes: no node takes a new task of it',
      { constraints: ['node.labels.x==y'] },
    ],
    ['not all of its tasks run: 7 of 8 run, 1 on their way', tasksOf({ n1: [4, 0], n2: [3, 1] })],
    ['not all of its tasks run: 8 of 9 run, 0 on their way', { replicas: 9 }],
    [
      'every node has as many of its tasks as may be there: 4 per node',
      { maxReplicas: 4, constraints: ['node.labels.old==yes'] },
    ],
    ['its host port is taken on every node: 80, 443', { hostPorts: [80, 81, 443] }],
    ['no node has room for what it reserves', { maxReplicas: 4, memory: 9e9 }],
  ])('what cannot be moved, since %s: %j', (because, changes) => {
    const nodes = ['n1', 'n2', 'n3'].map((id) =>
      aNode(id, { labels: { ...(id === 'n1' ? { one: 'yes' } : {}), ...(id === 'n3' ? {} : { old: 'yes' }) } }),
    );
    const ports = aService('proxy', { n1: 1, n2: 1, n3: 1 }, { mode: 'global', hostPorts: [80, 443] });
    const made = plan([aService('web', uneven, changes), ports], nodes);
    expect(made.leftOut.map((one) => one.because)).toEqual([because]);
  });

  it.each<[Partial<ServiceFacts>]>([
    [{ mounts: ['tmpfs'] }],
    [{ constraints: ['node.id!=n6', 'node.hostname != host-n5'] }],
    [{ constraints: ['node.labels.node.id==x'] }],
    [{ labels: { 'skep.rebalance': 'yes' } }],
  ])('nothing that may go anywhere: %j', (changes) => {
    const nodes = six.map((node) => ({ ...node, labels: { 'node.id': 'x' } }));
    expect(plan([aService('web', uneven, changes)], nodes)).toMatchObject({ leftOut: [], services: [{ name: 'web' }] });
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
    const both = { platforms: ['linux/amd64', 'linux/arm64'] };
    expect(plan([aService('web', uneven, both)], mixed).moves).toBeGreaterThan(0);
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
