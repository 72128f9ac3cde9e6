// What a person does to a cluster by hand, against a lab: looks at services and logs, drains a node and lets it work again, has dead letters
// handled again, and kills and stops things of the lab.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { parseScenario } from '../../lab/scenario/read.ts';
import { play } from '../../lab/scenario/play.ts';
import { ScenarioRun } from '../../lab/scenario/run.ts';
import { onLab, startSkep } from '../support/skep-command.ts';
import type { Ended } from '../support/skep-command.ts';

const SCENARIO = `
name: by hand
groups:
  managers: { role: manager, desired: 1, availability: drain }
  workers: { role: worker, desired: 2 }
steps:
  - settle: 5m
  - service: { name: web, replicas: 2, order: start-first, constraints: [node.role==worker] }
  - advance: 1m
`;

let run: ScenarioRun;
beforeAll(async () => {
  run = await ScenarioRun.open(parseScenario(SCENARIO, 'by hand'), { nodes: 'simulated' });
  await play(run);
}, 240_000);
afterAll(() => run.close());

const skep = (...args: readonly string[]): Promise<Ended> => startSkep(args, onLab(run.lab.url)).ended;
const port = (): string => new URL(run.lab.url).port;
const workers = (): string[] => [...(run.lab.autoScaling.groups.get('workers')?.members.keys() ?? [])];

async function nodesOfLab(): Promise<readonly { readonly instance: string; readonly availability: string }[]> {
  const { stdout } = await skep('lab', 'nodes', '--port', port(), '--json');
  return JSON.parse(stdout) as readonly { readonly instance: string; readonly availability: string }[];
}
const availabilityOf = async (instance: string): Promise<string | undefined> =>
  (await nodesOfLab()).find((one) => one.instance === instance)?.availability;

describe('what nobody could handle', () => {
  it('dead letters are shown, handled again, and gone', async () => {
    const [worker = ''] = workers();
    const launch = {
      ...{ version: '0', source: 'aws.autoscaling', time: new Date(run.lab.clock.now()).toISOString() },
      'detail-type': 'EC2 Instance-launch Lifecycle Action',
      detail: {
        ...{ AutoScalingGroupName: 'workers', LifecycleHookName: 'skep-dev-launch', EC2InstanceId: worker },
        ...{
          LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
          Origin: 'EC2',
          Destination: 'AutoScalingGroup',
        },
        NotificationMetadata: JSON.stringify({ cluster: 'demo', role: 'worker', timeout: 1800 }),
      },
    };
    const letter = { at: 0, rule: 'skep-dev-launch', target: '', error: 'no' };
    run.lab.bus.deadLetters.push({ ...letter, event: launch, failed: false }, { ...letter, event: {}, failed: false });
    const looked = await skep('redrive', '--dry-run', '--json');
    expect(looked.code).toBe(2);
    expect(JSON.parse(looked.stdout)).toEqual([
      { messageId: expect.any(String), starts: 'scale-out', instance: worker, group: 'workers' },
      { messageId: expect.any(String), left: 'no event', because: expect.stringContaining('it starts no execution') },
    ]);
    expect(run.lab.bus.deadLetters).toHaveLength(2);

    // What was read is hidden for two minutes.
    expect(await skep('redrive', '--yes')).toMatchObject({ code: 0, stdout: 'no dead letters\n' });
    await run.lab.clock.advance(121_000);
    expect(await skep('redrive', '--discard')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^1 execution\(s\) would be started, and 2 letter\(s\) deleted: account \d{12}, .*\nstdin is not a terminal/,
      ),
    });
    await run.lab.clock.advance(121_000);
    const done = await skep('redrive', '--discard', '--yes');
    expect(done).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`scale-out of ${worker} (workers)\nleft: no event`),
    });
    expect(done.stderr).toMatch(
      /\nstarted arn:aws:states:\S+:skep-dev-scale-out:redrive-\S+\n1 started, 2 deleted, 0 left\n$/,
    );
    expect(run.lab.bus.deadLetters).toEqual([]);
  }, 300_000);
});

