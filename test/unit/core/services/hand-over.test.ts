import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  endOfMoves,
  hasTimeToHandOver,
  isKeptOff,
  lossesOf,
  planHandOver,
  textOf,
  whyNot,
} from '../../../../src/core/services/hand-over.ts';
import { MARK_LABEL } from '../../../../src/core/labels.ts';
import type { HandOverPlan, Leaving } from '../../../../src/core/services/hand-over.ts';
import type { ServiceFacts } from '../../../../src/core/services/facts.ts';
import { aService } from '../../support/services.ts';

const NOW = 1_800_000_000;
const [A = '', B = '', C = '', X = ''] = ['a', 'b', 'c', 'x'].map((letter) => letter.repeat(25));
const plan = (services: readonly ServiceFacts[], deadline: number | undefined = NOW + 1800): HandOverPlan =>
  planHandOver({ services, nodes: [A, B], deadline, now: NOW });
const kinds = ({ changes }: HandOverPlan): string[] => changes.map(({ kind }) => kind);
const marked = (text: string, changes: Partial<ServiceFacts> = {}) => ({ labels: { [MARK_LABEL]: text }, ...changes });
const excluded = (until: number, nodes = `${A}+${B}`) => `exclude@${until}@${nodes}`;

describe('a hand-over', () => {
  it('keeps a service that starts first off all nodes that leave together, for half of what is left of the time', () => {
    const { changes, isDone, skipped } = plan([aService('web', { [A]: 1, [C]: 1 })]);
    expect(changes).toEqual([{ kind: 'exclude', serviceId: 'id-web', version: 10, until: NOW + 900, nodes: [A, B] }]);
    expect({ isDone, skipped }).toEqual({ isDone: false, skipped: [] });
    expect(plan([aService('web', { [A]: 1 })], NOW + 600).changes).toMatchObject([{ until: NOW + 300 }]);
  });

  it.each<[string, Partial<ServiceFacts>]>([
    ['it is not replicated', { mode: 'global' }],
    ['it is not replicated', { mode: 'replicated-job' }],
    ['its update order is stop-first', { order: 'stop-first' }],
    ['it is opted out by skep.hand-over=off', { labels: { 'skep.hand-over': 'off' } }],
    ['its tasks are not to be restarted', { restart: 'none' }],
    ['its data would stay behind', { mounts: ['tmpfs', 'volume:local'] }],
    ['its data would stay behind', { mounts: ['volume:ebs'] }],
    ['its data would stay behind', { mounts: ['bind'] }],
    ['an update is under way or stuck', { update: 'updating' }],
    ['an update is under way or stuck', { update: 'paused' }],
    ['an update is under way or stuck', { update: 'rollback_started' }],
    ['an update is under way or stuck', { update: 'rollback_paused' }],
    ['not all of its tasks are healthy', { replicas: 3 }],
    ['it is pinned to this node', { constraints: [`node.id == ${A}`] }],
    ['it is pinned to this node', { constraints: [` NODE.ID==${B} `] }],
    ['it is pinned to this node', { constraints: ['node.hostname==ip-10-0-0-1'] }],
  ])('leaves a service to the drain where %s', (why, changes) => {
    const service = aService('web', { [A]: 1, [C]: 1 }, changes);
    expect(plan([service])).toEqual({ changes: [], isDone: true, skipped: [{ service: 'web', why }] });
  });

  it.each<Partial<ServiceFacts>>([
    { update: 'completed' },
    { update: 'rollback_completed' },
    { mounts: ['tmpfs'] },
    { constraints: ['node.role==worker', `node.id!=${C}`] },
    { constraints: [`node.id==${C}`] },
    { constraints: ['engine.labels.node.hostname==ip-10-0-0-1'] },
    { health: false },
    { hostPorts: [80] },
  ])('takes %j', (changes) => {
    expect(whyNot(aService('web', { [A]: 1, [C]: 1 }, changes), [A, B])).toBeUndefined();
  });

  it('has nothing to do with what does not run on its own node', () => {
    expect(plan([aService('web', { [C]: 2 }), aService('other', { [B]: 1 })])).toMatchObject({
      changes: [],
      isDone: true,
    });
  });

  it('has no time for it short of the end', () => {
    expect(plan([aService('web', { [A]: 1 })], NOW + 100)).toMatchObject({ isDone: true, changes: [] });
  });

  it('waits while tasks are on any of the nodes, and takes the mark away as soon as none is, or when its time is over', () => {
    const until = NOW + 500;
    expect(plan([aService('web', { [B]: 1, [C]: 1 }, marked(excluded(until)))])).toMatchObject({
      changes: [],
      isDone: false,
    });
    expect(kinds(plan([aService('web', { [C]: 2 }, marked(excluded(until)))]))).toEqual(['include', 'settle']);
    expect(kinds(plan([aService('web', { [A]: 1 }, marked(excluded(NOW)))]))).toEqual(['include', 'settle']);
    // Its own update, stuck since the new task does not run: taken away, the old one simply goes on.
    expect(kinds(plan([aService('web', { [A]: 1 }, marked(excluded(NOW), { update: 'paused' }))]))).toEqual([
      'include',
      'settle',
    ]);
  });

  it('waits for the mark of another, not for ever', () => {
    const by = (mark: string) => plan([aService('web', { [A]: 1 }, marked(mark))]);
    expect(by(excluded(NOW + 500, X))).toMatchObject({ changes: [], isDone: false });
    expect(by(`more@${NOW + 500}@1`)).toMatchObject({ changes: [], isDone: false });
    expect(by(excluded(NOW - 60, X))).toMatchObject({ changes: [], isDone: true });
    expect(plan([aService('web', { [C]: 1 }, marked(excluded(NOW + 500, `${A}+${X}`)))])).toMatchObject({
      isDone: true,
    });
  });

  it('waits for no mark that ends later than skep would write: anybody may have written it', () => {
    const by = (mark: string) => plan([aService('web', { [A]: 1 }, marked(mark))]);
    expect(by(excluded(99_999_999_999, X))).toMatchObject({ changes: [], isDone: true, skipped: [{ service: 'web' }] });
    expect(by(`more@${NOW + 3600}@1`)).toMatchObject({ changes: [], isDone: true });
    // One that names the leaving nodes is taken away like any that is over.
    expect(kinds(by(excluded(99_999_999_999)))).toEqual(['include', 'settle']);
  });

  it('writes nothing where the owner has begun an update since', () => {
    for (const update of ['updating', 'paused', 'rollback_started'] as const) {
      const service = aService('web', { [A]: 1 }, marked(excluded(NOW), { update, previousMark: excluded(NOW) }));
      expect(plan([service])).toMatchObject({ changes: [], isDone: true });
    }
    const over = marked(excluded(NOW), { update: 'completed', previousMark: excluded(NOW) });
    expect(kinds(plan([aService('web', { [A]: 1 }, over)]))).toEqual(['include', 'settle']);
  });

  it('never writes what is under way or stuck and not its own, whatever it is told', () => {
    const service = fc.record({
      update: fc.constantFrom(
        '',
        'updating',
        'paused',
        'completed',
        'rollback_started',
        'rollback_paused',
        'rollback_completed',
      ),
      labels: fc.constantFrom(
        {},
        { [MARK_LABEL]: excluded(NOW + 9) },
        { [MARK_LABEL]: excluded(NOW - 99) },
        { [MARK_LABEL]: `more@${NOW}@2` },
        { [MARK_LABEL]: 'x' },
      ),
      previousMark: fc.constantFrom('', excluded(NOW)),
      order: fc.constantFrom('start-first', 'stop-first'),
      mounts: fc.constantFrom([], ['bind']),
    }) as fc.Arbitrary<Partial<ServiceFacts>>;
    const counts = fc.record({ [A]: fc.nat(2), [B]: fc.nat(2), [C]: fc.nat(2) });
    fc.assert(
      fc.property(service, counts, (changes, tasks) => {
        const facts = aService('web', tasks, changes);
        const busy = !['', 'completed', 'rollback_completed'].includes(facts.update);
        const isOurs = facts.labels[MARK_LABEL] !== undefined && facts.previousMark === '';
        const made = plan([facts]);
        expect(busy && !isOurs && made.changes.length > 0).toBe(false);
        expect(made.changes.some(({ kind }) => kind === 'exclude') && facts.mounts.length > 0).toBe(false);
      }),
    );
  });
});

