// One look of a rebalance at a service: what is decided on it, phase by phase.
import { describe, expect, it } from '@jest/globals';

import { MARK_LABEL } from '../../../../src/core/labels.ts';
import { planRebalance } from '../../../../src/core/rebalance/plan.ts';
import { PHASES, rebalanceRound, startRuns } from '../../../../src/core/rebalance/round.ts';
import type { ServiceRun } from '../../../../src/core/rebalance/round.ts';
import { serviceRuns } from '../../../../src/core/rebalance/shapes.ts';
import type { ServiceFacts } from '../../../../src/core/services/facts.ts';
import { aNode, aService } from '../../support/services.ts';

const START = 1_700_000_000;

/** The run of a service of four tasks, on nodes a and b. */
const RUN: ServiceRun = {
  ...{ serviceId: 'id-web', name: 'web', moves: 2, done: 0, phase: 'ready', since: START },
  ...{ version: 10, replicas: 4, until: 0, full: [0, 0] },
};
const UNTIL = START + 900;
const MARKED = { labels: { [MARK_LABEL]: `more@${UNTIL}@4` }, version: 11, replicas: 5 } as const;
const MOVING: ServiceRun = { ...RUN, phase: 'more', until: UNTIL, full: [4, 1] };
const LEAVING: ServiceRun = { ...MOVING, source: { nodeId: 'a'.repeat(25), place: 'a' } };
const KEPT_OFF = { labels: { [MARK_LABEL]: `exclude@${UNTIL}@${'a'.repeat(25)}` }, version: 11 } as const;
const SKEPS_BEFORE = `more@${UNTIL}@4`;
const NODES_MOVED = 'nodes came or went: where its tasks are is not known';

interface Look {
  readonly run: ServiceRun;
  readonly service: ServiceFacts;
  /** Seconds after the phase began. */
  readonly at?: number;
  readonly moved?: boolean;
  readonly closing?: string;
}

/** What comes of one look: `PHASE, OUTCOME: BECAUSE, left; CHANGE`. */
function lookAt({ run, service, at = 5, moved, closing }: Look): string {
  const around = { cut: false, closing, now: START + at, ...(moved === undefined ? {} : { moved }) };
  const { runs, changes } = rebalanceRound({ runs: [run], seen: [service], ...around });
  const [{ phase, outcome, because, left }] = runs as [ServiceRun];
  const ended = outcome === undefined ? '' : `, ${outcome}${because === undefined ? '' : `: ${because}`}`;
  const made = changes.map(({ kind, version }) => `; ${kind}@${version}`).join('');
  return `${phase}${ended}${left === true ? ', left' : ''}${made}`;
}

const four = (changes: Partial<ServiceFacts> = {}): ServiceFacts => aService('web', { a: 4 }, changes);
const others = (counts: Record<string, [running: number, others: number]>): Pick<ServiceFacts, 'tasks'> => ({
  tasks: new Map(Object.entries(counts).map(([id, [running, more]]) => [id, { running, others: more }])),
});
/** Four of its tasks run, and one is on its way. */
const starting = others({ a: [4, 0], b: [0, 1] });

