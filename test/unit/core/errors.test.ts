import { describe, expect, it } from '@jest/globals';

import { CLOSED_ERRORS, ERRORS, FlowError } from '../../../src/core/errors.ts';
import { EXIT_CODES, exitCode } from '../../../src/core/exit-codes.ts';

describe('the exit codes', () => {
  it('and their names are unique', () => {
    expect(new Set(EXIT_CODES.map(({ code }) => code)).size).toBe(EXIT_CODES.length);
    expect(new Set(EXIT_CODES.map(({ error }) => error)).size).toBe(EXIT_CODES.length);
  });

  it.each(EXIT_CODES)(
    '$code ($error) is free for us: not of the shell, not a signal, not the agent rebooting',
    ({ code }) => {
      expect([0, 1, 2, 124, 125, 126, 127, 194]).not.toContain(code);
      expect(code).toBeGreaterThan(2);
      expect(code).toBeLessThan(124);
    },
  );

  it.each(EXIT_CODES)('$error says what it means and what to do', ({ error, meaning, remedy }) => {
    expect(error).toMatch(/^[A-Z][A-Za-z]+$/);
    expect(meaning).toMatch(/^[a-z]\S* .*[^.]$/);
    expect(remedy.length).toBeGreaterThan(5);
  });

  it('are found by number, and nothing else is', () => {
    for (const row of EXIT_CODES) {
      expect(exitCode(row.code)).toBe(row);
    }
    expect([0, 1, 2, 127, 194, -1, 99].map(exitCode)).toEqual(Array.from({ length: 7 }, () => undefined));
  });
});

describe('the table of errors', () => {
  it('has every exit code and every closed error, and no name twice', () => {
    const names = [...EXIT_CODES.map(({ error }) => error), ...Object.keys(CLOSED_ERRORS)];

    expect(names.filter((name) => !ERRORS.has(name))).toEqual([]);
    // Made of three tables: a name in two of them would overwrite the first.
    expect(new Set(names).size).toBe(names.length);
    expect(names.every((name) => (ERRORS.get(name) ?? '') !== '')).toBe(true);
  });

  it('says of each exit code what the table of exit codes says', () => {
    for (const { error, meaning } of EXIT_CODES) {
      expect(ERRORS.get(error)).toBe(meaning);
    }
  });

  it("a flow error has its name where the state machines look for it, in a bundle's own realm too", () => {
    const cause = new Error('below');
    const error = new FlowError('Superseded', 'somebody else', { cause });

    expect({ name: error.name, message: error.message, cause: error.cause }).toEqual({
      name: 'Superseded',
      message: 'somebody else',
      cause,
    });
    expect(ERRORS.has(error.name)).toBe(true);
  });
});
