// A cluster that lives: its file changes, `skep cluster up` is killed, AWS refuses a group, two share a network, and both go again.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { EmptyLab, EXAMPLE } from '../support/cluster-command.ts';

const LONG = 240_000;
const API = '\n  api: { role: worker, size: 2, types: [m7g.large], labels: { tier: api } }\n';
const TIER = 'labels: { tier: web }';

let lab: EmptyLab;
beforeAll(async () => {
  lab = await EmptyLab.open();
  const { stderr, code } = await lab.cluster(['up', EXAMPLE]);
  expect([code, stderr]).toEqual([0, '']);
}, LONG);
afterAll(async () => {
  await lab.close();
});

const more = (...changes: readonly (readonly [string, string])[]): string => lab.changed(...changes);
const nodes = async (cluster = 'blue') => (await lab.run.lab.view(cluster))?.nodes ?? [];
const planCode = async (file: string): Promise<number | null> => (await lab.cluster(['plan', file])).code;

describe('a file that changes', () => {
  it(
    'has 5 managers in the place of 3, and 3 again: the two go drained, and a person is asked before',
    async () => {
      const five = more(['size: 3', 'size: 5']);
      const plan = await lab.cluster(['plan', five]);
      expect([plan.code, plan.stdout]).toEqual([2, expect.stringContaining('MinSize: "3" becomes "5"')]);
      expect(plan.stdout).not.toMatch(/END|REPLACE/);
      expect(await lab.cluster(['up', five])).toMatchObject({ code: 0, stderr: '' });
      expect((await nodes()).filter(({ role, status }) => role === 'manager' && status === 'ready')).toHaveLength(5);
      expect(await planCode(five)).toBe(0);

      const back = await lab.cluster(['up', EXAMPLE]);
      expect([back.code, back.stdout]).toEqual([1, expect.stringContaining('END 2 node(s), drained first')]);
      expect(await lab.cluster(['up', EXAMPLE, '--yes', 'blue'])).toMatchObject({ code: 0 });
      expect(lab.group('managers').desired).toBe(3);
      await lab.run.lab.runUntilIdle(1_800_000);
      expect((await nodes()).filter(({ role }) => role === 'manager')).toHaveLength(3);
    },
    LONG,
  );

  it(
    'has a second group of workers, made though the command is killed meanwhile, and none again',
    async () => {
      const two = more([TIER, `${TIER}${API}`]);
      const killed = await lab.cluster(['up', two], { at: /Group-api: making/, by: 'SIGKILL' });
      expect(killed.code).toBeNull();
      expect(await lab.cluster(['up', two])).toMatchObject({ code: 0, stderr: '' });
      expect((await nodes()).filter(({ labels }) => labels['tier'] === 'api')).toHaveLength(2);
      expect(await planCode(two)).toBe(0);

      const before = [...lab.instancesOf('managers'), ...lab.instancesOf('workers')];
      expect(await lab.cluster(['up', EXAMPLE])).toMatchObject({ code: 1 });
      expect(await lab.cluster(['up', EXAMPLE, '--yes', 'blue'])).toMatchObject({ code: 0, stderr: '' });
      expect(await nodes()).toHaveLength(5);
      expect([...lab.instancesOf('managers'), ...lab.instancesOf('workers')]).toEqual(before);
      expect(lab.run.lab.autoScaling.hooks).toMatchObject({ abandoned: 0, timedOut: 0 });
      expect(await planCode(EXAMPLE)).toBe(0);
    },
    LONG,
  );

  it(
    'is refused by AWS: a group is as it was before, with its nodes, and the first reason is told',
    async () => {
      const before = lab.instancesOf('workers');
      const refused = more([TIER, `${TIER}\n    policy: arn:aws:iam::123456789012:policy/none`]);
      const up = await lab.cluster(['up', refused]);
      expect([up.code, up.stderr]).toEqual([
        2,
        expect.stringMatching(/Group-workers is UPDATE_ROLLBACK_COMPLETE\nthe first reason: NodeRole: .*policy\/none/),
      ]);
      expect(lab.instancesOf('workers')).toEqual(before);
      expect((await nodes()).filter(({ status }) => status === 'ready')).toHaveLength(5);
      expect(await planCode(EXAMPLE)).toBe(0);
    },
    LONG,
  );

  it(
    'is held against a size that somebody has changed by hand',
    async () => {
      lab.run.lab.autoScaling.update(lab.group('workers').name, { min: 0, max: 9, desired: 0 });
      const plan = await lab.cluster(['plan', EXAMPLE]);
      expect([plan.code, plan.stdout]).toEqual([2, expect.stringContaining('its size is 0 to 9')]);
      expect(await lab.cluster(['up', EXAMPLE])).toMatchObject({ code: 0, stderr: '' });
      expect(lab.group('workers')).toMatchObject({ min: 2, max: 6, desired: 2 });
    },
    LONG,
  );
});

