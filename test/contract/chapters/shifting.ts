// How services are changed so that their tasks move: one replica more and one less, nodes that are kept off, and a history that is as it was.
import { expect } from '@jest/globals';
import { z } from 'zod';

import type { ServiceFacts } from '../../../src/core/services/facts.ts';
import { readNodes, readServices, shiftPage } from '../../../src/swarm/services-page.ts';
import type { Chapter } from '../contract.ts';
import {
  IMAGE,
  create,
  docker,
  remove,
  runningTasks,
  scale,
  spread,
  untilRunning,
  untilUpdate,
  update,
  updateState,
} from '../service-commands.ts';
import { FOUNDER, instance } from '../scene.ts';
import type { Scene } from '../scene.ts';

const WORKERS = [instance(2), instance(3), instance(4)];
const [ONE = '', TWO = ''] = WORKERS;
const LATER = '1999999999';
const FIRST = ['--update-order', 'start-first', '--update-monitor', '500ms', '--update-parallelism', '0'];

const begin = async (scene: Scene): Promise<void> => {
  await scene.found(WORKERS.length);
  for (const worker of WORKERS) {
    await scene.confirm(worker);
  }
  await docker(scene, 'node', 'update', '--availability', 'drain', scene.nodeOf(FOUNDER));
};

interface Told {
  readonly services: readonly ServiceFacts[];
  readonly refused: readonly string[];
  readonly moving: number | undefined;
}

/** Nodes are told by their place: all that are known by instance. */
async function shift(scene: Scene, changes: string, tell: string): Promise<Told> {
  const page = shiftPage.parse(await scene.ok(FOUNDER, 'shift', { changes, tell, offset: '0' }));
  const sorted = [...scene.nodes.values()].toSorted();
  const { refused, moving } = page;
  return { services: readServices(page, (place) => sorted[place] ?? `${place}`).services, refused, moving };
}

async function look(scene: Scene, name: string): Promise<ServiceFacts> {
  const found = (await shift(scene, 'none', 'services')).services.find((service) => service.name === name);
  if (found === undefined) {
    throw new Error(`nothing was told of ${name}`);
  }
  return found;
}

/** On the version that is there now. */
async function change(scene: Scene, name: string, kind: string): Promise<Told> {
  const { serviceId, version } = await look(scene, name);
  return shift(scene, `${serviceId}@${version}@${kind}`, `ids:${serviceId}`);
}

const changeAndRestore = async (scene: Scene, name: string, kind: string): Promise<readonly string[]> => {
  const { serviceId, version } = await look(scene, name);
  return (await shift(scene, `${serviceId}@${version}@${kind},${serviceId}@0@settle`, `ids:${serviceId}`)).refused;
};

const spec = z.object({
  Labels: z.record(z.string(), z.string()).nullish(),
  TaskTemplate: z.object({ ContainerSpec: z.object({ Env: z.array(z.string()).nullish() }) }),
});

/** What a rollback would go back to, as far as these stories change it. */
async function history(scene: Scene, name: string): Promise<unknown> {
  const text = await docker(scene, 'service', 'inspect', name, '--format', '{{json .PreviousSpec}}');
  const { Labels, TaskTemplate } = spec.parse(JSON.parse(text));
  return { labels: Labels ?? {}, env: TaskTemplate.ContainerSpec.Env ?? [] };
}

