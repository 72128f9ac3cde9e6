// The whole run of a rebalance: when it ends before its time, what it gives up, what it takes back, and what it tells.
import { describe, expect, it } from '@jest/globals';

import { planRebalance } from '../../../../src/core/rebalance/plan.ts';
import { PHASES, startRuns } from '../../../../src/core/rebalance/round.ts';
import type { ServiceRun } from '../../../../src/core/rebalance/round.ts';
import { afterTrouble, finalReport, firstReport, leftovers, whyClose } from '../../../../src/core/rebalance/run.ts';
import { mayTakeBack } from '../../../../src/core/services/take-back.ts';
import type { ServiceFacts } from '../../../../src/core/services/facts.ts';
import type { Surroundings } from '../../../../src/core/rebalance/run.ts';
import { aNode, aService } from '../../support/services.ts';

const NOW = 1_700_000_000;
const nodes = [aNode('a'), aNode('b')];

describe('a run is ended before its time', () => {
  const well: Surroundings = { cancelled: false, held: undefined, startedAt: NOW, rounds: 5, now: NOW + 60 };

  it.each<[string | undefined, Partial<Surroundings>]>([
    [undefined, {}],
    ['it was cancelled', { cancelled: true }],
    ['demo is held', { held: 'demo is held' }],
    ['an execution may not last longer: start another one', { rounds: 1000 }],
    ['an execution may not last longer: start another one', { now: NOW + 3 * 3600 }],
  ])('%s: %j', (because, changes) => {
    expect(whyClose({ ...well, ...changes })).toBe(because);
  });
});

describe('a command that came to nothing', () => {
  const planned = planRebalance(
    { nodes, services: [aService('x', { a: 4 }), aService('y', { a: 3 })], now: NOW },
    { only: [], maxMoves: 100 },
  );
  const [first, second] = startRuns(planned, NOW) as [ServiceRun, ServiceRun];
  const runs: readonly ServiceRun[] = [{ ...first, phase: 'more', until: NOW + 900 }, second];

  it('is tried again a while later, with what was seen before', () => {
    expect(afterTrouble(runs, 1, 'NoLeader')).toEqual({ runs, changes: [], ask: [first.serviceId], wait: 15 });
  });

  it('is tried again later each time', () => {
    expect(afterTrouble(runs, 2, 'NoLeader')).toMatchObject({ runs, wait: 30 });
  });

  it('ends what was under way and what waits the third time, and leaves what may bear a mark to the tidy', () => {
    const each = PHASES.map((phase): ServiceRun => ({ ...first, phase }));
    const ended = afterTrouble(each, 3, 'NoLeader').runs;
    expect(ended.map(({ outcome, left }, index) => [PHASES[index], outcome, left === true])).toEqual([
      ['queued', 'stopped', false],
      ['ready', 'failed', false],
      ['more', 'failed', true],
      ['undo', 'failed', true],
      ['fewer', 'failed', true],
      ['settle', 'failed', false],
      ['settling', 'failed', false],
      // It stays as it has ended.
      ['ended', undefined, false],
    ]);
  });

  it('ends the run the third time: what may bear a mark is left to the tidy', () => {
    const { ask, runs: ended } = afterTrouble(runs, 3, 'NoLeader');
    expect(ask).toEqual([]);
    expect(ended.map(({ phase, outcome, because, left }) => [phase, outcome, because, left])).toEqual([
      ['ended', 'failed', 'NoLeader', true],
      ['ended', 'stopped', 'NoLeader', undefined],
    ]);
  });
});

