import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { volumesIn } from '../../src/core/cluster/losses.ts';
import { inspectPage, readSwarm } from '../../src/swarm/inspect-page.ts';
import type { InspectPage } from '../../src/swarm/inspect-page.ts';
import type { SwarmNode } from '../../src/core/tidy/facts.ts';
import {
  Bench,
  initParameters,
  instance,
  joinParameters,
  nodeSchema,
  seconds,
  swarmSchema,
  TOKEN_KEY,
  until,
} from './support/bench.ts';
import type { Swarm } from './support/bench.ts';
import { scriptOf, VERBS } from './support/documents.ts';
import { SECRET } from './support/tiny-aws.ts';
import { ArgumentWatch } from './support/traces.ts';

describe('the scripts', () => {
  it.each(VERBS)('of %s pass shellcheck as they are put together', (verb) => {
    // SC2317: not every document calls everything of what they share.
    const args = ['--shell=sh', '--severity=style', '--exclude=SC2317', '-'];
    const { status, stdout, error } = spawnSync('shellcheck', args, { input: scriptOf(verb), encoding: 'utf8' });
    expect({ status, stdout, error }).toEqual({ status: 0, stdout: '', error: undefined });
  });
});

const nodesOf = (...pages: readonly Record<string, unknown>[]): readonly SwarmNode[] =>
  readSwarm(
    pages.map((page): InspectPage => inspectPage.parse(page)),
    [],
  )?.nodes ?? [];

