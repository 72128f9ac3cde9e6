// `skep events`, `skep executions`, `skep doctor` and `skep page` against a lab, in the words and exit codes of a person's terminal.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { parseScenario } from '../../lab/scenario/read.ts';
import { play } from '../../lab/scenario/play.ts';
import { ScenarioRun } from '../../lab/scenario/run.ts';
import { takeStep } from '../../lab/scenario/steps.ts';
import { onLab, startSkep } from '../support/skep-command.ts';
import type { Ended } from '../support/skep-command.ts';

const SCENARIO = `
name: following
groups:
  managers: { role: manager, desired: 1 }
  workers: { role: worker, desired: 1 }
steps:
  - settle: 5m
  - tidy: {}
  - advance: 30s
`;

let run: ScenarioRun;
beforeAll(async () => {
  run = await ScenarioRun.open(parseScenario(SCENARIO, 'following'), { nodes: 'simulated' });
}, 240_000);
afterAll(() => run.close());

const skep = (...args: readonly string[]): Promise<Ended> => startSkep(args, onLab(run.lab.url)).ended;

async function until(what: () => boolean): Promise<void> {
  while (!what()) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describe('a cluster that is followed', () => {
  it('is examined before its first launch: there is no swarm', async () => {
    const { code, stdout } = await skep('doctor');
    expect(code).toBe(2);
    expect(stdout).toContain('ok      stage dev is deployed');
    expect(stdout).toContain('NOT OK  demo: it has no swarm yet');
    expect(stdout).toContain('what to do: scale its manager group to 1');
  });

  it('is examined after it: all checks hold', async () => {
    await play(run);
    const { code, stdout } = await skep('doctor', 'demo');
    expect([code, stdout.split('\n').filter((line) => line.startsWith('NOT OK'))]).toEqual([0, []]);
    const { code: other, stdout: said } = await skep('doctor', 'nobody', '--json');
    expect(other).toBe(2);
    expect(JSON.parse(said)).toContainEqual({
      ok: false,
      what: 'nobody has declared nobody: there are demo',
      next: 'skep create nobody',
    });
  });

  it('has executions, as the table has them', async () => {
    const { code, stdout } = await skep('executions', 'demo', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual([
      expect.objectContaining({ machine: 'scale-out', phase: 'ready', atWork: false }),
      expect.objectContaining({ machine: 'scale-out', phase: 'ready', atWork: false }),
    ]);
    expect((await skep('executions', 'demo')).stdout).toMatch(/^instance +machine +node +at work/);
  });

  it('has events, and goes on with what changes', async () => {
    const { code, stdout } = await skep('events', 'demo');
    expect(code).toBe(0);
    expect(stdout).toContain('demo  verdict: healthy\n');
    expect(stdout).toContain('demo  a tidy looked\n');

    const following = startSkep(['events', 'demo', '--follow', '--json'], onLab(run.lab.url));
    await until(() => following.stdout().includes('a tidy looked'));
    // The first look has to be made before anything changes: the next one would be the first.
    await new Promise((resolve) => setTimeout(resolve, 3000));
    await takeStep(run, { scale: { group: 'workers', to: 2 } });
    await takeStep(run, { settle: 300_000 });
    await until(() => following.stdout().includes('desired 1'));
    following.child.kill('SIGINT');
    const { stdout: said } = await following.ended;
    expect(
      said
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { what: string }).what),
    ).toContain('desired 1 \u2192 2');
  });

  it.each([
    [['events', 'nobody'], 'stage dev has no cluster nobody: it has demo\n'],
    [['executions', 'nobody'], 'stage dev has no cluster nobody: it has demo\n'],
    [['page', 'nobody'], 'stage dev has no cluster nobody: it has demo\n'],
    [
      ['page', 'demo', '--port', '99999'],
      "error: option '--port <number>' argument '99999' is invalid. a port is a number up to 65535.\n",
    ],
    [
      ['page', 'demo', '--every', '0'],
      "error: option '--every <seconds>' argument '0' is invalid. a whole number from 1 to 60 is wanted.\n",
    ],
    [['doctor', 'BLUE'], 'BLUE: a cluster name is 1 to 32 of a-z, 0-9 and -, and begins with a letter\n'],
  ])('is refused in one line: %j', async (args, stderr) => {
    expect(await skep(...args)).toEqual({ code: 1, stdout: '', stderr });
  });

  it.each(['events', 'executions', 'doctor', 'page'])('has an example in the help of %s', async (verb) => {
    const { code, stdout } = await skep(verb, '--help');
    expect(code).toBe(0);
    expect(stdout).toContain(`Example: skep ${verb} blue`);
  });

  it('has a page, whose address is printed alone on stdout, and which Ctrl-C ends', async () => {
    const page = startSkep(['page', 'demo', '--port', '0'], onLab(run.lab.url));
    await until(() => page.stdout().endsWith('\n'));
    const url = page.stdout().trim();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?key=[\w-]{32}$/);
    const first = await fetch(url, { redirect: 'manual' });
    const cookie = first.headers.get('set-cookie')?.split(';')[0] ?? '';
    const table = await fetch(new URL('/table', url), { headers: { cookie } });
    expect(await table.text()).toContain('demo is healthy');
    const refused = await fetch(new URL('/act', url), {
      method: 'POST',
      headers: { cookie, origin: new URL(url).origin, 'content-type': 'application/json' },
      body: JSON.stringify({ do: 'scale', group: 'workers', desired: 9 }),
    });
    expect([refused.status, await refused.text()]).toEqual([422, expect.stringContaining('--allow-changes')]);
    page.child.kill('SIGINT');
    expect(await page.ended).toMatchObject({
      code: 130,
      stderr: expect.stringMatching(/\ninterrupted: the page is closed, and nothing else has ended\n$/),
    });
  });
});
