// Ctrl-C, whatever a command is at: it ends within two seconds with 130, and says what goes on without it. The time of the lab stands still here, so
// that whatever waits for it waits until Ctrl-C.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { parseScenario } from '../../lab/scenario/read.ts';
import { play } from '../../lab/scenario/play.ts';
import { ScenarioRun } from '../../lab/scenario/run.ts';
import { EXAMPLE } from '../support/cluster-command.ts';
import { STACK, onLab, startSkep } from '../support/skep-command.ts';

const SCENARIO = `
name: Ctrl-C
groups:
  managers: { role: manager, desired: 1 }
  workers: { role: worker, desired: 2 }
  others: { role: worker, desired: 1 }
steps:
  - settle: 5m
  - tidy: {}
  - advance: 30s
`;
const WITHIN = 2000;
const folder = mkdtempSync(path.join(tmpdir(), 'skep-ctrl-c-'));
const STACK_FILE = path.join(folder, 'compose.yaml');
writeFileSync(STACK_FILE, 'services:\n  web:\n    image: nginx\n');

/** As far as the test goes, ssh forwards a socket to nobody, and docker is at work until it is ended. */
function program(name: string, text: string): void {
  writeFileSync(path.join(folder, name), `#!${process.execPath}\n${text}`);
  chmodSync(path.join(folder, name), 0o755);
}
program('session-manager-plugin', '');
program(
  'ssh',
  `const args = process.argv.slice(2);
require('node:net').createServer(() => undefined).listen(args[args.indexOf('-L') + 1].split(':')[0]);`,
);
program('docker', `process.stdout.write('Creating network app_default\\n'); setTimeout(() => undefined, 600_000);`);

let run: ScenarioRun;
const known = { WORKER: '', FREE: '' };
beforeAll(async () => {
  run = await ScenarioRun.open(parseScenario(SCENARIO, 'Ctrl-C'), { nodes: 'simulated' });
  await play(run);
  known.WORKER = [...(run.lab.autoScaling.groups.get('others')?.members.keys() ?? [])][0] ?? '';
  known.FREE = String(await freePort());
}, 240_000);
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await run.close();
});

interface Row {
  readonly typed: string;
  /** What is printed when Ctrl-C comes. */
  readonly at: RegExp;
  /** What is said then, after `interrupted: `. */
  readonly left: string | RegExp;
}

const NOTHING = 'nothing was changed';
const GOES_ON = /^arn:aws:states:\S+ goes on without this command$/;

const ROWS: readonly Row[] = [
  { typed: 'events demo --follow', at: /a tidy looked/, left: NOTHING },
  { typed: 'executions demo --follow', at: /scale-out/, left: NOTHING },
  { typed: 'nodes demo --watch 2', at: /ready/, left: NOTHING },
  { typed: 'status --watch', at: /demo/, left: NOTHING },
  { typed: 'services demo', at: /asking manager/, left: NOTHING },
  { typed: 'page demo --port 0', at: /until Ctrl-C/, left: 'the page is closed, and nothing else has ended' },
  { typed: 'plan demo', at: /started arn/, left: GOES_ON },
  { typed: 'tidy demo', at: /started arn/, left: GOES_ON },
  { typed: 'rotate-tokens demo', at: /started arn/, left: GOES_ON },
  { typed: 'recover demo', at: /execution arn/, left: GOES_ON },
  {
    typed: 'rebalance demo',
    at: /started arn/,
    left: /^arn:\S+ goes on without this command: skep rebalance demo --cancel ends it$/,
  },
  {
    typed: 'drain WORKER demo --yes',
    at: /asking manager/,
    left: 'WORKER may be drained by now, and stays so: skep activate WORKER takes it back',
  },
  {
    typed: 'activate WORKER demo --yes',
    at: /asking manager/,
    left: 'WORKER may be active by now, and stays so: skep drain WORKER takes it back',
  },
  { typed: 'adopt blue --group workers=worker --check', at: /asking every instance/, left: NOTHING },
  {
    typed: 'remove WORKER --yes',
    at: /would be drained[^]*\n./,
    left: 'WORKER leaves without this command, drained first: skep why WORKER tells how far it is',
  },
  {
    typed: 'refresh workers --yes',
    at: /started \S+: it goes on/,
    left: 'the refresh of workers goes on without this command: skep refresh workers --cancel ends it',
  },
  {
    typed: 'refresh workers --cancel',
    at: /it is cancelled/,
    left: 'workers may have been told to cancel its refresh: AWS ends it without this command',
  },
  {
    typed: 'connect demo',
    at: /docker context create/,
    left: 'the connection to demo is closed, and its socket is gone',
  },
  {
    typed: `deploy ${STACK_FILE} app demo --yes`,
    at: /Creating network/,
    left: 'docker may have begun with stack app, and the swarm goes on with it: skep services demo shows how far',
  },
  {
    typed: `cluster up ${EXAMPLE} --every 0.1`,
    at: /thing\(s\) to do\n/,
    left: /^what CloudFormation and Auto Scaling have begun goes on\. The same command goes on from there/,
  },
  // From here on nothing of the cluster is changed.
  {
    typed: 'hold demo',
    at: /looking once more/,
    left: 'demo may be held by now, and what began at the same moment was not looked for: the same command again does, and skep unhold demo ends the hold',
  },
  {
    typed: 'lab run examples/scale-out-in/scenario.yaml',
    at: /InService/,
    left: 'the run was not finished; everything that it started is ended',
  },
  {
    typed: 'lab serve --empty --port FREE',
    at: /until Ctrl-C/,
    left: 'the lab is ended, and nothing of it is left',
  },
  {
    typed: `lab simulate --seeds 500 --folder ${path.join(folder, 'found')}`,
    at: /seed 1 /,
    left: 'the run was not finished; everything that it started is ended',
  },
];

