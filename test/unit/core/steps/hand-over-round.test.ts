import { describe, expect, it } from '@jest/globals';

import type { ServiceFacts } from '../../../../src/core/services/facts.ts';
import { nextRound } from '../../../../src/core/steps/hand-over-round.ts';
import type { Facts, HandOverRound } from '../../../../src/core/steps/step.ts';
import { NODE_ID, NOW, planOf } from '../../support/examples.ts';
import { aService } from '../../support/services.ts';
import { factsOf, stepOf } from '../../support/steps.ts';

const OTHER = 'o'.repeat(25);
const UNTIL = NOW + 600;

interface Seen {
  readonly services?: readonly ServiceFacts[];
  readonly unreadable?: readonly { readonly name: string }[];
  readonly leaving?: readonly string[];
  readonly facts?: Partial<Facts>;
  readonly plan?: Parameters<typeof planOf>[0];
}

function next({ services = [], unreadable = [], leaving = [NODE_ID], facts = {}, plan = {} }: Seen) {
  const round: HandOverRound = { number: 1, leaving, told: { services, unreadable } };
  return nextRound(stepOf('shift', { plan: planOf({ deadline: NOW + 1740, ...plan }) }), round, factsOf(facts));
}

const web = (changes: Partial<ServiceFacts> = {}): ServiceFacts =>
  aService('web', { [NODE_ID]: 1 }, { updatedAt: NOW - 900, ...changes });
/** Its mark keeps it off our node, on which a task of it still runs. */
const marked = (changes: Partial<ServiceFacts> = {}): ServiceFacts =>
  web({ labels: { 'skep.shift': `exclude@${UNTIL}@${NODE_ID}` }, update: 'updating', ...changes });

describe('a round of a hand-over', () => {
  it('asks services to keep off the node, and to be told of what is on all that leave together', () => {
    expect(next({ services: [web()], leaving: [NODE_ID, OTHER] })).toEqual({
      isDone: false,
      shift: {
        changes: [`id-web@10@exclude@${NOW + 870}@${NODE_ID}+${OTHER}`],
        tell: `on:${NODE_ID},${OTHER}`,
      },
    });
  });

  it('notes nothing where nothing has begun: a note is a write', () => {
    expect(next({ services: [web()] })).not.toHaveProperty('note');
    expect(next({})).toEqual({ isDone: true, skipped: [] });
  });

  it('notes with what it has begun, by the marks: a change that was asked for may have been refused', () => {
    const services = [marked(), aService('api', { [NODE_ID]: 1 }, { updatedAt: NOW - 900 })];
    expect(next({ services })).toMatchObject({
      isDone: false,
      note: { on: 'node', handedOver: ['id-web'], unplaced: [] },
    });
  });

  it('notes it once', () => {
    expect(next({ services: [marked()], facts: { noted: { tried: ['id-web'], unplaced: [] } } })).not.toHaveProperty(
      'note',
    );
  });

  it('keeps what was noted before beside what it begins with now', () => {
    expect(next({ services: [marked()], facts: { noted: { tried: ['id-api'], unplaced: [] } } })).toMatchObject({
      note: { handedOver: ['id-api', 'id-web'] },
    });
  });

  it('notes who had a task without a node, and takes its mark away where that was so in the round before, too', () => {
    const stuck = marked({ unassigned: 1, updatedAt: NOW - 60 });
    const tried = ['id-web'];
    expect(next({ services: [stuck], facts: { noted: { tried, unplaced: [] } } })).toMatchObject({
      note: { handedOver: tried, unplaced: tried },
      shift: { changes: [] },
    });
    expect(next({ services: [stuck], facts: { noted: { tried, unplaced: tried } } })).toMatchObject({
      shift: { changes: ['id-web@10@include', 'id-web@0@settle'] },
    });
  });

  it('notes that a task has found its node: else one that is without a node for a moment much later counts as stuck', () => {
    const noted = { tried: ['id-web'], unplaced: ['id-web'] };
    expect(next({ services: [marked()], facts: { noted } })).toMatchObject({ note: { unplaced: [] } });
  });

  it('does not begin anew with what it had begun with: the drain takes it', () => {
    expect(next({ services: [web()], facts: { noted: { tried: ['id-web'], unplaced: [] } } })).toEqual({
      isDone: true,
      skipped: [{ service: 'web', why: 'its tasks did not find another node' }],
    });
  });

  it('is the last one where only such is left as the drain must take, and says which and why', () => {
    const seen = { services: [web({ order: 'stop-first' })], unreadable: [{ name: 'huge' }] } as const;
    expect(next(seen)).toEqual({
      isDone: true,
      skipped: [
        { service: 'web', why: 'its update order is stop-first' },
        { service: 'huge', why: 'what the engine says of it is too long, or cannot be read' },
      ],
    });
  });

  it('is the last one where nobody can read what was told: another look would show the same', () => {
    const round = { number: 0, leaving: [NODE_ID], told: undefined };
    expect(nextRound(stepOf('shift'), round, factsOf())).toEqual({
      isDone: true,
      skipped: [{ service: '-', why: 'what a manager said of the services cannot be read' }],
    });
  });

  it.each<[string, Seen]>([
    ['since it began', { facts: { noted: { tried: [], unplaced: [], diesAt: NOW + 50 } } }],
    ['before it began', { plan: { diesAt: NOW + 50 } }],
  ])(
    'begins nothing any more where AWS has warned %s that it takes the instance in less than a minute',
    (_when, seen) => {
      expect(next({ ...seen, services: [web()] })).toMatchObject({
        isDone: true,
        skipped: [{ service: 'web', why: 'there is no time left' }],
      });
    },
  );
});
