// Pages of any characters, up to 64 kB in one field: what cannot be read is said by name, forges no line, and stops nothing else.
import { gzipSync } from 'node:zlib';

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { fromComment, nodeChanges } from '../../../src/core/steps/rendezvous.ts';
import { outcomeOf } from '../../../src/core/steps/result.ts';
import { answer } from '../../../src/core/managers/recovery.ts';
import { readMembers, readRecord } from '../../../src/core/managers/leader-record.ts';
import { readMark } from '../../../src/core/services/facts.ts';
import { readConstraint, unknownConstraints } from '../../../src/core/services/placement.ts';
import { planRebalance } from '../../../src/core/rebalance/plan.ts';
import { inspectPage, readSwarm } from '../../../src/swarm/inspect-page.ts';
import { readNodes, readServices } from '../../../src/swarm/services-page.ts';
import { whyUnreadable } from '../../../src/swarm/told-pages.ts';
import { INSTANCE, NODE_ID } from '../support/examples.ts';
import { anyText, anything } from '../support/hostile-texts.ts';

const GOOD = 'g'.repeat(25);
const ODD = 'o'.repeat(25);
const RUNS = { numRuns: 150 };

const texts = fc.array(anyText, { maxLength: 20 });
const pairs = fc.dictionary(anyText, anyText, { maxKeys: 10 });

const packed = (text: string): string => gzipSync(text).toString('base64');
const jsonLines = (...lines: readonly unknown[]): string =>
  packed(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));

const serviceLine = (id: string, changes: object = {}): object => ({
  ...{
    id,
    name: 'web',
    v: 7,
    mode: 'replicated',
    n: 1,
    image: 'web:1',
    update: '',
    order: 'start-first',
    restart: 'any',
  },
  ...{ mounts: [''], constraints: [], prefs: 0, max: 0, platforms: [''], ports: [0], health: true, templated: false },
  ...{ labels: {}, previous: '', at: 1_800_000_000, kept: false, unassigned: 0, tasks: [[0, 1, 0]], ...changes },
});
const nodeLine = (id: string, changes: object = {}): object => ({
  ...{ id, name: 'host-1', role: 'worker', state: 'ready', availability: 'active', labels: {}, engine: {} },
  ...{ platform: ['linux', 'x86_64'], cpu: 4e9, memory: 8e9, ...changes },
});

/** Ends well, or with an error that has a name: which one. */
function named(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.name : `no error: ${String(error)}`;
  }
}

const oddService = fc.record(
  {
    name: anyText,
    image: anyText,
    constraints: texts,
    platforms: fc.array(fc.tuple(anyText, anyText), { maxLength: 5 }),
    mounts: fc.array(fc.tuple(anyText, anyText), { maxLength: 5 }),
    labels: pairs,
    previous: anyText,
    env: texts,
    update: anyText,
    tasks: fc.array(anything, { maxLength: 3 }),
  },
  { requiredKeys: [] },
);
const oddNode = fc.record(
  {
    name: anyText,
    labels: pairs,
    engine: pairs,
    platform: fc.tuple(anyText, anyText),
    role: anyText,
    state: anyText,
    cpu: anything,
  },
  { requiredKeys: [] },
);

describe('services and nodes of any characters', () => {
  it('never hide, change or forge another service, and the rebalance of the others is planned', () => {
    fc.assert(
      fc.property(oddService, oddNode, (service, node) => {
        const services = jsonLines(serviceLine(GOOD), serviceLine(ODD, service));
        const nodes = jsonLines(nodeLine(GOOD), nodeLine(ODD, node));
        const ids = [GOOD, ODD];
        const read = readServices({ services }, (place) => ids[place] ?? 'another');
        expect(
          [...read.services.map((one) => one.serviceId), ...read.unreadable.map(({ id }) => id)].toSorted(),
        ).toEqual(ids);
        expect(read.services[0]).toMatchObject({ serviceId: GOOD, name: 'web', version: 7 });
        const all = readNodes({ nodes });
        expect(all.map(({ nodeId }) => nodeId).toSorted()).toEqual(ids);
        const plan = planRebalance(
          { nodes: all, services: read.services, unreadable: read.unreadable, now: 1 },
          { only: [], maxMoves: 9, even: 'cluster' },
        );
        expect(plan.even + plan.services.length + plan.leftOut.length).toBe(2);
      }),
      RUNS,
    );
  });

  it('are asked of another manager where one tells of nobody, by an error that has a name', () => {
    const line = fc.oneof(
      anyText,
      anything.map((one) => JSON.stringify(one)),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 5 }), (lines) => {
        const page = { services: packed(lines.join('\n')), nodes: packed(lines.join('\n')) };
        expect([undefined, 'PageUnreadable']).toContain(named(() => readServices(page, String)));
        expect([undefined, 'PageUnreadable']).toContain(named(() => readNodes(page)));
      }),
      RUNS,
    );
  });

  it('are asked of another manager where a page is no page, whatever it is', () => {
    const output = fc.dictionary(
      fc.constantFrom('services', 'nodes', 'total', 'next', 'of', 'refused', 'digest', 'moving', 'unreadable', 'x'),
      anything,
    );
    fc.assert(
      fc.property(output, (told) => {
        const why = whyUnreadable('shift', told);
        expect(why === undefined || /^a page cannot be read: /.test(why)).toBe(true);
        expect(why ?? '').not.toMatch(/\p{Cc}/u);
      }),
      RUNS,
    );
  });
});

