// A rebalance round by round, against a model of SwarmKit: what it does when all is well, and what when it is not.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { MARK_LABEL } from '../../../../src/core/labels.ts';
import { planRebalance } from '../../../../src/core/rebalance/plan.ts';
import { rebalanceRound, startRuns } from '../../../../src/core/rebalance/round.ts';
import type { ServiceRun } from '../../../../src/core/rebalance/round.ts';
import type { ServiceFacts } from '../../../../src/core/services/facts.ts';
import { aNode, aService } from '../../support/services.ts';
import { SwarmModel } from '../../support/swarm-model.ts';
import type { Habits } from '../../support/swarm-model.ts';

const START = 1_700_000_000;
const QUICK: Habits = { startsIn: () => 1, pick: () => 0 };

interface Played {
  readonly run: ServiceRun;
  readonly least: number;
  readonly changes: readonly string[];
  readonly seconds: number;
}

/** @param meanwhile what happens before each look */
function play(
  swarm: SwarmModel,
  meanwhile: (round: number) => void = () => undefined,
  closing: (round: number) => string | undefined = () => undefined,
): Played {
  const nodes = ['a', 'b', 'c', 'd', 'e', 'f'].slice(0, swarm.counts.length).map((id) => aNode(id));
  const made = planRebalance({ nodes, services: [swarm.facts], now: START }, { only: [], maxMoves: 100 });
  let runs: readonly ServiceRun[] = startRuns(made, START);
  let seen: readonly ServiceFacts[] = [];
  let now = START;
  let least = swarm.running;
  const changes: string[] = [];
  for (let round = 0; round < 2000; round += 1) {
    const next = rebalanceRound({ runs, seen, cut: false, closing: closing(round), now });
    runs = next.runs;
    const [run] = runs;
    if (next.ask.length === 0 && run !== undefined) {
      return { run, least, changes, seconds: now - START };
    }
    for (let second = 0; second < next.wait; second += 1) {
      swarm.tick();
    }
    now += next.wait + 1;
    meanwhile(round);
    for (const change of next.changes) {
      changes.push(`${change.kind} ${swarm.make(change) ?? 'made'}`);
    }
    least = Math.min(least, swarm.running);
    seen = [swarm.facts];
  }
  throw new Error('it does not end');
}

describe('a run', () => {
  it('of 12 tasks on three of six nodes moves six, and ends with two on each', () => {
    const swarm = new SwarmModel({ a: 4, b: 4, c: 4, d: 0, e: 0, f: 0 }, QUICK);
    const { run, least, changes } = play(swarm);
    expect(swarm.counts).toEqual([2, 2, 2, 2, 2, 2]);
    expect(run).toMatchObject({ done: 6, outcome: 'moved', phase: 'ended' });
    expect(least).toBe(12);
    expect(changes).toEqual([...Array.from({ length: 6 }, () => ['more made', 'fewer made']).flat(), 'settle made']);
    expect(swarm.labels).toEqual({});
  });

  it('gives a move up when the extra task does not run, without a task that does', () => {
    // It never gets a node: then it is the one that SwarmKit takes away.
    const swarm = new SwarmModel({ a: 3, b: 0 }, { ...QUICK, startsIn: () => undefined, homeless: true });
    const { run, least, seconds } = play(swarm);
    expect(run).toMatchObject({ done: 0, outcome: 'failed', because: 'the extra task did not run within 120 s' });
    expect(run.left).toBeUndefined();
    expect(least).toBe(3);
    expect(swarm.replicas).toBe(3);
    expect(seconds).toBeLessThan(200);
  });

  it('leaves its mark to the tidy where taking it back would take a task that runs', () => {
    const swarm = new SwarmModel({ a: 4, b: 0 }, { ...QUICK, startsIn: () => undefined });
    const { run, least, changes } = play(swarm);
    expect(run).toMatchObject({ done: 0, outcome: 'failed', left: true });
    expect(least).toBe(4);
    expect(changes).toEqual(['more made']);
    expect(swarm.labels[MARK_LABEL]).toMatch(/^more@\d+@4$/);
  });

  it('ends when a stack deploy comes in between, and takes nothing of it back', () => {
    const swarm = new SwarmModel({ a: 6, b: 0, c: 0 }, { ...QUICK, startsIn: () => 20 });
    const { run } = play(swarm, (round) => {
      if (round === 3) {
        swarm.write({ replicas: 9, mark: undefined });
      }
    });
    expect(run).toMatchObject({ outcome: 'changed', because: 'it was changed meanwhile' });
    expect(swarm.replicas).toBe(9);
  });

  it("ends when an autoscaler sets the number, and takes away skep's mark, not the number", () => {
    const swarm = new SwarmModel({ a: 6, b: 0, c: 0 }, { ...QUICK, startsIn: () => 20 });
    const { run } = play(swarm, (round) => {
      if (round === 3) {
        swarm.write({ replicas: 10, mark: swarm.labels[MARK_LABEL] });
      }
    });
    expect(run).toMatchObject({ outcome: 'changed', because: 'its replicas were set to 10' });
    expect(swarm.replicas).toBe(10);
    expect(swarm.labels).toEqual({});
  });

  it("waits for its owner's update before it takes its own back", () => {
    const swarm = new SwarmModel({ a: 6, b: 0, c: 0 }, { ...QUICK, startsIn: () => 20 });
    const { run, changes } = play(swarm, (round) => {
      if (round === 3) {
        swarm.write({ replicas: 7, mark: swarm.labels[MARK_LABEL] });
        swarm.update = 'updating';
      }
      if (round === 12) {
        swarm.update = 'completed';
      }
    });
    expect(run).toMatchObject({ outcome: 'changed' });
    expect(changes).toEqual(['more made', 'fewer made']);
    expect(swarm.replicas).toBe(6);
  });

  it('never begins what is another version than was planned', () => {
    const swarm = new SwarmModel({ a: 6, b: 0 }, QUICK);
    const { run, changes } = play(swarm, (round) => {
      if (round === 0) {
        swarm.version += 1;
      }
    });
    expect(run).toMatchObject({ done: 0, outcome: 'changed' });
    expect(changes).toEqual([]);
  });

  it('ends at a change between two moves', () => {
    const swarm = new SwarmModel({ a: 6, b: 0 }, { ...QUICK, startsIn: () => 4 });
    let changed = false;
    const { run } = play(swarm, () => {
      if (!changed && swarm.labels[MARK_LABEL] === undefined && swarm.previousMark !== '') {
        changed = true;
        swarm.write({ replicas: swarm.replicas, mark: undefined });
      }
    });
    expect(run).toMatchObject({ done: 1, outcome: 'changed' });
  });

  it('finishes the move that it is at when it is told to end, and begins no other', () => {
    const swarm = new SwarmModel({ a: 8, b: 0, c: 0 }, { ...QUICK, startsIn: () => 10 });
    const { run, changes } = play(swarm, undefined, (round) => (round >= 3 ? 'cancelled' : undefined));
    expect(run).toMatchObject({ done: 1, outcome: 'stopped', because: 'cancelled' });
    expect(changes).toEqual(['more made', 'fewer made', 'settle made']);
  });
});

