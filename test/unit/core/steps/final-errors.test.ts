import { describe, expect, it } from '@jest/globals';

import { runsOnManager } from '../../../../src/core/steps/verbs.ts';
import { CLOSED_ERRORS, ERRORS } from '../../../../src/core/errors.ts';
import { EXIT_CODES } from '../../../../src/core/exit-codes.ts';
import { FINAL_ERRORS, isFinal } from '../../../../src/core/steps/final-errors.ts';
import { VERBS } from '../../../../src/core/names.ts';

describe('the table of final errors', () => {
  it('names errors that exist, each once, and no end of an execution', () => {
    const names = FINAL_ERRORS.map(({ error }) => error);

    expect(names.filter((name) => !ERRORS.has(name) || Object.hasOwn(CLOSED_ERRORS, name))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(FINAL_ERRORS)('says why $error is not tried again', ({ why, of }) => {
    expect(why.length).toBeGreaterThan(20);
    expect(new Set(of).size).toBe(of.length);
  });

  it('is short: of what documents end with, only this ends an action', () => {
    const ending = FINAL_ERRORS.filter(
      ({ error, then }) => then === 'ends' && EXIT_CODES.some((row) => row.error === error),
    );

    expect(ending.map(({ error }) => error).toSorted()).toEqual([
      'AddressPoolOverlap',
      'Autolocked',
      'CloudInitFailed',
      'CurlTooOld',
      'DockerMissing',
      'ForeignSwarm',
      'FormerManager',
      'FoundedOtherwise',
      'InitFailed',
      'LeavingNode',
      'NotFenced',
      'QuorumNotLost',
      'ToolMissing',
      'UnknownNode',
    ]);
  });

  it.each(['Expired', 'DockerMissing', 'ToolMissing', 'NotManager', 'OtherEpoch', 'FormerManager', 'WrongInstance'])(
    '%s of a manager that was only asked is no reason not to ask the next',
    (error) => {
      expect(VERBS.filter((verb) => runsOnManager(verb) && isFinal(verb, error))).toEqual([]);
    },
  );

  it.each(['ScriptLost', 'CommandFailed', 'CommandCancelled', 'CommandTimedOut', 'CommandUndelivered', 'NoSuchError'])(
    '%s is tried again by every document',
    (error) => {
      expect(VERBS.filter((verb) => isFinal(verb, error))).toEqual([]);
    },
  );

  it.each([
    ['leave', 'NotLast', true],
    ['leave', 'TasksRunning', false],
    ['join', 'FormerManager', true],
    ['drain', 'FormerManager', false],
  ] as const)('a %s that ends with %s is not tried again: %s', (verb, error, isSo) => {
    expect(isFinal(verb, error)).toBe(isSo);
  });

  it('nothing that a drain or a forget may end with lets an instance go undrained', () => {
    const ending = FINAL_ERRORS.filter(({ then }) => then === 'ends');
    const documents = new Set(EXIT_CODES.map(({ error }) => error));

    expect(
      ending
        .filter(({ of }) => (['drain', 'demote', 'leave', 'forget'] as const).some((verb) => of.includes(verb)))
        .filter(({ error }) => documents.has(error)),
    ).toEqual([]);
  });
});