describe('a mark that somebody has left behind', () => {
  const marked = (mark: string, counts: Record<string, number>, changes: Partial<ServiceFacts> = {}): ServiceFacts =>
    aService('web', counts, { labels: { 'skep.shift': mark }, ...changes });

  it.each<[string[], ServiceFacts]>([
    [['id-web@10@fewer', 'id-web@0@settle'], marked(`more@${NOW - 1}@3`, { a: 3, b: 1 })],
    [
      ['id-web@10@include', 'id-web@0@settle'],
      marked(`exclude@${NOW - 1}@${'a'.repeat(25)}+${'b'.repeat(25)}`, { a: 3 }),
    ],
    // Its time is not over.
    [[], marked(`more@${NOW}@3`, { a: 3, b: 1 })],
    // By hand.
    [[], marked('something else', { a: 3, b: 1 })],
    // Its owner's update is under way.
    [[], marked(`more@${NOW - 1}@3`, { a: 3, b: 1 }, { update: 'paused', previousMark: `more@${NOW - 1}@3` })],
  ])('is taken back as %j', (changes, service) => {
    expect(leftovers([service], NOW)).toEqual(changes);
  });

  const before = `more@${NOW - 9}@3`;

  it.each<[string[], Partial<ServiceFacts>]>([
    [['id-web@10@settle'], { kept: true }],
    [['id-web@10@settle'], { kept: true, order: 'stop-first' }],
    [['id-web@10@settle'], { kept: true, previousMark: before }],
    // It would be updated once more, stop-first: a person has to ask for that.
    [[], { kept: true, order: 'stop-first', previousMark: before }],
    [[], { kept: true, update: 'updating' }],
    [[], { kept: true, labels: { 'skep.shift': 'by hand' } }],
    [[], {}],
  ])('or a history alone: %j of %j', (changes, facts) => {
    expect(leftovers([aService('web', { a: 3 }, facts)], NOW)).toEqual(changes);
  });

  const more = { kind: 'more', until: NOW, replicas: 4 } as const;
  const tasks = (...counts: [string, number, number][]): ServiceFacts['tasks'] =>
    new Map(counts.map(([id, running, others]) => [id, { running, others }]));

  it.each<[boolean, string, Partial<ServiceFacts>]>([
    [true, 'one more runs than before', { tasks: tasks(['a', 4, 0], ['b', 1, 0]) }],
    [false, 'the extra one does not run, and one that does would go', { tasks: tasks(['a', 4, 0], ['b', 0, 1]) }],
    [true, 'the extra one has no node: that is the one that goes', { tasks: tasks(['a', 4, 0]), unassigned: 1 }],
    [true, 'the extra one is on the fullest node', { tasks: tasks(['a', 4, 1]) }],
    [false, 'the extra one is on one of two fullest nodes', { tasks: tasks(['a', 1, 1], ['b', 2, 0], ['c', 1, 0]) }],
    [true, 'the extra one is not started anew', { tasks: tasks(['a', 4, 0]) }],
    [true, 'the fullest node has one that does not run', { tasks: tasks(['a', 2, 0], ['b', 1, 2]) }],
    [true, 'somebody has set the number since', { tasks: tasks(['a', 2, 2]), replicas: 9 }],
    [true, 'somebody has set the number since', { tasks: tasks(['a', 4, 0], ['b', 0, 1]), replicas: 9 }],
  ])('may go now: %s, %s', (may, _why, changes) => {
    const service = aService('web', {}, { replicas: 5, labels: { 'skep.shift': `more@${NOW}@4` }, ...changes });
    expect(mayTakeBack(service, more)).toBe(may);
  });
});

describe('what is told', () => {
  const services = [aService('x', { a: 4 }), aService('y', { a: 4 }, { mounts: ['bind'] })];
  const planned = planRebalance({ nodes, services, now: NOW }, { only: [], maxMoves: 100 });

  it('of a dry run is the plan that a run carries out', () => {
    expect(firstReport(planned)).toMatchObject({
      planned: 2,
      made: 0,
      services: [{ name: 'x', moves: 2, made: 0, nodes: [{ from: 4, to: 2 }, { to: 2 }] }],
      leftOut: [{ name: 'y', reason: 'Volumes' }],
    });
    expect(startRuns(planned, NOW).map(({ name, moves }) => [name, moves])).toEqual([['x', 2]]);
  });

  it('in the end is what was made of it', () => {
    const runs = startRuns(planned, NOW).map((run) => ({ ...run, done: 1, outcome: 'failed' as const, left: true }));
    expect(finalReport(firstReport(planned), runs)).toMatchObject({
      planned: 2,
      made: 1,
      services: [{ name: 'x', moves: 2, made: 1, outcome: 'failed', left: true }],
    });
  });

  it('of thousands of services fits into what a state may pass on', () => {
    const many = Array.from({ length: 3000 }, (_one, index) => aService(`s${index}`, { a: 2 }, { mounts: ['bind'] }));
    const report = firstReport(planRebalance({ nodes, services: many, now: NOW }, { only: [], maxMoves: 100 }));
    expect(report.leftOut.length + report.notTold).toBe(3000);
    const uneven = Array.from({ length: 300 }, (_one, index) => aService(`u${index}`, { a: 2 }));
    const both = firstReport(
      planRebalance({ nodes, services: [...many, ...uneven], now: NOW }, { only: [], maxMoves: 9 }),
    );
    expect([both.services.length, both.leftOut.length, both.notTold]).toEqual([200, 200, 2900]);
    expect(JSON.stringify(report).length).toBeLessThan(100_000);
  });
});