describe('what somebody has changed by hand', () => {
  it(
    'is shown by a plan, which has nothing to do for it',
    async () => {
      const group = lab.group('workers');
      const [name = '', hook] = [...group.hooks][0] ?? [];
      if (hook === undefined) throw new Error('no hook');
      group.hooks.set(name, { ...hook, heartbeatTimeout: 300 });
      const plan = await lab.cluster(['plan', EXAMPLE]);
      expect([plan.code, plan.stderr]).toEqual([0, '']);
      expect(plan.stdout.split('\n').slice(-3)).toEqual([
        '! skep-dev-Swarm-blue-Group-workers: somebody has changed Group (AutoScaling::AutoScalingGroup): "LifecycleHookSpecificationList/0/HeartbeatTimeout" is "300", made as "1800"',
        'nothing to do',
        '',
      ]);
      expect((await lab.cluster(['plan', EXAMPLE, '--no-drift'])).stdout).not.toContain('somebody has changed');
      group.hooks.set(name, hook);
      expect((await lab.cluster(['plan', EXAMPLE])).stdout).not.toContain('somebody has changed');
    },
    LONG,
  );
});

describe('two clusters in one VPC', () => {
  const outputs = (): Readonly<Record<string, string>> => {
    const stack = lab.run.lab.cloudFormation.stacks.find('skep-dev-Swarm-blue-Network');
    return Object.fromEntries(stack.outputs.map(({ key, value }) => [key, value]));
  };
  let green = '';

  it(
    'are two swarms that know nothing of each other',
    async () => {
      const { VpcId = '', SubnetIds = '' } = outputs();
      green = lab.file(`
cluster: green
network: { given: { vpc: ${VpcId}, cidrs: [10.0.0.0/16], subnets: [${SubnetIds.split(',').join(', ')}] } }
image: ami-0123456789abcdef0
groups:
  managers: { role: manager, size: 1, types: [t4g.small], hookTimeout: 2m }
  workers: { role: worker, size: 1, types: [m7g.large], hookTimeout: 5m }
`);
      expect(await lab.cluster(['up', green])).toMatchObject({ code: 0, stderr: '' });
      expect(await nodes('green')).toHaveLength(2);
      expect(await nodes()).toHaveLength(5);
      expect([await planCode(green), await planCode(EXAMPLE)]).toEqual([0, 0]);
      const groupsOf = (name: string): string[] =>
        lab.run.lab.cloudFormation.stacks.find(`skep-dev-Swarm-${name}`).outputs.map(({ value }) => value);
      expect(groupsOf('blue').filter((one) => groupsOf('green').includes(one))).toEqual([]);
    },
    LONG,
  );

  it(
    'the one whose network it is stays until the other has gone',
    async () => {
      expect(await lab.cluster(['down', EXAMPLE, '--yes', 'blue'])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('the network of blue has others in it: skep-dev-Swarm-green'),
      });
      expect(lab.instancesOf('workers')).toHaveLength(2);
    },
    LONG,
  );

  it(
    'the other goes, ended half-way, with a manager that was kept, and a task that will not stop for a while',
    async () => {
      const { autoScaling, machines, clock } = lab.run.lab;
      const manager = lab.instancesOf('managers', 'green')[0] ?? '';
      await machines.createService(manager, {
        name: 'slow',
        mode: 'replicated',
        replicas: 1,
        constraints: ['node.role==worker'],
        stopGrace: 600,
        mounts: ['volume'],
      });
      await clock.advance(60_000);

      // Somebody scales the managers to 0: the last one waits, and is kept when its patience is over.
      const group = lab.group('managers', 'green');
      const metadata = JSON.stringify({ cluster: 'green', role: 'manager', timeout: 120, patience: 300 });
      for (const [name, hook] of group.hooks) {
        group.hooks.set(name, { ...hook, metadata });
      }
      autoScaling.update(group.name, { min: 0, max: undefined, desired: 0 });
      await clock.until(
        () => [...group.members.values()].some(({ lifecycle }) => lifecycle === 'Terminating:Retained'),
        3_600_000,
      );
      expect([...group.members.values()].map(({ lifecycle }) => lifecycle)).toEqual(['Terminating:Retained']);

      const ended = await lab.cluster(['down', green, '--yes', 'green'], { at: /scaling it to 0/, by: 'SIGKILL' });
      expect(ended.code).toBeNull();
      const worker = lab.instancesOf('workers', 'green')[0] ?? '';
      expect(ended.stdout).toContain('  services, 1: slow (1 running)\n  local volumes, 1: 4.1 kB\n');
      expect(ended.stdout).toContain(`    on ${worker}: 1, 4.1 kB (slow 4.1 kB)\n`);
      const down = await lab.cluster(['down', green, '--yes', 'green']);
      expect(down).toMatchObject({ code: 0, stderr: '' });
      expect(down.stdout).toContain('was kept, and its swarm is to go: ending it');
      expect([...autoScaling.groups.keys()].filter((name) => name.includes('green'))).toEqual([]);
      expect(await nodes()).toHaveLength(5);
      expect(await planCode(EXAMPLE)).toBe(0);
    },
    LONG,
  );
});