describe('before a move', () => {
  const second: ServiceRun = { ...RUN, done: 1, until: UNTIL };
  const ours = { version: 13, previousMark: SKEPS_BEFORE };

  it.each<[string, Look]>([
    ['more; more@10', { run: RUN, service: four() }],
    // Between two moves the spec before is skep's, whatever the version.
    ['more; more@13', { run: second, service: four(ours) }],
    ['ended, changed: it was changed meanwhile', { run: second, service: four({ version: 13 }) }],
    ['ended, changed: it was changed meanwhile', { run: RUN, service: four({ version: 11 }) }],
    ['ended, changed: it was changed meanwhile', { run: RUN, service: four({ update: 'updating' }) }],
    // What was kept of it is put back when its owner's update has ended.
    ['settle, changed: it was changed meanwhile', { run: RUN, service: four({ update: 'updating', kept: true }) }],
    ['ended, changed: its replicas were set to 6', { run: RUN, service: four({ replicas: 6 }) }],
    ['ended, changed: another run of skep is at work on it', { run: RUN, service: four({ labels: MARKED.labels }) }],
    ['settling, moved; settle@13', { run: { ...second, done: 2 }, service: four(ours) }],
    ['settling, stopped: held; settle@13', { run: second, service: four(ours), closing: 'held' }],
  ])('comes %s', (next, look) => {
    expect(lookAt(look)).toBe(next);
  });

  it('a service has two minutes to have all of its tasks up, and no other on its way', () => {
    const waits = four({ tasks: others({ a: [3, 0], b: [0, 1] }).tasks });
    expect(lookAt({ run: RUN, service: waits, at: 120 })).toBe('ready');
    expect(lookAt({ run: RUN, service: waits, at: 121 })).toBe('ended, failed: 3 of its 4 tasks run, after 120 s');
  });

  it('by a task that is to leave its node, nodes must not have come or gone; one of a surplus does not mind', () => {
    const leaving: ServiceRun = { ...RUN, source: { nodeId: 'a', place: '0' } };
    expect(lookAt({ run: leaving, service: four(), moved: true })).toBe(`ended, stopped: ${NODES_MOVED}`);
    expect(lookAt({ run: leaving, service: four(), moved: false })).toBe('more; exclude@10');
    const { changes } = rebalanceRound({ runs: [leaving], seen: [four()], cut: false, closing: undefined, now: START });
    expect(changes).toMatchObject([{ kind: 'exclude', nodes: ['a'] }]);
    expect(lookAt({ run: RUN, service: four(), moved: true })).toBe('more; more@10');
  });

  it('the run notes when it began, and how full the fullest nodes are', () => {
    const service = aService('web', { a: 2, b: 2, c: 1 });
    const run = { ...RUN, replicas: 5 };
    const { runs } = rebalanceRound({ runs: [run], seen: [service], cut: false, closing: undefined, now: START + 7 });
    expect(runs).toEqual([{ ...run, phase: 'more', since: START + 7, until: START + 907, full: [2, 2] }]);
  });
});

