// docs/errors.md against the code and the state machines.
import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { definitionOf } from '../../resources/state-machines.ts';
import { ERRORS_PAGE, withTables } from '../../scripts/docs.ts';

const page = readFileSync(ERRORS_PAGE, 'utf8');

describe('docs/errors.md', () => {
  it('has the tables that the code makes: npm run docs', async () => {
    expect(await withTables(page)).toBe(page);
  });

  it('cannot be written without its markers', async () => {
    await expect(withTables('# Errors')).rejects.toThrow('no markers');
  });

  it.each([
    ['scale-out', 10],
    ['scale-in', 10],
    ['tidy', 3],
    ['recover', 3],
    ['rebalance', 3],
    ['rotate-tokens', 0],
  ])('explains every error that %s names', (machine, least) => {
    const names = errorsIn(definitionOf(machine));
    const own = [...names].filter(
      (name) => !/^(States|Lambda|Sandbox|AutoScaling|Ec2|Runtime|StepFunctions)\./.test(name),
    );
    expect(own.length).toBeGreaterThan(least);
    expect(own.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });
});

/** Errors in ErrorEquals, and those that a Fail state names outright. */
function errorsIn(value: unknown): Set<string> {
  if (typeof value !== 'object' || value === null) {
    return new Set();
  }
  const fields: [string, unknown][] = Object.entries(value);
  return new Set(fields.flatMap(([key, field]) => [...named(key, field), ...errorsIn(field)]));
}

function named(key: string, field: unknown): string[] {
  if (key === 'ErrorEquals' && Array.isArray(field)) {
    return field.map(String);
  }
  return key === 'Error' && typeof field === 'string' && !field.startsWith('{%') ? [field] : [];
}
