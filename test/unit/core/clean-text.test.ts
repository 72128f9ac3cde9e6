import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { cleaned, forSlack, manyLines, oneLine, unlinked } from '../../../src/core/clean-text.ts';

/** Nothing in it drives a terminal, breaks a line, turns the direction of what is read, or has no width. */
const UNCLEAN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.constantFrom(
        '\u001b[2J',
        '\r',
        '\n',
        '\u0085',
        '\u202e',
        '\u2066',
        '\u200b',
        '\ufeff',
        '\u2028',
        '\ud800',
        '\u0000',
        'a',
      ),
    )
    .map((all) => all.join('')),
);

describe('one line of a text of others', () => {
  it.each([
    ['an escape sequence', 'a\u001b[2Jb', 'a [2Jb'],
    ['a line that is forged', 'fine\nCRITICAL: all is lost', 'fine CRITICAL: all is lost'],
    ['one that overwrites what was before', 'fine\rall is lost', 'fine all is lost'],
    ['the other direction', 'i-1 \u202eerutan', 'i-1 erutan'],
    ['half a character', '\ud800x', 'x'],
  ])('has no %s in it', (_what, text, clean) => {
    expect(oneLine(text).replaceAll(/ +/g, ' ')).toBe(clean);
  });

  it('is clean and no longer than asked for, whatever it is made of', () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 1, max: 50 }), (text, most) => {
        const line = oneLine(text, most);
        expect(line).not.toMatch(UNCLEAN);
        expect(line.length).toBeLessThanOrEqual(most);
      }),
    );
  });

  it('is cut before a character of two halves, not within it', () => {
    expect(oneLine('ab👩👩', 4)).toBe('ab…');
    expect(oneLine('ab👩👩', 5)).toBe('ab👩…');
  });
});

describe('text that people read', () => {
  it('has the lines that it was made of and nothing else that a terminal obeys', () => {
    expect(manyLines('one\ntwo\u001b[1A\rthree')).toBe('one\ntwo [1A three');
  });

  it('is clean in every text of what an execution returns, and the same beside', () => {
    const told = { moves: 3, isOver: true, none: null, nodes: [{ node: 'host\n\u001b[2J' }], because: 'a\rb' };
    expect(cleaned(told)).toEqual({
      moves: 3,
      isOver: true,
      none: null,
      nodes: [{ node: 'host [2J' }],
      because: 'a b',
    });
    fc.assert(
      fc.property(fc.array(hostile), (texts) => {
        for (const text of cleaned(texts) as string[]) expect(text).not.toMatch(UNCLEAN);
      }),
    );
  });

  it('mentions nobody and links nowhere', () => {
    expect(forSlack('<!channel> <@U1> @here <http://e.com|click>')).not.toMatch(/<|>|@here|:\/\//);
    expect(unlinked('see https://e.com')).not.toContain('://');
  });
});
