// What a rebalance makes of pages of which one cannot be read: the others go on, and it is named.
import { gzipSync } from 'node:zlib';

import { describe, expect, it } from '@jest/globals';

import { planRebalance } from '../../../src/core/rebalance/plan.ts';
import { rebalanceRound, startRuns } from '../../../src/core/rebalance/round.ts';
import { readPages } from '../../../src/swarm/all-pages.ts';
import { shiftPage } from '../../../src/swarm/services-page.ts';
import type { ShiftPage } from '../../../src/swarm/services-page.ts';
import { aNode, aService } from '../support/services.ts';

const DIGEST = 'd'.repeat(64);
const NODE = 'n'.repeat(25);
const packed = (line: object): string => gzipSync(`${JSON.stringify(line)}\n`).toString('base64');
const page = (changes: object): ShiftPage => shiftPage.parse({ digest: DIGEST, ...changes });
const nodes = page({
  nodes: packed({
    ...{ id: NODE, name: 'host', role: 'worker', state: 'ready', availability: 'active', labels: {}, engine: {} },
    ...{ platform: ['linux', 'amd64'], cpu: 1, memory: 1 },
  }),
});
const LOST = page({ unreadable: 'i-1 told what nobody can read', next: 400 });

describe('pages of a rebalance', () => {
  it('of which one of the services is missing tell the others, and which one it is', () => {
    const read = readPages([nodes], [page({}), LOST, page({})]);
    expect(read).toMatchObject({ hasNodes: true, ids: [NODE], digests: [DIGEST] });
    expect(read.missing).toEqual(['page 2 of 3 of the services: i-1 told what nobody can read']);
  });

  it('of which one of the nodes is missing let nothing be moved', () => {
    expect(readPages([nodes, LOST], [page({})])).toMatchObject({ hasNodes: false });
  });

  it('are of one and the same swarm where the one that is missing told no digest', () => {
    const silent = shiftPage.parse({ unreadable: 'x' });
    expect(readPages([nodes], [silent]).digests).toEqual([DIGEST]);
    expect(readPages([nodes], [page({ digest: 'e'.repeat(64) })]).digests).toHaveLength(2);
  });
});

describe('a plan with a page that is missing', () => {
  const around = [aNode('a'), aNode('b')];
  const web = aService('web', { a: 4 });
  const plan = (missing: string[], only: string[] = []) =>
    planRebalance(
      { nodes: around, services: [web], missing, now: 1_800_000_000 },
      { only, maxMoves: 9, even: 'cluster' },
    );

  it('moves the services that it knows of, and names the page', () => {
    const { moves, leftOut } = plan(['page 2 of 2 of the services: x']);
    expect(moves).toBeGreaterThan(0);
    expect(leftOut).toMatchObject([{ serviceId: '-', name: 'page 2 of 2 of the services: x', reason: 'Unreadable' }]);
  });

  it('does not call a service unknown that may stand on it', () => {
    expect(plan(['page 2'], ['api']).unknown).toEqual([]);
    expect(plan([], ['api']).unknown).toEqual(['api']);
  });

  it('makes nothing even of the whole cluster, since how full a node is cannot be said', () => {
    const services = [aService('x', { a: 1 }), aService('y', { a: 1 }), aService('z', { a: 1 })];
    const moved = (missing: string[]): number =>
      planRebalance(
        { nodes: around, services, missing, now: 1_800_000_000 },
        { only: [], maxMoves: 9, even: 'cluster' },
      ).moves;
    expect(moved([])).toBeGreaterThan(0);
    expect(moved(['page 2'])).toBe(0);
  });
});

describe('a service that cannot be read any more', () => {
  it('ends its own run, which leaves its mark to the tidy, and no other', () => {
    const [web, api] = [aService('web', { a: 4 }), aService('api', { a: 4 })];
    const planned = planRebalance(
      { nodes: [aNode('a'), aNode('b')], services: [web, api], now: 9 },
      { only: [], maxMoves: 9 },
    );
    const begun = rebalanceRound({ runs: startRuns(planned, 9), seen: [], cut: false, closing: undefined, now: 10 });
    const marked = rebalanceRound({ runs: begun.runs, seen: [web, api], cut: false, closing: undefined, now: 11 });
    expect(marked.runs.map(({ phase }) => phase)).toEqual(['more', 'more']);
    const next = rebalanceRound({
      ...{ runs: marked.runs, seen: [{ ...api, replicas: 5, labels: {} }], cut: false, closing: undefined, now: 12 },
      unreadable: [web.serviceId],
    });
    expect(next.runs.find(({ name }) => name === 'web')).toMatchObject({
      ...{ phase: 'ended', outcome: 'changed', left: true, because: expect.stringContaining('cannot be read') },
    });
    expect(next.runs.find(({ name }) => name === 'api')?.because ?? '').not.toContain('cannot be read');
  });
});
