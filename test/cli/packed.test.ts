// The command as it is installed: packed, put into an empty folder, and started there by the Node.js that runs it.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { VERB_NAMES } from '../../cli/verbs.ts';
import { ManyCommands } from '../support/many-commands.ts';
import { startSkep } from '../support/skep-command.ts';
import type { Ended } from '../support/skep-command.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'skep-packed-'));
const LAUNCHER = path.join(folder, 'node_modules/skep/cli/skep.js');
const SOURCES = fileURLToPath(new URL('../../cli/skep.js', import.meta.url));
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

/** That which runs this, and all others that a shell would find. */
function nodes(): string[] {
  const places = (process.env['PATH'] ?? '').split(path.delimiter).map((place) => path.join(place, 'node'));
  return [
    ...new Set([process.execPath, ...places].filter((file) => existsSync(file)).map((file) => realpathSync(file))),
  ];
}

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

  it('has no part that would take long to read: what nobody uses of zod and of EC2 is left out', () => {
    const dist = path.join(folder, 'node_modules/skep/dist');
    const large = readdirSync(dist).filter(
      (name) => name.endsWith('.js') && statSync(path.join(dist, name)).size > 400_000,
    );
    expect(large).toEqual([]);
  });

  it('says its version, and names its verbs', async () => {
    expect(await skep('version')).toEqual({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), stderr: '' });
    const { code, stdout } = await skep('--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(/\n {2}status\|ls /);
  });

  it('has every verb, each with an example and its exit codes in its help', async () => {
    const commands = new ManyCommands(path.join(folder, 'node_modules/skep/dist/run.js'));
    const ofCluster = ['plan', 'up', 'status', 'down'].map((name) => `cluster ${name}`);
    // The lab says where it is, and a group of verbs has no example of its own.
    const verbs = [...VERB_NAMES.filter((name) => !['lab', 'cluster'].includes(name)), ...ofCluster];
    try {
      expect(verbs.length).toBeGreaterThan(30);
      for (const verb of verbs) {
        const { code, stdout, stderr } = await commands.skep([...verb.split(' '), '--help'], { HOME: folder });
        expect([verb, code, stderr]).toEqual([verb, 0, '']);
        expect(stdout).toContain(`\nExample: skep ${verb}`);
        expect(stdout).toContain('\nExit codes: 0 ');
      }
    } finally {
      commands.close();
    }
  });

  it('loads what its verbs need', async () => {
    expect(await skep('status', '--lab', '1')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'AWS was not reached at 127.0.0.1:1: nothing answers there (ECONNREFUSED)\n',
    });
  });

  it.each([[['--help']], [['plan', '--help']], [['create']], [['plan', 'blue', '--lab', '1']]])(
    'says to skep %j what its sources say',
    async (args) => {
      const ofSources = await startSkep(args, { HOME: folder }, { launcher: SOURCES, cwd: folder }).ended;
      expect(ofSources.stdout + ofSources.stderr).not.toBe('');
      expect(await skep(...args)).toEqual(ofSources);
    },
  );

  it('has nothing in it that is younger than the oldest Node.js that it runs on', () => {
    const dist = path.join(folder, 'node_modules/skep/dist');
    const files = readdirSync(dist).filter((name) => name.endsWith('.js'));
    const younger = /\b(Map\.groupBy|Object\.groupBy|Promise\.withResolvers|Array\.fromAsync|Iterator\.from)\b/;
    expect('a=Map.groupBy(b,c)').toMatch(younger);
    expect(files.length).toBeGreaterThan(10);
    expect(files.filter((name) => younger.test(readFileSync(path.join(dist, name), 'utf8')))).toEqual([]);
  });

  it('runs on every Node.js of this machine', async () => {
    const expected = (await skep('version')).stdout;
    const found = nodes();
    expect(found.length).toBeGreaterThan(0);
    for (const node of found) {
      expect(execFileSync(node, [LAUNCHER, 'version'], { encoding: 'utf8' })).toBe(expected);
      // Loads all that a verb has of others.
      expect(execFileSync(node, [LAUNCHER, 'plan', '--help'], { encoding: 'utf8' })).toContain(
        'Example: skep plan blue',
      );
      // And asks AWS: neither Node.js nor the SDK has anything to say beside the answer.
      const { status, stdout, stderr } = spawnSync(node, [LAUNCHER, 'status', '--lab', '1'], { encoding: 'utf8' });
      expect([node, status, stdout, stderr]).toEqual([
        node,
        1,
        '',
        'AWS was not reached at 127.0.0.1:1: nothing answers there (ECONNREFUSED)\n',
      ]);
    }
  });

  it('is installed by the line of the README, in an empty folder, and is called skep then', () => {
    const [line = ''] =
      /^ {4}npm ci && npm pack && npm install --global .*$/m.exec(readFileSync('README.md', 'utf8')) ?? [];
    const [, install = ''] = line.split('npm pack && ');
    expect(install).toMatch(/^npm install --global \.\/skep-[\d.]+\.tgz$/);
    expect(readFileSync('docs/commands.md', 'utf8')).toContain(`\n${line}\n`);
    const prefix = path.join(folder, 'global');
    mkdirSync(prefix);
    // A person's shell, in the folder that the package was made in.
    execFileSync('bash', ['-c', install], {
      cwd: folder,
      env: { ...process.env, npm_config_offline: 'true', npm_config_prefix: prefix, npm_config_loglevel: 'error' },
    });
    const installed = path.join(prefix, 'bin/skep');
    expect(existsSync(installed)).toBe(true);
    expect(execFileSync(installed, ['version'], { encoding: 'utf8', cwd: tmpdir() })).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('says where the lab is', async () => {
    expect(await skep('lab', 'run', 'x.yaml')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('the lab is not part of the installed command'),
    });
  });
});