describe('the life of a swarm', () => {
  const bench = new Bench();
  const [founder, one, two, second] = [instance(1), instance(2), instance(3), instance(4)];
  let swarm: Swarm;
  const nodes = new Map<string, string>();
  const nodeOf = (instanceId: string): string => nodes.get(instanceId) ?? 'none';
  const managers = new Set([founder]);
  const labelled = (instanceId: string, more = ''): Record<string, string> => ({
    instanceId,
    nodeId: nodeOf(instanceId),
    labels: `skep.instance=${instanceId},skep.group=workers,skep.role=${managers.has(instanceId) ? 'manager' : 'worker'}${more}`,
    availability: 'active',
  });
  const view = () => bench.machines.view(founder);
  const tasksOn = async (instanceId: string, service: string): Promise<string[]> => {
    const { tasks } = await view();
    return tasks
      .filter((task) => task.nodeId === nodeOf(instanceId) && task.service === service)
      .map((task) => task.state);
  };

  beforeAll(async () => {
    await bench.machines.open();
    await Promise.all([founder, one, two, second].map((instanceId) => bench.launch(instanceId)));
  });

  afterAll(async () => {
    await bench.machines.close();
  });

  it('is founded with its networks away from the instance, and its tokens under the key', async () => {
    const output = await bench.ok(founder, 'init', initParameters(founder));
    swarm = swarmSchema.parse(output);
    nodes.set(founder, swarm.nodeId);
    expect(output).toMatchObject({
      founded: true,
      zone: 'eu-west-1a',
      address: `${bench.aws.addresses.get(founder) ?? ''}:2377`,
    });
    const published = [...bench.aws.parameters].map(([name, { keyId }]) => [name, keyId]);
    expect(published).toEqual([
      ['/skep/dev/prod/join-token/worker', TOKEN_KEY],
      ['/skep/dev/prod/join-token/manager', TOKEN_KEY],
    ]);
    const format =
      "'{{json .Swarm.Cluster.DefaultAddrPool}} {{.Swarm.Cluster.Spec.EncryptionConfig.AutoLockManagers}}'";
    expect((await bench.machines.shell(founder, `docker info --format ${format}`)).trim()).toBe(
      '["172.30.0.0/16"] false',
    );
    expect(await view()).toMatchObject({ nodes: [{ availability: 'drain', reachability: 'leader' }] });
  });

  it('is founded once: a second init tells the same, and publishes the tokens again', async () => {
    bench.aws.parameters.clear();
    const output = await bench.ok(founder, 'init', initParameters(founder), { agent: 'splicing' });
    expect(output).toMatchObject({ ...swarm, founded: false });
    expect(bench.aws.parameters.size).toBe(2);
  });

  it('takes two workers at once, drained, through throttling, with no secret in any arguments', async () => {
    // What lands on every node that is not labelled: the task that must not appear before the label does.
    await bench.machines.createService(founder, {
      name: 'unlabelled',
      mode: 'global',
      replicas: 0,
      constraints: ['node.labels.tier!=web'],
      stopGrace: 0,
    });
    bench.aws.throttled.set(one, 2).set(two, 1);
    const watch = new ArgumentWatch();
    const joined = await Promise.all(
      [one, two].map((instanceId, index) =>
        bench.ok(instanceId, 'join', joinParameters(instanceId, swarm), {
          agent: index === 0 ? 'environment' : 'splicing',
        }),
      ),
    );
    watch.stop();
    joined
      .map((output) => nodeSchema.parse(output))
      .forEach(({ nodeId }, index) => nodes.set([one, two][index] ?? '', nodeId));
    const seen = [...watch.seen].join('\n');
    expect(seen).toContain('http://docker/swarm/join');
    expect(seen).toContain('--aws-sigv4');
    expect(seen).not.toMatch(/SWMTKN-1-[0-9a-z]{10}|imds-i-/);
    expect(seen).not.toContain(SECRET);
    expect(seen).not.toContain('session==');
    const members = (await view()).nodes.filter((node) => node.role === 'worker');
    expect(members.map((node) => node.availability)).toEqual(['drain', 'drain']);
  });

  it('knows a node that joined before', async () => {
    const again = await bench.ok(one, 'join', joinParameters(one, swarm));
    expect(again['nodeId']).toBe(nodeOf(one));
  });

  it('labels and activates in one: no task comes in between', async () => {
    for (const instanceId of [one, two, one]) {
      const output = await bench.ok(founder, 'confirm', labelled(instanceId, ',tier=web'));
      expect(output).toMatchObject({ nodeId: nodeOf(instanceId), status: 'ready' });
    }
    const { nodes: seen, tasks } = await view();
    expect(seen.find((node) => node.nodeId === nodeOf(one))).toMatchObject({
      availability: 'active',
      labels: { 'skep.instance': one, 'skep.group': 'workers', 'skep.role': 'worker', tier: 'web' },
    });
    await sleep(1000);
    expect(tasks).toEqual([]);
    expect((await view()).tasks).toEqual([]);
  });

  it('keeps labels of others when it sets its own', async () => {
    await bench.machines.shell(founder, `docker node update --label-add 'theirs=a "quoted", one' ${nodeOf(two)}`);
    await bench.ok(founder, 'confirm', labelled(two, ',tier=db'));
    await bench.ok(founder, 'confirm', labelled(two, ',tier=web'));
    const node = (await view()).nodes.find(({ nodeId }) => nodeId === nodeOf(two));
    expect(node?.labels).toEqual({
      'skep.instance': two,
      'skep.group': 'workers',
      'skep.role': 'worker',
      tier: 'web',
      theirs: 'a "quoted", one',
    });
  });

  it('has local volumes, whose bytes are told where they are asked for, and nothing of those that lie elsewhere', async () => {
    const [on, ask] = [one, { instanceId: one, volumes: 'yes' }];
    const data = '"$(docker volume inspect --format "{{.Mountpoint}}" data)"';
    await bench.machines.shell(
      on,
      `docker volume create data && head -c 3000000 /dev/zero >${data}/file &&
       docker volume create empty && docker volume create --opt type=tmpfs --opt device=tmpfs somewhere &&
       docker volume create --opt type=nfs --opt o=addr=192.0.2.1,rw --opt device=:/srv elsewhere`,
    );
    const { volumes } = await bench.ok(on, 'survey', ask);
    expect(volumes).toMatchObject({
      // One has options, and where it lies only they say.
      ...{ count: 3, unknown: 1 },
      largest: [expect.stringMatching(/^30\d{5} data$/), expect.stringMatching(/^\d{1,5} empty$/)],
    });
    // It is what the reader of it takes.
    expect(volumesIn({ volumes })?.bytes).toBeGreaterThan(3_000_000);
    expect(await bench.ok(on, 'survey', { instanceId: on })).not.toHaveProperty('volumes');
    await bench.machines.shell(on, 'docker volume rm data empty somewhere elsewhere');
    expect((await bench.ok(on, 'survey', ask))['volumes']).toEqual({ count: 0, bytes: 0, unknown: 0, largest: [] });
  });

  it('is told page by page', async () => {
    const output = await bench.ok(founder, 'inspect', { offset: '0' });
    expect(output).toMatchObject({ swarmId: swarm.swarmId, total: 3, offset: 0 });
    expect(output).not.toHaveProperty('next');
    const told = nodesOf(output);
    expect(told.map((node) => node.nodeId)).toEqual([...nodes.values()].sort());
    expect(told.find((node) => node.nodeId === nodeOf(two))).toMatchObject({
      role: 'worker',
      status: 'ready',
      instance: two,
    });
    expect(told.find((node) => node.nodeId === nodeOf(founder))).toMatchObject({
      isManager: true,
      instance: undefined,
    });
    const beyond = await bench.ok(founder, 'inspect', { offset: '2' });
    expect(nodesOf(beyond).map((node) => node.nodeId)).toEqual([...nodes.values()].sort().slice(2));
    expect(await bench.ok(founder, 'inspect', { offset: '400' })).toMatchObject({ nodes: '' });
  });

  it('refuses to forget a node that is not drained, or whose tasks run on, and waits for them on the node', async () => {
    await bench.machines.createService(founder, {
      name: 'web',
      mode: 'replicated',
      replicas: 2,
      constraints: ['node.labels.tier==web'],
      // Longer than the documents in between take on a busy host.
      stopGrace: 25,
    });
    await until(
      async () => [...(await tasksOn(one, 'web')), ...(await tasksOn(two, 'web'))],
      (states) => states.join() === 'running,running',
    );
    const who = { instanceId: one, nodeId: nodeOf(one) };
    expect(await bench.failure(founder, 'forget', { ...who, force: 'no' })).toBe('TasksRunning');
    // By its label alone, as when the join's answer was lost.
    const managers = [expect.stringMatching(/^\S+ - leader \S+$/)];
    const drained = { member: true, nodeId: nodeOf(one), status: 'ready', managers };
    expect(await bench.ok(founder, 'drain', { instanceId: one, nodeId: 'none' })).toEqual(drained);
    expect(await bench.ok(founder, 'drain', who)).toEqual(drained);
    expect(await bench.failure(founder, 'forget', { ...who, force: 'no' })).toBe('TasksRunning');
    await bench.machines.shell(one, 'docker run --detach --name mine skep/idle:1 sleep 60');
    const leave = { instanceId: one, depart: 'no' };
    const late = await bench.ok(one, 'leave', { ...leave, waitUntil: String(seconds()) });
    expect(late).toMatchObject({ member: true, drained: false, plain: 1 });
    expect(Number(late['containers'])).toBeGreaterThan(0);
    const done = { member: true, nodeId: nodeOf(one), drained: true, containers: 0, plain: 1 };
    const patient = { ...leave, waitUntil: String(seconds() + 50) };
    expect(await bench.ok(one, 'leave', patient)).toEqual(done);
    expect(await bench.ok(one, 'leave', patient)).toEqual(done);
    const gone = { member: true, nodeId: nodeOf(one), removed: true, forced: false, managers };
    expect(await bench.ok(founder, 'forget', { ...who, force: 'no' })).toEqual(gone);
    expect(await bench.ok(founder, 'forget', { ...who, force: 'no' })).toEqual({
      member: false,
      removed: false,
      forced: false,
    });
    expect(await bench.ok(founder, 'drain', who)).toEqual({ member: false });
    expect(await bench.failure(founder, 'confirm', labelled(one))).toBe('UnknownNode');
  });

  it('activates no node that was marked as leaving, and forgets one by force with its tasks running', async () => {
    const who = { instanceId: two, nodeId: nodeOf(two) };
    await bench.ok(founder, 'drain', who);
    expect(await bench.failure(founder, 'confirm', labelled(two))).toBe('LeavingNode');
    expect(await bench.ok(founder, 'forget', { ...who, force: 'yes' })).toMatchObject({ removed: true, forced: true });
  });

  it('touches no node that is labelled as the node of another instance', async () => {
    const who = { instanceId: two, nodeId: nodeOf(founder) };
    await bench.ok(founder, 'confirm', labelled(founder));
    expect(await bench.failure(founder, 'drain', who)).toBe('WrongInstance');
    expect(await bench.failure(founder, 'forget', { ...who, force: 'yes' })).toBe('WrongInstance');
    expect(await bench.failure(founder, 'confirm', { ...labelled(two), nodeId: nodeOf(founder) })).toBe(
      'WrongInstance',
    );
  });

  it('lets an instance leave for good, refuses a join from before, and takes it in again by a later one', async () => {
    const earlier = seconds() + 500;
    const leave = { instanceId: two, depart: 'yes', waitUntil: String(seconds() + 30) };
    await bench.ok(two, 'leave', leave, { notAfter: earlier + 1 });
    expect(await bench.ok(two, 'leave', leave, { notAfter: earlier + 1 })).toMatchObject({
      member: false,
      drained: true,
    });
    expect(await bench.failure(two, 'join', joinParameters(two, swarm), { notAfter: earlier })).toBe('LeavingNode');
    const again = await bench.ok(two, 'join', joinParameters(two, swarm), { notAfter: earlier + 2 });
    expect(again['nodeId']).not.toBe(nodeOf(two));
  });

  it('takes in a manager, and neither drains nor forgets one, nor makes one leave', async () => {
    const joined = nodeSchema.parse(await bench.ok(second, 'join', joinParameters(second, swarm, 'manager')));
    nodes.set(second, joined.nodeId);
    managers.add(second);
    expect(await bench.ok(second, 'confirm', labelled(second))).toMatchObject({
      nodeId: joined.nodeId,
      status: 'ready',
    });
    const who = { instanceId: second, nodeId: joined.nodeId };
    expect(await bench.failure(founder, 'drain', who)).toBe('StillManager');
    expect(await bench.failure(founder, 'forget', { ...who, force: 'yes' })).toBe('StillManager');
    expect(await bench.failure(second, 'join', joinParameters(second, swarm, 'worker'))).toBe('NotActive');
    const leave = { instanceId: second, depart: 'yes', waitUntil: String(seconds()) };
    expect(await bench.failure(second, 'leave', leave)).toBe('StillManager');
  });

  it('has printed no join token and no credentials', () => {
    expect(bench.printed.length).toBeGreaterThan(30);
    expect(bench.printed.join('\n')).not.toMatch(/SWMTKN-1-|session==|imds-i-/);
    expect(bench.printed.join('\n')).not.toContain(SECRET);
  });
});
