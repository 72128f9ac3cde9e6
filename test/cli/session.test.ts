// `skep shell` and `skep connect` as far as this machine goes: what AWS is asked for, what the plugin and ssh are given, and what is left
// afterwards. The plugin and ssh of the test say what they were given; the way through AWS itself is theirs.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { sshArguments } from '../../cli/tunnel.ts';
import { parseScenario } from '../../lab/scenario/read.ts';
import { play } from '../../lab/scenario/play.ts';
import { ScenarioRun } from '../../lab/scenario/run.ts';
import { SessionManager, sessionPrograms } from '../support/session-programs.ts';
import { onLab, startSkep } from '../support/skep-command.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'skep-session-'));
const INSTANCE = 'i-0123456789abcdef0';
const told = path.join(folder, 'told');

sessionPrograms(folder, told);
const manager = new SessionManager(INSTANCE);
const { asked } = manager;
const docker = createServer((_incoming, response) => {
  response.end('docker of a manager');
});
const socket = path.join(folder, 'docker.sock');
let url = '';
let run: ScenarioRun;
beforeAll(async () => {
  await new Promise<void>((resolve) => docker.listen(socket, resolve));
  url = await manager.open();
  const text = 'name: session\ngroups:\n  managers: { role: manager, desired: 1 }\nsteps:\n  - settle: 5m\n';
  run = await ScenarioRun.open(parseScenario(text, 'session'), { nodes: 'simulated' });
  await play(run);
}, 240_000);
afterAll(async () => {
  manager.close();
  docker.close();
  await run.close();
  rmSync(folder, { recursive: true });
});

const env = (more: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> => ({
  ...onLab(url),
  PATH: `${folder}:${process.env['PATH'] ?? ''}`,
  TEST_DOCKER: socket,
  ...more,
});
const given = (): string[] => JSON.parse(readFileSync(told, 'utf8')) as string[];

describe('skep shell', () => {
  it('asks for a session with that instance, and hands it to the plugin as the aws command does', async () => {
    const { code, stdout, stderr } = await startSkep(['shell', INSTANCE], env()).ended;
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toBe(`a session with ${INSTANCE}: stage dev, region eu-west-1, endpoint ${url}\n`);
    expect(asked.at(-1)).toEqual(['AmazonSSM.StartSession', { Target: INSTANCE, Reason: 'skep shell' }]);
    const [session = '', region, operation, profile, request_ = '', endpoint] = given();
    expect(JSON.parse(session)).toEqual({ SessionId: 'me-1', TokenValue: 'secret', StreamUrl: 'wss://stream' });
    expect([region, operation, profile, endpoint]).toEqual(['eu-west-1', 'StartSession', '', url]);
    expect(JSON.parse(request_)).toEqual({ Target: INSTANCE, Reason: 'skep shell' });
  });

  it('says what to look at where the agent does not answer, and that the plugin has failed', async () => {
    const other = 'i-0123456789abcdef1';
    expect(await startSkep(['shell', other], env()).ended).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`the SSM agent of ${other} does not answer: skep why ${other} says more\n`),
    });
    expect((await startSkep(['shell', INSTANCE], env({ PLUGIN_ENDS: '7' })).ended).code).toBe(2);
  });

  it('is not to be had in a lab', async () => {
    expect(await startSkep(['shell', INSTANCE], env(onLab(run.lab.url))).ended).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there is no Session Manager at this endpoint: a lab has none\n'),
    });
  });
});

describe('skep connect', () => {
  it('has the Docker of a manager behind a socket that only this person may open, until Ctrl-C', async () => {
    // The leader is the lab's; the session is asked of the other endpoint, as ssh starts it anew.
    const connecting = startSkep(
      ['connect', 'demo', '--user', 'admin', '--to', INSTANCE],
      env({ ...onLab(run.lab.url), AWS_ENDPOINT_URL_SSM: url }),
    );
    const ended = connecting.ended.then(() => true);
    while (!connecting.stdout().includes('\n')) {
      if (await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 100, false))])) {
        throw new Error((await connecting.ended).stderr);
      }
    }
    const [line, host = ''] =
      /^docker context create skep-demo --docker host=unix:\/\/(\S+)\n$/.exec(connecting.stdout()) ?? [];
    expect(line).toBeDefined();
    expect(await answerOf(host)).toBe('docker of a manager');
    expect(asked.at(-1)).toEqual([
      'AmazonSSM.StartSession',
      {
        Target: INSTANCE,
        DocumentName: 'AWS-StartSSHSession',
        Parameters: { portNumber: ['22'] },
        Reason: 'skep connect',
      },
    ]);
    connecting.child.kill('SIGINT');
    expect(await connecting.ended).toMatchObject({
      code: 130,
      stderr: expect.stringMatching(/\ninterrupted: the connection to demo is closed, and its socket is gone\n$/),
    });
    expect(existsSync(path.dirname(host))).toBe(false);
  });

  it('says why there is no way to it', async () => {
    const { code, stderr } = await startSkep(
      ['connect', 'demo', '--to', INSTANCE],
      env({ ...onLab(run.lab.url), AWS_ENDPOINT_URL_SSM: url, PLUGIN_ENDS: '1' }),
    ).ended;
    expect(code).toBe(2);
    expect(stderr).toContain(
      `ssh did not forward the Docker socket of ${INSTANCE}: it ended with 255. Does the instance run sshd`,
    );
  });

  it('quotes what ssh hands to a shell', () => {
    const args = sshArguments({ instance: INSTANCE, user: undefined, proxy: ["/a b/it's", '100%'] }, '/tmp/s');
    expect(args).toContain(String.raw`ProxyCommand='/a b/it'\''s' '100%%'`);
    expect(args.slice(-3)).toEqual(['-L', '/tmp/s:/var/run/docker.sock', INSTANCE]);
  });
});

function answerOf(socketPath: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asking = request({ socketPath, path: '/' }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => {
        resolve(text);
      });
    });
    asking.once('error', reject);
    asking.end();
  });
}
