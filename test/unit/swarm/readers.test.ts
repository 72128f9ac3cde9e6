// Who reads what the documents print: a reader for each document, and each of them against anything.
import { readFileSync, readdirSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { adoptSurvey } from '../../../src/core/adopt/facts.ts';
import { readMembers } from '../../../src/core/managers/leader-record.ts';
import { answer } from '../../../src/core/managers/recovery.ts';
import { VERBS } from '../../../src/core/names.ts';
import type { Verb } from '../../../src/core/names.ts';
import { nodeChanges, ownNodeId } from '../../../src/core/steps/rendezvous.ts';
import { outcomeOf } from '../../../src/core/steps/result.ts';
import { readPages } from '../../../src/swarm/all-pages.ts';
import { inspectPage, readSwarm } from '../../../src/swarm/inspect-page.ts';
import { nodeAt, readNodes, readServices, readServicesIfAny, shiftPage } from '../../../src/swarm/services-page.ts';
import { whyUnreadable, withoutContents } from '../../../src/swarm/told-pages.ts';
import { OUTPUTS } from '../../contract/outputs.ts';
import { INSTANCE } from '../support/examples.ts';
import { anything } from '../support/hostile-texts.ts';

type Output = Readonly<Record<string, unknown>>;

/** What is asked of each result as it comes in, whichever document it is of. */
const heard = (verb: Verb, output: Output): void => {
  whyUnreadable(verb, output);
  ownNodeId(verb, output);
  readMembers(output['managers']);
  for (const one of Object.values(nodeChanges(verb, output))) {
    expect(String(one)).toMatch(/^[0-9A-Za-z.:-]*$/);
  }
};
const page = (output: Output): void => {
  const read = shiftPage.safeParse(output);
  if (read.success) {
    readServicesIfAny(read.data, nodeAt(read.data, []));
    named(() => readPages([read.data], [read.data]));
  }
};

/** What else, of those whose results are more than a few words of a node. */
const READERS: Readonly<Record<Verb, readonly ((output: Output) => unknown)[]>> = {
  availability: [],
  confirm: [],
  demote: [],
  drain: [page],
  fence: [],
  forget: [],
  init: [],
  inspect: [
    (output) => inspectPage.safeParse(output),
    (output) => {
      named(() => readSwarm([inspectPage.parse(output)], []));
    },
  ],
  join: [],
  leave: [],
  mend: [],
  prepare: [],
  recover: [],
  rotate: [],
  shift: [page, (output) => withoutContents(output, 'why')],
  survey: [(output) => answer.parse({ instance: INSTANCE, told: output }), (output) => adoptSurvey.safeParse(output)],
};

/** A page that is none is told by name, and is asked of another manager. */
function named(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    expect((error as Error).name).toMatch(/^(PageUnreadable|ZodError)$/);
  }
}

const members = [
  ...new Set(
    readFileSync(new URL('../../contract/outputs.ts', import.meta.url), 'utf8').match(/\b[a-zA-Z]+(?=[:,])/g) ?? [],
  ),
];
const output = fc.dictionary(fc.oneof(fc.constantFrom(...members), fc.string({ maxLength: 9 })), anything, {
  maxKeys: 12,
});

describe('the readers of what documents print', () => {
  it('are there for each document', () => {
    expect(Object.keys(READERS).toSorted()).toEqual([...VERBS].toSorted());
    expect(Object.keys(OUTPUTS)).toEqual(expect.arrayContaining([...VERBS]));
    expect(members).toEqual(expect.arrayContaining(['nodeId', 'managers', 'services', 'digest', 'remotes']));
  });

  it('are all tried here or beside this: every one that src/swarm has', () => {
    const folder = new URL('../../../src/swarm/', import.meta.url);
    const exported = readdirSync(folder).flatMap((name) =>
      [...readFileSync(new URL(name, folder), 'utf8').matchAll(/^export (?:async )?(?:function|const) (\w+)/gm)].map(
        ([, one = '']) => one,
      ),
    );
    const tried = ['readers', 'hostile-pages'].map((name) =>
      readFileSync(new URL(`./${name}.test.ts`, import.meta.url), 'utf8'),
    );
    const within = new Set(['unreadable', 'unpacked', 'ID']);
    expect(exported).toEqual(expect.arrayContaining(['readSwarm', 'readServices', 'readNodes']));
    expect(
      exported.filter(
        (one) => !within.has(one) && !tried.some((text) => text.includes(`${one}(`) || text.includes(`${one}.`)),
      ),
    ).toEqual([]);
  });

  it.each(VERBS)('read or refuse by name, whatever it tells: %s', (verb) => {
    fc.assert(
      fc.property(output, (told) => {
        heard(verb, told);
        for (const read of READERS[verb]) read(told);
      }),
      { numRuns: 60 },
    );
  });

  it.each(VERBS)('hear the end of it well or by name, whatever its last line is: %s', (verb) => {
    fc.assert(
      fc.property(output, fc.integer({ min: -1, max: 256 }), (told, responseCode) => {
        const stdout = JSON.stringify(told);
        const ended = outcomeOf(verb, {
          status: responseCode === 0 ? 'Success' : 'Failed',
          statusDetails: '',
          responseCode,
          stdout,
          stderr: '',
        });
        expect(ended?.ok === false ? ended.error : 'Well').toMatch(/^[A-Z][A-Za-z]+$/);
      }),
      { numRuns: 30 },
    );
  });

  it('take no page of nobody', () => {
    expect(() => readNodes({ nodes: '{' })).toThrow(/cannot be read/);
    expect(() => readServices({ services: '{' }, String)).toThrow(/cannot be read/);
  });
});