describe('a move', () => {
  const up = aService('web', { a: 4, b: 1 }, MARKED);
  const full = aService('web', { a: 5 }, MARKED);
  const stuck = 'the extra task came up on a node that is as full as the others: an emptier one could not run it';

  it.each<[string, Look]>([
    ['more', { run: MOVING, service: four({ ...MARKED, ...starting }) }],
    ['fewer; fewer@11', { run: MOVING, service: up }],
    [`fewer, stuck: ${stuck}; fewer@11`, { run: MOVING, service: full }],
    // As many nodes as before, and one more, are the fullest: SwarmKit may take the task of any of them.
    [
      `fewer, stuck: ${stuck}; fewer@11`,
      { run: { ...MOVING, full: [2, 2] }, service: aService('web', { a: 2, b: 2, c: 2 }, { ...MARKED, replicas: 5 }) },
    ],
    ['ended, changed: it was changed meanwhile', { run: MOVING, service: four({ version: 11 }) }],
    ['ended, stopped: held', { run: MOVING, service: four({ version: 10 }), closing: 'held' }],
    // The mark of somebody else, though it has the same form.
    [
      'ended, changed: it was changed meanwhile',
      {
        run: MOVING,
        service: aService('web', { a: 4, b: 1 }, { ...MARKED, labels: { [MARK_LABEL]: `more@${UNTIL + 1}@4` } }),
      },
    ],
    // The number was set, so only the mark goes; what an update of the owner's would be is left to the owner.
    [
      'fewer, changed: its replicas were set to 9; fewer@11',
      { run: MOVING, service: four({ ...MARKED, replicas: 9 }) },
    ],
    [
      'undo, changed: it was changed meanwhile',
      {
        run: MOVING,
        service: aService('web', { a: 4, b: 1 }, { ...MARKED, previousMark: SKEPS_BEFORE, update: 'updating' }),
      },
    ],
    [
      'fewer, changed: it was changed meanwhile; fewer@11',
      { run: MOVING, service: aService('web', { a: 4, b: 1 }, { ...MARKED, previousMark: SKEPS_BEFORE }) },
    ],
    [
      'fewer, changed: it was changed meanwhile; fewer@11',
      { run: MOVING, service: aService('web', { a: 4, b: 1 }, { ...MARKED, update: 'updating' }) },
    ],
  ])('comes to %s', (next, look) => {
    expect(lookAt(look)).toBe(next);
  });

  it('whose task does not run within two minutes is given up, and its mark is left to the tidy after ten', () => {
    const service = four({ ...MARKED, ...starting });
    const because = 'the extra task did not run within 120 s';
    expect(lookAt({ run: MOVING, service, at: 120 })).toBe('more');
    expect(lookAt({ run: MOVING, service, at: 121 })).toBe(`undo, failed: ${because}`);
    const undone: ServiceRun = { ...MOVING, phase: 'undo', outcome: 'failed', because };
    expect(lookAt({ run: undone, service, at: 600 })).toBe(`undo, failed: ${because}`);
    expect(lookAt({ run: undone, service, at: 601 })).toBe(`ended, failed: ${because}, left`);
    expect(lookAt({ run: undone, service: up, at: 601 })).toBe(`fewer, failed: ${because}; fewer@11`);
  });

  it('that was given up ends for the reason that it had, when its mark is gone', () => {
    const service = four({ version: 13, previousMark: SKEPS_BEFORE });
    const run: ServiceRun = { ...MOVING, phase: 'undo', outcome: 'stuck', because: 'x' };
    expect(lookAt({ run, service })).toBe('settling, stuck: x; settle@13');
  });

  it('is made again as long as its last change was refused, for ten minutes', () => {
    const run: ServiceRun = { ...MOVING, phase: 'fewer' };
    expect(lookAt({ run, service: up, at: 600 })).toBe('fewer; fewer@11');
    expect(lookAt({ run, service: up, at: 601 })).toBe(
      'ended, failed: its mark could not be taken back within 600 s, left',
    );
    // What has become of it meanwhile counts.
    expect(lookAt({ run, service: four({ ...MARKED, ...starting }) })).toBe('more');
    // One that is given up is not taken for made.
    const given: ServiceRun = { ...run, outcome: 'stuck', because: 'x' };
    expect(lookAt({ run: given, service: four({ ...MARKED, ...starting }) })).toBe('undo, stuck: x');
    expect(lookAt({ run: given, service: up })).toBe('fewer, stuck: x; fewer@11');
    expect(lookAt({ run: given, service: up, at: 601 })).toBe('ended, stuck: x, left');
  });

  it('is done when the mark is gone: the next one begins once all tasks run', () => {
    const run: ServiceRun = { ...MOVING, phase: 'fewer' };
    const ours = { version: 13, previousMark: SKEPS_BEFORE };
    const round = { cut: false, closing: undefined, now: START + 30 };
    const waiting = rebalanceRound({
      runs: [run],
      seen: [four({ ...ours, ...others({ a: [3, 0], b: [0, 1] }) })],
      ...round,
    });
    expect(waiting.runs).toEqual([{ ...run, phase: 'ready', since: START + 30, done: 1 }]);
    expect(lookAt({ run, service: aService('web', { a: 3, b: 1 }, ours) })).toBe('more; more@13');
    const given: ServiceRun = { ...run, outcome: 'stuck', because: 'x' };
    expect(lookAt({ run: given, service: four(ours) })).toBe('settling, stuck: x; settle@13');
  });
});

