import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { VerdictFacts } from '../../../../src/core/verdict/findings.ts';
import { REPORTS } from '../../../../src/core/verdict/reports.ts';
import { judge } from '../../../../src/core/verdict/verdict.ts';
import type { Judgement, Verdict } from '../../../../src/core/verdict/verdict.ts';
import { INSTANCE, NOW } from '../../support/examples.ts';
import { facts, managers, notReady, seen } from '../../support/verdict-facts.ts';

const last = (changes: Partial<Verdict> = {}): Verdict => ({
  level: 'healthy',
  reasons: [],
  since: NOW - 7200,
  asOf: NOW - 600,
  version: 4,
  lastGood: NOW - 600,
  findings: {},
  hooks: {},
  lock: undefined,
  ...changes,
});
const given = (some: VerdictFacts, before?: Verdict): Judgement => {
  const judged = judge(some, before);
  if (judged === undefined) throw new Error('no verdict');
  return judged;
};
const brief = ({ verdict: { level, reasons } }: Judgement): string =>
  [level, ...reasons.map(({ name }) => name)].join(' ');
const failed = (error: string): Partial<VerdictFacts> => ({ seen: undefined, failed: { error, cause: 'so' } });
const reason = (name: string) => ({ name, level: 'degraded' as const, what: 'w', next: 'n' });

