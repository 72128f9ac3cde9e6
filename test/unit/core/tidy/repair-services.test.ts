import { describe, expect, it } from '@jest/globals';

import { repairServices } from '../../../../src/core/tidy/repair-services.ts';
import type { LeftOnServices } from '../../../../src/core/tidy/facts.ts';
import { planTidy } from '../../../../src/core/tidy/repairs.ts';
import { NODE_ID, NOW, OTHER_INSTANCE } from '../../support/examples.ts';
import { factsOf, group, members, node as nodeOf } from '../../support/tidy-facts.ts';

const ID = 'a'.repeat(25);
const found = (left: Partial<LeftOnServices>) => repairServices(factsOf({ left: { marks: [], kept: [], ...left } }));
const marked = (mark: string) => found({ marks: [{ serviceId: ID, name: 'web', mark }] });

const drained = (changes: Parameters<typeof nodeOf>[0]) => nodeOf({ isLeaving: true, version: '7', ...changes });

describe('what a tidy does about services', () => {
  it('nothing, where skep has left nothing', () => {
    expect(found({})).toEqual({ repairs: [], reports: [] });
    expect(repairServices(factsOf({}))).toEqual({ repairs: [], reports: [] });
  });

  it.each([
    ['one replica more', `more@${NOW - 60}@3`, 1],
    ['a node that is kept off', `exclude@${NOW - 60}@${ID}`, 1],
    ['a mark whose time is not over', `more@${NOW}@3`, 0],
    ['a mark of an execution that may still be at it', `exclude@${NOW + 900}@${ID}`, 0],
  ])('%s', (_what, mark, repairs) => {
    expect(marked(mark)).toMatchObject({ repairs: { length: repairs }, reports: [] });
  });

  it('takes back all of it by one execution, which is named the same for two tidies that see the same', () => {
    const [repair] = marked(`more@${NOW - 60}@3`).repairs;
    expect(repair?.kind).toBe('take-back');
    expect(repair?.because).toContain('web');
    expect(marked(`more@${NOW - 60}@3`).repairs).toEqual([repair]);
  });

  it('takes a history back that nobody puts back any more, not one of an execution that may live', () => {
    expect(found({ kept: [{ serviceId: ID, since: NOW - 4 * 3600 }] }).repairs).toHaveLength(1);
    expect(found({ kept: [{ serviceId: ID, since: NOW - 3600 }] }).repairs).toEqual([]);
    const both = {
      kept: [{ serviceId: ID, since: 0 }],
      marks: [{ serviceId: ID, name: 'web', mark: `more@${NOW}@1` }],
    };
    expect(found(both).repairs).toEqual([]);
  });

  it('tells of a label that is none of its own, and leaves it', () => {
    const { repairs, reports } = marked('by hand');
    expect(repairs).toEqual([]);
    expect(reports.map(({ because }) => because)).toEqual([expect.stringContaining('web')]);
  });

  it('names what is to be taken back anew in each hour, since an update of its owner may have been in the way', () => {
    const left = { marks: [{ serviceId: ID, name: 'web', mark: `more@${NOW - 60}@3` }], kept: [] };
    const nameAt = (now: number) =>
      repairServices(factsOf({ left, now })).repairs.map((one) => 'name' in one && one.name);

    expect(nameAt(NOW + 3599)).toEqual(nameAt(NOW));
    expect(nameAt(NOW + 3600)).not.toEqual(nameAt(NOW));
    expect(nameAt(NOW)).toEqual([`tidy-shift-prod-${NOW / 3600}-1-0`]);
  });

  it('stays short, however many services bear a mark and whatever is written there', () => {
    const marks = Array.from({ length: 99 }, (_, n) => ({
      serviceId: ID,
      name: `web-${n}`,
      mark: `more@${NOW - 60}@3`,
    }));
    const [report] = marked('x'.repeat(999)).reports;

    expect(found({ marks }).repairs.map(({ because }) => because.length)).toEqual([500]);
    expect(report?.because).toMatch(/: x{60}$/);
  });

  it('tells how many services there was no room to tell of', () => {
    expect(found({ untold: 3 })).toEqual({
      repairs: [],
      reports: [{ because: '3 more services have a label skep.shift, and there is no room to tell them' }],
    });
  });

  it('tells of a history whose putting back was begun and not ended: only a person knows which of the two is theirs', () => {
    const told = (since: number, phase?: string): string[] =>
      found({ kept: [{ serviceId: ID, since, ...(phase === undefined ? {} : { phase }) }] }).reports.map(
        ({ because }) => because,
      );

    expect(told(NOW - 4 * 3600, 'begun')).toEqual([
      expect.stringMatching(
        /^skep was interrupted .* docker service rollback of a{25} .*docker config rm skep-shift-a{25} ends this$/,
      ),
    ]);
    expect(told(NOW - 4 * 3600 + 1, 'begun')).toEqual([]);
    expect(told(NOW - 4 * 3600)).toEqual([]);
  });

  it('activates no node as long as a constraint of skep keeps a service off it: its tasks would be rejected at once', () => {
    const node = drained({ availability: 'pause' });
    const at = (mark: string): string[] => {
      const left = { marks: [{ serviceId: ID, name: 'web', mark }], kept: [] };
      return planTidy(factsOf({ nodes: [node], left })).repairs.map(({ kind }) => kind);
    };
    expect(at(`exclude@${NOW + 900}@${NODE_ID}`)).not.toContain('restore');
    expect(at(`exclude@${NOW + 900}@${ID}`)).toContain('restore');
    expect(at(`more@${NOW + 900}@3`)).toContain('restore');
  });
});

