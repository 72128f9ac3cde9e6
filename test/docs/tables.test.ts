// The tables of the pages are those of the code.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { PAGES, withTables } from '../../scripts/docs.ts';

describe('tables that are made of the code', () => {
  it.each([...PAGES].map(([path, tables]) => [basename(path), path, tables] as const))(
    '%s is as `npm run docs` writes it',
    async (_name, path, tables) => {
      const page = readFileSync(path, 'utf8');

      expect(await withTables(page, tables)).toBe(page);
    },
  );
});