describe('a verdict', () => {
  const hook = `${INSTANCE} Pending:Wait`;
  const leaves = `${INSTANCE} Terminating:Wait`;
  const failure = { instance: INSTANCE, error: 'LaunchAbandoned' };
  const held = { instance: INSTANCE, leaseUntil: NOW + 60 };
  it.each<[string, string, Partial<VerdictFacts>, Partial<Verdict>?]>([
    ['nothing is the matter', 'healthy', {}],
    ['one of three managers cannot be reached', 'degraded ManagersMissing', { seen: seen(managers(2, 3, 3)) }],
    ['a manager is on its way', 'healthy', { seen: seen(managers(2, 2, 3)) }],
    [
      'a manager is on its way for a quarter of an hour',
      'degraded ManagersMissing',
      { seen: seen(managers(2, 2, 3)) },
      { findings: { ManagersMissing: NOW - 900 } },
    ],
    [
      'a manager is on its way, of a cluster that was critical',
      'degraded ManagersMissing',
      { seen: seen(managers(1, 1, 3)) },
      { level: 'critical', reasons: [reason('NoQuorum')] },
    ],
    ['there are more managers than wanted', 'healthy', { seen: seen(managers(4, 4, 3)) }],
    ['one of three can be reached', 'critical NoQuorum', { seen: seen(managers(1, 3, 3)) }],
    [
      'what is critical comes before what is not',
      'critical NoQuorum ClusterHeld',
      { seen: seen(managers(1, 3, 3)), hold: { since: NOW - 1, because: '' } },
    ],
    ['two of four can be reached', 'critical NoQuorum', { seen: seen(managers(2, 4, 4)) }],
    ['an instance in service is no node, for the first time', 'healthy', { seen: seen(notReady(1)) }],
    [
      'an instance in service is no node, for the first time, of a cluster that was degraded',
      'degraded InServiceNotReady',
      { seen: seen(notReady(1)) },
      { level: 'degraded', reasons: [reason('ManagersMissing')] },
    ],
    [
      'an instance in service is no node, for the second time',
      'degraded InServiceNotReady',
      { seen: seen(notReady(1)) },
      { findings: { InServiceNotReady: NOW - 590 } },
    ],
    [
      'an instance waits to be launched',
      'healthy',
      { seen: seen({ waiting: [hook] }) },
      { hooks: { [hook]: NOW - 899 } },
    ],
    [
      'an instance waits to be launched for a quarter of an hour: does its agent register?',
      'degraded HookOpenTooLong',
      { seen: seen({ waiting: [hook] }) },
      { hooks: { [hook]: NOW - 900 } },
    ],
    ['an instance waits to go', 'healthy', { seen: seen({ waiting: [leaves] }) }, { hooks: { [leaves]: NOW - 3599 } }],
    [
      'an instance waits to go for an hour',
      'degraded HookOpenTooLong',
      { seen: seen({ waiting: [leaves] }) },
      { hooks: { [leaves]: NOW - 3600 } },
    ],
    [
      'the older one may wait still, and the younger one not',
      'degraded HookOpenTooLong',
      { seen: seen({ waiting: [hook, leaves] }) },
      { hooks: { [leaves]: NOW - 3000, [hook]: NOW - 901 } },
    ],
    ['an execution failed', 'degraded ActionFailed', { lastFailure: { ...failure, at: NOW - 3599 } }],
    ['an execution failed an hour ago', 'healthy', { lastFailure: { ...failure, at: NOW - 3600 } }],
    ['nobody has founded it', 'degraded NotFounded', { state: { status: 'new' } }],
    ['it was erased', 'degraded SwarmErased', { state: { status: 'new', erasedAt: NOW - 86_400 } }],
    ['it is founded', 'healthy', { state: { status: 'founded', erasedAt: NOW - 86_400 } }],
    [
      'there is no swarm yet, and so nothing of it is missing',
      'degraded NotFounded',
      { state: { status: 'new' }, seen: seen({ ...managers(0, 0, 3), ...notReady(2), founded: false }) },
      { findings: { InServiceNotReady: NOW - 9999, ManagersMissing: NOW - 9999 } },
    ],
    ...(Object.entries(REPORTS) as [string, { level: string; grace: number }][]).flatMap(
      ([name, { level, grace }]): [string, string, Partial<VerdictFacts>, Partial<Verdict>?][] => {
        const told: Partial<VerdictFacts> = { seen: seen({ told: [{ name, what: 'w' }] }) };
        return [
          [`a tidy tells ${name}`, `${level} ${name}`, told, { findings: { [name]: NOW - grace } }],
          ...(grace === 0
            ? []
            : [[`a tidy tells ${name} for the first time`, 'healthy', told] as const].map(
                (it): [string, string, Partial<VerdictFacts>] => [...it],
              )),
        ];
      },
    ),
    [
      'a tidy of a newer version tells what nobody knows here',
      'healthy',
      { seen: seen({ told: [{ name: 'New', what: 'w' }] }) },
    ],
    ['a tidy has only notes', 'healthy', { seen: seen({ notes: ['somebody has set it to drain'] }) }],
    [
      'the same instance waits in its other hook',
      'healthy',
      { seen: seen({ waiting: [`${INSTANCE} Terminating:Wait`] }) },
      { hooks: { [hook]: NOW - 9999 } },
    ],
    ['the lock is taken', 'healthy', { lock: held }, { lock: { instance: INSTANCE, since: NOW - 1799 } }],
    [
      'the lock is taken for half an hour',
      'degraded LockHeldTooLong',
      { lock: held },
      { lock: { instance: INSTANCE, since: NOW - 1800 } },
    ],
    ['another one has the lock', 'healthy', { lock: held }, { lock: { instance: 'i-other', since: NOW - 9999 } }],
    [
      'the lease of the lock has run out',
      'healthy',
      { lock: { ...held, leaseUntil: NOW } },
      { lock: { instance: INSTANCE, since: NOW - 9999 } },
    ],
    ['an action was forced', 'degraded ForcedCompletion', { forced: { at: NOW - 3599, instance: INSTANCE } }],
    ['an action was forced an hour ago', 'healthy', { forced: { at: NOW - 3600, instance: INSTANCE } }],
    ['there are dead letters', 'degraded DeadLetters', { deadLetters: 2 }],
    ['it is held, since a moment ago', 'degraded ClusterHeld', { hold: { since: NOW - 1, because: '' } }],
    ['a repair failed', 'healthy', { repairsFailed: 1 }],
    [
      'a repair failed for the first time, of a cluster that was degraded',
      'healthy',
      { repairsFailed: 1 },
      { level: 'degraded', reasons: [reason('DeadLetters')] },
    ],
    [
      'repairs failed twice in a row',
      'degraded RepairFailed',
      { repairsFailed: 1 },
      { findings: { RepairFailed: NOW - 600 } },
    ],
    ['there is no leader', 'critical NoManagerAnswers', failed('NoLeader')],
    ['no manager takes a command', 'critical NoManagerAnswers', failed('CommandUndelivered')],
    ['AWS throttles', 'healthy', failed('Throttled')],
    [
      'AWS throttles twice in a row',
      'degraded TidyFailed',
      failed('Throttled'),
      { findings: { TidyFailed: NOW - 600 } },
    ],
    [
      'no tidy went through for half an hour',
      'critical TidyFailed TidyOverdue',
      failed('Throttled'),
      { findings: { TidyFailed: NOW - 1800 }, lastGood: NOW - 1800 },
    ],
    [
      'a tidy could not look: what was seen before is not over',
      'degraded ManagersMissing',
      failed('Throttled'),
      { level: 'degraded', reasons: [reason('ManagersMissing'), reason('DeadLetters')] },
    ],
  ])('where %s: %s', (_what, wanted, changes, before = {}) => {
    expect(brief(given(facts(changes), last(before)))).toBe(wanted);
  });

  it('says of each reason what is the matter and what to do', () => {
    const { verdict } = given(facts({ seen: seen(managers(2, 3, 3)) }), last());
    expect(verdict.reasons).toEqual([
      {
        name: 'ManagersMissing',
        level: 'degraded',
        what: '2 of 3 managers can be reached, 3 are wanted; 0 more may be lost before the swarm stops',
        next: expect.stringContaining('look at the manager group'),
      },
    ]);
  });

  it('is not made from a look that is older than that of the last one', () => {
    expect(judge(facts({ seen: seen({ at: NOW - 1 }) }), last({ asOf: NOW }))).toBeUndefined();
  });

  it('remembers since when a hook is open, and forgets those that closed', () => {
    const one = given(facts({ seen: seen({ waiting: [hook] }) }), last({ hooks: { 'i-1 Pending:Wait': 5 } }));
    expect(one.verdict.hooks).toEqual({ [hook]: NOW });
    const two = given(facts({ seen: seen({ at: NOW + 600, waiting: [hook] }) }), one.verdict);
    expect(two.verdict.hooks).toEqual({ [hook]: NOW });
    expect(two.metrics.OldestOpenHook).toBe(600);
  });

  it('remembers since when an instance has the lock, until it gives it back or another one has it', () => {
    const taken = given(facts({ lock: held }), last()).verdict;
    expect(taken.lock).toEqual({ instance: INSTANCE, since: NOW });
    const later = { seen: seen({ at: NOW + 600 }), lock: { ...held, leaseUntil: NOW + 660 } };
    const still = given(facts(later), taken);
    expect(still.verdict.lock).toEqual(taken.lock);
    expect(still.metrics.LockAge).toBe(600);
    const another = { ...later.lock, instance: 'i-other' };
    expect(given(facts({ ...later, lock: another }), taken).verdict.lock).toEqual({
      instance: 'i-other',
      since: NOW + 600,
    });
    expect(given(facts({ ...later, lock: undefined }), taken).verdict.lock).toBeUndefined();
  });

  it('remembers when a tidy last went through', () => {
    expect(given(facts(), last()).verdict.lastGood).toBe(NOW);
    expect(given(facts(failed('Throttled')), last()).verdict.lastGood).toBe(NOW - 600);
  });

  it('remembers since when it has been as it is', () => {
    const before = last();
    expect(given(facts(), before).verdict.since).toBe(before.since);
    expect(given(facts({ deadLetters: 1 }), before).verdict.since).toBe(NOW);
  });

  it('keeps what was last seen where a tidy cannot look, and nothing of it where one can', () => {
    const before = last({ findings: { InServiceNotReady: NOW - 600, RepairFailed: NOW - 600 } });
    expect(given(facts(failed('NoLeader')), before).verdict.findings).toEqual({
      InServiceNotReady: NOW - 600,
      NoManagerAnswers: NOW,
    });
    expect(given(facts(), before).verdict.findings).toEqual({});
  });

  it('counts the time without a tidy from the first look, where none has ever gone through', () => {
    const first = given(facts(failed('NoLeader'))).verdict;
    expect([first.lastGood, first.since]).toEqual([NOW, NOW]);
    const late = NOW + 1800;
    expect(brief(given(facts({ ...failed('NoLeader'), now: late }), first))).toBe(
      'critical NoManagerAnswers TidyOverdue',
    );
  });

  it('measures only what a tidy could see', () => {
    expect(given(facts(failed('NoLeader')), last()).metrics).toEqual({
      VerdictLevel: 2,
      LockAge: 0,
      DeadLetters: 0,
      LastGoodTidyAge: 600,
    });
    expect(given(facts({ seen: seen(managers(1, 2, 3)) }), last()).metrics).toMatchObject({ ManagersMissing: 2 });
  });
});