describe('a page of inspect of any characters', () => {
  const nodes = (...lines: string[]): string => packed(lines.map((line) => `${line}\n`).join(''));
  const GOOD_LINE = `${GOOD} worker ready active - - - - - -`;

  it('is read whole, or not at all, by an error that has a name', () => {
    fc.assert(
      fc.property(fc.array(anyText, { maxLength: 5 }), fc.nat(5), (lines, total) => {
        const name = named(() => {
          const read = readSwarm([{ total, nodes: nodes(GOOD_LINE, ...lines) }], []);
          const [first] = read?.nodes ?? [];
          expect(first).toMatchObject({ nodeId: GOOD, instance: undefined, isManager: false });
          for (const { nodeId, instance, version = '0', age = 0 } of read?.nodes ?? []) {
            expect(nodeId).toMatch(/^[0-9a-z]{25}$/);
            expect(instance ?? INSTANCE).toMatch(/^i-[0-9a-f]{8,17}$/);
            expect(version).toMatch(/^\d+$/);
            expect(Number.isSafeInteger(age)).toBe(true);
          }
        });
        expect([undefined, 'PageUnreadable']).toContain(name);
      }),
      RUNS,
    );
  });

  it('leaves out what it tells beside the nodes where that is not in its form, and tells the nodes', () => {
    const beside = fc.record(
      {
        tokens: anything,
        ghosts: fc.oneof(anything, fc.record({ count: anything, tasks: texts })),
        marked: anything,
        marks: anything,
        kept: anything,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(beside, (told) => {
        const page = inspectPage.parse({ total: 1, nodes: nodes(GOOD_LINE), ...told });
        const read = readSwarm([page], []);
        expect(read).toMatchObject({ whole: true, nodes: [{ nodeId: GOOD }] });
        for (const task of read?.ghosts?.tasks ?? []) expect(task).toMatch(/^[0-9a-z]{25}@[0-9a-z-]+$/);
        for (const { serviceId, name } of read?.left.marks ?? []) {
          expect(`${serviceId} ${name}`).toMatch(/^[0-9a-z]{25} [A-Za-z0-9_.-]{1,128}$/);
        }
        expect(whyUnreadable('inspect', page)).toBeUndefined();
      }),
      RUNS,
    );
  });

  it('is no page where its members are not what they are to be: nothing is thrown past that', () => {
    const output = fc.dictionary(fc.constantFrom('total', 'nodes', 'healthy', 'digest', 'next'), anything);
    fc.assert(
      fc.property(output, (told) => {
        expect(whyUnreadable('inspect', told) ?? 'a page cannot be read: ').toMatch(/^a page cannot be read: /);
      }),
      RUNS,
    );
  });

  it.each([
    ['services', (page: string) => readServices({ services: page }, String)],
    ['nodes', (page: string) => readNodes({ nodes: page })],
    ['a swarm', (page: string) => readSwarm([{ total: 1, nodes: page }], [])],
  ])('that unpacks to more than there is memory for is no page of %s', (_what, read) => {
    const bomb = packed(' '.repeat(40_000_000));
    expect(bomb.length).toBeGreaterThan(24_000);
    expect(named(() => read(bomb))).toBe('PageUnreadable');
  });
});

describe('what a document on a node tells, of any characters', () => {
  it('ends its command well or by name, in one line for people', () => {
    const invocation = fc.record({
      status: fc.constantFrom('Success', 'Failed', 'TimedOut', 'Cancelled'),
      statusDetails: anyText,
      responseCode: fc.integer({ min: -1, max: 256 }),
      stdout: fc.oneof(anyText, fc.json()),
      stderr: anyText,
      endedAt: fc.constant(undefined),
    });
    fc.assert(
      fc.property(invocation, (told) => {
        const outcome = outcomeOf('join', told);
        expect(outcome).toBeDefined();
        if (outcome?.ok === false) {
          expect(outcome.error).toMatch(/^[A-Z][A-Za-z]+$/);
          expect(outcome.cause).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
          expect(outcome.cause.length).toBeLessThan(3000);
        }
      }),
      RUNS,
    );
  });

  it('changes of its node nothing that is not in its form', () => {
    const output = fc.dictionary(fc.constantFrom('nodeId', 'address', 'zone', 'phase', 'epoch'), anything);
    fc.assert(
      fc.property(
        fc.constantFrom('init' as const, 'join' as const, 'prepare' as const, 'leave' as const),
        output,
        (verb, told) => {
          const { nodeId = NODE_ID, address = '10.0.0.1', zone = 'a' } = nodeChanges(verb, told);
          expect(`${nodeId} ${address} ${zone}`).toMatch(/^[0-9a-z]{25} [0-9.]+(:\d+)? [a-z0-9-]+$/);
        },
      ),
      RUNS,
    );
  });

  it('is no member, record, mark, comment, constraint or answer of an engine where it is not in its form, and throws nowhere', () => {
    fc.assert(
      fc.property(anything, anyText, (told, text) => {
        for (const { nodeId, instance = INSTANCE } of readMembers(told) ?? []) {
          expect(nodeId).not.toMatch(/\s/);
          expect(instance).toMatch(/^i-[0-9a-f]+$/);
        }
        for (const { instance } of readRecord(told).record?.managers ?? []) expect(instance).toMatch(/^i-[0-9a-f]+$/);
        expect(readMark(text)?.kind ?? 'more').toMatch(/^(more|exclude)$/);
        expect(named(() => [fromComment(text), readConstraint(text), unknownConstraints([text])])).toBeUndefined();
        expect(answer.parse({ instance: INSTANCE, told }).instance).toBe(INSTANCE);
      }),
      RUNS,
    );
  });
});
