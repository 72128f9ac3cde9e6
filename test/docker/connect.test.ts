// `skep connect` and `skep deploy` on real engines: the real docker command lists the nodes of the swarm through the socket that is forwarded, and a stack of
// examples/ is put up through it. What carries the socket through AWS is a stand-in: the lab has no Session Manager, and its machines no sshd.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { parseScenario } from '../../lab/scenario/read.ts';
import { play } from '../../lab/scenario/play.ts';
import { ScenarioRun } from '../../lab/scenario/run.ts';
import { SessionManager, sessionPrograms } from '../support/session-programs.ts';
import { onLab, startSkep } from '../support/skep-command.ts';
import type { Started } from '../support/skep-command.ts';

const SCENARIO = `
name: connect
groups:
  managers: { role: manager, desired: 1 }
  workers: { role: worker, desired: 1 }
steps:
  - settle: 5m
`;
const STACK = 'examples/stacks/registry/compose.yaml';
/** No registry can be reached: the image of the stack is on each node before. */
const IMAGE = 'registry-of-the-test:1';

const run_ = promisify(execFile);
const folder = mkdtempSync(path.join(tmpdir(), 'skep-connect-'));
/** The real command, with nobody's configuration. */
async function docker(...args: readonly string[]): Promise<string> {
  const env = { PATH: process.env['PATH'], HOME: folder, DOCKER_CONFIG: folder };
  return (await run_('docker', [...args], { env, timeout: 120_000 })).stdout;
}

let run: ScenarioRun;
let manager: SessionManager;
let env: Readonly<Record<string, string>> = {};
beforeAll(async () => {
  run = await ScenarioRun.open(parseScenario(SCENARIO, 'connect'), { nodes: 'docker' });
  await play(run);
  const [leader = ''] = [...(run.lab.autoScaling.groups.get('managers')?.members.keys() ?? [])];
  const sockets = socketsOfNodes();
  expect(sockets).toHaveLength(2);
  const archive = await imageArchive(sockets[0] ?? '');
  for (const socket of sockets) {
    await docker('--host', `unix://${socket}`, 'import', ...CHANGES, archive, IMAGE);
  }
  manager = new SessionManager(leader);
  sessionPrograms(folder, path.join(folder, 'told'));
  env = {
    ...onLab(run.lab.url),
    AWS_ENDPOINT_URL_SSM: await manager.open(),
    HOME: folder,
    PATH: `${folder}:${process.env['PATH'] ?? ''}`,
    TEST_DOCKER: await managersOf(sockets),
    REGISTRY_IMAGE: IMAGE,
  };
}, 600_000);
afterAll(async () => {
  manager.close();
  await run.close();
  rmSync(folder, { recursive: true });
});

/** Answers at the port at which the health check of the stack asks. */
const CHANGES = ['--change', 'CMD ["httpd", "-f", "-p", "5000", "-h", "/www"]', '--change', 'ENV PATH=/bin'];

/** From the image that tasks of the lab have: busybox, and a page. */
async function imageArchive(socket: string): Promise<string> {
  const host = ['--host', `unix://${socket}`];
  const [image = ''] = (await docker(...host, 'image', 'ls', '--quiet')).trim().split('\n');
  const container = (await docker(...host, 'create', image, '/bin/true')).trim();
  const archive = path.join(folder, 'image.tar');
  await docker(...host, 'export', '--output', archive, container);
  await docker(...host, 'rm', container);
  return archive;
}

/** Of the engines that this process has started, and of no other lab's. Each has its root and its processes, the first of which is enough. */
function socketsOfNodes(): string[] {
  const parents = new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => [Number(pid), parentOf(pid)]),
  );
  const isOurs = (pid: number): boolean => pid === process.pid || (pid > 1 && isOurs(parents.get(pid) ?? 0));
  const socketOf = (pid: number): string => `/proc/${pid}/root/run/lab/docker.sock`;
  const ours = [...parents.keys()].filter((pid) => isOurs(pid) && existsSync(socketOf(pid)));
  return ours.filter((pid) => !ours.includes(parents.get(pid) ?? 0)).map(socketOf);
}

function parentOf(pid: string): number {
  try {
    return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    // It has ended meanwhile.
    return 0;
  }
}

async function managersOf(sockets: readonly string[]): Promise<string> {
  for (const socket of sockets) {
    if (
      (await docker('--host', `unix://${socket}`, 'info', '--format', '{{.Swarm.ControlAvailable}}')).trim() === 'true'
    ) {
      return socket;
    }
  }
  throw new Error('none of the nodes is a manager');
}

async function connected(): Promise<{ readonly connecting: Started; readonly context: string; readonly host: string }> {
  const connecting = startSkep(['connect', 'demo'], env);
  const state = { over: false };
  void connecting.ended.finally(() => (state.over = true));
  while (!connecting.stdout().includes('\n')) {
    if (state.over) {
      throw new Error((await connecting.ended).stderr);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const [, context = '', host = ''] =
    /^docker context create (\S+) --docker host=(\S+)\n$/.exec(connecting.stdout()) ?? [];
  return { connecting, context, host };
}

describe('the Docker of a manager', () => {
  it('is here: the docker command lists the nodes through it, also by the context that is printed', async () => {
    const { connecting, context, host } = await connected();
    const rows = '{{.Status}} {{.ManagerStatus}}';
    expect((await docker('--host', host, 'node', 'ls', '--format', rows)).trim().split('\n').toSorted()).toEqual(
      ['Ready', 'Ready Leader'].map((row) => expect.stringMatching(new RegExp(`^${row} ?$`))),
    );
    await docker('context', 'create', context, '--docker', `host=${host}`);
    expect((await docker('--context', context, 'node', 'ls', '--quiet')).trim().split('\n')).toHaveLength(2);
    // What the stack of the next test needs.
    const secret = path.join(folder, 'secret');
    writeFileSync(secret, 'nobody knows');
    await docker('--context', context, 'secret', 'create', 'registry-http-secret', secret);
    connecting.child.kill('SIGINT');
    expect(await connecting.ended).toMatchObject({
      code: 130,
      stderr: expect.stringContaining('interrupted: the connection to demo is closed, and its socket is gone\n'),
    });
    expect(existsSync(host.replace('unix://', ''))).toBe(false);
  });

  it('takes a stack of the examples, and deploy follows it until it runs', async () => {
    const { code, stdout, stderr } = await startSkep(['deploy', STACK, 'registry', 'demo', '--yes'], env).ended;
    expect([code, stderr, stdout]).toEqual([
      0,
      expect.stringContaining(`stack registry of ${STACK} would be put up on demo: account 123456789012, stage dev`),
      expect.stringMatching(/stack registry runs as wanted\n$/),
    ]);
    const listed = await docker(
      '--host',
      `unix://${env['TEST_DOCKER'] ?? ''}`,
      'service',
      'ls',
      '--format',
      '{{.Name}} {{.Replicas}}',
    );
    expect(listed).toBe('registry_registry 2/2\n');
  }, 600_000);
});
