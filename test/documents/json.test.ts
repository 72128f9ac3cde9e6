// The library that reads and changes JSON on a node, run by the shell of this machine on texts of any kind.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

const LIBRARY = readFileSync(new URL('../../documents/lib/json.sh', import.meta.url), 'utf8');

/** @returns undefined where it fails */
function json(input: unknown, ...args: readonly string[]): string | undefined {
  const text = typeof input === 'string' ? input : JSON.stringify(input);
  const script = `set -eu; export LC_ALL=C\n${LIBRARY}\njson "$@"`;
  const { status, stdout } = spawnSync('sh', ['-c', script, 'sh', ...args], { input: text, encoding: 'utf8' });
  return status === 0 ? stdout : undefined;
}
const changed = (input: unknown, ...args: readonly string[]): unknown => JSON.parse(json(input, ...args) ?? 'null');

const LABEL = 'Labels/skep.shift';
const LIST = 'Task/Placement/Constraints';

describe('JSON on a node', () => {
  it('is read by path, a line for each, and an empty one where there is none', () => {
    const spec = { Name: 'web', Labels: { 'skep.shift': 'x' }, Mode: { Replicated: { Replicas: 3 } }, Empty: null };
    expect(json(spec, 'get', 'Name', LABEL, 'Mode/Replicated', 'Nope/x', 'Name/x', 'Empty')).toBe(
      '"web"\n"x"\n{"Replicas":3}\n\n\nnull\n',
    );
  });

  it.each<[unknown, readonly string[], unknown]>([
    [{ Labels: null }, ['set', LABEL, '"m"'], { Labels: { 'skep.shift': 'm' } }],
    [{}, ['set', LABEL, '"m"'], { Labels: { 'skep.shift': 'm' } }],
    [{ Labels: { a: 'b' } }, ['set', LABEL, '"m"'], { Labels: { 'skep.shift': 'm', a: 'b' } }],
    [{ Labels: { 'skep.shift': 'old', a: 'b' } }, ['set', LABEL, '"m"'], { Labels: { 'skep.shift': 'm', a: 'b' } }],
    [{ Labels: { 'skep.shift': 'm' } }, ['drop', LABEL], { Labels: {} }],
    [{ Labels: { a: 'b', 'skep.shift': 'm' } }, ['drop', LABEL], { Labels: { a: 'b' } }],
    [{ Labels: { 'skep.shift': 'm', a: 'b' } }, ['drop', LABEL], { Labels: { a: 'b' } }],
    [{ Name: 'x' }, ['drop', LABEL], { Name: 'x' }],
    [{ Task: {} }, ['prepend', LIST, '"a","b"'], { Task: { Placement: { Constraints: ['a', 'b'] } } }],
    [
      { Task: { Placement: { Constraints: ['c'] } } },
      ['prepend', LIST, '"a"'],
      { Task: { Placement: { Constraints: ['a', 'c'] } } },
    ],
    [
      { Task: { Placement: { Constraints: ['a', 'c'] } } },
      ['without', LIST, '"a"'],
      { Task: { Placement: { Constraints: ['c'] } } },
    ],
    [
      { Task: { Placement: { Constraints: ['a'], B: 1 } } },
      ['without', LIST, '"a"'],
      { Task: { Placement: { B: 1 } } },
    ],
    [{ Task: {} }, ['without', LIST, '"a"'], { Task: {} }],
  ])('%j becomes with %j', (input, args, output) => {
    expect(changed(input, ...args)).toEqual(output);
  });

  it.each(['', '{"a":"b', '{"a":1', '{"a":1}}', '[', 'x"'])('that is cut off, or none, is refused: %j', (text) => {
    expect(json(text, 'get', 'a')).toBeUndefined();
    expect(json(text, 'set', 'a', '1')).toBeUndefined();
  });

  it('stays what it was, whatever stands in its strings, and nothing in there is run', () => {
    const evil = fc.constantFrom(
      '$(exit 7)',
      '`exit 7`',
      '"',
      '\\',
      '\\"',
      '","Labels":{"skep.shift":"x"},"a":"',
      "'",
      '\n',
      '\t',
      '{{.}}',
      's/x/y/e',
    );
    const text = fc
      .array(fc.oneof(evil, fc.string({ unit: 'binary', maxLength: 20 })), { maxLength: 6 })
      .map((parts) => parts.join(''));
    const name = text.filter((one) => one !== 'skep.shift' && one !== '__proto__');
    const spec = fc.record({
      Name: text,
      Labels: fc.dictionary(name, text, { maxKeys: 4 }),
      Env: fc.array(text, { maxLength: 4 }),
      Deep: fc.jsonValue({ maxDepth: 3 }),
    });
    fc.assert(
      fc.property(spec, (input) => {
        const { Labels } = input;
        expect(changed(input, 'set', LABEL, '"m"')).toEqual(
          JSON.parse(JSON.stringify({ ...input, Labels: { ...Labels, 'skep.shift': 'm' } })),
        );
        const marked = JSON.stringify({ ...input, Labels: { ...Labels, 'skep.shift': 'm' } });
        expect(changed(marked, 'drop', LABEL)).toEqual(JSON.parse(JSON.stringify(input)));
        expect(json(marked, 'get', LABEL, 'Labels/nope')).toBe('"m"\n\n');
      }),
      { numRuns: 12 },
    );
  });

  it('of 64 kB is read in no time, quotes and backslashes and all', () => {
    const long = { Env: ['\\"'.repeat(16_000), 'x'.repeat(64_000)], Labels: { 'skep.shift': 'm' } };
    const began = Date.now();
    expect(json(long, 'get', LABEL)).toBe('"m"\n');
    expect(Date.now() - began).toBeLessThan(20_000);
  });

  it('gives of a string what is plain, and of any other nothing that looks like it', () => {
    const plain = (text: string): string =>
      spawnSync('sh', ['-c', `${LIBRARY}\nplain "$1"`, 'sh', text], { encoding: 'utf8' }).stdout;
    expect([plain('"more@1@2"'), plain('7'), plain('""'), plain('')]).toEqual(['more@1@2', '7', '', '']);
    expect([plain('"a b"'), plain('"$(exit)"'), plain('"a\\"b"'), plain('"a\\nb"')]).toEqual(['?', '?', '?', '?']);
  });
});
