// Fifty mistakes, one more in fact, from the first afternoon of somebody new, in the order in which they were made: what was typed, the documented
// exit code, and the line that says what is wrong. None of them prints a stack.
import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { parseScenario } from '../../lab/scenario/read.ts';
import { play } from '../../lab/scenario/play.ts';
import { ScenarioRun } from '../../lab/scenario/run.ts';
import { ManyCommands } from '../support/many-commands.ts';
import { whileTimePasses } from '../support/passing-time.ts';
import { STACK, onLab } from '../support/skep-command.ts';
import { FIFTY, NOWHERE, folder } from './fifty.ts';
import type { Mistake } from './fifty.ts';

const SKEP = fileURLToPath(new URL('../../cli/skep.js', import.meta.url));
/** Where another test holds it: it needs a package, or a Node.js that has no types. */
const ELSEWHERE: readonly (readonly [no: number, file: string, test: string])[] = [
  [
    42,
    'test/cli/packed.test.ts',
    'is installed by the line of the README, in an empty folder, and is called skep then',
  ],
  [43, 'test/cli/packed.test.ts', 'runs on every Node.js of this machine'],
  [44, 'test/cli/packed.test.ts', 'is small, brings no other package, and runs no script of its own'],
];

const SCENARIO = `
name: mistakes
groups:
  managers: { role: manager, desired: 1 }
  workers: { role: worker, desired: 1 }
  nometa: { role: worker, launchHook: { metadata: null } }
  notags: { role: worker, tags: {} }
steps:
  - settle: 5m
  - scale: { group: nometa, to: 1 }
  - scale: { group: notags, to: 1 }
  - advance: 2m
  - tidy: {}
  - advance: 1m
`;

/** Speaks no TLS, and answers nobody. */
const plain = createServer((socket) => {
  socket.on('error', () => undefined);
  socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
});
let run: ScenarioRun;
let commands: ManyCommands;
const known: Record<string, string> = {};

beforeAll(async () => {
  run = await ScenarioRun.open(parseScenario(SCENARIO, 'mistakes'), { nodes: 'simulated' });
  commands = new ManyCommands();
  await play(run);
  await new Promise<void>((resolve) => {
    plain.listen(0, '127.0.0.1', resolve);
  });
  const memberOf = (group: string): string =>
    [...(run.lab.autoScaling.groups.get(group)?.members.keys() ?? [])][0] ?? '';
  Object.assign(known, {
    PORT: new URL(run.lab.url).port,
    PLAIN: String((plain.address() as AddressInfo).port),
    WORKER: memberOf('workers'),
    MANAGER: memberOf('managers'),
  });
  expect(await commands.skep(['create', 'other'], onLab(run.lab.url))).toMatchObject({ code: 0 });
}, 240_000);
afterAll(async () => {
  commands.close();
  plain.close();
  rmSync(folder, { recursive: true });
  await run.close();
});

const filled = (text: string): string => text.replaceAll(/PORT|PLAIN|WORKER|MANAGER/g, (word) => known[word] ?? word);

describe('one of fifty mistakes has one clear answer', () => {
  it.each(FIFTY.map((one): [string, Mistake] => [`${one.no}: ${one.mistake}`, one]))(
    '%s',
    async (
      _what,
      {
        typed,
        where = NOWHERE,
        code,
        says = /^(cluster \S+, the only one .*\n|started \S+\n|other is to be declared: account \d{12}, .*\n)*$/,
        shows = /^$/,
      },
    ) => {
      const env = Object.fromEntries(Object.entries(where).map(([name, value]) => [name, filled(value)]));
      for (const line of typed) {
        const args = filled(line)
          .split(' ')
          .filter((word) => word !== '');
        const ended = await whileTimePasses(run, commands.skep(args, env));
        expect([line, ended.stderr]).toEqual([line, expect.stringMatching(says)]);
        expect([line, ended.stdout]).toEqual([line, expect.stringMatching(shows)]);
        expect([line, ended.code]).toEqual([line, code]);
        expect(ended.stderr + ended.stdout).not.toMatch(STACK);
      }
    },
  );

  it.each([
    [
      45,
      'a Node.js that knows no types',
      '--no-experimental-strip-types "$0" status',
      1,
      /^from a clone, skep runs its TypeScript with Node\.js 24.*npm ci.*\n$/,
    ],
    [46, 'a reader that has read enough', '"$0" status --help | head -1', 0, /^$/],
    [47, 'a full disk', '"$0" status --help > /dev/full', 1, /^skep cannot write its output: ENOSPC\n$/],
  ])('%d: %s', async (_no, _what, line, code, says) => {
    const shell = spawn('bash', ['-o', 'pipefail', '-c', `"$1" ${line}`, SKEP, process.execPath], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    shell.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const ended = await new Promise((resolve) => shell.on('close', resolve));
    expect(said).toMatch(says);
    expect(ended).toBe(code);
  });

  it.each(ELSEWHERE)('%d is held by %s: %s', (_no, name, test) => {
    expect(readFileSync(name, 'utf8')).toContain(`it('${test}'`);
  });

  it('and none of them is left out', () => {
    const numbers = [...FIFTY.map(({ no }) => no), 45, 46, 47, ...ELSEWHERE.map(([no]) => no)];
    expect([...new Set(numbers)].toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 51 }, (_, index) => index + 1),
    );
  });
});
