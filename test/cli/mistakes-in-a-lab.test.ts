// Mistakes that only show where there is something: a cluster that is up, and another one that was declared. Each has one clear answer, the
// documented exit code, and no stack.

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { parseScenario } from '../../lab/scenario/read.ts';
import { play } from '../../lab/scenario/play.ts';
import { ScenarioRun } from '../../lab/scenario/run.ts';
import { STACK, onLab, startSkep } from '../support/skep-command.ts';
import type { Ended } from '../support/skep-command.ts';

const SCENARIO = `
name: mistakes
groups:
  managers: { role: manager, desired: 1 }
  workers: { role: worker, desired: 1 }
steps:
  - settle: 5m
`;
let run: ScenarioRun;
let worker = '';
beforeAll(async () => {
  run = await ScenarioRun.open(parseScenario(SCENARIO, 'mistakes'), { nodes: 'simulated' });
  await play(run);
  expect(await skep('create', 'other')).toMatchObject({ code: 0 });
  worker = [...(run.lab.autoScaling.groups.get('workers')?.members.keys() ?? [])][0] ?? '';
}, 240_000);
afterAll(async () => {
  await run.close();
});

const skep = (...args: readonly string[]): Promise<Ended> => startSkep(args, onLab(run.lab.url)).ended;

type Row = readonly [what: string, args: readonly string[], code: number, said: RegExp];

const NO_SUCH = /^stage dev has no cluster nope: it has demo, other\n$/;
const NOBODYS = 'i-0123456789abcdef0';

const ROWS: readonly Row[] = [
  ...['status', 'nodes', 'services', 'events', 'plan', 'tidy', 'rebalance', 'rotate-tokens', 'hold', 'unhold'].map(
    (verb): Row => [`a cluster that there is not: ${verb}`, [verb, 'nope'], 1, NO_SUCH],
  ),
  ['a cluster that there is not, to be recovered', ['recover', 'nope', '--yes'], 1, NO_SUCH],
  ['a cluster that there is not, to be erased', ['erase', 'nope', '--yes'], 1, NO_SUCH],
  ['a cluster that there is not, to be deleted', ['delete', 'nope', '--yes'], 1, NO_SUCH],
  ['no cluster where there are two', ['plan'], 1, /^say which cluster: stage dev has demo, other\n$/],
  [
    'a stage that is not here',
    ['status', '--stage', 'prod'],
    1,
    /^there is no table skep-prod here \(region eu-west-1\)/,
  ],
  [
    'letters of a stage that is not here',
    ['redrive', '--stage', 'prod'],
    1,
    /^there is no queue skep-prod-dead-letters here/,
  ],
  ['services of what has no swarm', ['services', 'other'], 2, /^other has no swarm yet: nobody can be asked\./],
  ['a swarm with workers, to be erased', ['erase', 'demo', '--yes'], 2, /^demo has workers: i-[0-9a-f]{17} of workers/],
  ['a cluster with a swarm, to be deleted', ['delete', 'demo', '--yes'], 2, /^demo has a swarm: nothing was removed\./],
  [
    'nobody who could be asked',
    ['delete', 'other'],
    1,
    /stdin is not a terminal, so nobody can be asked: pass --yes to confirm\n$/,
  ],
  [
    'nobody who could be asked, of a drain',
    ['drain', 'WORKER', 'demo'],
    1,
    /stdin is not a terminal, so nobody can be asked: pass --yes to confirm\n$/,
  ],
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
  [
    'a group of nobody, to be scaled',
    ['lab', 'scale', 'wrkrs', '3', '--port', 'PORT'],
    1,
    /^the lab has no group wrkrs: it has managers, workers\n$/,
  ],
  ['more than a group may have', ['lab', 'scale', 'workers', '99999', '--port', 'PORT'], 1, /less than or equal to/],
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
  ['a second lab', ['lab', 'serve', '--empty', '--port', 'PORT'], 1, /^port \d+ is taken: is a lab running already\?/],
];

describe('a mistake where there is a cluster', () => {
  it.concurrent.each(ROWS)('%s', async (_what, args, code, said) => {
    const port = new URL(run.lab.url).port;
    const typed = args.map((one) => (one === 'PORT' ? port : one === 'WORKER' ? worker : one));
    const ended = await skep(...typed);
    expect(ended.stderr).toMatch(said);
    expect(ended.stderr).not.toMatch(STACK);
    expect(ended.code).toBe(code);
  });
});
