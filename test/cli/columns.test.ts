// Tables: with lines where a person looks at them and they fit, plain columns where a program reads them, a list where nothing else fits.
import { describe, expect, it } from '@jest/globals';

import { columns } from '../../cli/columns.ts';

const HEAD = ['instance', 'why'];
const ROWS = [['i-0123456789abcdef0', 'as it should be']];
const PLAIN = 'instance             why\ni-0123456789abcdef0  as it should be';
const LISTED = 'i-0123456789abcdef0\n  why: as it should be';

describe('columns', () => {
  it('are plain where another program reads them: cut and awk take them apart', () => {
    expect(columns(HEAD, ROWS, undefined)).toBe(PLAIN);
  });

  it('have lines on a terminal of 80 columns, and no line is longer than it has to be', () => {
    const told = columns(HEAD, ROWS, 80);
    expect(told).toContain('│ i-0123456789abcdef0 │ as it should be │');
    expect(told.split('\n')[0]).toHaveLength(41);
    expect(columns(HEAD, ROWS, 41)).toBe(told);
  });

  it.each([
    [40, PLAIN],
    [36, PLAIN],
    [35, LISTED],
    [1, LISTED],
  ])('on a terminal of %i columns no line is longer than the terminal, if no name is', (width, expected) => {
    expect(columns(HEAD, ROWS, width)).toBe(expected);
  });
});