describe('a task that is to leave its node', () => {
  const gone = others({ b: [4, 0] });

  it.each<[string, Look]>([
    ['fewer; include@11', { run: LEAVING, service: four({ ...KEPT_OFF, ...gone }) }],
    ['more', { run: LEAVING, service: four({ ...KEPT_OFF, ...gone, update: 'updating' }) }],
    ['more', { run: LEAVING, service: four({ ...KEPT_OFF, ...others({ b: [3, 1] }) }) }],
    ['more', { run: LEAVING, service: four({ ...KEPT_OFF, ...others({ a: [1, 0], b: [3, 0] }) }) }],
    ['more', { run: LEAVING, service: four({ ...KEPT_OFF, ...gone, update: 'updating' }), at: 120 }],
    [
      'fewer, failed: its task has not left within 120 s; include@11',
      { run: LEAVING, service: four({ ...KEPT_OFF, ...gone, update: 'updating' }), at: 121 },
    ],
    [
      `fewer, failed: ${NODES_MOVED}; include@11`,
      { run: LEAVING, service: four({ ...KEPT_OFF, ...gone }), moved: true },
    ],
    [
      'fewer, changed: it was changed meanwhile; include@11',
      { run: LEAVING, service: four({ ...KEPT_OFF, ...gone, previousMark: KEPT_OFF.labels[MARK_LABEL] }) },
    ],
  ])('comes to %s', (next, look) => {
    expect(lookAt(look)).toBe(next);
  });
});

describe('the history of a service', () => {
  const settle: ServiceRun = { ...RUN, phase: 'settle', outcome: 'moved', until: UNTIL };
  const changed: ServiceRun = { ...settle, outcome: 'changed' };
  const settling: ServiceRun = { ...settle, phase: 'settling' };
  const ours = { version: 13, previousMark: SKEPS_BEFORE };

  it.each<[string, Look]>([
    ['settling, moved; settle@13', { run: settle, service: four(ours) }],
    ['settling, moved; settle@13', { run: settle, service: four(ours), at: 60 }],
    ['ended, moved', { run: settle, service: four(ours), at: 61 }],
    ['settle, moved', { run: settle, service: four({ ...ours, update: 'updating' }) }],
    // Another run of skep is at work on it.
    ['ended, moved', { run: settle, service: four({ ...ours, labels: MARKED.labels }) }],
    // Of before its owner's change there is only what was kept before skep's first touch.
    ['ended, changed', { run: changed, service: four(ours) }],
    ['ended, changed', { run: changed, service: four({ version: 13 }) }],
    ['settling, changed; settle@13', { run: changed, service: four({ version: 13, kept: true }) }],
    // The engine tells of an update for a while.
    ['settling, moved', { run: settling, service: four({ update: 'updating' }) }],
    ['settling, moved', { run: settling, service: four({ unassigned: 1 }) }],
    ['settling, moved', { run: settling, service: four({ unassigned: 1 }), at: 60 }],
    ['ended, moved', { run: settling, service: four({ unassigned: 1 }), at: 61 }],
    ['ended, moved', { run: settling, service: four() }],
  ])('is put back: %s', (next, look) => {
    expect(lookAt(look)).toBe(next);
  });

  it('has a minute from when its last move has ended', () => {
    const done: ServiceRun = { ...RUN, done: 2, until: UNTIL };
    const { runs } = rebalanceRound({
      runs: [done],
      seen: [four(ours)],
      cut: false,
      closing: undefined,
      now: START + 300,
    });
    expect(runs).toMatchObject([{ phase: 'settling', since: START + 300 }]);
  });
});

