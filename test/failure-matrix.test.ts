// Every document fails in some ways, and every way hits some document: nothing is ended by force, and no launch is abandoned, but
// where the table of final errors says so. All cells: `npm run matrix`.
import { describe, expect, it } from '@jest/globals';

import { WAYS, runCells, someCells } from '../scripts/matrix/cells.ts';
import { VERBS } from '../src/core/names.ts';

const SHARE = 9;
const cells = someCells(VERBS, SHARE);

describe('the failure matrix', () => {
  it('has every document and every way', () => {
    expect(new Set(cells.map(({ document }) => document)).size).toBe(VERBS.length);
    expect(new Set(cells.map(({ way }) => way.name)).size).toBe(WAYS.length);
    expect(new Set(cells.map(({ times }) => times)).size).toBe(2);
  });

  it.each(VERBS)('%s', async (document) => {
    const outcomes = await runCells(
      document,
      cells.filter((cell) => cell.document === document),
    );

    expect(outcomes.filter(({ ok }) => !ok)).toEqual([]);
    expect(outcomes.length).toBeGreaterThan(3);
  });
});
