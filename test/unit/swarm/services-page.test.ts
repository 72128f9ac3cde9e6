import { gzipSync } from 'node:zlib';

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { readMark } from '../../../src/core/services/facts.ts';
import { readNodes, readServices, shiftPage } from '../../../src/swarm/services-page.ts';
import type { ReadServices } from '../../../src/swarm/services-page.ts';

const [WEB = '', ODD = ''] = ['w', 'o'].map((letter) => letter.repeat(25));
const packed = (...lines: readonly unknown[]): string =>
  gzipSync(lines.map((line) => `${JSON.stringify(line)}\n`).join('')).toString('base64');

const line = (id: string, changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  ...{
    id,
    name: 'web',
    v: 7,
    mode: 'replicated',
    n: 2,
    image: 'web:1',
    update: '',
    order: 'start-first',
    restart: 'any',
  },
  ...{
    mounts: [['bind', ''], ['volume', 'nfs'], ['volume', ''], ''],
    constraints: ['node.role==worker'],
    prefs: 0,
    max: 0,
  },
  ...{ platforms: [['linux', 'amd64'], ''], ports: [80, 0], health: true, templated: [true, false], at: 1_800_000_000 },
  ...{ labels: { 'skep.shift': '', 'skep.rebalance': 'off', 'skep.hand-over': '' }, previous: '' },
  ...{ kept: false, unassigned: 0, tasks: [[0, 1, 0]], ...changes },
});
const node = (id: string, changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  ...{ id, name: 'host-1', role: 'worker', state: 'ready', availability: 'active', labels: { a: 'b' }, engine: null },
  ...{ platform: ['linux', 'x86_64'], cpu: 1, memory: 1, ...changes },
});
const read = (...told: readonly unknown[]): ReadServices => readServices({ services: packed(...told) }, String);

describe('the pages of shift', () => {
  it('are read service by service', () => {
    const { services, unreadable } = read(line(WEB));
    expect(unreadable).toEqual([]);
    expect(services).toMatchObject([
      {
        ...{ serviceId: WEB, version: 7, mounts: ['bind', 'volume:nfs', 'volume:local'], platforms: ['linux/amd64'] },
        ...{ hostPorts: [80], templated: true, labels: { 'skep.rebalance': 'off' } },
      },
    ]);
    expect(Object.keys(services[0]?.labels ?? {})).toEqual(['skep.rebalance']);
  });

  it('of documents of before are read, too: an execution may be under way when skep is deployed', () => {
    const before = { mounts: ['volume:nfs', 'bind', ''], platforms: ['linux/arm64', ''], templated: false };
    expect(read(line(WEB, { ...before, labels: { 'skep.shift': 'x', '': '' } })).services).toMatchObject([
      { mounts: ['volume:nfs', 'bind'], platforms: ['linux/arm64'], templated: false, labels: { 'skep.shift': 'x' } },
    ]);
  });

  it.each<[string, Record<string, unknown>]>([
    ['a version of 0, which would be written whatever the service has become', { v: 0 }],
    ['a version that is no number', { v: '7' }],
    ['a name that forges a line', { name: 'web\n{"id":"x"}' }],
    ['a mode that nobody knows', { mode: 'other' }],
    ['a number of tasks below 0', { n: -1 }],
    ['a port beyond all', { ports: [70_000] }],
    ['no labels', { labels: 'skep.shift' }],
    ['an order that nobody knows', { order: 'both' }],
  ])('leave out a service with %s, by its id, and tell the others', (_what, changes) => {
    const { services, unreadable } = read(line(ODD, changes), line(WEB));
    expect(services.map(({ serviceId }) => serviceId)).toEqual([WEB]);
    expect(unreadable.map(({ id }) => id)).toEqual([ODD]);
  });

  it('name a service that the document has cut', () => {
    expect(read({ id: ODD, name: 'odd', cut: 30_000 }, line(WEB))).toMatchObject({
      services: [{ serviceId: WEB }],
      unreadable: [{ id: ODD, name: 'odd' }],
    });
  });

  it('are no pages where a line has not even an id of the engine: what is missing then cannot be said', () => {
    expect(() => read({ name: 'x' })).toThrow();
    expect(() => read(line('id"; reboot'))).toThrow();
    expect(() => readServices({ services: packed(line(WEB)).slice(0, -12) }, String)).toThrow();
  });

  it.each([
    { refused: ['$(reboot) changed'] },
    { refused: [`${WEB} changed\nforged`] },
    { of: [0.5] },
    { next: -1 },
    { digest: 'x' },
    { services: 'x'.repeat(24_001) },
  ])('are refused with %j', (changes) => {
    expect(shiftPage.safeParse({ total: 1, ...changes }).success).toBe(false);
  });

  it('keep a node that cannot be read in its place, as one that takes nothing', () => {
    const nodes = readNodes({ nodes: packed(node(ODD, { labels: 'x' }), { id: WEB, cut: 70_000 }) });
    expect(nodes).toMatchObject([
      { nodeId: ODD, hostname: 'host-1', availability: 'drain', status: 'unknown' },
      { nodeId: WEB, hostname: WEB, availability: 'drain', status: 'unknown' },
    ]);
  });

  it('tell of all others whatever one of them says', () => {
    const anything = fc.oneof(fc.jsonValue(), fc.string({ unit: 'binary', maxLength: 2000 }));
    const key = fc.constantFrom(...Object.keys(line(ODD)).filter((name) => name !== 'id'));
    fc.assert(
      fc.property(fc.dictionary(key, anything, { minKeys: 1 }), (changes) => {
        const { services, unreadable } = read(line(ODD, changes), line(WEB));
        expect(services.some(({ serviceId }) => serviceId === WEB)).toBe(true);
        expect([...services.map(({ serviceId }) => serviceId), ...unreadable.map(({ id }) => id)].toSorted()).toEqual(
          [ODD, WEB].toSorted(),
        );
        for (const { version, name } of services) {
          expect(version).toBeGreaterThan(0);
          expect(name).toMatch(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/);
        }
      }),
    );
  });
});

describe('a mark', () => {
  it.each([
    'more@1111111111@08',
    'more@1111111111@1000000000',
    'more@111111111@3',
    'more@1111111111@3;reboot',
    'more@1111111111@3\nmore@1111111111@3',
    `exclude@1111111111@${WEB}+`,
    'exclude@1111111111@x/y/;edocker${IFS}ps;#',
    `exclude@1111111111@${WEB.toUpperCase()}`,
  ])('is none of skep with %j', (text) => {
    expect(readMark(text)).toBeUndefined();
  });

  it('is read where skep may have written it', () => {
    expect(readMark('more@1111111111@0')).toEqual({ kind: 'more', until: 1_111_111_111, replicas: 0 });
    expect(readMark(`exclude@1111111111@${WEB}+${ODD}`)).toMatchObject({ nodes: [WEB, ODD] });
  });
});
