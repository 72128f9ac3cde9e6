// What a rebalance begins with, from what managers told of nodes and services.
import { describe, expect, it } from '@jest/globals';

import { beginRebalance } from '../../../../src/core/rebalance/begin.ts';
import type { RebalanceBegin, SeenServices } from '../../../../src/core/rebalance/begin.ts';
import type { RebalanceWish } from '../../../../src/core/rebalance/wish.ts';
import { aNode, aService } from '../../support/services.ts';

const NOW = 1_700_000_000;
const nodes = [aNode('b'), aNode('a')];
const uneven = aService('web', { a: 4 });
const seen: SeenServices = {
  ...{ nodes, services: [uneven], unreadable: [], ids: ['a', 'b'], digests: ['one'], hasNodes: true, missing: [] },
};
const wish: RebalanceWish = {
  ...{ cluster: 'prod', services: [], maxMoves: 100, dryRun: false, rollback: false, even: 'services' },
};
const leftMark = aService('old', { a: 3, b: 1 }, { labels: { 'skep.shift': `more@${NOW - 1}@3` } });

interface BeginCase {
  readonly wish?: Partial<RebalanceWish>;
  readonly seen?: Partial<SeenServices>;
  readonly swept?: boolean;
  readonly refused?: readonly string[];
  readonly tries?: number;
}
const begin = ({ wish: wished, seen: told, swept = false, refused = [], tries = 1 }: BeginCase = {}): RebalanceBegin =>
  beginRebalance({ ...seen, ...told }, { wish: { ...wish, ...wished }, swept, refused, tries, now: NOW });

describe('a rebalance begins', () => {
  it('with a run for each service that is uneven, in what the nodes were told as', () => {
    const { runs, report, sweep, digest } = begin();
    expect(runs.map(({ name, moves, phase }) => [name, moves, phase])).toEqual([['web', 2, 'queued']]);
    expect([report.planned, report.made, sweep, digest]).toEqual([2, 0, [], 'one']);
  });

  it('with the place of a node among all of them, where a task is to leave it', () => {
    const one = (name: string): ReturnType<typeof aService> => aService(name, { b: 1 });
    const { runs } = begin({ wish: { even: 'cluster' }, seen: { services: ['x', 'y', 'z', 'u'].map(one) } });
    expect(runs.map(({ source }) => source)).toContainEqual({ nodeId: 'b', place: '1' });
  });

  it('with nothing but a report as a dry run', () => {
    const { runs, report, sweep } = begin({ wish: { dryRun: true }, seen: { services: [uneven, leftMark] } });
    expect([runs, sweep, report.planned]).toEqual([[], [], 2]);
  });

  it('with no runs where a page of nodes could not be read', () => {
    const { runs, report } = begin({ seen: { hasNodes: false, missing: ['page 1 of 1 of the nodes: cut'] } });
    expect([runs, report.planned]).toEqual([[], 0]);
  });
});

describe('before the first move', () => {
  const withMark = { services: [uneven, leftMark] };

  it('what others have left behind is taken back', () => {
    expect(begin({ seen: withMark }).sweep).toEqual(['id-old@10@fewer', 'id-old@0@settle']);
  });

  it('it is looked for but once', () => {
    expect(begin({ seen: withMark, swept: true }).sweep).toEqual([]);
  });

  it('at most 200 changes are made', () => {
    const services = Array.from({ length: 150 }, (_one, at) => ({ ...leftMark, serviceId: `id-${at}` }));
    expect(begin({ seen: { services } }).sweep).toHaveLength(200);
  });

  it('services that are to go back go back, and nothing is moved', () => {
    const kept = aService('api', { a: 4 }, { kept: true });
    const { sweep, runs } = begin({
      wish: { rollback: true, services: ['api', 'id-db'] },
      seen: { services: [uneven, kept, aService('db', { a: 1 }, { kept: true })] },
    });
    expect(sweep).toEqual(['id-api@10@rollback', 'id-db@10@rollback']);
    expect(runs).toEqual([]);
  });
});

describe('a rebalance does not begin', () => {
  const back = { rollback: true, services: ['web'] };

  it.each<[string, BeginCase, string, string]>([
    [
      'while nodes come or go: it is read again',
      { seen: { digests: ['one', 'two'] }, tries: 3 },
      'NotAsExpected',
      'nodes came or went',
    ],
    [
      'where they come or go each time',
      { seen: { digests: ['one', 'two'] }, tries: 4 },
      'NodesChanged',
      'nodes came or went',
    ],
    [
      'of services that are not there',
      { wish: { services: ['x', 'y'] } },
      'ServiceUnknown',
      'prod has no service x, y',
    ],
    [
      'back to what nobody kept',
      { wish: { ...back, services: ['web', 'old'] }, seen: { services: [uneven, leftMark] } },
      'NothingKept',
      'nothing is kept of web, old of prod',
    ],
    ['back, without a service', { wish: { ...back, services: [] } }, 'NothingKept', 'nothing is kept of'],
    [
      'back, where a change of that was refused',
      { wish: back, swept: true, refused: ['web changed', 'api busy'] },
      'RollbackRefused',
      'an update is under way: web changed, api busy',
    ],
    [
      'back, where a page could not be read',
      { wish: back, seen: { missing: ['page 1: cut', 'page 2: cut'] }, refused: ['web changed'] },
      'PageUnreadable',
      'nothing is rolled back: page 1: cut; page 2: cut',
    ],
    [
      'back, where nobody can read what the engine says of it: whether a spec is kept is not known',
      {
        wish: { ...back, services: ['web', 'api'] },
        seen: { unreadable: ['x', 'api'].map((name) => ({ id: `id-${name}`, name })) },
      },
      'PageUnreadable',
      'nothing is rolled back: what the engine says of api is too long, or cannot be read',
    ],
  ])('%s', (_what, asked, name, words) => {
    expect(() => begin(asked)).toThrow(expect.objectContaining({ name, message: expect.stringContaining(words) }));
  });

  it.each<[string, Partial<SeenServices>]>([
    ['a page', { missing: ['page 1 of 2 of the services: cut'] }],
    ['the service', { services: [], unreadable: [{ id: 'id-web', name: 'web' }] }],
  ])('is not refused for %s that cannot be read once services have gone back', (_what, told) => {
    expect(begin({ wish: back, swept: true, seen: told })).toMatchObject({ sweep: [], runs: [] });
  });

  it('is not hindered by what was refused of others', () => {
    expect(begin({ swept: true, refused: ['old changed'] }).report.planned).toBe(2);
  });
});
