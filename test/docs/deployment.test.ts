// docs/deployment.md: what the README leads to, each in a few lines.
import { readFileSync } from 'node:fs';

import { expect, it } from '@jest/globals';

const sections = new Map(
  readFileSync('docs/deployment.md', 'utf8')
    .split(/^## /m)
    .slice(1)
    .map((text) => [text.split('\n')[0] ?? '', text.split('\n').slice(1)] as const),
);

it('the README leads to it', () => {
  expect(readFileSync('README.md', 'utf8')).toContain(
    '[deploy, verify, rights, price, update, remove](docs/deployment.md)',
  );
  expect([...sections.keys()]).toEqual(['Deploy', 'Verify', 'Rights', 'Price', 'Update', 'Remove']);
});

it.each([...sections])('%s is under ten lines', (_title, lines) => {
  expect(lines.filter((line) => line.trim() !== '').length).toBeLessThan(10);
});
