// Which nodes may take a task, against what SwarmKit's own filters say.
import { describe, expect, it } from '@jest/globals';

import {
  allowedNodes,
  constraintFilter,
  hasRoom,
  nextTarget,
  placesOf,
  unknownConstraints,
} from '../../../../src/core/services/placement.ts';
import { aNode, aService } from '../../support/services.ts';

const node = aNode('n1', {
  hostname: 'Web-1',
  labels: { tier: 'web', Zone: 'a' },
  engineLabels: { disk: 'ssd' },
  platform: 'linux/x86_64',
});

describe('a node meets a constraint', () => {
  it.each<[boolean, string]>([
    [true, 'node.id==n1'],
    [false, 'node.id != n1'],
    [true, 'node.hostname == web-1'],
    [true, 'NODE.ROLE==Worker'],
    [false, 'node.role==manager'],
    [true, 'node.labels.tier==WEB'],
    [true, 'node.labels.Zone==a'],
    [false, 'node.labels.zone==a'],
    [true, 'node.labels.none!=anything'],
    [false, 'node.labels.none==anything'],
    [true, 'engine.labels.disk==ssd'],
    [true, 'node.platform.os==linux'],
    [true, 'node.platform.arch==x86_64'],
    [false, 'node.platform.arch==amd64'],
    [false, 'node.ip==10.0.0.1'],
    [true, 'engine.labels.none!=anything'],
    [false, 'engine.labels.none==anything'],
    [false, 'node.labels.==x'],
    [false, 'engine.labels.!=x'],
    [false, 'nonsense'],
    [false, 'node.ids'],
  ])('%s: %s', (meets, constraint) => {
    expect(constraintFilter([constraint])(node)).toBe(meets);
  });

  it('only if it meets all of them', () => {
    expect(constraintFilter(['node.role==worker', 'node.labels.tier==db'])(node)).toBe(false);
    expect(constraintFilter([])(node)).toBe(true);
  });

  it('and those that cannot be judged are told', () => {
    const unknown = ['node.ip==10.0.0.1', 'node.labels.==c', 'engine.labels.==c', 'node.ids'];
    expect(unknownConstraints([...unknown, 'node.labels.a==b', 'engine.labels.a==b'])).toEqual(unknown);
  });
});

describe('a node may take a task of an image', () => {
  it.each<[boolean, string, string[]]>([
    [true, 'linux/x86_64', ['linux/amd64']],
    [true, 'linux/aarch64', ['linux/amd64', 'linux/arm64']],
    [false, 'linux/aarch64', ['linux/amd64']],
    [true, 'linux/aarch64', []],
    [true, 'linux/aarch64', ['linux/']],
    [false, 'windows/x86_64', ['linux/']],
  ])('%s: %s of %j', (may, platform, platforms) => {
    const nodes = [aNode('n1', { platform })];
    expect(allowedNodes({ constraints: [], platforms }, nodes)).toHaveLength(may ? 1 : 0);
  });

  it.each([
    { availability: 'pause' as const },
    { availability: 'drain' as const },
    { status: 'down' as const },
    { status: 'unknown' as const },
    { status: 'disconnected' as const },
  ])('but not where it is %j', (changes) => {
    expect(allowedNodes({ constraints: [], platforms: [] }, [aNode('n1', changes)])).toEqual([]);
  });
});

describe('there is room for one more task', () => {
  const nodes = [aNode('n1', { cpu: 2e9, memory: 100 })];
  const full = placesOf(nodes, [aService('a', { n1: 2 }, { cpu: 1e9, memory: 30, hostPorts: [80] })]);
  const room = (changes: Parameters<typeof aService>[2], own = 0): boolean =>
    [...full.values()].every((place) => hasRoom(aService('b', {}, changes), { ...place, own }));

  it('as long as what is reserved fits', () => {
    expect(room({})).toBe(true);
    expect(room({ cpu: 1 })).toBe(false);
    expect(room({ memory: 40 })).toBe(true);
    expect(room({ memory: 41 })).toBe(false);
  });

  it('as long as its host ports are free, and the node has not its most', () => {
    expect(room({ hostPorts: [80] })).toBe(false);
    expect(room({ hostPorts: [81] })).toBe(true);
    expect(room({ maxReplicas: 2 }, 1)).toBe(true);
    expect(room({ maxReplicas: 2 }, 2)).toBe(false);
  });

  it('where nothing is reserved, be the node overbooked or not; tasks that are on their way take their room', () => {
    const starting = new Map([['n1', { running: 1, others: 2 }]]);
    const [place] = placesOf(nodes, [aService('a', {}, { memory: 40, tasks: starting })]).values();
    expect(place).toMatchObject({ tasks: 3, memory: 120 });
    expect(place && hasRoom(aService('b', {}), place)).toBe(true);
  });
});

describe('the next task goes', () => {
  const nodes = ['n1', 'n2', 'n3'].map((id) => aNode(id, { memory: 100 }));

  it.each<[string | undefined, Record<string, number>, Record<string, number>, number]>([
    // Where the fewest tasks of the service are, then where the fewest are at all.
    ['n2', { n1: 1, n3: 1 }, { n2: 5 }, 0],
    ['n3', { n1: 1 }, { n2: 2, n3: 1 }, 0],
    ['n1', {}, {}, 0],
    ['n3', {}, { n1: 4, n2: 5, n3: 3 }, 0],
    // There is no room on those that would come first.
    ['n3', { n2: 1, n3: 2 }, { n1: 1, n2: 1 }, 10],
    [undefined, {}, { n1: 1, n2: 1, n3: 1 }, 10],
  ])('to %s, with %j of its own and %j of others', (target, own, others, memory) => {
    const web = aService('web', own, { memory });
    const places = [...placesOf(nodes, [web, aService('other', others, { memory: memory === 0 ? 0 : 95 })]).values()];
    for (const place of places) {
      place.own = own[place.node.nodeId] ?? 0;
    }
    expect(nextTarget(web, places)?.node.nodeId).toBe(target);
  });
});
