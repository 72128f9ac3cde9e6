import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { VERBS, keys } from '../../../../src/core/names.ts';
import type { Verb } from '../../../../src/core/names.ts';
import {
  COMMENT_LIMIT,
  fromComment,
  itemOf,
  mayHaveBeenSent,
  nextMove,
  nodeChanges,
  ownNodeId,
  toComment,
  tryOf,
} from '../../../../src/core/steps/rendezvous.ts';
import type { Move, Outcome, RendezvousItem, StepKey } from '../../../../src/core/steps/rendezvous.ts';
import { INSTANCE, NODE_ID, NOW } from '../../support/examples.ts';

const stepKey = fc.record({
  cluster: fc.stringMatching(/^[a-z][a-z0-9-]{0,31}$/),
  instance: fc.oneof(fc.constant('-'), fc.stringMatching(/^i-[0-9a-f]{17}$/)),
  belongsTo: fc.constantFrom('node' as const, 'execution' as const),
  owner: fc.stringMatching(/^[0-9a-f]{12}$/),
  step: fc.stringMatching(/^[A-Za-z0-9-]{1,24}$/),
  try: fc.integer({ min: 1, max: 999 }),
});

describe('the comment of a command', () => {
  it('is the step, there and back, within the 100 characters that AWS allows', () => {
    fc.assert(
      fc.property(stepKey, (key) => {
        expect(fromComment(toComment(key))).toEqual(key);
        expect(toComment(key).length).toBeLessThanOrEqual(COMMENT_LIMIT);
      }),
    );
  });

  it('has room for the longest names', () => {
    const longest: StepKey = {
      cluster: 'a'.repeat(32),
      instance: INSTANCE,
      belongsTo: 'execution',
      owner: 'f'.repeat(12),
      step: 'S'.repeat(24),
      try: 999,
    };

    expect(toComment(longest)).toHaveLength(100);
  });

  it.each([
    '',
    'somebody else',
    'skep2 prod i-1 abc Join 1',
    'skepN',
    'skepN prod',
    'skepN prod i-1',
    'skepN prod i-1 abc',
    'skepN prod i-1 abc Join',
    'skepN prod i-1 abc Join x',
    'skepE prod i-1 abc Join 1.5',
    'skepE prod i-1 abc Join 1 more',
    'skep1 prod i-1 abc Join 1 more',
  ])('%j is not ours', (comment) => {
    expect(fromComment(comment)).toBeUndefined();
  });

  it.each([
    [`skep1 prod ${INSTANCE} abc Join 1`, 'node'],
    ['skep1 prod - abc Rotate 1', 'execution'],
    [`skep1 prod ${INSTANCE} abc HandOver-3 1`, 'execution'],
    [`skep1 prod ${INSTANCE} abc Recover-1 1`, 'execution'],
  ] as const)(
    'of a command that was sent before its comment said whose step it is: %s is of the %s',
    (comment, whose) => {
      expect(fromComment(comment)).toMatchObject({ belongsTo: whose, try: 1 });
    },
  );

  it('says whose step it is, whatever the step is called', () => {
    const key = { cluster: 'prod', instance: INSTANCE, owner: 'abc', step: 'Join-again', try: 1 };

    expect(fromComment(toComment({ ...key, belongsTo: 'node' }))).toEqual({ ...key, belongsTo: 'node' });
  });
});

describe("a step's item", () => {
  it.each([
    ['node', 'Join', keys.node('prod', INSTANCE)],
    ['node', 'Join-again', keys.node('prod', INSTANCE)],
    ['execution', 'Inspect-0', { pk: 'STEP#me#Inspect-0', sk: 'STEP' }],
    ['execution', 'Forget', { pk: 'STEP#me#Forget', sk: 'STEP' }],
  ] as const)('of the %s, %s: a tidy must not touch the item of a node that others own', (whose, step, key) => {
    expect(itemOf({ cluster: 'prod', instance: INSTANCE, belongsTo: whose, owner: 'me', step })).toEqual(key);
  });
});

const good: Outcome = { ok: true, output: { nodeId: NODE_ID } };
const again: Outcome = { ok: false, error: 'Busy', cause: 'c', retryable: true };
const final: Outcome = { ok: false, error: 'ForeignSwarm', cause: 'c', retryable: false };
const sent = { step: 'Join', try: 1, commandId: 'one', target: INSTANCE };