export const shifting: Chapter = {
  title: 'services whose tasks are moved',
  begin,
  stories: [
    {
      name: 'nodes and services are told as they are',
      tell: async (scene) => {
        const nodes = readNodes(shiftPage.parse(await scene.ok(FOUNDER, 'shift', { changes: 'none', tell: 'nodes' })));
        expect(nodes.map(({ nodeId }) => nodeId)).toEqual([...scene.nodes.values()].toSorted());
        const one = nodes.find(({ nodeId }) => nodeId === scene.nodeOf(ONE));
        expect(one).toMatchObject({
          role: 'worker',
          status: 'ready',
          availability: 'active',
          platform: 'linux/x86_64',
        });
        expect(one?.labels['skep.instance']).toBe(ONE);

        await create(scene, 'web', [
          '--replicas',
          '3',
          '--label',
          'skep.rebalance=off',
          '--label',
          'other=x',
          '--constraint',
          'node.role==worker',
          ...FIRST,
        ]);
        await create(scene, 'db', ['--mount', 'type=volume,source=data,target=/data', '--restart-condition', 'none']);
        await create(scene, 'all', ['--mode', 'global']);
        await untilRunning(scene, 'web', 3);
        await untilRunning(scene, 'db', 1);
        const { services } = await shift(scene, 'none', 'services');
        const [all, db, web] = services.toSorted((a, b) => (a.name < b.name ? -1 : 1));
        expect(web).toMatchObject({
          ...{
            mode: 'replicated',
            replicas: 3,
            image: IMAGE,
            update: '',
            order: 'start-first',
            restart: 'any',
            mounts: [],
          },
          ...{
            constraints: ['node.role==worker'],
            maxReplicas: 0,
            hostPorts: [],
            templated: false,
            health: false,
            kept: false,
          },
          ...{ labels: { 'skep.rebalance': 'off' }, previousMark: '', unassigned: 0 },
        });
        expect(Object.fromEntries(web?.tasks ?? [])).toEqual(
          Object.fromEntries(WORKERS.map((worker) => [scene.nodeOf(worker), { running: 1, others: 0 }])),
        );
        expect(db).toMatchObject({ order: 'stop-first', restart: 'none', mounts: ['volume:local'] });
        expect(all).toMatchObject({ mode: 'global', replicas: 0 });
        await remove(scene, 'db');
        await remove(scene, 'all');
      },
    },
    {
      name: 'one replica more and one less moves a task to where there are fewest, six times for twelve of them',
      tell: async (scene) => {
        await docker(scene, 'node', 'update', '--availability', 'pause', scene.nodeOf(ONE));
        await docker(scene, 'node', 'update', '--availability', 'pause', scene.nodeOf(TWO));
        await scale(scene, 'web', 9);
        await untilRunning(scene, 'web', 9);
        await docker(scene, 'node', 'update', '--availability', 'active', scene.nodeOf(ONE));
        await docker(scene, 'node', 'update', '--availability', 'active', scene.nodeOf(TWO));
        expect(await spread(scene, 'web')).toEqual([7, 1, 1]);
        const before = new Set(await runningTasks(scene, 'web'));
        for (let move = 1; move <= 4; move += 1) {
          expect((await change(scene, 'web', `more@${LATER}`)).refused).toEqual([]);
          await untilRunning(scene, 'web', 10);
          expect((await change(scene, 'web', 'fewer')).refused).toEqual([]);
          await untilRunning(scene, 'web', 9);
        }
        expect(await spread(scene, 'web')).toEqual([3, 3, 3]);
        expect((await runningTasks(scene, 'web')).filter((task) => before.has(task))).toHaveLength(5);
        expect((await look(scene, 'web')).labels).toEqual({ 'skep.rebalance': 'off' });
      },
    },
    {
      name: 'what somebody else has changed since is left alone, and their number of replicas stays',
      tell: async (scene) => {
        const { serviceId, version } = await look(scene, 'web');
        await change(scene, 'web', `more@${LATER}`);
        expect((await shift(scene, `${serviceId}@${version}@more@${LATER}`, 'nodes')).refused).toEqual([
          `${serviceId} changed`,
        ]);
        expect((await change(scene, 'web', `more@${LATER}`)).refused).toEqual([`${serviceId} marked`]);
        expect((await change(scene, 'web', 'include')).refused).toEqual([`${serviceId} unmarked`]);
        await scale(scene, 'web', 4);
        expect((await change(scene, 'web', 'fewer')).refused).toEqual([]);
        expect(await look(scene, 'web')).toMatchObject({ replicas: 4, labels: { 'skep.rebalance': 'off' } });
        expect((await change(scene, 'web', 'fewer')).refused).toEqual([`${serviceId} unmarked`]);
        const gone = '0'.repeat(25);
        expect((await shift(scene, `${gone}@7@fewer`, 'nodes')).refused).toEqual([`${gone} gone`]);
        await untilRunning(scene, 'web', 4);
        await remove(scene, 'web');
      },
    },
    {
      name: 'a node that is kept off hands over what it has and nothing else, and the history is as it was',
      tell: async (scene) => {
        await create(scene, 'shop', ['--replicas', '3', '--label', 'own=1', ...FIRST]);
        await untilRunning(scene, 'shop', 3);
        await update(scene, 'shop', '--env-add', 'VERSION=2');
        await untilUpdate(scene, 'shop', 'completed');
        const was = await history(scene, 'shop');
        const before = await runningTasks(scene, 'shop');
        const node = scene.nodeOf(ONE);
        await docker(scene, 'node', 'update', '--availability', 'pause', node);
        expect((await change(scene, 'shop', `exclude@${LATER}@${node}`)).refused).toEqual([]);
        await scene.until(
          async () => (await shift(scene, 'none', `on:${node}`)).moving,
          (moving) => moving === 0,
          20_000,
        );
        await untilUpdate(scene, 'shop', 'completed');
        expect(await look(scene, 'shop')).toMatchObject({ constraints: [`node.id!=${node}`], kept: true });
        // A tidy sees what would be left of it, were it left so.
        const { marks, kept } = await scene.ok(FOUNDER, 'inspect', { offset: '0' });
        const { serviceId } = await look(scene, 'shop');
        expect(marks).toEqual([`${serviceId} exclude@${LATER}@${node} shop`]);
        expect(kept?.map((line) => line.split(' ')[0])).toEqual([serviceId]);
        expect(await changeAndRestore(scene, 'shop', 'include')).toEqual([]);
        await scene.world.pass(3000);
        const after = await runningTasks(scene, 'shop');
        expect(after.filter((task) => before.includes(task))).toHaveLength(2);
        expect(await look(scene, 'shop')).toMatchObject({ constraints: [], labels: {}, kept: false, previousMark: '' });
        expect(await history(scene, 'shop')).toEqual(was);
        expect(was).toEqual({ labels: { own: '1' }, env: [] });
        await docker(scene, 'service', 'rollback', '--detach', 'shop');
        await untilUpdate(scene, 'shop', 'rollback_completed');
        expect(await docker(scene, 'service', 'inspect', 'shop', '--format', '{{json .Spec}}')).not.toContain(
          'VERSION=2',
        );
        await docker(scene, 'node', 'update', '--availability', 'active', node);
        await remove(scene, 'shop');
      },
    },
    {
      name: 'a service that was never updated has no past but itself afterwards; one that was scaled before goes back by hand only',
      tell: async (scene) => {
        await create(scene, 'new', ['--replicas', '2', ...FIRST]);
        await untilRunning(scene, 'new', 2);
        await change(scene, 'new', `more@${LATER}`);
        await untilRunning(scene, 'new', 3);
        expect(await changeAndRestore(scene, 'new', 'fewer')).toEqual([]);
        expect(await history(scene, 'new')).toEqual({ labels: {}, env: [] });
        await scale(scene, 'new', 3);
        await untilRunning(scene, 'new', 3);
        const { serviceId } = await look(scene, 'new');
        await change(scene, 'new', `more@${LATER}`);
        expect(await look(scene, 'new')).toMatchObject({ kept: true });
        await untilRunning(scene, 'new', 4);
        expect(await changeAndRestore(scene, 'new', 'fewer')).toEqual([`${serviceId} unsafe`]);
        await untilRunning(scene, 'new', 3);
        // It had two replicas before its owner asked for three: that is what a rollback goes back to, when a person wants it.
        expect((await change(scene, 'new', 'rollback')).refused).toEqual([]);
        await untilRunning(scene, 'new', 2);
        expect((await change(scene, 'new', 'rollback')).refused).toEqual([`${serviceId} changed`]);
        expect(await look(scene, 'new')).toMatchObject({ replicas: 2, kept: false, labels: {} });
        await remove(scene, 'new');
      },
    },
    {
      name: 'a service that is paused in a rollout is not written to',
      tell: async (scene) => {
        await create(scene, 'ill', ['--replicas', '2', ...FIRST]);
        await untilRunning(scene, 'ill', 2);
        await update(scene, 'ill', '--image', 'skep/none:1');
        await untilUpdate(scene, 'ill', 'paused');
        const { serviceId } = await look(scene, 'ill');
        for (const kind of [`more@${LATER}`, `exclude@${LATER}@${scene.nodeOf(ONE)}`]) {
          expect((await change(scene, 'ill', kind)).refused).toEqual([`${serviceId} busy`]);
        }
        expect(await updateState(scene, 'ill')).toBe('paused');
        await remove(scene, 'ill');
      },
    },
    {
      name: 'a drain that may hand over only pauses the node where a service starts first, and tells what runs there',
      tell: async (scene) => {
        await create(scene, 'last', ['--replicas', '3']);
        await untilRunning(scene, 'last', 3);
        const about = (worker: string) => ({ ...scene.about(worker), handOver: 'yes' });
        const drained = await scene.ok(FOUNDER, 'drain', about(ONE));
        expect(drained).not.toHaveProperty('paused');
        expect(shiftPage.parse(drained)).toMatchObject({ total: 1 });
        const availability = async (worker: string): Promise<string | undefined> =>
          (await scene.view()).nodes.find(({ nodeId }) => nodeId === scene.nodeOf(worker))?.availability;
        expect(await availability(ONE)).toBe('drain');
        await update(scene, 'last', '--update-order', 'start-first');
        expect(await scene.ok(FOUNDER, 'drain', about(TWO))).toMatchObject({
          paused: true,
          leaving: [scene.nodeOf(TWO)],
        });
        expect(await availability(TWO)).toBe('pause');
        // The other one is drained, and takes part in nothing any more.
        expect(await scene.ok(FOUNDER, 'drain', scene.about(TWO))).not.toHaveProperty('paused');
        expect(await availability(TWO)).toBe('drain');
        await remove(scene, 'last');
      },
    },
  ],
};
