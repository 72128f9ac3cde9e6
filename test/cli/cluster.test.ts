// `skep cluster` against the lab: a cluster from nothing, changed, and gone again, in the words and exit codes of a person's terminal.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { parseScenario } from '../../lab/scenario/read.ts';
import { ScenarioRun } from '../../lab/scenario/run.ts';
import { onLab, startSkep } from '../support/skep-command.ts';
import type { Ended } from '../support/skep-command.ts';

const EXAMPLE = 'examples/cluster/skep.yaml';
const LONG = 240_000;

const folder = mkdtempSync(path.join(tmpdir(), 'skep-cluster-'));
let run: ScenarioRun;
beforeAll(async () => {
  const nothing = '{ name: nothing, declared: false, groups: {}, steps: [] }';
  run = await ScenarioRun.open(parseScenario(nothing, 'nothing'), { nodes: 'simulated' });
}, 120_000);
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await run.close();
});

/** The clock of the lab goes on while the command waits. @param until what is printed when Ctrl-C is typed */
async function cluster(args: readonly string[], until?: RegExp): Promise<Ended> {
  const { child, ended, stdout } = startSkep(['cluster', ...args], onLab(run.lab.url));
  const state = { over: false };
  const end = ended.finally(() => (state.over = true));
  while (!state.over) {
    await run.lab.clock.advance(1000);
    if (until?.test(stdout()) === true) {
      child.kill('SIGINT');
    }
    await sleep(20);
  }
  return end;
}

const fileWith = (old: string, planted: string): string => {
  const file = path.join(folder, 'skep.yaml');
  writeFileSync(file, readFileSync(EXAMPLE, 'utf8').replace(old, planted));
  return file;
};

const QUICK = ['--every', '0.1'];

describe('a cluster', () => {
  it(
    'comes from nothing, though it is ended half-way and begun again, and then there is nothing to do',
    async () => {
      const before = await cluster(['plan', EXAMPLE]);
      expect(before).toMatchObject({ code: 2, stderr: '' });
      expect(before.stdout.split('\n').map((line) => line.split(':')[0])).toEqual([
        '+ skep-dev-Swarm-blue-Network',
        '+ skep-dev-Swarm-blue',
        '+ blue',
        '+ skep-dev-Swarm-blue-Group-managers',
        '+ skep-dev-Swarm-blue-Group-workers',
        '5 thing(s) to do',
        '',
      ]);

      const ended = await cluster(['up', EXAMPLE, ...QUICK], /Group-managers: making/);
      expect(ended.code).not.toBe(0);

      const up = await cluster(['up', EXAMPLE, ...QUICK]);
      expect(up).toMatchObject({ code: 0, stderr: '' });
      expect(up.stdout).toContain('blue is as examples/cluster/skep.yaml says');

      const after = await cluster(['plan', EXAMPLE, ...QUICK]);
      expect([after.code, after.stdout.trim().split('\n').at(-1)]).toEqual([0, 'nothing to do']);
      const { code, stdout } = await cluster(['status', EXAMPLE]);
      expect(code).toBe(0);
      expect(stdout.match(/InService/g)).toHaveLength(5);
    },
    LONG,
  );

  it(
    'is told what a change does before it is made: a type touches no node',
    async () => {
      const { code, stdout } = await cluster(['plan', fileWith('t4g.small', 't4g.medium'), ...QUICK]);
      expect(code).toBe(2);
      expect(stdout).toContain('InstanceType: "t4g.small" becomes "t4g.medium"');
      expect(stdout).toContain('no node is touched');
      expect(stdout).not.toContain('REPLACE');
    },
    LONG,
  );

  it(
    'says the first reason where AWS refuses something, and clears what is left of it',
    async () => {
      const more =
        '\n  api: { role: worker, size: 1, types: [m7g.large], policy: "arn:aws:iam::123456789012:policy/none" }\n';
      const refused = await cluster([
        'up',
        fileWith('labels: { tier: web }', `labels: { tier: web }${more}`),
        ...QUICK,
      ]);
      expect(refused.code).toBe(2);
      expect(refused.stderr).toContain('Group-api is ROLLBACK_COMPLETE\nthe first reason: NodeRole: ');

      const unsaid = await cluster(['up', EXAMPLE, ...QUICK]);
      expect(unsaid).toMatchObject({
        code: 1,
        stderr: 'stdin is not a terminal, so nobody can be asked: pass --yes to confirm\n',
      });
      expect(await cluster(['up', EXAMPLE, ...QUICK, '--yes', 'blue'])).toMatchObject({ code: 0, stderr: '' });
    },
    LONG,
  );

  it(
    'goes by its name only, though it is ended half-way and begun again',
    async () => {
      expect(await cluster(['down', EXAMPLE])).toMatchObject({ code: 1 });
      expect(await cluster(['down', EXAMPLE, '--yes', 'green'])).toMatchObject({ code: 1 });

      const ended = await cluster(['down', EXAMPLE, ...QUICK, '--yes', 'blue'], /its swarm may go/);
      expect(ended.code).not.toBe(0);
      const down = await cluster(['down', EXAMPLE, ...QUICK, '--yes', 'blue']);
      expect(down).toMatchObject({ code: 0, stderr: '' });
      expect(await cluster(['down', EXAMPLE])).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('nothing to do'),
      });
      expect(run.lab.autoScaling.groups.size).toBe(0);
    },
    LONG,
  );
});
