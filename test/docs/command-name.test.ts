// How pages, notices and messages write the command: so that nobody runs a stranger's package, and nobody looks for a verb that is not there.
import { globSync, readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { VERB_NAMES } from '../../cli/verbs.ts';

const TEXTS = globSync([
  '{src,functions,lab,cli,resources,statemachines,documents,cluster,examples,scripts,docs}/**/*.{ts,js,sh,yaml,md}',
  '*.{md,yml}',
  '.github/**/*.{md,yml}',
]).filter((file) => file !== 'CHANGELOG.md');

/** Where people are warned of it, or are in a clone already: what a lab that is up prints. */
const WARNED = ['README.md', 'cli/skep.js', 'cli/lab-session.ts', 'docs/commands.md'];

/** Outside of a clone npm offers a package of that name which is not ours. The lab is in clones only. */
const STRANGERS = /npx skep(?! lab\b)[^\n]{0,40}/g;

/** As a person would type it. */
const TYPED = /`(?:npx )?skep ([a-z][a-z-]*)/g;
/** By an option what is an argument everywhere. */
const BY_OPTION = /skep [a-z-]+ [^`\n]{0,60}--cluster [A-Za-z$]/g;

const told = (pattern: RegExp, files: readonly string[]): string[] =>
  files.flatMap((file) => (readFileSync(file, 'utf8').match(pattern) ?? []).map((one) => `${file}: ${one}`));

describe('the command, wherever it is written', () => {
  it('is called as it is after it was installed: npx would run a stranger’s package outside of a clone', () => {
    expect('say npx skep status --all'.match(STRANGERS)).toEqual(['npx skep status --all']);
    expect('npx skep lab serve'.match(STRANGERS)).toBeNull();
    expect(TEXTS.length).toBeGreaterThan(500);
    expect(
      told(
        STRANGERS,
        TEXTS.filter((file) => !WARNED.includes(file)),
      ),
    ).toEqual([]);
  });

  it('has the verbs that are named', () => {
    const known = new Set([...VERB_NAMES, 'version', 'help']);
    const unknown = TEXTS.filter((file) => /\.(md|yml)$/.test(file)).flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(TYPED)]
        .filter(([, verb = '']) => !known.has(verb))
        .map(([text]) => `${file}: ${text.trim()}`),
    );
    expect([...'`skep nope blue`'.matchAll(TYPED)].map(([, verb]) => verb)).toEqual(['nope']);
    expect(unknown).toEqual([]);
  });

  it('takes its cluster as an argument', () => {
    expect('skep plan --cluster blue'.match(BY_OPTION)).toHaveLength(1);
    expect(told(BY_OPTION, TEXTS)).toEqual([]);
  });

  it('has a row in docs/commands.md for each verb', () => {
    const page = readFileSync('docs/commands.md', 'utf8');
    expect(VERB_NAMES.filter((verb) => !page.includes(`\n| \`skep ${verb}`))).toEqual([]);
  });
});