describe('one round about one service', () => {
  /** `waits`, the changes, why it is left to the drain, or nothing. */
  function roundOf(service: ServiceFacts, leaving: Partial<Leaving>): string {
    const around = { nodes: [A, B], deadline: NOW + 1800, now: NOW, ...leaving };
    const { changes, isDone, skipped } = planHandOver({ ...around, services: [service] });
    const said = [...changes.map(({ kind }) => kind), ...skipped.map(({ why }) => why)];
    return [...said, ...(isDone || said.length > 0 ? [] : ['waits'])].join(', ');
  }

  const away = 'include, settle';
  const owners = 'its owner has begun an update';
  const long = excluded(NOW + 500);
  const noNode = { unassigned: 1, updatedAt: NOW - 15 };
  const unplaced = ['id-web'];

  it.each<[string, string, Partial<ServiceFacts>, Partial<Leaving>]>([
    ['waits', long, {}, { round: 149 }],
    [away, long, {}, { round: 150 }],
    // An action without an end: that of the mark counts.
    ['waits', excluded(NOW + 1), {}, { deadline: undefined }],
    [away, excluded(NOW), {}, { deadline: undefined }],
    // Its update has failed: nothing more is to be expected.
    [away, long, { update: 'paused' }, {}],
    // No node can take its task.
    [away, long, noNode, { unplaced }],
    ['waits', long, { ...noNode, updatedAt: NOW - 14 }, { unplaced }],
    ['waits', long, noNode, {}],
    ['waits', long, { ...noNode, unassigned: 0 }, { unplaced }],
    [owners, long, { update: 'updating', previousMark: long }, {}],
    [owners, excluded(NOW), { update: 'updating', previousMark: long }, {}],
  ])('that is kept off: %s (%s, %j, %j)', (next, mark, changes, leaving) => {
    expect(roundOf(aService('web', { [A]: 1, [C]: 1 }, marked(mark, changes)), leaving)).toBe(next);
  });

  it('that is kept off goes on while a task on its way is still to leave', () => {
    const tasks = new Map([[B, { running: 0, others: 1 }]]);
    expect(roundOf(aService('web', {}, marked(long, { tasks })), {})).toBe('waits');
  });

  const nobody = 'it bears a mark that nobody takes away';

  it.each<[string, string, Partial<Leaving>]>([
    ['waits', excluded(NOW - 29, X), {}],
    [nobody, excluded(NOW - 30, X), {}],
    ['waits', `more@${NOW + 500}@1`, { round: 149 }],
    [nobody, `more@${NOW + 500}@1`, { round: 150 }],
    ['waits', excluded(NOW + 960, X), {}],
    [nobody, excluded(NOW + 961, X), {}],
  ])('that bears the mark of another: %s (%s, %j)', (next, mark, leaving) => {
    expect(roundOf(aService('web', { [A]: 1, [C]: 1 }, marked(mark)), leaving)).toBe(next);
  });

  const unhealthy = 'not all of its tasks are healthy';

  it.each<[string, Partial<ServiceFacts>, Partial<Leaving>]>([
    ['waits', { replicas: 3, updatedAt: NOW - 29 }, { round: 9 }],
    [unhealthy, { replicas: 3, updatedAt: NOW - 30 }, {}],
    [unhealthy, { replicas: 3, updatedAt: NOW }, { round: 10 }],
    ['its update order is stop-first', { order: 'stop-first', updatedAt: NOW }, {}],
    ['its tasks did not find another node', { updatedAt: NOW }, { tried: ['id-web'] }],
  ])('that was changed a moment ago: %s (%j, %j)', (next, changes, leaving) => {
    expect(roundOf(aService('web', { [A]: 1, [C]: 1 }, changes), leaving)).toBe(next);
  });

  it('that is begun with has a quarter of an hour where the action has no end', () => {
    const services = [aService('web', { [A]: 1 })];
    const { changes } = planHandOver({ services, nodes: [A], deadline: undefined, now: NOW });
    expect(changes).toMatchObject([{ kind: 'exclude', until: NOW + 900 }]);
  });

  it('that is begun with is kept off a hundred nodes at most: a constraint of more fits into no command', () => {
    const nodes = [A, ...Array.from({ length: 100 }, (_one, index) => String(index).padStart(25, '0'))];
    const { changes } = planHandOver({ services: [aService('web', { [A]: 1 })], nodes, deadline: undefined, now: NOW });
    expect(changes).toMatchObject([{ nodes: nodes.slice(0, 100) }]);
  });
});

