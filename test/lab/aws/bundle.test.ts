// Bundles are compiled once: in a process, and from one process to the next.
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cachedDataVersionTag } from 'node:v8';
import { Script } from 'node:vm';

import { afterAll, expect, it } from '@jest/globals';

import { keepCode, loaderOf } from '../../../lab/aws/bundle.ts';
import type * as bundles from '../../../lab/aws/bundle.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'skep-bundle-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const SOURCE = 'let calls = 0; exports.handler = () => { calls += 1; return calls; };';
const WRAPPED = `(function (exports, require, module, __filename, __dirname, process, Date, console, setTimeout, fetch) {${SOURCE}\n})`;

function bundle(name: string): { file: string; kept: string } {
  const file = path.join(folder, name);
  writeFileSync(file, SOURCE);
  return { file, kept: `${file}.${cachedDataVersionTag()}.v8` };
}

function handlerOf(file: string): () => unknown {
  const exported: Record<string, () => unknown> = {};
  loaderOf(file)(exported);
  const { handler } = exported;
  if (handler === undefined) throw new Error('no handler');
  return handler;
}

const isTaken = (kept: string): boolean =>
  new Script(WRAPPED, { cachedData: readFileSync(kept) }).cachedDataRejected === false;

it('each evaluation has a state of its own', () => {
  const { file } = bundle('state.js');
  const [first, second] = [handlerOf(file), handlerOf(file)];

  expect([first(), first(), second()]).toEqual([1, 2, 1]);
});

it('what was compiled is kept whole, and V8 takes it', () => {
  const { file, kept } = bundle('kept.js');
  handlerOf(file)();
  keepCode();

  expect(isTaken(kept)).toBe(true);
  expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

it('the next process begins with what is kept, and has nothing to keep', async () => {
  const { file, kept } = bundle('next.js');
  handlerOf(file)();
  keepCode();
  const { ino } = statSync(kept);

  // Loaded once more, it knows as little as in a process of its own.
  const next = (await import(`${import.meta.resolve('../../../lab/aws/bundle.ts')}?next`)) as typeof bundles;
  expect(next.loaderOf).not.toBe(loaderOf);
  next.loaderOf(file)({});
  next.keepCode();
  expect(statSync(kept).ino).toBe(ino);
});

it('what was kept and is no code is compiled again, and replaced', () => {
  const { file, kept } = bundle('broken.js');
  writeFileSync(kept, 'half of a file that somebody has cut off');

  expect(handlerOf(file)()).toBe(1);
  keepCode();
  expect(isTaken(kept)).toBe(true);
});
