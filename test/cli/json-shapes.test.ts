// What `--json` prints is documented, and is what the page says: each command that has the option is asked once, of a cluster with a service and a node that
// is drained.
import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Command } from 'commander';

import { VERB_NAMES, addVerbs } from '../../cli/verbs.ts';
import { parseScenario } from '../../lab/scenario/read.ts';
import { play } from '../../lab/scenario/play.ts';
import { ScenarioRun } from '../../lab/scenario/run.ts';
import { ManyCommands } from '../support/many-commands.ts';
import { whileTimePasses } from '../support/passing-time.ts';
import { onLab } from '../support/skep-command.ts';
import type { Ended } from '../support/skep-command.ts';

const SCENARIO = `
name: shapes
groups:
  managers: { role: manager, desired: 1 }
  workers: { role: worker, desired: 1 }
steps:
  - settle: 5m
  - service: { name: web, replicas: 2, order: start-first }
  - tidy: {}
  - advance: 1m
`;

interface Documented {
  readonly verb: string;
  readonly kind: string;
  /** Each is there, in each object. */
  readonly always: readonly string[];
  /** Those that the page says a condition of, too. */
  readonly all: readonly string[];
}

const [, section = ''] = readFileSync('docs/commands.md', 'utf8').split('## What `--json` prints');
const DOCUMENTED: readonly Documented[] = [
  ...(section.split('\n## ')[0] ?? '').matchAll(/^\| `skep ([a-z-]+)` +\| ([a-z ]+?) +\| (.+?) *\|$/gm),
].map(([, verb = '', kind = '', fields = '']) => {
  const namesIn = (text: string): string[] => [...text.matchAll(/`(\w+)`/g)].map(([, name = '']) => name);
  return { verb, kind, always: namesIn(fields.split(/; |, and of/)[0] ?? ''), all: namesIn(fields) };
});

/** What is typed of each, where more is needed than its name. Of what changes nothing is confirmed. */
const TYPED: Readonly<Partial<Record<string, string>>> = {
  why: 'why WORKER',
  logs: 'logs WORKER',
  redrive: 'redrive --dry-run',
  recover: 'recover demo',
  adopt: 'adopt blue --group workers=worker --group managers=manager --check',
};

let run: ScenarioRun;
let commands: ManyCommands;
let worker = '';
beforeAll(async () => {
  run = await ScenarioRun.open(parseScenario(SCENARIO, 'shapes'), { nodes: 'simulated' });
  await play(run);
  commands = new ManyCommands();
  worker = [...(run.lab.autoScaling.groups.get('workers')?.members.keys() ?? [])][0] ?? '';
  const letter = { at: 0, rule: 'skep-dev-launch', target: '', error: 'no' };
  run.lab.bus.deadLetters.push({ ...letter, event: {}, failed: false });
}, 240_000);
afterAll(async () => {
  commands.close();
  await run.close();
});

function skep(typed: string): Promise<Ended> {
  return whileTimePasses(run, commands.skep(typed.replace('WORKER', worker).split(' '), onLab(run.lab.url)));
}

/** The objects that stand at the top of what was printed. */
function objectsOf(kind: string, stdout: string): readonly object[] {
  if (kind === 'an object a line') {
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
  }
  const parsed = JSON.parse(stdout) as unknown;
  expect([kind, Array.isArray(parsed)]).toEqual([kind, kind === 'a list']);
  return Array.isArray(parsed) ? (parsed as readonly object[]) : [parsed as object];
}

describe('what --json prints', () => {
  it('is documented of each command that has the option', async () => {
    const having: string[] = [];
    for (const verb of VERB_NAMES.filter((name) => name !== 'lab')) {
      const program = new Command('skep');
      await addVerbs(program, [verb]);
      const command = program.commands.find((one) => one.name() === verb);
      if (command?.options.some(({ long }) => long === '--json') === true) {
        having.push(verb);
      }
    }
    expect(DOCUMENTED.map(({ verb }) => verb).toSorted()).toEqual(having.toSorted());
  });

  it.each(DOCUMENTED.map((one): [string, Documented] => [one.verb, one]))(
    'of %s is what the page says',
    async (verb, { kind, always, all }) => {
      const { stdout, stderr } = await skep(`${TYPED[verb] ?? verb} --json`);
      expect([stderr, stdout]).toEqual([stderr, expect.stringMatching(/^[{[]/)]);
      const objects = objectsOf(kind, stdout);
      expect(objects.length).toBeGreaterThan(0);
      for (const one of objects) {
        const names = Object.keys(one);
        expect({
          missing: always.filter((name) => !names.includes(name)),
          unknown: names.filter((name) => !all.includes(name)),
        }).toEqual({
          missing: [],
          unknown: [],
        });
      }
    },
    120_000,
  );
});