describe('a round with many services', () => {
  const many = (count: number, changes: Partial<ServiceFacts> = {}): ServiceFacts[] =>
    Array.from({ length: count }, (_one, index) => aService(`s${index}`, { [A]: 1, [C]: 1 }, changes));

  it('begins with 200 of them and no more, and is not done', () => {
    expect(plan(many(200)).changes).toHaveLength(200);
    expect(plan(many(201))).toMatchObject({ isDone: false });
    expect(plan(many(201)).changes).toHaveLength(200);
  });

  it('takes a constraint away and puts the history back together, or neither', () => {
    const over = many(1, marked(excluded(NOW - 1)));
    const pair = ['include', 'settle'];

    expect(kinds(plan([...many(198), ...over])).slice(-2)).toEqual(pair);
    expect(kinds(plan([...many(199), ...over])).slice(-2)).toEqual(['exclude', 'exclude']);
  });

  it('changes no more than fits into 100,000 bytes, a separator for each', () => {
    const bytes = (letters: number): number => `${'x'.repeat(letters)}@10@exclude@${NOW + 900}@${A}+${B}`.length + 1;
    const fits = 100_000 - bytes(0);
    const one = (letters: number): ServiceFacts[] => many(1, { serviceId: 'x'.repeat(letters) });

    expect(bytes(fits)).toBe(100_000);
    expect(plan(one(fits)).changes).toHaveLength(1);
    expect(plan(one(fits + 1)).changes).toHaveLength(0);
  });

  it('knows which of them it has kept off its own node, and not off another’s', () => {
    const [kept] = many(1, marked(excluded(NOW + 60)));

    expect(kept && isKeptOff(kept, [A])).toBe(true);
    expect(kept && isKeptOff(kept, [C])).toBe(false);
    expect(isKeptOff(aService('web', { [A]: 1 }), [A])).toBe(false);
  });
});

