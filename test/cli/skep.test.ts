import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { DeleteItemCommand, DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startSkep } from '../support/skep-command.ts';
import type { Ended } from '../support/skep-command.ts';

const PACKAGING_TIMEOUT = 120_000;

const folder = mkdtempSync(path.join(tmpdir(), 'skep-cli-'));
const scenario = path.join(folder, 'scenario.yaml');
writeFileSync(
  scenario,
  `name: small
groups:
  managers: { role: manager, desired: 1 }
  workers: { role: worker, desired: 1 }
steps:
  - settle: 10m
expect:
  - nodes: { count: 2, ready: 2 }
`,
);
const failing = path.join(folder, 'failing.yaml');
writeFileSync(failing, 'name: failing\ngroups: {}\nsteps: []\nexpect:\n  - nodes: { count: 1 }\n');
const bad = path.join(folder, 'bad.yaml');
writeFileSync(bad, 'name: bad\ngroups: {}\nsteps: []\nexpct: []\n');
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const start = (args: readonly string[], env: Readonly<Record<string, string>> = {}): ReturnType<typeof startSkep> =>
  startSkep(args, { HOME: folder, ...env });

const skep = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> =>
  start(args, env).ended;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('wrong use: exit code 1, and what is wrong on stderr', () => {
  it.concurrent.each([
    [['xyzzy'], "error: unknown command 'xyzzy'\n"],
    [['lab', 'run'], "error: missing required argument 'file'\n"],
    [['lab', 'run', bad], `${bad}:4: expct: unknown key\n`],
    [
      ['lab', 'run', scenario, '--nodes', 'paper'],
      "error: option '--nodes <kind>' argument 'paper' is invalid. Allowed choices are simulated, docker.\n",
    ],
    [
      ['lab', 'run', scenario, '--seed', '-1'],
      "error: option '--seed <number>' argument '-1' is invalid. a whole number is wanted.\n",
    ],
    [
      ['lab', 'serve', '--empty', '--scenario', scenario],
      "error: option '--scenario <file>' cannot be used with option '--empty'\n",
    ],
    [
      ['lab', 'scale', 'workers', '3', '--port', '1'],
      'no lab answers on port 1: start one with npm start, or skep lab serve\n',
    ],
    [['create'], 'say which cluster: skep create CLUSTER. It is the tag skep:cluster of its groups\n'],
    [['erase'], 'say which cluster: skep erase CLUSTER\n'],
    [['release'], 'say which cluster: skep release CLUSTER\n'],
    [['adopt'], 'say which name the cluster is to have: skep adopt CLUSTER --group NAME=ROLE\n'],
    [['adopt', 'blue'], 'say which groups it has: --group NAME=manager --group NAME=worker\n'],
    [['adopt', 'blue', '--group', 'web'], "--group web: a group's name, = and manager or worker are wanted\n"],
    [['adopt', 'blue', '--group', 'a=worker,a=manager'], '--group a is said twice\n'],
    [['delete'], 'say which cluster: skep delete CLUSTER\n'],
    [['recover'], 'say which cluster: skep recover CLUSTER\n'],
    [['create', 'blue', '--cluster', 'green'], 'one cluster is wanted, and two are named: blue and green\n'],
    [['plan', 'blue', '--stage', 'a b'], '--stage a b: a stage is 1 to 32 letters, digits, - and _\n'],
    [
      ['plan', 'blue', '--endpoint-url', '127.0.0.1:4566'],
      '--endpoint-url 127.0.0.1:4566: an address like http://127.0.0.1:4566 is wanted\n',
    ],
    [['plan', 'blue', '--lab', '0'], '--lab 0: a port from 1 to 65535 is wanted\n'],
    [['plan', '--lab', '1'], 'AWS was not reached at 127.0.0.1:1: nothing answers there (ECONNREFUSED)\n'],
    [
      ['plan', 'blue'],
      'no AWS region: set AWS_REGION, or region in ~/.aws/config, or say --region (of the lab on this machine: --lab)\n',
    ],
    [
      ['create', '--cluster', 'Prod'],
      '--cluster Prod: a cluster name is 1 to 32 of a-z, 0-9 and -, and begins with a letter\n',
    ],
    [
      ['create', '--cluster', 'prod', '--address-pool', '10.0.0.0'],
      '--address-pool 10.0.0.0: a network like 172.30.0.0/16 is wanted\n',
    ],
    [
      ['create', '--cluster', 'prod', '--address-pool', '10.0.0.0/16/8'],
      '--address-pool 10.0.0.0/16/8: a network like 172.30.0.0/16 is wanted\n',
    ],
    [
      ['create', '--cluster', 'prod', '--data-path-port', '7946'],
      '--data-path-port 7946: the nodes of a swarm tell each other there who they are\n',
    ],
    [['unhold', 'Prod'], 'Prod: a cluster name is 1 to 32 of a-z, 0-9 and -, and begins with a letter\n'],
    [
      ['tidy', '--cluster', 'Prod'],
      '--cluster Prod: a cluster name is 1 to 32 of a-z, 0-9 and -, and begins with a letter\n',
    ],
    [['create', '--cluster', 'prod', '--tidy-every', '15'], '--tidy-every 15: a multiple of 10 is wanted, or off\n'],
    [['create', '--cluster', 'prod', '--subnet-size', '30'], '--subnet-size 30: a number from 16 to 29 is wanted\n'],
    [
      ['create', '--cluster', 'prod', '--address-pool', '172.30.5.0/16'],
      '--address-pool 172.30.5.0/16: the network is 172.30.0.0/16\n',
    ],
    [
      ['create', '--cluster', 'prod', '--address-pool', '10.0.0.0/8', '--vpc-cidr', '172.16.0.0/16,10.1.0.0/16'],
      '--address-pool 10.0.0.0/8 overlaps 10.1.0.0/16 of the VPC\n',
    ],
    [
      ['create', '--cluster', 'prod', '--vpc-cidr', '10.1.0.0'],
      '--vpc-cidr 10.1.0.0: a network like 10.0.0.0/16 is wanted\n',
    ],
    [
      ['create', '--cluster', 'prod', '--subnet-size', '17'],
      '--address-pool 172.30.0.0/16 is too small: a network of /17 fits 2 times, and at least 4 are wanted\n',
    ],
    [
      [
        'create',
        '--cluster',
        'prod',
        '--vpc-cidr',
        '10.0.0.0/8',
        '--vpc-cidr',
        '172.16.0.0/12,192.168.0.0/16,100.64.0.0/10',
      ],
      '--vpc-cidr 10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10: no usual pool is free beside it: say --address-pool\n',
    ],
    [
      ['create', '--cluster', 'prod', '--data-path-port', '80'],
      '--data-path-port 80: a number from 1024 to 49151 is wanted\n',
    ],
  ])('skep %j', async (args, stderr) => {
    expect(await skep(args)).toEqual({ code: 1, stdout: '', stderr });
  });
});

