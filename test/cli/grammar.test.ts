// One grammar for all verbs: the same options, an example and exit codes in the help of each, and one table of exit codes for all.
import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';
import { Command } from 'commander';

import { EXIT_CODES } from '../../cli/exit-codes.ts';
import { VERB_NAMES, addVerbs } from '../../cli/verbs.ts';

interface Leaf {
  readonly words: string;
  readonly options: readonly (string | undefined)[];
  readonly args: readonly string[];
  readonly help: string;
}

/** Each command that does something, with its help as it is printed. */
async function leaves(): Promise<Leaf[]> {
  const found: Leaf[] = [];
  for (const verb of VERB_NAMES) {
    const program = new Command('skep');
    await addVerbs(program, [verb]);
    const command = program.commands.find((one) => one.name() === verb);
    found.push(...(command === undefined ? [] : leavesOf(command, verb)));
  }
  return found;
}

function leavesOf(command: Command, words: string): Leaf[] {
  if (command.commands.length > 0) {
    return command.commands.flatMap((one) => leavesOf(one, `${words} ${one.name()}`));
  }
  let help = '';
  command.configureOutput({
    writeOut: (text) => {
      help += text;
    },
  });
  command.outputHelp();
  const args = command.registeredArguments.map((one) => one.name());
  return [{ words, options: command.options.map(({ long }) => long ?? undefined), args, help }];
}

const ALL = await leaves();
/** They reach no AWS: a file is read, or the lab of this machine. */
const isHere = ({ words }: Leaf): boolean => /^(lab|completion|user-data)\b/.test(words);
/** Their clusters stand in files that name the stage. */
const isOfFile = ({ words }: Leaf): boolean => words.startsWith('cluster ');
/** They read, and what they tell is for programs too. */
const TELLS = [
  'status',
  'nodes',
  'services',
  'why',
  'logs',
  'events',
  'executions',
  'doctor',
  'plan',
  'tidy',
  'rebalance',
  'redrive',
  'recover',
  'adopt',
];
/** What cannot be undone by the same command said again, and what takes tasks off a node. */
const ASKS = [
  'delete',
  'release',
  'erase',
  'recover',
  'deploy',
  'drain',
  'activate',
  'redrive',
  'refresh',
  'remove',
  'remove-stack',
  'cluster up',
  'cluster down',
  // With --launch.
  'verify',
  // At a terminal only.
  'create',
  'hold',
  'unhold',
  'tidy',
  'rebalance',
  'rollback',
  'rotate-tokens',
];

const without = (which: readonly Leaf[], option: string): string[] =>
  which.filter(({ options }) => !options.includes(option)).map(({ words }) => words);

describe('the grammar of the verbs', () => {
  it('says everywhere where AWS is', () => {
    const reaching = ALL.filter((one) => !isHere(one));
    expect(reaching.length).toBeGreaterThan(20);
    for (const option of ['--region', '--profile', '--endpoint-url', '--lab']) {
      expect([option, without(reaching, option)]).toEqual([option, []]);
    }
    expect(
      without(
        reaching.filter((one) => !isOfFile(one)),
        '--stage',
      ),
    ).toEqual([]);
  });

  it('prints JSON where it tells, and asks where it changes', () => {
    expect(ALL.filter(({ words, options }) => TELLS.includes(words) && !options.includes('--json'))).toEqual([]);
    expect(
      ALL.filter(({ options }) => options.includes('--yes'))
        .map(({ words }) => words)
        .toSorted(),
    ).toEqual(ASKS.toSorted());
  });

  it('takes the cluster as an argument wherever it takes one', () => {
    const named = ALL.filter(({ options }) => options.includes('--cluster'));
    expect(named.filter(({ args }) => !args.includes('cluster'))).toEqual([]);
    expect(named.length).toBeGreaterThan(15);
  });

  it('has an example and the exit codes in the help of each verb', () => {
    // The lab is in a clone only, where npx is what calls the command.
    const typed = (words: string): string => (words.startsWith('lab ') ? `npx skep ${words}` : `skep ${words}`);
    expect(
      ALL.filter(({ words, help }) => !help.includes(`\nExample: ${typed(words)}`)).map(({ words }) => words),
    ).toEqual([]);
    expect(ALL.filter(({ help }) => !help.includes('Exit codes: 0 ')).map(({ words }) => words)).toEqual([]);
  });
});

describe('exit codes', () => {
  const page = readFileSync('docs/commands.md', 'utf8');
  const [, table = ''] = page.split('Exit codes of all verbs:');
  const rows = [...(table.split('\n## ')[0] ?? '').matchAll(/^\| (\d+) +\| (.+?) *\|$/gm)].map(([, code, meaning]) => ({
    code: Number(code),
    meaning,
  }));

  it('are the same in the page as in the command', () => {
    expect(rows).toEqual(EXIT_CODES);
  });

  it('that a help names are in the table', () => {
    const known = new Set(EXIT_CODES.map(({ code }) => code));
    const named = ALL.flatMap(({ help }) =>
      [...(help.split('Exit codes: ')[1]?.split('\n')[0] ?? '').matchAll(/(?:^|[,;] )(\d+) /g)].map(([, code]) =>
        Number(code),
      ),
    );
    expect(named.length).toBeGreaterThan(40);
    expect(named.filter((code) => !known.has(code))).toEqual([]);
  });
});
