import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { VERBS } from '../../../../src/core/names.ts';
import { decide, noticesOfStep } from '../../../../src/core/steps/decide.ts';
import type { StepKind } from '../../../../src/core/names.ts';
import type { Decision, Facts, Question, Step } from '../../../../src/core/steps/step.ts';
import { DEFAULT_CONFIG } from '../../../../src/core/steps/verbs.ts';
import { LEADER, MANAGER_INSTANCE, NODE_ID, NOW, OTHER_INSTANCE, planOf } from '../../support/examples.ts';
import {
  LATE,
  ended,
  factsOf,
  failed,
  hold,
  item,
  lost,
  lying,
  manager,
  noSwarm,
  nothing,
  running,
  sent,
  stepOf,
  swarm,
  unfounded,
} from '../../support/steps.ts';

type Known = { readonly [Fact in Question['fact']]: Facts[Fact] };

/** Any answer that each question may get. */
const answers: { readonly [Fact in Question['fact']]: fc.Arbitrary<Facts[Fact]> } = {
  hold: fc.constantFrom(null, hold),
  swarm: fc.constantFrom(swarm, unfounded, nothing, lost),
  candidates: fc.constantFrom([], [{ ...LEADER.leader, instance: OTHER_INSTANCE }]),
  record: fc.constantFrom(null, LEADER),
  wanted: fc.integer({ min: 0, max: 7 }),
  config: fc.constant(DEFAULT_CONFIG),
  addresses: fc.constantFrom([], ['10.0.1.12'], ['10.0.9.9', '10.0.1.12']),
  whose: fc.constantFrom({ instances: [], namedBy: [] }, { instances: [OTHER_INSTANCE], namedBy: [] }),
  isUnhealthy: fc.boolean(),
  goesLast: fc.boolean(),
  isGone: fc.boolean(),
  isMarked: fc.boolean(),
  earlier: fc.constantFrom(null, { commandId: 'two', target: MANAGER_INSTANCE }),
  invocation: fc.constantFrom(null, lying, running, ended),
  isInAnyGroup: fc.boolean(),
  hasWorked: fc.boolean(),
};

const anyStep = fc
  .record({
    verb: fc.constantFrom<StepKind>(...VERBS, 'lock', 'hold', 'erase'),
    attempt: fc.integer({ min: 0, max: 15 }),
    belongsTo: fc.constantFrom('node' as const, 'execution' as const),
    plan: fc.constantFrom(planOf(), noSwarm(), manager(), planOf({ role: 'manager', route: 'leave' })),
    ask: fc.record({ undo: fc.boolean(), force: fc.boolean(), refused: fc.boolean(), handOver: fc.boolean() }),
  })
  .map(({ verb, ...changes }) => stepOf(verb, changes));

const anyItem = (step: Step): fc.Arbitrary<Facts['item']> =>
  fc.constantFrom<Facts['item']>(
    null,
    item('Claim'),
    item('Claim', { held: NOW }),
    item(step.key.step),
    item(step.key.step, { uncertain: true, held: NOW }),
    item(step.key.step, { result: failed('Busy', true) }),
    item(step.key.step, { result: { ...failed('OtherAddress', true), cause: `node ${NODE_ID} at 10.0.7.7, which` } }),
    item(step.key.step, { try: 2, result: failed('WrongInstance', true) }),
    item(step.key.step, { result: failed('ForeignSwarm', false) }),
    item(step.key.step, { result: { ok: true, output: {} } }),
    sent(step.key.step, MANAGER_INSTANCE),
  );

