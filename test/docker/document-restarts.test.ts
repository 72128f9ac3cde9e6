// Every document is lost in its midst, by a restart of the agent after each of its changes and by one of its machine, and sent again as the
// state machines do it: each gets to the same end, nothing is done twice, and nothing is lost. One swarm goes through all of it.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { z } from 'zod';

import { VERBS } from './support/documents.ts';
import {
  Bench,
  TOKEN_KEY,
  initParameters,
  instance,
  joinParameters,
  nodeSchema,
  recoverParameters,
  seconds,
  swarmSchema,
  until,
} from './support/bench.ts';
import type { Swarm } from './support/bench.ts';
import { Mishaps } from './support/mishaps.ts';

const LATER = '1999999999';

// What one test leaves of the swarm the next one begins with: none of them can be tried once more.
jest.retryTimes(0);

const serviceSchema = z.object({
  ID: z.string(),
  Version: z.object({ Index: z.number() }),
  Spec: z.object({
    Labels: z.record(z.string(), z.string()),
    Mode: z.object({ Replicated: z.object({ Replicas: z.number() }) }),
    TaskTemplate: z.object({ Placement: z.object({ Constraints: z.array(z.string()) }) }),
  }),
});
type Service = z.infer<typeof serviceSchema>;

const isThere = (reachability: string | undefined): boolean =>
  reachability === 'reachable' || reachability === 'leader';

