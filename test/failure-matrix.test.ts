// Every document fails in some ways, and every way hits some document: nothing is ended by force, and no launch is abandoned, but
// where the table of final errors says so. All cells: `npm run matrix`.
import { describe, expect, it } from '@jest/globals';

import { DOCUMENTS, WAYS, documentsByFlow, someCells } from '../scripts/matrix/cells.ts';
import { runCells } from '../scripts/matrix/run.ts';

const SHARE = 9;
const cells = someCells(DOCUMENTS, SHARE);

describe('the failure matrix', () => {
  it('has every document and every way', () => {
    expect(new Set(cells.map(({ document }) => document)).size).toBe(DOCUMENTS.length);
    expect(new Set(cells.map(({ way }) => way.name)).size).toBe(WAYS.length);
    expect(new Set(cells.map(({ times }) => times)).size).toBe(2);
  });

  it.each(documentsByFlow(DOCUMENTS).map((documents) => [documents.join(', '), documents] as const))(
    '%s',
    async (_names, documents) => {
      const own = cells.filter(({ document }) => documents.includes(document));
      const outcomes = await runCells(own);

      expect(outcomes.filter(({ ok }) => !ok)).toEqual([]);
      expect(outcomes).toHaveLength(own.length);
      expect(own.length).toBeGreaterThan(3 * documents.length);
    },
  );
});
