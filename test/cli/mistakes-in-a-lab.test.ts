// Mistakes that only show where there is something: a cluster that is up, and another one that was declared. Each has one clear answer, the
// documented exit code, and no stack.

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { ScenarioRun } from '../../lab/scenario/run.ts';
import { ManyCommands } from '../support/many-commands.ts';
import { STACK, onLab } from '../support/skep-command.ts';
import type { Ended } from '../support/skep-command.ts';
import { playSmallCluster } from '../support/small-cluster.ts';

let run: ScenarioRun;
let worker = '';
let commands: ManyCommands;
beforeAll(async () => {
  run = await playSmallCluster('mistakes');
  commands = new ManyCommands();
  expect(await skep('create', 'other')).toMatchObject({ code: 0 });
  worker = [...(run.lab.autoScaling.groups.get('workers')?.members.keys() ?? [])][0] ?? '';
}, 240_000);
afterAll(async () => {
  commands.close();
  await run.close();
});

const skep = (...args: readonly string[]): Promise<Ended> => commands.skep(args, onLab(run.lab.url));

type Row = readonly [what: string, args: readonly string[], code: number, said: RegExp];

const NOBODYS = 'i-0123456789abcdef0';

const ROWS: readonly Row[] = [
  [
    'letters of a stage that is not here',
    ['redrive', '--stage', 'prod'],
    1,
    /^there is no queue skep-prod-dead-letters here/,
  ],
  ['services of what has no swarm', ['services', 'other'], 2, /^other has no swarm yet: nobody can be asked\./],
  ['a cluster with a swarm, to be deleted', ['delete', 'demo', '--yes'], 2, /^demo has a swarm: nothing was removed\./],
  [
    'an instance of another cluster',
    ['drain', 'WORKER', 'other', '--yes'],
    1,
    /^i-\S+ is an instance of demo, and not of other\n$/,
  ],
  [
    'an instance of nobody',
    ['drain', NOBODYS, 'demo', '--yes'],
    1,
    /^i-0123456789abcdef0 is no node of demo: skep why i-/,
  ],
  [
    'a group of nobody',
    ['nodes', 'demo', '--group', 'nope'],
    1,
    /^demo has nothing in a group nope: .* managers, workers\n$/,
  ],
  ['a machine of nobody', ['lab', 'kill', NOBODYS, '--port', 'PORT'], 2, /^i-0123456789abcdef0 does not run\n$/],
  [
    'a swarm of nobody',
    ['lab', 'nodes', 'nope', '--port', 'PORT'],
    2,
    /^nope: no manager of the swarm answers: has its swarm been founded\?\n$/,
  ],
  [
    'a lab that a test has started',
    ['lab', 'stop', '--port', 'PORT'],
    2,
    /^this lab plays a scenario, and ends with it\n$/,
  ],
];

describe('a mistake where there is a cluster', () => {
  it.each(ROWS)('%s', async (_what, args, code, said) => {
    const port = new URL(run.lab.url).port;
    const typed = args.map((one) => (one === 'PORT' ? port : one === 'WORKER' ? worker : one));
    const ended = await skep(...typed);
    expect(ended.stderr).toMatch(said);
    expect(ended.stderr).not.toMatch(STACK);
    expect(ended.code).toBe(code);
  });

  it('a terminal of 40 columns: one thing below the other, and no lines that are broken', async () => {
    // What fits into it, such as the table of status, stays a table without lines.
    for (const typed of [
      ['nodes', 'demo'],
      ['executions', 'demo'],
    ]) {
      const wide = await commands.skep(typed, onLab(run.lab.url), 400);
      const narrow = await commands.skep(typed, onLab(run.lab.url), 40);
      expect(wide.stdout).toContain('│');
      expect(narrow.stdout).not.toContain('│');
      expect(narrow.stdout).toMatch(/^\S+\n {2}[a-z0-9 ]+: \S/m);
      expect([narrow.code, narrow.stderr]).toEqual([wide.code, wide.stderr]);
    }
  });
});