describe('many services', () => {
  const services = Array.from({ length: 25 }, (_one, index) => aService(`s${index}`, { a: 2 + (index % 2) * 2, b: 0 }));
  const planned = planRebalance({ nodes: [aNode('a'), aNode('b')], services, now: START }, { only: [], maxMoves: 100 });

  it('are at work ten at a time', () => {
    const runs = startRuns(planned, START);
    const first = rebalanceRound({ runs, seen: [], cut: false, closing: undefined, now: START });
    expect(first.ask).toHaveLength(10);
    const seen = services.filter(({ serviceId }) => first.ask.includes(serviceId));
    const second = rebalanceRound({ runs: first.runs, seen, cut: false, closing: undefined, now: START });
    expect(second.changes.map(({ kind }) => kind)).toEqual(Array.from({ length: 10 }, () => 'more'));
    expect(second).toMatchObject({ wait: 0 });
  });

  it('that do not fit into what is told are asked for first the next time, and are not taken for gone', () => {
    const { runs, ask } = rebalanceRound({
      runs: startRuns(planned, START),
      seen: [],
      cut: false,
      closing: undefined,
      now: START,
    });
    const seen = services.filter(({ serviceId }) => serviceId === ask[0]);
    const cut = rebalanceRound({ runs, seen, cut: true, closing: undefined, now: START });
    expect(cut.changes).toHaveLength(1);
    expect(cut.ask.at(-1)).toBe(ask[0]);
    expect(cut.ask.toSorted()).toEqual(ask.toSorted());
    // In the other order as well: what was told last time goes last, wherever it stood.
    const last = services.filter(({ serviceId }) => serviceId === ask.at(-1));
    const cutElsewhere = rebalanceRound({ runs, seen: last, cut: true, closing: undefined, now: START });
    expect(cutElsewhere.ask.at(-1)).toBe(ask.at(-1));
    const whole = rebalanceRound({ runs, seen, cut: false, closing: undefined, now: START });
    expect(whole.runs.filter(({ because }) => because === 'it is gone')).toHaveLength(9);
  });
});

describe('whatever happens', () => {
  const counts = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 2, maxLength: 6 });
  const starts = fc.array(fc.option(fc.integer({ min: 0, max: 200 }), { nil: undefined }), {
    minLength: 1,
    maxLength: 12,
  });
  const picks = fc.array(fc.nat(), { minLength: 1, maxLength: 30 });
  const owner = fc.record({
    at: fc.integer({ min: 0, max: 60 }),
    does: fc.constantFrom('nothing', 'deploys', 'scales', 'updates', 'cancels'),
    to: fc.integer({ min: 0, max: 40 }),
  });

  it('it ends, no task that ran is lost by it, and no mark is left without a word', () => {
    fc.assert(
      fc.property(counts, starts, picks, owner, fc.boolean(), (before, delays, choices, { at, does, to }, homeless) => {
        let turn = 0;
        const pick = (below: number): number => (choices[turn++ % choices.length] ?? 0) % below;
        const startsIn = (number: number): number | undefined => delays[number % delays.length];
        const of = Object.fromEntries(before.map((count, index) => ['abcdef'.charAt(index), count]));
        const swarm = new SwarmModel(of, { startsIn, pick, homeless });
        const wanted = swarm.replicas;
        fc.pre(Math.max(...before) - Math.min(...before) > 1);
        const writes = ['deploys', 'scales', 'updates'].includes(does);
        // What an owner takes away is the owner's.
        const floors: number[] = [wanted];
        const { run, least } = play(
          swarm,
          (round) => {
            if (round === at && writes) {
              const replicas = does === 'updates' ? swarm.replicas : to;
              swarm.write({ replicas, mark: does === 'deploys' ? undefined : swarm.labels[MARK_LABEL] });
              floors.push(swarm.running);
            }
          },
          (round) => (does === 'cancels' && round >= at ? 'cancelled' : undefined),
        );
        expect(least).toBeGreaterThanOrEqual(Math.min(...floors));
        expect(swarm.labels[MARK_LABEL] === undefined || run.left === true).toBe(true);
        expect(writes || run.left === true || swarm.replicas === wanted).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
