// What a node boots from: that cloud-init takes it, and that its script is sound.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, describe, expect, it } from '@jest/globals';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';

import { userDataOf } from '../../src/core/cluster/user-data.ts';
import { textOf } from './templates.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'skep-user-data-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const template: unknown = parseYaml(textOf('group'));
const cloudConfig = z.strictObject({
  write_files: z.array(
    z.strictObject({
      path: z.string(),
      permissions: z.string().optional(),
      encoding: z.literal('b64').optional(),
      content: z.string(),
    }),
  ),
  runcmd: z.array(z.array(z.string())),
});

type Role = 'manager' | 'worker';
const textFor = (role: Role, script?: string): string => userDataOf(template, { role, script });

function filesOf(role: Role, script?: string): ReadonlyMap<string, string> {
  const { write_files: files } = cloudConfig.parse(parseYaml(textFor(role, script)));
  return new Map(
    files.map(({ path: name, encoding, content }) => [
      name,
      encoding === undefined ? content : Buffer.from(content, 'base64').toString('utf8'),
    ]),
  );
}

/** A program may not be there: then the test says so, and asks nothing. .ci/run installs it. */
const itWith = (program: string) => (name: string, test: () => void) => {
  it(`${name}, where ${program} is installed`, () => {
    if (spawnSync('sh', ['-c', `command -v ${program}`]).status === 0) test();
    else process.stderr.write(`skipped, since ${program} is not installed: ${name}\n`);
  });
};

describe.each(['manager', 'worker'] as const)('the user data of a %s', (role) => {
  itWith('cloud-init')('is what cloud-init takes', () => {
    const file = path.join(folder, `${role}.yaml`);
    writeFileSync(file, textFor(role));
    const { status, stdout, stderr } = spawnSync('cloud-init', ['schema', '--config-file', file], { encoding: 'utf8' });
    expect({ status, said: `${stdout}${stderr}` }).toEqual({ status: 0, said: expect.stringContaining('Valid') });
  });

  itWith('shellcheck')('has a script that shellcheck finds no fault with', () => {
    const script = filesOf(role).get('/usr/local/lib/skep/prepare') ?? '';
    const { status, stdout } = spawnSync('shellcheck', ['--exclude=SC1091', '-'], { input: script, encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  });

  it('fits into what EC2 takes, with the longest script', () => {
    expect(Buffer.byteLength(textFor(role, `#!/bin/sh\n${'#'.repeat(4086)}`))).toBeLessThanOrEqual(16_384);
  });

  it('never removes a volume', () => {
    expect(textFor(role)).not.toMatch(/volume (prune|rm)|system prune|--volumes/);
  });
});

itWith('cloud-init')('cloud-init refuses what is no cloud-config', () => {
  const file = path.join(folder, 'broken.yaml');
  writeFileSync(file, textFor('worker').replace('runcmd:', 'runcmd: 3\nx:'));
  expect(spawnSync('cloud-init', ['schema', '--config-file', file]).status).not.toBe(0);
});

describe('the settings', () => {
  it('of Docker keep logs small, and bridges within the one network that VPC and swarm keep away from', () => {
    expect(JSON.parse(filesOf('worker').get('/etc/docker/daemon.json') ?? '')).toEqual({
      'log-driver': 'local',
      'log-opts': { 'max-size': '20m', 'max-file': '5' },
      'default-address-pools': [{ base: '172.17.0.0/16', size: 20 }],
    });
  });

  it.each([
    ['manager', 1000],
    ['worker', 5],
  ] as const)('of the agent of a %s let %d commands wait', (role, buffer) => {
    expect(JSON.parse(filesOf(role).get('/etc/amazon/ssm/amazon-ssm-agent.json') ?? '')).toEqual({
      Mds: { CommandWorkerBufferLimit: buffer },
    });
  });
});

describe("a person's own script", () => {
  const own = '#!/bin/sh\necho "${HOME} \'x\'" # a: [b\n';

  it('comes through as it is, whatever stands in it', () => {
    expect(filesOf('worker', own).get('/usr/local/lib/skep/extra')).toBe(own);
  });

  it('is empty where there is none', () => {
    expect(filesOf('worker').get('/usr/local/lib/skep/extra')).toBe('');
  });
});

describe('a template that is made in another way', () => {
  it('is refused, rather than told wrongly', () => {
    const text = textOf('group');
    expect(() =>
      userDataOf(parseYaml(text.replace('${Buffer}', '${Stage}')), { role: 'worker', script: undefined }),
    ).toThrow('not known here');
    expect(() => userDataOf({}, { role: 'worker', script: undefined })).toThrow();
  });
});