describe('a rebalance by the tidy', () => {
  const started = (changes: Parameters<typeof factsOf>[0] = {}) =>
    repairServices(factsOf({ rebalance: 'after-scale-out', ...changes })).repairs;
  const workersOf = ([repair]: ReturnType<typeof started>): string =>
    repair?.kind === 'rebalance' ? repair.workers : 'none';

  it('is off, unless somebody has asked for it', () => {
    expect(repairServices(factsOf({})).repairs).toEqual([]);
    expect(started({ rebalance: 'off' })).toEqual([]);
    expect(started()).toMatchObject([{ kind: 'rebalance' }]);
  });

  it('comes once for the same workers', () => {
    const workers = workersOf(started());
    expect(started({ rebalancedFor: workers })).toEqual([]);
    expect(workersOf(started({ rebalancedFor: 'others' }))).toBe(workers);
  });

  it('comes again where an instance has come as another node, and in the next hour under another name', () => {
    const nameAt = (now: number) => started({ now }).map((one) => 'name' in one && one.name);

    expect(workersOf(started({ nodes: [nodeOf({ nodeId: ID })] }))).not.toBe(workersOf(started()));
    expect(nameAt(NOW + 3599)).toEqual(nameAt(NOW));
    expect(nameAt(NOW + 3600)).not.toEqual(nameAt(NOW));
    expect(nameAt(NOW)).toEqual([
      expect.stringMatching(new RegExp(`^tidy-rebalance-prod-[0-9a-f]{16}-${NOW / 3600}$`)),
    ]);
  });

  it('comes whoever rests in a warm pool, and is for those alone that serve', () => {
    const warm = [{ instance: OTHER_INSTANCE, lifecycle: 'Warmed:Stopped', healthy: true }];
    const groups = [group(undefined, { warm })];
    expect(workersOf(started({ groups }))).toBe(workersOf(started()));
  });

  it.each<[string, Parameters<typeof factsOf>[0]]>([
    ['a worker is not ready', { nodes: [nodeOf({ status: 'down', age: 9 })] }],
    ['a worker is on its way out', { nodes: [nodeOf({ isLeaving: true, version: '7' })] }],
    ['a worker is paused', { nodes: [nodeOf({ availability: 'pause' })] }],
    ['a worker is not in the swarm', { nodes: [] }],
    ['a worker is a node, and waits to be in service', { groups: members('Pending:Wait') }],
    ['there is no worker', { groups: [] }],
    [
      'a service bears a mark',
      { left: { marks: [{ serviceId: ID, name: 'web', mark: `more@${NOW + 9}@1` }], kept: [] } },
    ],
  ])('waits while %s', (_what, changes) => {
    expect(started(changes)).toEqual([]);
  });
});
