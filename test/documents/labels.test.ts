// The labels that scripts spell out, against src/core/labels.ts, which everything else takes them from.
import { globSync, readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import * as labels from '../../src/core/labels.ts';

const LABELS = Object.entries(labels).flatMap(([name, value]) =>
  name.endsWith('_LABEL') && typeof value === 'string' ? [value] : [],
);
/** Of the Docker configs in which the document `shift` keeps the history of a service. Nothing else reads them. */
const OF_HISTORIES = ['skep.at', 'skep.safe', 'skep.phase', 'skep.present', 'skep.before'];
/** Nothing in a script depends on these: they come in the list of labels that the document `confirm` is given. */
const NOT_IN_SCRIPTS = [labels.GROUP_LABEL, labels.ZONE_LABEL];

const LABEL = /\bskep\.[a-z][a-z-]*/g;
const SCRIPTS = globSync('documents/**/*.sh').map((file) => [file, withoutComments(file)] as const);

function withoutComments(file: string): string {
  return readFileSync(file, 'utf8').replaceAll(/^ *#.*$/gm, '');
}

describe('the labels in the scripts', () => {
  it.each(SCRIPTS)('%s spells only labels that src/core/labels.ts has', (_file, text) => {
    const spelled = new Set([...text.matchAll(LABEL)].map(([label]) => label));

    expect([...spelled].filter((label) => ![...LABELS, ...OF_HISTORIES].includes(label))).toEqual([]);
  });

  it('are all of them, but for those that no script depends on', () => {
    const spelled = new Set(SCRIPTS.flatMap(([, text]) => [...text.matchAll(LABEL)].map(([label]) => label)));

    expect([...spelled].toSorted()).toEqual(
      [...LABELS.filter((label) => !NOT_IN_SCRIPTS.includes(label)), ...OF_HISTORIES].toSorted(),
    );
  });
});

it('code takes them from there: none of them is written out as a key or a value of its own', () => {
  const literal = new RegExp(`'(?:${LABELS.join('|').replaceAll('.', '\\.')})'`);
  const files = globSync('{src,functions,cli,lab/nodes,lab/scenario,lab/swarm}/**/*.ts');

  expect(files.length).toBeGreaterThan(200);
  expect(files.filter((file) => literal.test(readFileSync(file, 'utf8')))).toEqual(['src/core/labels.ts']);
});