describe('what a new attempt of a step does', () => {
  const fresh = { kind: 'send', try: 1, begun: false } as const;

  it.each<[string, Partial<RendezvousItem>, Move]>([
    ['the step has not begun: send', { step: 'Claim' }, fresh],
    ['an item that knows no step: send', {}, fresh],
    [
      'a try has begun, and whether its command was sent is not known',
      { step: 'Join', try: 1 },
      { kind: 'send', try: 1, begun: true },
    ],
    [
      'the answer to the second try was lost: it is begun, and no new one',
      { step: 'Join', try: 2, uncertain: true },
      { kind: 'send', try: 2, begun: true },
    ],
    [
      'a command without its target cannot be looked at',
      { step: 'Join', try: 1, commandId: 'one' },
      { kind: 'send', try: 1, begun: true },
    ],
    ['a command is known: look at it', sent, { kind: 'look', try: 1, commandId: 'one', target: INSTANCE }],
    ['its end is there: deliver it', { ...sent, result: good }, { kind: 'deliver', outcome: good }],
    [
      'the event brought the end of a command whose id nobody knows: deliver it',
      { step: 'Join', try: 1, result: good },
      { kind: 'deliver', outcome: good },
    ],
    [
      'it can be tried again: a new command under a new number',
      { ...sent, result: again },
      { kind: 'send', try: 2, begun: false },
    ],
    ['it cannot be tried again: fail', { ...sent, result: final }, { kind: 'fail', error: 'ForeignSwarm', cause: 'c' }],
    [
      'the second try is over',
      { ...sent, try: 2, uncertain: true, result: again },
      { kind: 'send', try: 3, begun: false },
    ],
  ])('%s', (_what, item, move) => {
    expect(nextMove({ owner: 'me', ...item }, 'Join')).toEqual(move);
  });

  it.each([good, again, final])('what another step has left says nothing of this one: %j', (result) => {
    expect(nextMove({ owner: 'me', ...sent, try: 7, uncertain: true, result }, 'Confirm')).toEqual(fresh);
  });

  it('a new number is only for a new try, after the one before has ended, and numbers only grow', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.constantFrom(undefined, good, again, final),
        fc.constantFrom({}, { commandId: 'one', target: INSTANCE }),
        (number, result, known) => {
          const item = {
            owner: 'me',
            step: 'Join',
            try: number,
            ...known,
            ...(result === undefined ? {} : { result }),
          };
          const move = nextMove(item, 'Join');
          if (move.kind === 'send') {
            expect(move).toEqual({
              kind: 'send',
              try: result === undefined ? number : number + 1,
              begun: result === undefined,
            });
          } else if (move.kind === 'look') {
            expect([move.try, result]).toEqual([number, undefined]);
          }
        },
      ),
    );
  });
});

describe('the number of the present command of a step', () => {
  it.each<[string, Partial<RendezvousItem>, string, number]>([
    [
      'counts all entries of the step: what its first time left behind is another command',
      { try: 1, tried_Join: 4 },
      'Join',
      4,
    ],
    ['is counted under its own name', { try: 1, tried_Inspect_0: 3 }, 'Inspect-0', 3],
    ['is not that of another step', { try: 2, tried_Join: 4 }, 'Confirm', 2],
    ['is that since it was entered where nothing was counted', { try: 2 }, 'Join', 2],
    ['is the first where an item says nothing', {}, 'Join', 1],
  ])('%s', (_what, item, step, number) => {
    expect(tryOf({ owner: 'me', ...item }, step)).toBe(number);
  });

  it('is the one that a look is at', () => {
    const item = { owner: 'me', ...sent, try: 1, tried_Join: 4 };
    expect(nextMove(item, 'Join')).toMatchObject({ kind: 'look', try: 4 });
  });

  it('is looked for where only the target is known', () => {
    const item = { owner: 'me', step: 'Join', try: 1, target: INSTANCE };
    expect(nextMove(item, 'Join')).toEqual({ kind: 'send', try: 1, begun: true });
  });
});

describe('the node id by which an instance calls itself', () => {
  it.each(VERBS)('is told by documents about the instance itself only: %s', (verb) => {
    const own = ['init', 'join', 'leave'].includes(verb) ? NODE_ID : undefined;
    expect(ownNodeId(verb, { nodeId: NODE_ID })).toBe(own);
  });
});

describe('a try that has begun: SSM is asked for its command', () => {
  const LOOK = 90;
  const asked = (verb: Verb, after: number, changes: Partial<RendezvousItem> = {}): boolean =>
    mayHaveBeenSent({ owner: 'me', step: 'Join', try: 1, sentAt: NOW, ...changes }, verb, LOOK, NOW + after);

  it.each<[boolean, string, Verb, number, Partial<RendezvousItem>]>([
    [false, 'a join that was refused a moment ago', 'join', 15, {}],
    [false, 'an init that was refused a moment ago', 'init', 15, {}],
    [false, 'a prepare that was refused a moment ago', 'prepare', 15, {}],
    [false, 'a join whose wait between two refusals is the longest', 'join', 60, {}],
    [true, 'a join whose answer was lost', 'join', 2, { uncertain: true }],
    [true, 'a join that has slept a whole look: it was not refused', 'join', LOOK, {}],
    [true, 'a join that has slept nearly a look: clocks differ', 'join', LOOK - 5, {}],
    [true, 'a join that does not say when it was sent', 'join', 0, { sentAt: undefined }],
    ...VERBS.filter((verb) => !['join', 'init', 'prepare'].includes(verb)).map(
      (verb): [boolean, string, Verb, number, Partial<RendezvousItem>] => [true, 'any other verb', verb, 0, {}],
    ),
  ])('%s: %s (%s after %s s)', (expected, _what, verb, after, changes) => {
    expect(asked(verb, after, changes)).toBe(expected);
  });
});

describe('what a good end changes in the item of its node', () => {
  const output = { nodeId: NODE_ID, address: '10.0.1.12', zone: 'eu-west-1a', other: 'thing' };
  const expected: Readonly<Record<string, object>> = {
    init: { phase: 'joined', nodeId: NODE_ID, address: '10.0.1.12', zone: 'eu-west-1a' },
    join: { phase: 'joined', nodeId: NODE_ID, address: '10.0.1.12', zone: 'eu-west-1a' },
    prepare: { address: '10.0.1.12', zone: 'eu-west-1a' },
    confirm: { phase: 'ready' },
    demote: {},
    leave: { nodeId: NODE_ID, formerNodeId: NODE_ID },
    forget: { phase: 'gone' },
    drain: {},
    inspect: {},
    mend: {},
    rotate: {},
    shift: {},
    survey: {},
    fence: {},
    recover: {},
    availability: {},
  };

  it.each(VERBS)('%s', (verb) => {
    expect(nodeChanges(verb, output)).toEqual(expected[verb]);
  });

  it('an instance that was no member has no node id to remember', () => {
    expect(nodeChanges('leave', { member: false })).toEqual({});
  });
});