describe('by hand', () => {
  // From here on the time of the lab passes as the command's does, which waits for the ends of its commands.
  beforeAll(() => {
    run.lab.clock.follow();
  });

  it('services are told by a manager, for people and for programs', async () => {
    const { code, stdout, stderr } = await skep('services', 'demo');
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^asking manager i-[0-9a-f]{17}\n$/)]);
    expect(stdout).toMatch(
      /^service +mode +running +wanted +nodes +update +image\nweb +replicated +2 +2 +2 +- +\S+\n$/,
    );
    const { stdout: json } = await skep('services', 'demo', '--json');
    expect(JSON.parse(json)).toEqual([expect.objectContaining({ service: 'web', running: 2, wanted: 2, ok: true })]);
  }, 120_000);

  it('the logs of a worker say what was sent to it, and what its scripts printed', async () => {
    const [worker = ''] = workers();
    const { code, stdout } = await skep('logs', worker);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\S+Z {2}join {2}Success, exit code 0 {2}\([0-9a-f-]{36}\)\n {4}\{.*"nodeId":/);
    const { stdout: json } = await skep('logs', worker, '--last', '1', '--json');
    expect(JSON.parse(json)).toEqual([expect.objectContaining({ verb: 'join', status: 'Success', exitCode: 0 })]);
    expect((await skep('logs', 'i-0123456789abcdef0')).stdout).toContain('has sent no command to i-0123456789abcdef0');
  }, 120_000);

  it('a node is drained until its tasks have left, stays so when a tidy looks, and works again', async () => {
    const [worker = ''] = workers();
    const drained = await skep('drain', worker, 'demo', '--yes');
    expect(drained).toMatchObject({
      code: 0,
      stdout: `${worker} is drained, and was active\nno task runs on ${worker} any more\n`,
      stderr: expect.stringMatching(
        new RegExp(
          `^node [0-9a-z]{25} of ${worker} is drained: .*: cluster demo, account \\d{12}, stage dev, region eu-west-1, endpoint`,
        ),
      ),
    });
    expect(await availabilityOf(worker)).toBe('drain');
    expect((await skep('drain', worker, 'demo', '--yes', '--wait', '0')).stdout).toBe(`${worker} was drained before\n`);
    expect((await skep('tidy', 'demo')).code).toBe(0);
    expect(await availabilityOf(worker)).toBe('drain');
    expect((await skep('activate', worker, 'demo', '--yes')).stdout).toBe(`${worker} is active, and was drained\n`);
    expect(await availabilityOf(worker)).toBe('active');
    expect((await skep('drain', worker, 'demo', '--pause', '--yes')).stdout).toBe(
      `${worker} is paused, and was active\n`,
    );
    expect((await skep('activate', worker, 'demo', '--yes')).code).toBe(0);
  }, 300_000);

  it('nodes are watched: the same again, until Ctrl-C', async () => {
    const watching = startSkep(['nodes', 'demo', '--watch', '2'], onLab(run.lab.url));
    const looks = (): number => watching.stdout().split('instance ').length - 1;
    while (looks() < 2) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    watching.child.kill('SIGINT');
    await watching.ended;
    expect(watching.stdout()).toMatch(/ready\n\ninstance +group/);
  }, 120_000);

  it('a machine of the lab is killed', async () => {
    const [worker = ''] = workers();
    expect(await skep('lab', 'kill', worker, '--port', port())).toMatchObject({
      code: 0,
      stdout: `${worker}: killed, without a word to anybody\n`,
    });
    // EC2 and Auto Scaling show what has happened only a while later, and the lab's time goes on between two looks.
    let looked = await skep('nodes', 'demo');
    for (let look = 1; look < 20 && looked.code === 0; look++) {
      looked = await skep('nodes', 'demo');
    }
    expect(looked).toMatchObject({ code: 2, stdout: expect.stringContaining(worker) });
  }, 120_000);

  it('groups of the lab are told to programs', async () => {
    const { stdout } = await skep('lab', 'groups', '--port', port(), '--json');
    expect(JSON.parse(stdout)).toContainEqual(expect.objectContaining({ group: 'workers', desired: 2 }));
  });
});