describe('help', () => {
  it('is no error, and names every command', async () => {
    const [all, lab] = await Promise.all([skep(['--help']), skep(['lab', '--help'])]);

    expect([all.code, all.stderr, lab.code, lab.stderr]).toEqual([0, '', 0, '']);
    expect(all.stdout).toMatch(/^Usage: skep/);
    for (const command of ['create', 'lab']) {
      expect(all.stdout).toContain(`\n  ${command} `);
    }
    for (const command of ['run', 'serve', 'demo', 'scale', 'kill', 'stop', 'nodes', 'groups', 'dashboard']) {
      expect(lab.stdout).toContain(`\n  ${command} `);
    }
  });
});

describe('a scenario', () => {
  it(
    'that holds: exit code 0, and --json prints the documented keys and nothing else',
    async () => {
      const { code, stdout, stderr } = await skep(['lab', 'run', scenario, '--json', '--seed', '5']);
      const result = JSON.parse(stdout) as Record<string, unknown>;

      expect([code, stderr]).toEqual([0, '']);
      expect(Object.keys(result).toSorted()).toEqual(
        // prettier-ignore
        ['scenario', 'ok', 'expectations', 'groups', 'nodes', 'executions', 'calls', 'hooks', 'alarms', 'deadLetters', 'last', 'bounds', 'agents', 'throttled', 'denied', 'managers', 'requests', 'slowest', 'seed', 'seconds', 'virtualSeconds', 'rang', 'verdict', 'notices', 'webhook'].toSorted(),
      );
      expect(result).toMatchObject({
        scenario: 'small',
        ok: true,
        seed: 5,
        expectations: [{ what: 'nodes {"count":2,"ready":2}', ok: true, seen: { count: 2, ready: 2 } }],
        executions: [
          {
            machine: 'scale-out',
            status: 'SUCCEEDED',
            error: null,
            cause: null,
            transitions: expect.any(Number),
            retries: expect.any(Number),
          },
          { machine: 'scale-out', status: 'SUCCEEDED' },
        ],
        hooks: { continued: 2, abandoned: 0, timedOut: 0, open: 0 },
        calls: { 'autoscaling.CompleteLifecycleAction': 2, 'ssm.SendCommand': 4 },
        alarms: [],
        deadLetters: 0,
      });
    },
    PACKAGING_TIMEOUT,
  );

  it(
    'that does not: exit code 2, and what was seen instead',
    async () => {
      const { code, stdout } = await skep(['lab', 'run', failing]);

      expect(code).toBe(2);
      expect(stdout).toContain('0 of 1 expectations hold');
      expect(stdout).toContain('FAIL nodes {"count":1}, seen {"count":0}');
    },
    PACKAGING_TIMEOUT,
  );
});