describe('a change', () => {
  it.each<[string, boolean, Partial<VerdictFacts>, Partial<Verdict>?]>([
    ['nothing', false, {}],
    ['that it is degraded', true, { deadLetters: 1 }],
    ['the same reason again', false, { deadLetters: 1 }, { level: 'degraded', reasons: [reason('DeadLetters')] }],
    ['one more reason', true, { deadLetters: 1 }, { level: 'degraded', reasons: [reason('ManagersMissing')] }],
    [
      'one reason less',
      false,
      { deadLetters: 1 },
      { level: 'degraded', reasons: [reason('ManagersMissing'), reason('DeadLetters')] },
    ],
    ['that it is healthy again', true, {}, { level: 'degraded', reasons: [reason('DeadLetters')] }],
  ])('is told of: %s: %s', (_what, wanted, changes, before = {}) => {
    const { changed, verdict } = given(facts(changes), last(before));
    expect([changed, verdict.version]).toEqual([wanted, wanted ? 5 : 4]);
  });

  it('is not that a cluster is healthy from the beginning', () => {
    expect(given(facts()).changed).toBe(false);
    expect(given(facts({ deadLetters: 1 })).changed).toBe(true);
  });
});

const anyFacts = fc.record({
  at: fc.integer({ min: 0, max: 20_000 }),
  reachable: fc.integer({ min: 0, max: 5 }),
  missing: fc.integer({ min: 0, max: 2 }),
  notReady: fc.integer({ min: 0, max: 2 }),
  waiting: fc.uniqueArray(fc.constantFrom('i-1 Pending:Wait', 'i-2 Terminating:Wait')),
  looked: fc.boolean(),
  error: fc.constantFrom(undefined, 'NoLeader', 'Throttled'),
  deadLetters: fc.integer({ min: 0, max: 1 }),
});
type Drawn = typeof anyFacts extends fc.Arbitrary<infer Value> ? Value : never;
const toFacts = ({ at, reachable, missing, looked, error, deadLetters, ...rest }: Drawn): VerdictFacts =>
  facts({
    now: NOW + at,
    deadLetters,
    failed: looked || error === undefined ? undefined : { error, cause: '' },
    seen:
      looked || error === undefined
        ? seen({
            at: NOW + at,
            ...managers(reachable, reachable + missing, 3),
            ...notReady(rest.notReady),
            waiting: rest.waiting,
          })
        : undefined,
  });