describe('a service', () => {
  const look = { cut: false, closing: undefined, now: START + 5 };

  it('of which nothing can be told any more ends, and a mark that it may bear is left to the tidy', () => {
    const because = 'what the engine says of it cannot be read any more';
    const ended = PHASES.map((phase) => {
      const { runs } = rebalanceRound({ runs: [{ ...MOVING, phase }], seen: [], unreadable: ['id-web'], ...look });
      const [run] = runs;
      return run?.because === because
        ? `${phase} ${run.phase} ${run.outcome}${run.left === true ? ', left' : ''}`
        : phase;
    });
    expect(ended).toEqual([
      'queued',
      'ready ended changed',
      'more ended changed, left',
      'undo ended changed, left',
      'fewer ended changed, left',
      'settle ended changed',
      'settling ended changed',
      'ended',
    ]);
  });

  it('that is gone ends its run', () => {
    const { runs, ask } = rebalanceRound({ runs: [MOVING], seen: [], ...look });
    expect([runs, ask]).toMatchObject([[{ phase: 'ended', outcome: 'changed', because: 'it is gone' }], []]);
  });

  it('whose run has ended is not looked at again, and leaves its place to another', () => {
    const ended = Array.from({ length: 10 }, (): ServiceRun => ({ ...RUN, phase: 'ended', outcome: 'moved' }));
    const { runs, ask, changes } = rebalanceRound({
      runs: [...ended, { ...RUN, serviceId: 'id-next', phase: 'queued' }],
      seen: [four()],
      ...look,
    });
    expect([runs.slice(0, 10), ask, changes]).toEqual([ended, ['id-next'], []]);
  });

  it('that waits for its turn does not begin where the whole run is to end', () => {
    const queued: ServiceRun = { ...RUN, phase: 'queued' };
    const { runs, ask } = rebalanceRound({ runs: [queued], seen: [], ...look, closing: 'held' });
    expect([runs, ask]).toEqual([[{ ...queued, phase: 'ended', outcome: 'stopped', because: 'held' }], []]);
  });
});

describe('the next look comes', () => {
  const waitOf = (runs: readonly ServiceRun[], seen: readonly ServiceFacts[], now: number): number =>
    rebalanceRound({ runs, seen, cut: true, closing: undefined, now }).wait;
  const still = four({ ...MARKED, ...starting });

  it.each([
    [2, 0],
    [2, 14],
    [5, 15],
    [5, 59],
    [15, 60],
    [15, 120],
  ])('after %i s where a phase began %i s ago', (wait, ago) => {
    expect(waitOf([MOVING], [still], START + ago)).toBe(wait);
  });

  it('as soon as the youngest phase asks for', () => {
    const young: ServiceRun = { ...MOVING, serviceId: 'id-young', since: START + 55 };
    expect(waitOf([MOVING, young], [still, { ...still, serviceId: 'id-young' }], START + 60)).toBe(2);
  });

  it('at once where one that is to begin was not seen yet, or where something was changed', () => {
    const waiting = four({ unassigned: 1 });
    expect(waitOf([RUN], [waiting], START + 5)).toBe(2);
    expect(waitOf([MOVING], [], START + 5)).toBe(2);
    expect(waitOf([MOVING, { ...RUN, serviceId: 'id-new' }], [still], START + 5)).toBe(0);
    expect(waitOf([MOVING, { ...RUN, serviceId: 'id-new', phase: 'queued' }], [still], START + 5)).toBe(0);
    expect(waitOf([RUN], [four()], START + 5)).toBe(0);
  });
});

describe('runs that are about to start', () => {
  const a = 'a'.repeat(25);
  const services = ['1', '2', '3'].map((id) => aService(`s${id}`, { [a]: 1 }, { serviceId: id.repeat(25) }));
  const facts = { nodes: [aNode(a), aNode('b')], services, now: START };
  const planned = planRebalance(facts, { only: [], maxMoves: 100, even: 'cluster' });

  it('name the node that a task is to leave, and are of a form that comes back whole', () => {
    const runs = startRuns(planned, START, () => '0');
    expect(runs.map(({ source }) => source)).toEqual([{ nodeId: a, place: '0' }]);
    expect(serviceRuns.parse(runs)).toEqual(runs);
    expect(startRuns(planned, START)).toMatchObject([{ source: { nodeId: a, place: a } }]);
  });
});
