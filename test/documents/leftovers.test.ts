// What a script leaves behind that is killed, and that it ends by itself before it is: common.sh with a docker command that hangs.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const COMMON = readFileSync(new URL('../../documents/lib/common.sh', import.meta.url), 'utf8');
const MACHINE = readFileSync(new URL('../../documents/lib/machine.sh', import.meta.url), 'utf8');
/** The time of the script, of which the last eight seconds are for no call. */
const TIMEOUT = 11;

describe('a script that is killed', () => {
  let folder: string;
  let started: ChildProcess[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'leftovers-'));
    mkdirSync(join(folder, 'bin'));
    started = [];
    // It says which process it is, and does not end by itself.
    stub('docker', `echo "$$" >"${folder}/docker.pid"\nexec sleep 60`);
  });

  afterEach(() => {
    for (const { pid } of started) if (pid !== undefined) kill(-pid);
    const docker = dockerId();
    if (docker !== undefined) kill(docker);
    rmSync(folder, { recursive: true, force: true });
  });

  const stub = (name: string, body: string): void => {
    writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  };

  const dockerId = (): number | undefined => {
    const file = join(folder, 'docker.pid');
    const text = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
    return text === '' ? undefined : Number(text);
  };

  const workFolders = (): string[] => readdirSync(join(folder, 'run')).filter((name) => name.startsWith('work.'));

  /** As the agent runs it: in a process group of its own. */
  const start = (body: string): { child: ChildProcess; ended: Promise<string> } => {
    const script = `${COMMON}\n${MACHINE}\n${body}\n`
      .replaceAll('/run/skep', join(folder, 'run'))
      .replaceAll('{{ executionTimeout }}', String(TIMEOUT));
    const file = join(folder, `script-${started.length}.sh`);
    writeFileSync(file, script);
    const env = {
      PATH: `${join(folder, 'bin')}:/usr/sbin:/usr/bin:/sbin:/bin`,
      SSM_cluster: 'prod',
      SSM_notAfter: '9999999999',
      SSM_epoch: '0',
    };
    const child = spawn('/bin/sh', [file], { env, detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
    started.push(child);
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    return {
      child,
      ended: new Promise((resolve) =>
        child.once('close', () => {
          resolve(said);
        }),
      ),
    };
  };

  const dockerRuns = async (): Promise<number> => {
    for (let tries = 0; tries < 300; tries += 1) {
      const id = dockerId();
      if (id !== undefined) return id;
      await sleep(20);
    }
    throw new Error('docker was not called');
  };

  const HANGS = "lock -x 5\ndk 60 info || :\nfinish '{}'";

  it('with its process group leaves nothing that goes on, and its folder until the next one has the lock', async () => {
    const { child, ended } = start(HANGS);
    const docker = await dockerRuns();
    kill(-(child.pid ?? 0));
    await ended;

    await hasDied(docker);
    expect(workFolders()).toHaveLength(1);
    await start("lock -s 5\nfinish '{}'").ended;
    expect(workFolders()).toEqual([]);
  }, 30_000);

  it('alone leaves what it has called with the lock, so that the next one waits for it', async () => {
    const { child, ended } = start(HANGS);
    const docker = await dockerRuns();
    child.kill('SIGKILL');
    await ended;

    expect(isAlive(docker)).toBe(true);
    expect(await start("lock -x 1\nfinish '{}'").ended).toContain('"error":"Busy"');
    const next = start("lock -x 60\nfinish '{}'");
    kill(docker);
    expect(await next.ended).toBe('{}\n');
    expect(workFolders()).toEqual([]);
  }, 30_000);

  it('has said what went wrong before the agent would end it, however long its calls may take', async () => {
    const begun = Date.now();
    const { ended } = start('lock -x 5\ndk 300 info || fail 41 NoLeader "docker ended with $?"\n');

    expect(await ended).toBe('{"error":"NoLeader","message":"docker ended with 124"}\n');
    expect(Date.now() - begun).toBeLessThan(TIMEOUT * 1000);
  }, 30_000);

  it('takes no folder away from another one that is at work beside it', async () => {
    start("lock -s 5\ndk 60 info || :\nfinish '{}'");
    await dockerRuns();
    await start("lock -s 5\nfinish '{}'").ended;

    expect(workFolders()).toHaveLength(1);
  }, 30_000);

  it.each([
    ['7.75.0', false],
    ['7.85.0', false],
    ['7.86.0', true],
    ['7.88.1', true],
    ['8.5.0', true],
    ['10.0.0', true],
    ['of somebody', true],
  ])('says CurlTooOld where it does not sign as AWS wants it: curl %s', async (version, signs) => {
    stub('curl', `echo 'curl ${version} (x86_64-pc-linux-gnu)'`);
    const said = await start("need_signing_curl\nfinish '{}'").ended;

    if (signs) expect(said).toBe('{}\n');
    else expect(said).toMatch(/^\{"error":"CurlTooOld","message":"curl 7\.\d+ .*7\.86/);
  });
});

/** Of a process, or of a group, whose id is negative. What has ended already is no error. */
function kill(id: number): void {
  try {
    process.kill(id, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** Who is killed dies when it is its turn to run, which may take a moment on a busy host. @throws where it goes on */
async function hasDied(id: number): Promise<void> {
  for (let tries = 0; tries < 250 && isAlive(id); tries += 1) await sleep(20);
  expect(isAlive(id)).toBe(false);
}

/** One that nobody has waited for yet is dead all the same. */
function isAlive(id: number): boolean {
  const file = `/proc/${id}/stat`;
  return existsSync(file) && !/\) Z /.test(readFileSync(file, 'utf8'));
}