describe('any sequence of tidies', () => {
  const sequence = fc.array(anyFacts.map(toFacts), { maxLength: 12 });

  it('never goes back in time, counts its changes, and has a reason exactly if it is not healthy', () => {
    fc.assert(
      fc.property(sequence, (all) => {
        let before: Verdict | undefined;
        for (const one of all) {
          const judged = judge(one, before);
          if (judged === undefined) continue;
          holdsAfter(judged, before ?? last({ asOf: 0, version: 0 }));
          before = judged.verdict;
        }
      }),
    );
  });

  it('tells nobody of a tidy that found the same', () => {
    fc.assert(
      fc.property(sequence, anyFacts.map(toFacts), (all, one) => {
        const before = all.reduce<Verdict | undefined>((kept, it) => judge(it, kept)?.verdict ?? kept, undefined);
        const first = judge(one, before);
        expect(first === undefined ? false : (judge(one, first.verdict)?.changed ?? false)).toBe(false);
      }),
    );
  });
});

function holdsAfter({ verdict, changed }: Judgement, before: Verdict): void {
  expect(verdict.asOf).toBeGreaterThanOrEqual(before.asOf);
  expect(verdict.version - before.version).toBe(changed ? 1 : 0);
  expect(verdict.reasons.length === 0).toBe(verdict.level === 'healthy');
  if (verdict.level !== before.level) expect(changed).toBe(true);
  expect(new Set(verdict.reasons.map(({ name }) => name)).size).toBe(verdict.reasons.length);
}
