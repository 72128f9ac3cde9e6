import { describe, expect, it } from '@jest/globals';

import { CLOSED_ERRORS } from '../../../../src/core/errors.ts';
import {
  concernedBy,
  isLaunchOf,
  launchEndOf,
  noticesOf,
  settlementOf,
} from '../../../../src/core/lifecycle/failed-execution.ts';
import type { FailedExecution } from '../../../../src/core/lifecycle/failed-execution.ts';

const INPUT = { version: '0', detail: { EC2InstanceId: 'i-0123456789abcdef0' } };
const failed = (changes: Partial<FailedExecution> = {}): FailedExecution => ({
  arn: 'arn:of:it',
  status: 'FAILED',
  error: 'States.Runtime',
  input: INPUT,
  run: 0,
  ...changes,
});

describe('an execution that failed', () => {
  it.each(Object.keys(CLOSED_ERRORS))('with %s has ended its action itself', (error) => {
    expect(settlementOf(failed({ error }), 'abc')).toEqual({ kind: 'closed', error });
  });

  it.each(['States.Runtime', 'States.Timeout', 'BadInput', 'HookLeftOpen', 'toString', undefined])(
    'with %s has left its action open: one more run takes it over',
    (error) => {
      expect(settlementOf(failed({ error, status: 'ABORTED' }), 'abc')).toEqual({
        kind: 'again',
        name: 'again-1-abc',
        input: { ...INPUT, skep: { replaces: ['arn:of:it'], attempt: 1 } },
      });
    },
  );

  it.each([[['arn:of:the-first']], ['arn:of:the-first']])('its replacement replaces all before it: %j', (replaces) => {
    const input = { ...INPUT, skep: { replaces, attempt: 1 } };

    expect(settlementOf(failed({ input, run: 1 }), 'abc')).toMatchObject({
      name: 'again-2-abc',
      input: { skep: { replaces: ['arn:of:the-first', 'arn:of:it'], attempt: 2 } },
    });
  });

  it.each([
    [
      'after the third replacement',
      failed({ run: 3, error: undefined, status: 'ABORTED' }),
      'ABORTED after 4 run(s): stopped',
    ],
    ['when its input is not known', failed({ input: undefined }), 'FAILED after 1 run(s): States.Runtime'],
  ])('is given up %s', (_what, execution, because) => {
    expect(settlementOf(execution, 'abc')).toEqual({ kind: 'give-up', because });
  });
});

describe('a launch that failed', () => {
  const LEFT = { keep: false, unfinished: false };

  it.each([
    [1, 'ABANDON', 'LaunchAbandoned'],
    [3, 'ABANDON', 'LaunchAbandoned'],
    [4, 'CONTINUE', 'LaunchContinued'],
    [40, 'CONTINUE', 'LaunchContinued'],
  ])('as the %s. in a row ends with %s', (inARow, result, error) => {
    expect(launchEndOf(inARow, { Error: 'JoinFailed', Cause: 'no manager answered' }, LEFT)).toEqual({
      result,
      error,
      cause: 'JoinFailed: no manager answered',
    });
  });

  it.each([
    ['ForeignSwarm', undefined],
    ['FoundedOtherwise', undefined],
    ['DeadlineReached', true],
  ])('with %s leaves an engine alone that is in a swarm of somebody else, however often', (Error, isForeign) => {
    for (const inARow of [1, 4]) {
      for (const keep of [false, true]) {
        expect(launchEndOf(inARow, { Error, Cause: 'why' }, { ...LEFT, keep }, isForeign)).toEqual({
          result: 'CONTINUE',
          error: 'SwarmLeftAlone',
          cause: `${Error}: why`,
        });
      }
    }
  });

  it('never abandons a manager that may still be in the raft, however often', () => {
    const failure = { Error: 'UnknownNode', Cause: 'why' };

    for (const inARow of [1, 2, 3, 4, 10]) {
      expect(launchEndOf(inARow, failure, { ...LEFT, keep: true })).toEqual({
        result: 'CONTINUE',
        error: 'ManagerKept',
        cause: 'UnknownNode: why',
      });
    }
  });

  it('undoes nothing where the instance serves and only the time was over, be it a manager or a worker', () => {
    const failure = { Error: 'DeadlineReached', Cause: 'why' };

    for (const keep of [false, true]) {
      expect(launchEndOf(1, failure, { keep, unfinished: true })).toEqual({
        result: 'CONTINUE',
        error: 'JoinUnfinished',
        cause: 'DeadlineReached: why',
      });
    }
  });
});

describe('whose action it was', () => {
  const input = (detail: object) => ({ version: '0', detail });
  const instance = 'i-0123456789abcdef0';
  it.each([
    [input({ EC2InstanceId: instance, NotificationMetadata: '{"cluster":"demo","role":"worker"}' }), 'demo'],
    [input({ EC2InstanceId: instance, NotificationMetadata: '{"cluster":"No!"}' }), undefined],
    [input({ EC2InstanceId: instance, NotificationMetadata: 'not JSON' }), undefined],
    [input({ EC2InstanceId: 'anything', NotificationMetadata: '{"cluster":"demo"}' }), undefined],
    [input({ EC2InstanceId: instance }), undefined],
    [undefined, undefined],
  ])('%j: %j', (given, cluster) => {
    expect(concernedBy(given)).toEqual(cluster === undefined ? undefined : { cluster, instance });
  });
});

describe('what is told of an execution that is not run again', () => {
  it.each(Object.keys(CLOSED_ERRORS) as (keyof typeof CLOSED_ERRORS)[])(
    'with %s: its verdict, and who must look at once',
    (error) => {
      const alarms: Partial<Record<string, string>> = { Forced: 'ForcedCompletion', ManagerRetained: 'ManagerHeld' };

      expect(noticesOf({ kind: 'closed', error })).toEqual({
        ...(alarms[error] === undefined ? {} : { alarm: alarms[error] }),
        record: error === 'Forced' ? 'forced' : 'failed',
      });
    },
  );

  it('one that was given up rings, and counts as ended by force', () => {
    expect(noticesOf({ kind: 'give-up', because: 'x' })).toEqual({ alarm: 'ForcedCompletion', record: 'forced' });
  });
});

it.each([
  ['an action of a hook', { actionToken: 'one' }, false, true],
  ["a tidy's join of an instance in service", {}, false, false],
  ['an engine of another swarm', { actionToken: 'one' }, true, false],
])('%s: a launch that counts, or not', (_what, hook, isForeign, counts) => {
  expect(isLaunchOf(hook, isForeign)).toBe(counts);
});
