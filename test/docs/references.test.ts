// What comments and pages refer to is in the tree: a file that was moved, or a document that only its writer had, explains nothing.
import { existsSync, globSync, readFileSync, readdirSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

const FOLDERS = 'src|functions|lab|cli|scripts|bench|resources|statemachines|documents|test|examples|docs';
const TEXTS = globSync([
  `{${FOLDERS.replaceAll('|', ',')}}/**/*.{ts,js,sh,yaml,md}`,
  '*.{md,js,ts,yml}',
  '.github/**/*.{md,yml}',
  '.ci/run',
]).filter((file) => !['test/docs/references.test.ts', 'CHANGELOG.md'].includes(file));

const PATH = new RegExp(String.raw`(?<![\w./@-])(?:${FOLDERS})/[\w./-]*\w\.(?:ts|js|sh|yaml|md)\b`, 'g');

const missing = (text: string): string[] => [...new Set(text.match(PATH))].filter((path) => !existsSync(path));
const CITED = /\bdesign (rule )?\d|\bdesign\.md|\brule \d+\.\d/i;

const told = (judge: (text: string) => readonly string[]): string[] =>
  TEXTS.flatMap((file) => judge(readFileSync(file, 'utf8')).map((what) => `${file}: ${what}`));

describe('what the tree refers to', () => {
  it('is there, where it is a file', () => {
    expect(missing('// As src/core/no-such-file.ts has it; see docs/architecture.md.')).toEqual([
      'src/core/no-such-file.ts',
    ]);
    expect(TEXTS.length).toBeGreaterThan(500);
    expect(told(missing)).toEqual([]);
  });

  it('is no numbered rule of a document that only its writer had', () => {
    expect('// (design 4)').toMatch(CITED);
    expect(told((text) => CITED.exec(text)?.slice(0, 1) ?? [])).toEqual([]);
  });

  it('has a row in docs/decisions/README.md for every decision', () => {
    const index = readFileSync('docs/decisions/README.md', 'utf8');
    const pages = readdirSync('docs/decisions').filter((file) => file !== 'README.md');
    expect([...index.matchAll(/\]\(([\w-]+\.md)\)/g)].map(([, page]) => page).toSorted()).toEqual(pages.toSorted());
  });
});