describe('a lab that keeps running', () => {
  let lab: ReturnType<typeof start>;
  let port = 0;
  const aws = (): Record<string, string> => ({
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'lab',
    AWS_SECRET_ACCESS_KEY: 'lab',
  });

  async function until(what: string, done: () => Promise<boolean> | boolean): Promise<void> {
    for (let tries = 0; tries < 300; tries += 1) {
      if (await done()) {
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`${what}: not within 30 s`);
  }

  beforeAll(async () => {
    port = await freePort();
    lab = start(['lab', 'serve', '--port', String(port), '--scenario', scenario]);
    await until('the lab is up', () => lab.stdout().includes('The lab stays up'));
  }, PACKAGING_TIMEOUT);
  afterAll(async () => {
    lab.child.kill('SIGKILL');
    await lab.ended;
  });

  it('its port is taken', async () => {
    expect(await skep(['lab', 'serve', '--port', String(port), '--scenario', scenario])).toMatchObject({
      code: 1,
      stderr: `port ${port} is taken: is a lab running already? --port chooses another\n`,
    });
  });

  it('each line that it tells a person to type works', async () => {
    await until('the swarm is founded', async () => {
      const { stdout: groups } = await skep(['lab', 'groups', '--port', String(port)]);
      return /managers .* InService/.test(groups);
    });
    const lines = [...lab.stdout().matchAll(/^ {2}npx skep (.+)$/gm)].map(([, line = '']) => line);
    expect(lines).toEqual([
      `lab scale workers 4 --port ${port}`,
      `status --lab ${port}`,
      `lab nodes --port ${port}`,
      `lab dashboard --port ${port}`,
      `lab stop --port ${port}`,
    ]);
    for (const line of lines.filter((one) => !/scale|stop/.test(one))) {
      const { code, stderr } = await skep(line.split(' '));
      // No tidy has looked yet: the status ends with 2.
      expect([line, code, stderr]).toEqual([line, line.startsWith('status') ? 2 : 0, '']);
    }
  });

  it('a cluster is created over its endpoint, once', async () => {
    const args = ['create', '--cluster', 'other'];
    const has = 'address pool 172.29.0.0/16, networks of /24, data path port 4789\n';

    expect(await skep([...args, '--vpc-cidr', '10.0.0.0/16,172.30.0.0/20'], aws())).toEqual({
      code: 0,
      stdout:
        `other is declared: the first manager that launches founds its swarm\nit will have ${has}` +
        'none of that can be changed once it is founded; until then: skep delete other\n',
      stderr: `other is to be declared: account 123456789012, stage dev, region eu-west-1, endpoint http://127.0.0.1:${port}\n`,
    });
    const kept = `other was declared before: nothing is changed\nit has ${has}`;
    expect(await skep(args, aws())).toMatchObject({ code: 0, stdout: kept });
    expect(await skep([...args, '--subnet-size', '25'], aws())).toMatchObject({
      code: 0,
      stdout: `${kept}it does not get address pool 172.30.0.0/16, networks of /25, data path port 4789\n`,
    });
  });

  it('a cluster is held, as often as one likes, and held no more', async () => {
    // The first instances come ten seconds after the lab: on a slow machine their launches would meet the hold.
    await until('all instances are in service', () => lab.stdout().includes('workers: InService'));
    const hold = ['hold', 'demo', '--again', '0'];
    expect(await skep(['hold', 'demi'], aws())).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^stage dev has no cluster demi: it has (demo|other, demo|demo, other)\n$/),
    });
    expect(await skep([...hold, '--because', 'a look at the network'], aws())).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /^demo is held since \S+Z\nbecause: a look at the network\n0 node\(s\) on their way: .*\nnothing of demo is changed until: skep unhold demo\n$/,
      ),
    });
    expect((await skep(hold, aws())).stdout).toMatch(
      /^demo was held before, since \S+Z\nbecause: a look at the network\n/,
    );
    expect(await skep(['rotate-tokens', '--cluster', 'demo'], aws())).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /^the join tokens of demo are to be made anew: account \d{12}, .*\nstarted arn:aws:states:\S+\nnothing rotated: demo is held since .* \(a look at the network\): skep unhold demo\n$/,
      ),
    });
    expect((await skep(['unhold', 'demo'], aws())).stdout).toMatch(/^demo is held no more\n0 execution/);
    expect((await skep(['unhold', 'demo'], aws())).stdout).toMatch(/^demo was not held\n0 execution/);
  });

  it('join tokens are made anew, and told by their digests', async () => {
    // The lab lives on the wall's time here: its swarm is founded some seconds after its start.
    await until('the swarm is founded', async () => {
      const { stdout: groups } = await skep(['lab', 'groups', '--port', String(port)]);
      return /managers .* InService/.test(groups);
    });
    const { code, stdout } = await skep(['rotate-tokens', '--cluster', 'demo'], aws());
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(
        /^rotated and published, as SHA-256:\n {2}worker {2}[0-9a-f]{64}\n {2}manager [0-9a-f]{64}\n$/,
      ),
    ]);
    expect(await skep(['rotate-tokens', '--cluster', 'other'], aws())).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /^the join tokens of other are to be made anew: account \d{12}, .*\nstarted \S+\nnothing rotated: the cluster has no swarm yet: nothing to rotate\n$/,
      ),
    });
  });

  it('a swarm is erased only by a word, which is not taken while there are workers', async () => {
    expect(await skep(['erase', 'demi', '--yes'], aws())).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('has no cluster demi'),
    });
    expect(await skep(['erase', 'demo', '--for', '0'], aws())).toMatchObject({
      code: 1,
      stderr: '--for 0: a number of minutes from 1 to 2880 is wanted\n',
    });
    expect(await skep(['erase', 'demo', '--yes'], aws())).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /^demo has workers: i-[0-9a-f]{17} of workers.*\nscale their groups to 0 first: nothing was changed\n$/,
      ),
    });
    expect(await skep(['erase', 'demo', '--take-back'], aws())).toMatchObject({
      code: 0,
      stdout: 'nobody had said that the swarm of demo may be erased\n',
    });
  });

  it('a plan is shown: nothing to do, or what and why; and a tidy does it', async () => {
    await until('the worker is there', async () => {
      const { stdout: groups } = await skep(['lab', 'groups', '--port', String(port)]);
      return /workers .* InService/.test(groups);
    });
    const plan = ['plan', '--cluster', 'demo'];
    expect(await skep(plan, aws())).toMatchObject({ code: 0, stdout: 'nothing to do\n' });

    const worker = await loseItemOfWorker();
    const why = 'nodes that are Ready, and that the table does not have so';
    expect(await skep(plan, aws())).toMatchObject({ code: 2, stdout: `record ${worker}\n    ${why}\n` });
    const { code, stdout } = await skep([...plan, '--json'], aws());
    expect([code, JSON.parse(stdout)]).toMatchObject([2, { repairs: [{ kind: 'record', because: why }], reports: [] }]);
    expect(await skep(['tidy', '--cluster', 'demo', '--dry-run'], aws())).toMatchObject({ code: 2 });
    expect(await skep(['tidy', '--cluster', 'demo'], aws())).toMatchObject({ code: 0 });
    expect(await skep(plan, aws())).toMatchObject({ code: 0, stdout: 'nothing to do\n' });
    expect(await skep(['plan', '--cluster', 'demi'], aws())).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^stage dev has no cluster demi: it has (demo, other|other, demo)\n$/),
    });
    expect(await skep(['plan', '--cluster', 'other'], aws())).toMatchObject({ code: 0, stdout: 'nothing to do\n' });
  }, 120_000);

  /** By somebody's hand. */
  async function loseItemOfWorker(): Promise<string> {
    const credentials = { accessKeyId: 'lab', secretAccessKey: 'lab' };
    const client = new DynamoDBClient({ endpoint: `http://127.0.0.1:${port}`, region: 'eu-west-1', credentials });
    const { Items: items = [] } = await client.send(new ScanCommand({ TableName: 'skep-dev' }));
    const item = items.find((one) => one['sk']?.S?.startsWith('NODE#') === true && one['role']?.S === 'worker');
    const { pk = { S: '' }, sk = { S: '' } } = item ?? {};
    await client.send(new DeleteItemCommand({ TableName: 'skep-dev', Key: { pk, sk } }));
    client.destroy();
    return sk.S?.slice('NODE#'.length) ?? '';
  }

  it('how often the tidy comes can be said at any time', async () => {
    expect(
      await skep(['create', '--cluster', 'other', '--tidy-every', 'off', '--down-after', '30'], aws()),
    ).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /^no tidy comes by itself\na node that is down for 30 minutes is reported\nother was declared before/,
      ),
    });
    expect((await skep(['create', '--cluster', 'other', '--tidy-every', '30'], aws())).stdout).toMatch(
      /^the tidy comes every 30 minutes\n/,
    );
  });

  it('a declaration is taken back only where nothing came of it', async () => {
    expect(await skep(['delete', 'demo', '--yes'], aws())).toMatchObject({
      code: 2,
      stderr: 'demo has a swarm: nothing was removed. skep erase demo ends the swarm first\n',
    });
    expect(await skep(['plan'], aws())).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^say which cluster: stage dev has (demo, other|other, demo)\n$/),
    });
    expect(await skep(['delete', 'other'], aws())).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('stdin is not a terminal, so nobody can be asked: pass --yes to confirm'),
    });
    expect(await skep(['delete', 'other', '--yes'], aws())).toMatchObject({ code: 0, stdout: 'other is removed\n' });
    expect(await skep(['status', 'other'], aws())).toMatchObject({
      code: 1,
      stderr: 'stage dev has no cluster other: it has demo\n',
    });
  });

  it('its nodes are shown beside their instances; the only cluster need not be named', async () => {
    const { code, stdout, stderr } = await skep(['nodes', '--lab', String(port)]);
    expect([code, stderr]).toEqual([0, 'cluster demo, the only one of stage dev\n']);
    expect(stdout).toMatch(/^instance +group +zone +lifecycle +ec2 +role +node +phase\n/);
    expect(stdout).toMatch(
      /^i-[0-9a-f]{17} +workers +eu-west-1[abc] +InService +running +worker +[0-9a-z]{12} +ready$/m,
    );
    expect(await skep(['nodes', '--lab', String(port), '--group', 'nobody'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('demo has nothing in a group nobody: its groups with instances are '),
    });
  });

  it('its groups are shown and scaled', async () => {
    const at = ['--port', String(port)];
    expect(await skep(['lab', 'scale', 'workers', '3', ...at])).toEqual({
      code: 0,
      stdout: 'workers is to have 3\n',
      stderr: '',
    });
    const { code, stdout } = await skep(['lab', 'groups', ...at]);

    expect(code).toBe(0);
    expect(stdout.match(/\bworkers\b/g)).toHaveLength(3);
    expect(await skep(['lab', 'scale', 'nobody', '3', ...at])).toMatchObject({
      code: 1,
      stderr: 'the lab has no group nobody: it has managers, workers\n',
    });
  });

  it('ends when it is asked to, and leaves the port free', async () => {
    lab.child.kill('SIGTERM');
    const { code, stderr } = await lab.ended;

    expect([code, stderr]).toEqual([0, '']);
    expect(await skep(['lab', 'groups', '--port', String(port)])).toMatchObject({ code: 1 });
  });
});