describe('what is lost with a node', () => {
  it('is said by the name of the service: data on its disk, and work that nobody starts anew, which are grave', () => {
    const services = [
      aService('db', { [A]: 1 }, { mounts: ['volume:local'] }),
      aService('logs', { [A]: 1 }, { mounts: ['bind', 'volume:ebs'] }),
      aService('once', { [A]: 1 }, { restart: 'none' }),
      aService('agents', { [A]: 1 }, { mode: 'global', mounts: ['bind', 'volume:local'] }),
      aService('batch', { [A]: 1 }, { mode: 'replicated-job' }),
      aService('web', { [A]: 1 }),
      aService('far', { [C]: 1 }, { mounts: ['volume:local'] }),
    ];
    expect(lossesOf(services, A).map((loss) => [textOf(loss), loss.isGrave])).toEqual([
      ['db: a local volume', true],
      ['logs: a folder of the node', false],
      ['once: a task that nobody starts anew', true],
      ['batch: a task that nobody starts anew', true],
    ]);
  });
});

describe('a hand-over of an instance that AWS takes', () => {
  const taken = (services: readonly ServiceFacts[], left: number): HandOverPlan =>
    planHandOver({ services, nodes: [A, B], deadline: NOW + left, isTaken: true, now: NOW });

  it('is over ten seconds before AWS takes it, whatever its hook would allow', () => {
    expect(endOfMoves({ deadline: NOW + 1800 })).toEqual({ deadline: NOW + 1800, isTaken: false });
    expect(endOfMoves({ deadline: NOW + 1800, diesAt: NOW + 120 })).toEqual({ deadline: NOW + 110, isTaken: true });
    expect(endOfMoves({ deadline: NOW + 60, diesAt: NOW + 120 })).toEqual({ deadline: NOW + 60, isTaken: false });
    expect(endOfMoves({ diesAt: NOW + 120 })).toEqual({ deadline: NOW + 110, isTaken: true });
  });

  it('moves what fits into its two minutes', () => {
    const service = aService('web', { [A]: 1, [C]: 1 });

    expect(taken([service], 106).changes).toMatchObject([{ kind: 'exclude', until: NOW + 53 }]);
    expect(taken([service], 45).skipped).toEqual([{ service: 'web', why: 'there is no time left' }]);
    expect([hasTimeToHandOver(NOW + 106, NOW), hasTimeToHandOver(NOW + 106, NOW, true)]).toEqual([false, true]);
  });

  it('leaves what is under way to the drain half a minute before the end, where the warning came after it had begun', () => {
    const moving = aService('web', { [A]: 1, [C]: 1 }, marked(excluded(NOW + 800), { update: 'updating' }));
    const at = (left: number): string[] => kinds(taken([moving], left));

    expect([at(31), at(30)]).toEqual([[], ['include', 'settle']]);
  });
});
