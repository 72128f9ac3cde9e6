import { describe, expect, it } from '@jest/globals';

import { findingsOf } from '../../../../src/core/verdict/findings.ts';
import type { Remembered, VerdictFacts } from '../../../../src/core/verdict/findings.ts';
import { REPORTS } from '../../../../src/core/verdict/reports.ts';
import { INSTANCE, NOW } from '../../support/examples.ts';
import { facts, managers, notReady, seen } from '../../support/verdict-facts.ts';

const HOUR_AGO = NOW - 3600;
const nothing: Remembered = { lastGood: HOUR_AGO, hooks: {}, lock: undefined };
/** Without its grace and its level, which are seen in verdicts. */
const told = (changes: Partial<VerdictFacts>, remembered: Partial<Remembered> = {}): [string, string, string][] =>
  findingsOf(facts(changes), { ...nothing, ...remembered }).map(({ name, what, next }) => [name, what, next]);

const AT_MANAGERS =
  'look at the manager group in the console: is an instance being launched, and why did the last one go?';
const AT_HOOK =
  'look at the execution of that instance: what does it wait for? Has its SSM agent registered? AWS ends a hook after 48 hours at most';
const TO_FOUND =
  'if it is to have one, let a group with the tags skep:cluster=demo and skep:role=manager launch an instance, and look at the executions of scale-out about it';
const AT_LAUNCHES =
  'look at dockerd and the SSM agent of these instances, and at the executions of scale-out about them';

