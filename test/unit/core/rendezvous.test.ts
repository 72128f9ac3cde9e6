import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { VERBS, keys } from '../../../src/core/names.ts';
import { COMMENT_LIMIT, fromComment, itemOf, nextMove, nodeChanges, toComment } from '../../../src/core/rendezvous.ts';
import type { Move, Outcome, RendezvousItem, StepKey } from '../../../src/core/rendezvous.ts';
import { INSTANCE, NODE_ID } from '../support/examples.ts';

const stepKey = fc.record({
  cluster: fc.stringMatching(/^[a-z][a-z0-9-]{0,31}$/),
  instance: fc.oneof(fc.constant('-'), fc.stringMatching(/^i-[0-9a-f]{17}$/)),
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
    'skep1 prod i-1 abc Join',
    'skep1 prod i-1 abc Join x',
    'skep1 prod i-1 abc Join 1.5',
    'skep1 prod i-1 abc Join 1 more',
  ])('%j is not ours', (comment) => {
    expect(fromComment(comment)).toBeUndefined();
  });
});

describe("a step's item", () => {
  it.each([
    ['Join', INSTANCE, keys.node('prod', INSTANCE)],
    ['Inspect-0', '-', { pk: 'STEP#me#Inspect-0', sk: 'STEP' }],
    ['Forget-da5el1vvzfzc', INSTANCE, { pk: 'STEP#me#Forget-da5el1vvzfzc', sk: 'STEP' }],
  ])('%s of %s: a tidy must not touch the item of a node that others own', (step, instance, key) => {
    expect(itemOf({ cluster: 'prod', instance, owner: 'me', step })).toEqual(key);
  });
});

const good: Outcome = { ok: true, output: { nodeId: NODE_ID } };
const again: Outcome = { ok: false, error: 'Busy', cause: 'c', retryable: true };
const final: Outcome = { ok: false, error: 'ForeignSwarm', cause: 'c', retryable: false };
const sent = { step: 'Join', try: 1, commandId: 'one', target: INSTANCE };
const ended = (outcome: Outcome, number = 1, step = 'Join'): Partial<RendezvousItem> => ({
  result: { step, try: number, outcome },
});

describe('what a new attempt of a step does', () => {
  it.each<[string, Partial<RendezvousItem>, Move]>([
    ['nothing was sent: send', { step: 'Claim' }, { kind: 'send', try: 1, searchFirst: false }],
    ['an item that knows no step: send', {}, { kind: 'send', try: 1, searchFirst: false }],
    [
      'the answer was lost: search, then send',
      { step: 'Claim', uncertain: true },
      { kind: 'send', try: 1, searchFirst: true },
    ],
    ['a command is under way: look at it', sent, { kind: 'look', try: 1, commandId: 'one', target: INSTANCE }],
    ['its end is there: deliver it', { ...sent, ...ended(good) }, { kind: 'deliver', outcome: good }],
    [
      'it can be tried again: a new command under a new number',
      { ...sent, ...ended(again) },
      { kind: 'send', try: 2, searchFirst: false },
    ],
    [
      'it cannot be tried again: fail',
      { ...sent, ...ended(final) },
      { kind: 'fail', error: 'ForeignSwarm', cause: 'c' },
    ],
    [
      'the second try is under way, the result is of the first: look',
      { ...sent, try: 2, ...ended(again) },
      { kind: 'look', try: 2, commandId: 'one', target: INSTANCE },
    ],
    ['the second try is over', { ...sent, try: 2, ...ended(again, 2) }, { kind: 'send', try: 3, searchFirst: false }],
    [
      'the event was quicker than the write of the sender, which died: deliver',
      { step: 'Claim', ...ended(good) },
      { kind: 'deliver', outcome: good },
    ],
    [
      'the answer to the second try was lost: search for it, since no try is sent twice',
      { ...sent, ...ended(again), uncertain: true },
      { kind: 'send', try: 2, searchFirst: true },
    ],
  ])('%s', (_what, item, move) => {
    expect(nextMove({ owner: 'me', ...item }, 'Join')).toEqual(move);
  });

  it('a result of another step says nothing of this one', () => {
    const item: RendezvousItem = { owner: 'me', ...sent, ...ended(final) };

    expect(nextMove(item, 'Confirm')).toEqual({ kind: 'send', try: 1, searchFirst: false });
  });

  it('numbers of tries only grow', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 50 }),
        fc.constantFrom(good, again, final),
        (number, resultTry, outcome) => {
          const move = nextMove({ owner: 'me', ...sent, try: number, ...ended(outcome, resultTry) }, 'Join');
          if (move.kind === 'send') {
            expect(move.try).toBeGreaterThan(number);
          } else if (move.kind === 'look') {
            expect(move.try).toBe(number);
          }
        },
      ),
    );
  });
});

describe('what a good end changes in the item of its node', () => {
  const output = { nodeId: NODE_ID, address: '10.0.1.12', zone: 'eu-west-1a', other: 'thing' };
  const expected: Readonly<Record<string, object>> = {
    init: { phase: 'joined', nodeId: NODE_ID, address: '10.0.1.12', zone: 'eu-west-1a' },
    join: { phase: 'joined', nodeId: NODE_ID, address: '10.0.1.12', zone: 'eu-west-1a' },
    confirm: { phase: 'ready' },
    leave: { nodeId: NODE_ID },
    forget: { phase: 'gone' },
    drain: {},
    inspect: {},
  };

  it.each(VERBS)('%s', (verb) => {
    expect(nodeChanges(verb, output)).toEqual(expected[verb]);
  });

  it('an instance that was no member has no node id to remember', () => {
    expect(nodeChanges('leave', { member: false })).toEqual({});
  });
});