const filled = (text: string): string =>
  text.replaceAll(/WORKER|FREE/g, (word) => (word === 'FREE' ? known.FREE : known.WORKER));

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => {
        resolve(port);
      });
    });
  });
}

/** How long a process that has nothing to end takes until it has ended, by a signal: what a busy host adds to every other. */
async function endsWithin(): Promise<number> {
  const idle = spawn(process.execPath, ['-e', `setInterval(() => 0, 1000); process.stdout.write('up')`]);
  await once(idle.stdout, 'data');
  const before = performance.now();
  idle.kill('SIGINT');
  await once(idle, 'close');
  return performance.now() - before;
}

describe('Ctrl-C', () => {
  it.each(ROWS.map((row): [string, Row] => [row.typed.replaceAll(folder, ''), row]))(
    'ends skep %s',
    async (_typed, { typed, at, left }) => {
      const env = {
        ...onLab(run.lab.url),
        HOME: folder,
        TMPDIR: folder,
        PATH: `${folder}:${process.env['PATH'] ?? ''}`,
      };
      const started = startSkep(filled(typed).split(' '), env);
      const state = { over: false };
      const ended = started.ended.finally(() => (state.over = true));
      while (!at.test(started.stdout() + started.stderr()) && !state.over) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const host = await endsWithin();
      const before = performance.now();
      started.child.kill('SIGINT');
      const { code, stdout, stderr } = await ended;
      const took = performance.now() - before;
      const last = stderr.trimEnd().split('\n').at(-1) ?? '';
      const wanted = typeof left === 'string' ? filled(left) : expect.stringMatching(left);
      expect([stdout, stderr, last.replace(/^interrupted: /, '')]).toEqual([stdout, stderr, wanted]);
      expect(last).toMatch(/^interrupted: /);
      expect([code, stderr.match(STACK)]).toEqual([130, null]);
      expect(took).toBeLessThan(WITHIN + host);
      // No socket to a manager, and nothing else of it.
      expect(readdirSync(folder).filter((name) => name.startsWith('skep-docker'))).toEqual([]);
    },
    120_000,
  );
});

/** They read, or print what they were given: nothing of theirs goes on. Those of the lab are in files of their own. */
const READING = [
  ...['completion', 'doctor', 'events', 'lab', 'logs', 'no-lab', 'nodes', 'services', 'shell', 'simulate', 'status'],
  ...['user-data', 'why'],
];

describe('what goes on without a command', () => {
  it('is said by each that changes something', () => {
    const says = /\bleaves[(,]|\brun(Machine|Execution|Skep)\(|lab-session/;
    const silent = readdirSync('cli/commands').filter(
      (name) => !says.test(readFileSync(path.join('cli/commands', name), 'utf8')),
    );
    expect(silent.map((name) => name.replace(/\.ts$/, '')).toSorted()).toEqual(READING.toSorted());
  });
});
