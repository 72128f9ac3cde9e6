// docs/glossary.md against the code: one word, one meaning.
import { globSync, readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { VERBS, WAITS } from '../../src/core/names.ts';

const ROWS = readFileSync('docs/glossary.md', 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .slice(2)
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, word = '', meaning = '', code = '']) => ({ word, meaning, code: code.replaceAll('`', '') }));

const meaningOf = (word: string): string => ROWS.find((row) => row.word === word)?.meaning ?? '';
/** The words after the colon. */
const listOf = (word: string): string[] => (meaningOf(word).split(': ')[1] ?? '').split(', ');

const SOURCES = globSync('{src,functions}/**/*.ts').map((file) => [file, readFileSync(file, 'utf8')] as const);

/** Where a name is declared at the top of a file. */
function declarations(pattern: RegExp): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [file, text] of SOURCES) {
    for (const [, name = ''] of text.matchAll(pattern)) {
      found.set(name, [...(found.get(name) ?? []), file]);
    }
  }
  return found;
}

const ALL = declarations(/^(?:export )?(?:async )?(?:interface|type|class|function|const) (\w+)/gm);
const TYPES = declarations(/^export (?:interface|type|class) (\w+)/gm);
const twice = (names: Map<string, string[]>): string[] =>
  [...names].filter(([, files]) => files.length > 1).map(([name, files]) => `${name}: ${files.join(', ')}`);

describe('the glossary', () => {
  it('has each word once', () => {
    const words = ROWS.map(({ word }) => word);
    expect(words.length).toBeGreaterThan(25);
    expect(words.filter((word, at) => words.indexOf(word) !== at)).toEqual([]);
  });

  it.each(ROWS.filter(({ code }) => code !== ''))('$word is $code in the code, which is declared once', ({ code }) => {
    expect(ALL.get(code) ?? []).toHaveLength(1);
  });

  it('has every verb, every machine, every route and every wait', () => {
    const machines = globSync('statemachines/*.asl.yaml').map((file) => file.replaceAll(/.*\/|\.asl\.yaml/g, ''));
    const routes = /readonly route: ([^;]+);/.exec(readFileSync('src/core/model.ts', 'utf8'))?.[1] ?? '';

    expect(listOf('verb').toSorted()).toEqual([...VERBS].toSorted());
    expect(listOf('machine').toSorted()).toEqual(machines.toSorted());
    expect(listOf('route')).toEqual([...routes.matchAll(/'([a-z]+)'/g)].map(([, route]) => route));
    expect(WAITS.filter((wait) => !meaningOf('step').includes(`(${wait})`))).toEqual([]);
  });
});

describe('the names of shapes', () => {
  it('mean one thing each, over all of src', () => {
    expect(TYPES.size).toBeGreaterThan(100);
    expect(twice(TYPES)).toEqual([]);
  });
});

describe('words that say nothing of what is named', () => {
  it.each(['Asked', 'Told', 'Said', 'Given', 'Found', 'Looked'])('%s is not the whole name of a type', (name) => {
    const everywhere = globSync('{src,functions,cli}/**/*.ts').filter((file) =>
      new RegExp(`^(?:export )?(?:interface|type|class) ${name}\\b`, 'm').test(readFileSync(file, 'utf8')),
    );

    expect(everywhere).toEqual([]);
  });
});
