// docs/failure-modes.md against the scenarios: every link leads somewhere, and no scenario is left out.
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from '@jest/globals';

const page = readFileSync('docs/failure-modes.md', 'utf8');
const linked = [...page.matchAll(/\[[^\]]+\]\(([^)#]+)[^)]*\)/g)].map(([, to = '']) => path.normalize(`docs/${to}`));

describe('docs/failure-modes.md', () => {
  it('links to files that exist', () => {
    expect(linked.length).toBeGreaterThan(30);
    expect(linked.filter((file) => !existsSync(file))).toEqual([]);
  });

  it.each(globSync('{test/scenarios/**/*,examples/**/scenario}.yaml').toSorted())('mentions %s', (file) => {
    expect(linked).toContain(file);
  });

  it('names alarms and errors that there are', () => {
    const sources = ['src/core/errors.ts', 'src/core/exit-codes.ts', 'src/core/alarm-metric.ts', 'docs/errors.md'];
    const known = sources.map((file) => readFileSync(file, 'utf8')).join('\n');
    const names = [...page.matchAll(/`([A-Z][A-Za-z]+)`/g)].map(([, name = '']) => name);
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !known.includes(name))).toEqual([]);
  });
});