describe('a document whose agent or machine goes down in its midst', () => {
  const bench = new Bench();
  const mishaps = new Mishaps(bench);
  const [first, second, third, worker] = [instance(1), instance(2), instance(3), instance(4)];
  const nodes = new Map<string, string>();
  const nodeOf = (instanceId: string): string => nodes.get(instanceId) ?? 'none';
  const shell = async (on: string, line: string): Promise<string> => (await bench.machines.shell(on, line)).trim();
  const about = (instanceId: string): Record<string, string> => ({ instanceId, nodeId: nodeOf(instanceId) });
  const labelled = (instanceId: string, more = ''): Record<string, string> => ({
    ...about(instanceId),
    labels: `skep.instance=${instanceId},skep.role=${instanceId === worker ? 'worker' : 'manager'}${more}`,
    availability: 'active',
  });
  const demotion = (instanceId: string): Record<string, string> => ({
    ...about(instanceId),
    address: 'none',
    least: '1',
  });
  let swarm: Swarm;
  let failed = '';
  const step = (name: string, check: () => Promise<void>): void => {
    it(
      name,
      async () => {
        expect(failed).toBe('');
        failed = name;
        await check();
        failed = '';
      },
      400_000,
    );
  };

  /** Its node, as the first manager sees it. */
  const seen = async (instanceId: string) =>
    (await bench.machines.view(first)).nodes.find(({ nodeId }) => nodeId === nodeOf(instanceId));
  const untilReachable = (...managers: readonly string[]) =>
    until(
      () => bench.machines.view(first).catch((error: unknown) => ({ nodes: [], error: String(error) })),
      ({ nodes: all }) =>
        managers.every((one) => all.some((node) => node.nodeId === nodeOf(one) && isThere(node.reachability))),
      150_000,
    );
  const remember = (instanceId: string, output: Record<string, unknown>): void => {
    nodes.set(instanceId, nodeSchema.parse(output).nodeId);
  };
  const service = async (): Promise<Service> =>
    serviceSchema.parse(JSON.parse(await shell(first, "docker service inspect --format '{{json .}}' web")));
  const version = async (instanceId: string): Promise<string> =>
    shell(first, `docker node inspect --format '{{.Version.Index}}' ${nodeOf(instanceId)}`);
  const joinAsManager = async (instanceId: string): Promise<void> => {
    remember(instanceId, await bench.ok(instanceId, 'join', joinParameters(instanceId, swarm, 'manager')));
    await bench.ok(first, 'confirm', labelled(instanceId));
    await untilReachable(instanceId);
  };

  beforeAll(async () => {
    await bench.machines.open();
    const all = [first, second, third, worker];
    await Promise.all(all.map((instanceId) => bench.launch(instanceId)));
    await Promise.all(all.map((instanceId) => mishaps.prepare(instanceId)));
  });

  afterAll(async () => {
    await bench.machines.close();
  });

  step('init founds one swarm, and publishes its tokens', async () => {
    swarm = swarmSchema.parse(await mishaps.restarts(first, 'init', initParameters(first)));
    remember(first, swarm);
    bench.aws.parameters.clear();
    // While it publishes.
    const again = await mishaps.reboot(
      first,
      'init',
      { ...initParameters(first), swarmId: swarm.swarmId },
      'aws-sigv4',
    );
    expect(again).toMatchObject({ ...swarm, founded: false });
    expect(bench.aws.parameters.size).toBe(2);
  });

  step('prepare and join make one node of each instance', async () => {
    await mishaps.restarts(worker, 'prepare', { instanceId: worker }, 'docker info');
    remember(worker, await mishaps.restarts(worker, 'join', joinParameters(worker, swarm)));
    await mishaps.reboot(second, 'prepare', { instanceId: second }, 'docker info');
    remember(second, await mishaps.reboot(second, 'join', joinParameters(second, swarm, 'manager'), '/swarm/join'));
    const { nodes: all } = await bench.machines.view(first);
    expect(all.map(({ nodeId }) => nodeId).toSorted()).toEqual([...nodes.values()].toSorted());
  });

  step('confirm labels and activates', async () => {
    await mishaps.restarts(first, 'confirm', labelled(worker));
    await bench.ok(first, 'confirm', labelled(first));
    await bench.ok(first, 'confirm', labelled(second));
    await joinAsManager(third);
    await mishaps.reboot(third, 'confirm', labelled(worker, ',tier=web'), '/update', [first]);
    expect(await seen(worker)).toMatchObject({
      availability: 'active',
      labels: { 'skep.instance': worker, tier: 'web' },
    });
    await untilReachable(second, third);
  });

  step('inspect tells all nodes', async () => {
    const all = { swarmId: swarm.swarmId, total: 4 };
    expect(await mishaps.restarts(first, 'inspect', { offset: '0' }, 'node inspect')).toMatchObject(all);
    expect(await mishaps.reboot(second, 'inspect', { offset: '0' }, 'node inspect', [first])).toMatchObject(all);
    await untilReachable(second, third);
  });

  step('rotate publishes the tokens that the swarm has', async () => {
    const rotation = { stage: 'dev', tokenKey: TOKEN_KEY };
    const published = async (): Promise<void> => {
      for (const role of ['worker', 'manager']) {
        const held = await shell(first, `docker swarm join-token --quiet ${role}`);
        expect(bench.aws.parameters.get(`/skep/dev/prod/join-token/${role}`)?.value === held).toBe(true);
      }
    };
    await mishaps.restarts(first, 'rotate', rotation);
    await published();
    await mishaps.reboot(third, 'rotate', rotation, 'join-token', [first]);
    await published();
    await untilReachable(second, third);
  });

  step('shift marks a service once, and takes its mark away', async () => {
    await bench.machines.createService(first, {
      name: 'web',
      mode: 'replicated',
      replicas: 1,
      constraints: ['node.role==worker'],
      stopGrace: 1,
      order: 'start-first',
    });
    const excluded = `node.id!=${nodeOf(third)}`;
    const change = async (kind: string): Promise<Record<string, string>> => {
      const { ID, Version } = await service();
      return { changes: `${ID}@${Version.Index}@${kind}`, tell: 'services', offset: '0' };
    };
    await mishaps.restarts(first, 'shift', await change(`exclude@${LATER}@${nodeOf(third)}`));
    expect((await service()).Spec).toMatchObject({
      Labels: { 'skep.shift': `exclude@${LATER}@${nodeOf(third)}` },
      TaskTemplate: { Placement: { Constraints: [excluded, 'node.role==worker'] } },
    });
    await mishaps.reboot(second, 'shift', await change('include'), '/update', [first]);
    const { Labels, TaskTemplate, Mode } = (await service()).Spec;
    expect([Labels['skep.shift'], TaskTemplate.Placement.Constraints, Mode.Replicated.Replicas]).toEqual([
      undefined,
      ['node.role==worker'],
      1,
    ]);
    await untilReachable(second, third);
  });

  step('drain and mend take a node out of service, and back', async () => {
    const restore = async (): Promise<Record<string, string>> => ({
      forget: 'none',
      restore: `${nodeOf(worker)}@${worker}@${await version(worker)}`,
    });
    const drained = { availability: 'drain', labels: { 'skep.instance': worker, 'skep.leaving': 'true', tier: 'web' } };
    const active = { availability: 'active', labels: { 'skep.instance': worker, tier: 'web' } };

    await mishaps.restarts(first, 'drain', about(worker));
    expect(await seen(worker)).toMatchObject(drained);
    await mishaps.restarts(first, 'mend', restore);
    expect(await seen(worker)).toMatchObject(active);
    await mishaps.reboot(second, 'drain', about(worker), '/update', [first]);
    expect(await seen(worker)).toMatchObject(drained);
    await untilReachable(second, third);
    await mishaps.reboot(third, 'mend', await restore(), '/update', [first]);
    expect(await seen(worker)).toMatchObject(active);
    await untilReachable(second, third);
  });

  step('availability drains a node because a person says so, and lets it work again', async () => {
    const of = (availability: string): Record<string, string> => ({ ...about(worker), availability });
    const labels = { 'skep.instance': worker, tier: 'web' };
    await mishaps.restarts(first, 'availability', of('drain'));
    expect(await seen(worker)).toMatchObject({ availability: 'drain', labels });
    await mishaps.reboot(second, 'availability', of('active'), '/update', [first]);
    expect(await seen(worker)).toMatchObject({ availability: 'active', labels });
    await untilReachable(second, third);
  });

  step('leave and forget let an instance go, and no other', async () => {
    await bench.ok(first, 'drain', about(worker));
    const leave = (): Promise<Record<string, string>> =>
      Promise.resolve({ instanceId: worker, swarmId: swarm.swarmId, depart: 'yes', waitUntil: String(seconds() + 60) });
    const left = await mishaps.reboot(worker, 'leave', { ...(await leave()), depart: 'no' }, 'docker ps');
    expect(left).toMatchObject({ member: true, nodeId: nodeOf(worker), drained: true });
    await mishaps.restarts(worker, 'leave', leave);
    expect(await shell(worker, "docker info --format '{{.Swarm.LocalNodeState}}'")).toBe('inactive');

    await mishaps.restarts(first, 'forget', { ...about(worker), force: 'no' });
    nodes.delete(worker);
    const { nodes: all } = await bench.machines.view(first);
    expect(all.map(({ nodeId }) => nodeId).toSorted()).toEqual([...nodes.values()].toSorted());
  });

  step('demote makes a worker of one manager, and a reboot meanwhile of no other; forget removes one', async () => {
    await mishaps.restarts(first, 'demote', demotion(third));
    expect(await seen(third)).toMatchObject({ role: 'worker', reachability: undefined, availability: 'pause' });
    await bench.ok(first, 'drain', about(third));
    const leave = { instanceId: third, swarmId: swarm.swarmId, depart: 'yes', waitUntil: String(seconds() + 60) };
    await bench.ok(third, 'leave', leave);
    await mishaps.reboot(second, 'forget', { ...about(third), force: 'no' }, 'node rm', [first]);
    await untilReachable(second);

    // What the leave has left as its fence lets in what is sent after it.
    await bench.ok(third, 'prepare', { instanceId: third }, { notAfter: seconds() + 900 });
    const join = joinParameters(third, swarm, 'manager');
    remember(third, await bench.ok(third, 'join', join, { notAfter: seconds() + 900 }));
    await bench.ok(first, 'confirm', labelled(third));
    await untilReachable(second, third);
    await mishaps.reboot(second, 'demote', demotion(third), '/update', [first]);
    expect(await seen(third)).toMatchObject({ role: 'worker', reachability: undefined });
    await untilReachable(second);
  });

  step('one of which the script alone dies keeps the next one waiting until its last call has ended', async () => {
    await mishaps.orphan(third, 'prepare', { instanceId: third, notAfter: String(seconds() + 900) }, 'docker info');
  });

  step('survey, fence and recover go on with one manager, and with all that the swarm has', async () => {
    await shell(first, 'docker volume create data');
    const told = await mishaps.restarts(first, 'survey', { instanceId: first, volumes: 'yes' }, 'docker info|volume');
    expect(told).toMatchObject({ manager: true, leader: true, volumes: { count: 1, unknown: 0 } });
    // It waits for no engine.
    await mishaps.reboot(second, 'survey', { instanceId: second }, 'docker info');
    await mishaps.reboot(second, 'fence', { instanceId: second }, 'mask');
    expect(await mishaps.restarts(second, 'fence', { instanceId: second })).toEqual({ fenced: true });
    await until(
      () => shell(first, "timeout 2 docker info --format '{{.Swarm.Error}}' || :"),
      (said) => said.includes('leader'),
      60_000,
    );

    const recovery = recoverParameters(first, swarm);
    await mishaps.reboot(first, 'recover', recovery, '/swarm/init');
    expect(await mishaps.restarts(first, 'recover', recovery)).toMatchObject({
      nodeId: nodeOf(first),
      swarmId: swarm.swarmId,
      epoch: 1,
    });
    const { nodes: all } = await bench.machines.view(first);
    expect(all.map(({ nodeId }) => nodeId).toSorted()).toEqual([nodeOf(first), nodeOf(third)].toSorted());
    expect((await service()).Spec.Mode.Replicated.Replicas).toBe(1);
  });

  it('was each of all documents, and what killed ones had left was there to be cleared away', () => {
    expect([...mishaps.restarted].toSorted()).toEqual([...VERBS].toSorted());
    expect([...mishaps.rebooted].toSorted()).toEqual([...VERBS].toSorted());
    expect(mishaps.leftBehind).toBeGreaterThan(10);
  });
});
