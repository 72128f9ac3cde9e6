import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

import { describe, expect, it } from '@jest/globals';

import { readSwarm } from '../../../src/swarm/inspect-page.ts';
import type { InspectPage, ReadSwarm } from '../../../src/swarm/inspect-page.ts';
import { INSTANCE, NODE_ID, OTHER_INSTANCE } from '../support/examples.ts';
import { OTHER_NODE, item } from '../support/tidy-facts.ts';

const packed = (...lines: string[]): string =>
  lines.length === 0 ? '' : gzipSync(lines.map((line) => `${line}\n`).join('')).toString('base64');
const page = (...lines: string[]): InspectPage => ({ total: lines.length, nodes: packed(...lines) });
const [B, C] = ['b'.repeat(25), 'c'.repeat(25)];
const LEADER = `${NODE_ID} manager ready active ${INSTANCE} leader 10.0.1.11 - - -`;
const read = (...pages: readonly InspectPage[]): ReadSwarm | undefined => readSwarm(pages, []);

describe('the pages of inspect', () => {
  it('are read line by line, over all pages', () => {
    const first = { ...page(LEADER, `${B} worker down drain ${OTHER_INSTANCE} - - leaving 77 3600`), total: 3 };
    const second = { ...page(`${C} manager unknown active - unreachable 10.0.1.13 - - 5`), total: 3 };

    expect(read(first, second)).toMatchObject({
      whole: true,
      nodes: [
        { nodeId: NODE_ID, role: 'manager', status: 'ready', instance: INSTANCE, isManager: true, isReachable: true },
        { nodeId: B, role: 'worker', status: 'down', isLeaving: true, version: '77', age: 3600, isManager: false },
        { nodeId: C, role: 'manager', status: 'unknown', instance: undefined, isManager: true, isReachable: false },
      ],
    });
  });

  it('tell where a node spoke from that is down and nobody’s, and as which none has ever come', () => {
    const lines = [
      `${B} worker down drain - - 10.0.1.12 - - 60`,
      `${C} worker unknown drain - - - - - 7200 none`,
      LEADER,
    ];

    expect(read(page(...lines))?.nodes).toMatchObject([
      { nodeId: B, address: '10.0.1.12', neverUp: false },
      { nodeId: C, address: undefined, neverUp: true, age: 7200 },
      { nodeId: NODE_ID, neverUp: false },
    ]);
  });

  it('are not whole where a node is missing, or the swarm changed between two of them', () => {
    expect(read({ ...page(LEADER), total: 2 })).toMatchObject({ whole: false });
    expect(
      read({ ...page(LEADER), total: 2 }, { ...page(`${B} worker ready active - - - - - -`), total: 3 }),
    ).toMatchObject({
      whole: false,
    });
    expect(read()).toMatchObject({ whole: false });
  });

  it('a demoted node that is still in raft counts as a manager', () => {
    expect(read(page(`${B} worker ready active - reachable 10.0.1.12 - - -`))?.nodes[0]).toMatchObject({
      role: 'worker',
      isManager: true,
    });
  });

  it.each([
    ['a state that nobody knows', page(`${B} worker asleep active - - - - - -`)],
    ['a role that nobody knows', page(`${B} observer ready active - - - - - -`)],
    ['one word', page(B)],
    ['an id that the engine does not make', page('b worker ready active - - - - - -')],
    ['a page that was cut off', { total: 1, nodes: packed(`${B} worker ready active ${INSTANCE} -`).slice(0, -12) }],
    ['no page at all', { total: 1, nodes: 'no base64, no gzip' }],
  ])('%s is refused: a half-read swarm must not be repaired', (_what, text) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ name: 'PageUnreadable' }));
  });
});

describe('healthy workers that are told by a digest', () => {
  const workers = [item({ nodeId: OTHER_NODE, instance: OTHER_INSTANCE }), item()];
  const digest = createHash('sha256').update(`${NODE_ID} ${INSTANCE}\n${OTHER_NODE} ${OTHER_INSTANCE}`).digest('hex');

  it('are those that the table has, exactly where the digest is theirs', () => {
    const told = { ...page(), healthy: 2, digest };
    expect(readSwarm([told], workers)?.nodes.map(({ nodeId }) => nodeId)).toEqual([OTHER_NODE, NODE_ID]);
    expect(readSwarm([told], workers.slice(1))).toBeUndefined();
    expect(readSwarm([told], [...workers, item({ nodeId: 'another' })])).toBeUndefined();
  });

  it('are without those that are told one by one, whatever the table says of them', () => {
    const told = { ...page(`${B} worker down active ${OTHER_INSTANCE} - - - - 9`), healthy: 2, digest };
    const nodes = readSwarm([told], [...workers, item({ nodeId: B })])?.nodes;
    expect(nodes?.map(({ nodeId, status }) => `${nodeId} ${status}`)).toEqual([
      `${B} down`,
      `${OTHER_NODE} ready`,
      `${NODE_ID} ready`,
    ]);
  });
});
