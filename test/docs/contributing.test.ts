// CONTRIBUTING.md says which files a new document, event, repair, error, right, command, limit or step touches. Here one of each kind that exists is looked up
// in the whole tree: where it is named, and the list does not say so, the list is not complete; and the other way round.
import { globSync, readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

interface Kind {
  readonly section: string;
  /** What the placeholders of the list stand for, in the instance that is looked up. */
  readonly instance: Readonly<Record<string, string>>;
  /** What it is named by, in code, without comments. */
  readonly named: RegExp;
  /** Where it is named by chance or for another reason, and which. */
  readonly besides: Readonly<Record<string, string>>;
}

const CODE = '{src,functions,lab,cli,scripts,resources,statemachines,documents,test}/**/*.{ts,js,yaml,sh,json}';
const PAGES = ['commands', 'glossary', 'lab', 'security'].map((page) => `docs/${page}.md`);
const SELF = 'test/docs/contributing.test.ts';

const COMMENTS: Readonly<Record<string, RegExp>> = {
  ts: /^\s*\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm,
  js: /^\s*\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm,
  yaml: /#.*$/gm,
  sh: /^\s*#.*$/gm,
};

function codeOf(file: string): string {
  const comments = COMMENTS[file.slice(file.lastIndexOf('.') + 1)];
  const text = readFileSync(file, 'utf8');
  return comments === undefined ? text : text.replaceAll(comments, '');
}

/** What the last release was: nobody changes it. */
const RELEASED = 'test/fixtures/release/';
const FILES = [...globSync(CODE), ...PAGES, 'serverless.yml']
  .filter((file) => file !== SELF && !file.startsWith(RELEASED))
  .toSorted();
const TEXTS = new Map(FILES.map((file) => [file, codeOf(file)] as const));

const KINDS: readonly Kind[] = [
  {
    section: 'Add a document',
    instance: { verb: 'survey', machine: 'recover', subject: 'recovery', chapter: 'recovery' },
    named: /\bsurvey\b/,
    besides: {
      'test/fixtures/shapes/0.1.0/command.json': 'requests of all documents that a release has sent',
      'test/fixtures/shapes/2026-11-20/command.json': 'requests of all documents that a release has sent',
      'src/core/adopt/commands.ts': 'a person sends it to what is to be taken in, without a machine',
      'docs/commands.md': 'who sends it needs a right',
      'cli/cluster-stacks/losses.ts': 'a person sends it to what is to go, without a machine',
      'test/docker/documents.test.ts': 'what it tells of volumes, on a real engine',
      'test/contract/chapters/services.ts': 'what it tells of the volumes of services',
      'src/operations/recover.ts': 'the machine recover takes the instances that are to be asked by this name',
      'test/unit/operations/recover.test.ts': 'the same, in its test',
      'test/unit/core/adopt/commands.test.ts': 'that a person sends it',
      'test/unit/core/steps/by-hand.test.ts': 'that a person sends it',
    },
  },
  {
    section: 'Add an event',
    instance: { event: 'spot-interruption', service: 'ec2', folder: 'warnings', scenario: 'a-thousand-strangers' },
    named: /EC2 Spot Instance Interruption Warning|spot-interruption/,
    besides: { 'test/scenarios/warnings/malformed.yaml': 'sends such events by hand, broken' },
  },
  {
    section: 'Add a repair',
    instance: { decision: 'repair-records', scenario: 'table-forgot' },
    named: /\bunlock\b/,
    besides: { 'src/core/steps/final-reasons.ts': 'a swarm that is locked (autolock)' },
  },
  {
    section: 'An error of a document',
    instance: { verb: 'init', document: 'init', chapter: 'founding', machine: 'scale-out' },
    named: /\bAddressPoolOverlap\b/,
    besides: {},
  },
  {
    section: 'An error of a function',
    instance: { folder: 'core/rebalance', file: 'begin' },
    named: /\bNothingKept\b/,
    besides: {},
  },
  {
    section: 'A right of a function',
    instance: {},
    named: /\bautoscaling:RecordLifecycleActionHeartbeat\b/,
    besides: {},
  },
  {
    section: 'A right of an instance',
    instance: {},
    named: /\bssm:PutParameter\b/,
    besides: {
      'test/lab/aws/iam/policy.test.ts': 'an example of a policy',
      'test/template/state.test.ts': 'what is lost with the table',
    },
  },
  {
    section: 'Add a command',
    instance: { command: 'erase' },
    named: /defineErase|skep\(\['erase'|`skep erase \w+`/,
    besides: { 'scripts/docs.ts': 'what there is to be done about an error' },
  },
  {
    section: 'Add a limit of the lab',
    instance: { service: 'run-command', folder: 'burst', scenario: 'throttled-herd' },
    named: /\bregistrations\b/,
    besides: {},
  },
  {
    section: 'Add a scenario step',
    instance: { folder: 'tidy', scenario: 'verdict-dead-letters' },
    named: /\bdeadLetter\b/,
    besides: {
      'test/cli/status.test.ts': 'another test that takes the step',
      'test/lab/console/console.test.ts': 'another test that takes the step',
    },
  },
];

const page = readFileSync('CONTRIBUTING.md', 'utf8');

/** The files of a section's list, with the placeholders filled in. */
function listed({ section, instance }: Kind): string[] {
  const [, text = ''] = page.split(new RegExp(`\n##+ ${section}\n`));
  const [own = ''] = text.split(/\n##+ /);
  const lines = own.split('\n').filter((line) => line.startsWith('- '));
  return lines.flatMap((line) =>
    [...(line.split('`: ')[0] ?? '').matchAll(/`?([\w<>./-]+\.\w+)`?/g)].map(([, path = '']) =>
      path.replaceAll(/<(\w+)>/g, (placeholder, name: string) => instance[name] ?? placeholder),
    ),
  );
}

/** The files that name it, by their text or their own name. */
const naming = ({ named }: Kind): string[] =>
  [...TEXTS].filter(([file, text]) => named.test(text) || named.test(file)).map(([file]) => file);

describe.each(KINDS)('CONTRIBUTING.md: $section', (kind) => {
  it('lists every file that such a change touches, and no other', () => {
    const others = Object.keys(kind.besides);

    expect(listed(kind).length).toBeGreaterThan(3);
    expect(listed(kind).toSorted()).toEqual(naming(kind).filter((file) => !others.includes(file)));
  });

  it('leaves out nothing that does not name it any more', () => {
    expect(naming(kind)).toEqual(expect.arrayContaining(Object.keys(kind.besides)));
  });
});

it('no code of src asks which verb it is: what is done about one alone is a trait of its unit', () => {
  const comparing = /\bverb\)? [!=]== '|'[a-z]+' [!=]== (\w+\.)*verb\b|\.includes\((\w+\.)*verb\)/;
  const sources = [...TEXTS].filter(([file]) => file.startsWith('src/'));

  expect(sources.length).toBeGreaterThan(200);
  expect("if (verb === 'join') {").toMatch(comparing);
  expect(sources.filter(([, text]) => comparing.test(text)).map(([file]) => file)).toEqual([]);
});
