// The command as it is installed: packed, put into an empty folder, and started there by the Node.js that runs it.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startSkep } from '../support/skep-command.ts';
import type { Ended } from '../support/skep-command.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'skep-packed-'));
const LAUNCHER = path.join(folder, 'node_modules/skep/cli/skep.js');
let tarball = '';

const npm = (args: readonly string[], cwd: string): string =>
  execFileSync('npm', [...args], { cwd, encoding: 'utf8', env: { ...process.env, npm_config_offline: 'true' } });

beforeAll(() => {
  npm(['pack', '--silent', '--pack-destination', folder], process.cwd());
  tarball = path.join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '');
  // Without a network: it brings no other package.
  npm(['install', '--silent', '--no-audit', '--no-fund', '--prefix', folder, tarball], folder);
}, 300_000);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const skep = (...args: readonly string[]): Promise<Ended> =>
  startSkep(args, { HOME: folder }, { launcher: LAUNCHER, cwd: folder }).ended;

describe('the packed command', () => {
  it('is small, brings no other package, and runs no script of its own', () => {
    expect(statSync(tarball).size).toBeLessThan(2_000_000);
    expect(readdirSync(path.join(folder, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual(['skep']);
    const files = execFileSync('tar', ['tzf', tarball], { encoding: 'utf8' }).trim().split('\n');
    expect(
      files.filter(
        (name) => !/^package\/(dist\/|cluster\/|cli\/skep\.js$|package\.json$|README\.md$|LICENSE$)/.test(name),
      ),
    ).toEqual([]);
  });

  it('says its version, and names its verbs', async () => {
    expect(await skep('version')).toEqual({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), stderr: '' });
    const { code, stdout } = await skep('--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(/\n {2}status\|ls /);
  });

  it('loads what its verbs need', async () => {
    expect(await skep('status', '--lab', '1')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'AWS was not reached at 127.0.0.1:1: nothing answers there (ECONNREFUSED)\n',
    });
  });

  it('says where the lab is', async () => {
    expect(await skep('lab', 'run', 'x.yaml')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('the lab is not part of the installed command'),
    });
  });
});