describe('what a person reads of a finding: what is the matter, and what is to be done', () => {
  it.each<[string, string, string, Partial<VerdictFacts>, Partial<Remembered>?]>([
    [
      'NoQuorum',
      '1 of 3 managers can be reached, 4 are wanted: that is no majority, and the swarm takes no change',
      'bring managers back; where they are gone for good: skep recover',
      { seen: seen(managers(1, 3, 4)) },
    ],
    [
      'ManagersMissing',
      '4 of 5 managers can be reached, 5 are wanted; 1 more may be lost before the swarm stops',
      AT_MANAGERS,
      { seen: seen(managers(4, 5, 5)) },
    ],
    ['ManagersMissing', '2 of 2 managers can be reached, 3 are wanted', AT_MANAGERS, { seen: seen(managers(2, 2, 3)) }],
    [
      'InServiceNotReady',
      '2 instance(s) in service are no Ready node: i-0, i-1',
      AT_LAUNCHES,
      { seen: seen(notReady(2)) },
    ],
    [
      'InServiceNotReady',
      '12 instance(s) in service are no Ready node: i-0, i-1, ...',
      AT_LAUNCHES,
      { seen: seen(notReady(12, 2)) },
    ],
    [
      'NodeWithoutGroup',
      '2 node(s) belong to instances that are in no group of the cluster: i-8, i-9',
      REPORTS.NodeWithoutGroup.next,
      { seen: seen({ strays: { count: 2, instances: ['i-8', 'i-9'] } }) },
    ],
    [
      'NodeWithoutGroup',
      '3 node(s) belong to instances that are in no group of the cluster: i-8, i-9, ...',
      REPORTS.NodeWithoutGroup.next,
      { seen: seen({ strays: { count: 3, instances: ['i-8', 'i-9'] } }) },
    ],
    [
      'HookOpenTooLong',
      `${INSTANCE} Terminating:Wait: its lifecycle hook has been open since 2025-12-31T22:00:00Z, and 2 more are open`,
      AT_HOOK,
      {},
      {
        hooks: {
          'i-1 Terminating:Wait': HOUR_AGO,
          [`${INSTANCE} Terminating:Wait`]: NOW - 7200,
          'i-2 Pending:Wait': NOW,
        },
      },
    ],
    [
      'RepairFailed',
      '2 repair(s) of the last tidy failed',
      'the output of its execution names each with its error',
      { repairsFailed: 2 },
    ],
    [
      'NoManagerAnswers',
      'no manager could be asked (NoLeader: none has answered): the swarm may have lost its leader or its quorum',
      'look at the managers with docker node ls; where quorum is lost for good: skep recover demo',
      { seen: undefined, failed: { error: 'NoLeader', cause: 'none has answered' } },
      { lastGood: NOW },
    ],
    [
      'TidyFailed',
      'the tidy failed: Throttled',
      'docs/errors.md says what the error means; the next tidy begins anew',
      { seen: undefined, failed: { error: 'Throttled', cause: '' } },
      { lastGood: NOW },
    ],
    [
      'LockHeldTooLong',
      `${INSTANCE} holds the membership lock since 2025-12-31T23:00:00Z: no manager joins or leaves meanwhile`,
      'look at the execution of that instance; stopping it gives the lock back',
      {},
      { lock: { instance: INSTANCE, since: HOUR_AGO } },
    ],
    [
      'ForcedCompletion',
      `the action of ${INSTANCE} was ended by force at 2025-12-31T23:59:00Z`,
      'read the cause of its execution; look whether a container ended before its time',
      { forced: { at: NOW - 60, instance: INSTANCE } },
    ],
    [
      'ActionFailed',
      `the execution about ${INSTANCE} failed at 2025-12-31T23:59:00Z: LaunchAbandoned`,
      'look at the cause of that execution; docs/errors.md says what LaunchAbandoned means',
      { lastFailure: { at: NOW - 60, instance: INSTANCE, error: 'LaunchAbandoned' } },
    ],
    [
      'NotFounded',
      'demo is declared, and no manager has founded its swarm',
      `${TO_FOUND}; if a group of it is there already, skep plan demo says what is wrong with it`,
      { state: { status: 'new' } },
    ],
    [
      'NotFounded',
      'demo is declared, and no manager has founded its swarm',
      `${TO_FOUND}; if a group of it is there already, skep plan demo says what is wrong with it`,
      { state: { status: 'new' }, seen: seen({ ...managers(0, 0, 3), ...notReady(2), founded: false }) },
    ],
    [
      'SwarmErased',
      'its swarm was erased at 2025-12-31T23:00:00Z, and there is no other one',
      TO_FOUND,
      { state: { status: 'new', erasedAt: HOUR_AGO } },
    ],
    [
      'DeadLetters',
      '2 event(s) of this stage lie in its dead-letter queue: nobody could handle them',
      'read them, and delete them: tidies have compared since, so that nothing has to be sent again',
      { deadLetters: 2 },
    ],
    [
      'ClusterHeld',
      'it is held since 2025-12-31T23:00:00Z (new subnets): nothing of it is kept in step',
      'skep unhold demo, when whoever holds it agrees',
      { hold: { since: HOUR_AGO, because: 'new subnets' } },
    ],
    [
      'ClusterHeld',
      'it is held since 2025-12-31T23:00:00Z: nothing of it is kept in step',
      'skep unhold demo, when whoever holds it agrees',
      { hold: { since: HOUR_AGO, because: '' } },
    ],
  ])('%s: %s', (name, what, next, changes, remembered = {}) => {
    expect(told(changes, remembered)).toEqual([[name, what, next]]);
  });

  it('that no tidy has gone through, besides why the last one failed', () => {
    expect(told({ seen: undefined, failed: { error: 'Throttled', cause: 'too many calls' } })).toEqual([
      ['TidyFailed', 'the tidy failed: Throttled: too many calls', expect.any(String)],
      [
        'TidyOverdue',
        'no tidy has gone through since 2025-12-31T23:00:00Z: what events miss is not repaired',
        'the execution of the last tidy names the error',
      ],
    ]);
  });

  it('of a long cause no more than its beginning: a reason is kept in one item with all others', () => {
    const failed = { error: 'Throttled', cause: 'x'.repeat(5000) };
    expect(told({ seen: undefined, failed }, { lastGood: NOW })).toEqual([
      ['TidyFailed', `the tidy failed: Throttled: ${'x'.repeat(200)}`, expect.any(String)],
    ]);
  });
});

describe('what a tidy tells and does not repair', () => {
  const down = (...instances: string[]) =>
    seen({ told: instances.map((instance) => ({ name: 'NodeDown', what: `${instance} is down` })) });

  it.each<[string, string[], string]>([
    ['each of a few is named', ['i-1', 'i-2', 'i-3'], 'i-1 is down; i-2 is down; i-3 is down'],
    ['three of many are', ['i-1', 'i-2', 'i-3', 'i-4', 'i-5'], 'i-1 is down; i-2 is down; i-3 is down; and 2 more'],
  ])('is one reason for each kind: %s', (_what, instances, what) => {
    expect(told({ seen: down(...instances) })).toEqual([['NodeDown', what, REPORTS.NodeDown.next]]);
  });

  it('is no reason of another kind', () => {
    const both = [...(down('i-1').told ?? []), { name: 'WrongRole', what: 'i-2 is a worker' }];
    expect(told({ seen: seen({ told: both }) }).map(([name, what]) => [name, what])).toEqual([
      ['NodeDown', 'i-1 is down'],
      ['WrongRole', 'i-2 is a worker'],
    ]);
  });

  it('has the cluster in the command that a person is to type', () => {
    const [reason] = told({ seen: seen({ told: [{ name: 'HookBroken', what: 'it is missing' }] }) });
    expect(reason?.[2]).toContain('skep tidy demo --repair-hooks');
  });
});