describe('whatever a step is and whatever becomes known', () => {
  const any = anyStep.chain((step) =>
    fc.record({
      step: fc.constant(step),
      item:
        step.attempt === 0 && !['lock', 'hold', 'erase'].includes(step.verb) ? fc.constant(undefined) : anyItem(step),
      now: fc.constantFrom(NOW, NOW + 20, LATE, NOW + 200_000),
      known: fc.record(answers),
    }),
  );

  /** What it comes to, and what it has asked for. */
  function answerQuestions(
    step: Step,
    first: Facts,
    known: Known,
  ): { decision: Decision; asked: string[]; facts: Facts } {
    let facts = first;
    const asked: string[] = [];
    for (;;) {
      const decision = decide(step, facts);
      if (decision.kind !== 'ask') {
        return { decision, asked, facts };
      }
      expect(asked).not.toContain(decision.fact);
      asked.push(decision.fact);
      facts = { ...facts, [decision.fact]: known[decision.fact] };
    }
  }

  it('no fact is asked for twice, and it ends in something to do', () => {
    fc.assert(
      fc.property(any, ({ step, item: seen, now, known }) => {
        const { decision } = answerQuestions(
          step,
          factsOf({ now, ...(seen === undefined ? {} : { item: seen }) }),
          known,
        );

        expect(['send', 'look again', 'deliver', 'give up', 'wait']).toContain(decision.kind);
      }),
    );
  });

  it('after the deadline nothing is sent, looked at again or waited for, but what undoes or waits for a hold', () => {
    fc.assert(
      fc.property(any, ({ step, item: seen, known }) => {
        fc.pre(!step.ask.undo && step.verb !== 'hold');
        const facts = factsOf({ now: LATE, ...(seen === undefined ? {} : { item: seen }) });

        expect(['deliver', 'give up']).toContain(answerQuestions(step, facts, known).decision.kind);
      }),
    );
  });

  it('the same facts say the same to a person, and never of a wait', () => {
    fc.assert(
      fc.property(any, ({ step, item: seen, now, known }) => {
        const { facts } = answerQuestions(step, factsOf({ now, ...(seen === undefined ? {} : { item: seen }) }), known);
        const told = noticesOfStep(step, facts);

        expect(noticesOfStep(step, facts)).toEqual(told);
        expect(['lock', 'hold', 'erase'].includes(step.verb) ? told : []).toEqual([]);
      }),
    );
  });
});

describe('what a person is told of the managers', () => {
  it.each<[string, Step, Partial<Facts>, string[]]>([
    ['nothing, where all is well', stepOf('drain', { plan: noSwarm() }), { swarm }, []],
    ['nothing of a record that nobody has read', stepOf('leave', { plan: noSwarm() }), { swarm: lost }, []],
    [
      'that the record is lost',
      stepOf('drain', { plan: noSwarm() }),
      { swarm: lost, candidates: [LEADER.leader] },
      ['LeaderRecordLost'],
    ],
    [
      'that nobody is known',
      stepOf('drain', { plan: noSwarm() }),
      { swarm: lost, candidates: [] },
      ['LeaderRecordLost', 'NoManagerAnswers'],
    ],
    [
      'that nobody answers',
      stepOf('drain', { attempt: 1 }),
      { swarm, candidates: [], item: item('Drain', { result: failed('NoLeader', true) }) },
      ['NoManagerAnswers'],
    ],
    [
      'nothing of a manager that has answered',
      stepOf('drain', { attempt: 1 }),
      { swarm, candidates: [], item: item('Drain', { result: failed('NotReady', true) }) },
      [],
    ],
    [
      'nothing as long as one is left who may be a manager, since it was not asked yet',
      stepOf('drain', { attempt: 1 }),
      {
        swarm,
        candidates: [LEADER.leader, { ...LEADER.leader, instance: OTHER_INSTANCE }],
        item: item('Drain', { result: failed('NoLeader', true) }),
      },
      [],
    ],
    [
      'nothing of a cluster that has no swarm',
      stepOf('drain', { plan: noSwarm() }),
      { swarm: unfounded, candidates: [] },
      [],
    ],
    [
      'nothing before it is known who else may be a manager',
      stepOf('drain', { attempt: 1 }),
      { swarm, item: item('Drain', { result: failed('NoLeader', true) }) },
      [],
    ],
    [
      'that nobody answers, where one of the record is among those who may be managers: it was asked once',
      stepOf('drain', { attempt: 1 }),
      { swarm, candidates: [LEADER.leader], item: item('Drain', { result: failed('NoLeader', true) }) },
      ['NoManagerAnswers'],
    ],
    [
      'nothing of a join that only reads who they are',
      stepOf('join', { attempt: 1 }),
      { swarm, candidates: [], item: item('Join', { result: failed('NoLeader', true) }) },
      [],
    ],
  ])('%s', (_what, step, facts, metrics) => {
    expect(noticesOfStep(step, factsOf(facts)).map(({ metric }) => metric)).toEqual(metrics);
  });
});
