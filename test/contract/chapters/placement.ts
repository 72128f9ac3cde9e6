// Where SwarmKit puts tasks, and from where it takes them: what a rebalance by one more and one less relies on.
import { expect } from '@jest/globals';

import type { Chapter } from '../contract.ts';
import { create, docker, remove, runningTasks, scale, spread, untilRunning, update } from '../service-commands.ts';
import { FOUNDER, instance } from '../scene.ts';
import type { Scene } from '../scene.ts';

const WORKERS = [2, 3, 4, 5, 6, 7].map(instance);
const NEW = WORKERS.slice(3);

/** Twelve tasks on three nodes, and three nodes without any. */
async function crowd(scene: Scene): Promise<void> {
  const off = NEW.map((worker) => `node.id!=${scene.nodeOf(worker)}`);
  await create(scene, 'web', ['--replicas', '12', ...off.flatMap((constraint) => ['--constraint', constraint])]);
  await untilRunning(scene, 'web', 12);
  await update(scene, 'web', ...off.flatMap((constraint) => ['--constraint-rm', constraint]));
  expect(await spread(scene, 'web')).toEqual([4, 4, 4]);
}

export const placement: Chapter = {
  title: 'placing tasks',
  begin: async (scene) => {
    await scene.found(WORKERS.length);
    for (const worker of WORKERS) {
      await scene.confirm(worker);
    }
    await docker(scene, 'node', 'update', '--availability', 'drain', scene.nodeOf(FOUNDER));
  },
  stories: [
    {
      name: 'tasks that fit nowhere wait, and say why',
      tell: async (scene) => {
        await create(scene, 'few', ['--replicas', '8', '--replicas-max-per-node', '1']);
        await create(scene, 'ports', ['--replicas', '8', '--publish', 'mode=host,published=8080,target=80']);
        await create(scene, 'picky', ['--constraint', 'node.labels.none==1']);
        await untilRunning(scene, 'few', 6);
        await untilRunning(scene, 'ports', 6);
        const format = ['--no-trunc', '--format', '{{.CurrentState}}: {{.Error}}'];
        const why = async (name: string): Promise<string[]> => {
          const lines = (await docker(scene, 'service', 'ps', name, ...format)).split('\n');
          const waiting = lines.filter((line) => line.startsWith('Pending'));
          return waiting.map((line) => line.replace(/^[^:]*: "no suitable node \((.*)\)"$/, '$1'));
        };
        const few = 'max replicas per node limit exceed; 1 node not available for new tasks';
        await scene.until(
          () => why('few'),
          (seen) => seen.join() === [few, few].join(),
        );
        const ports = 'host-mode port already in use on 6 nodes; 1 node not available for new tasks';
        await scene.until(
          () => why('ports'),
          (seen) => seen.join() === [ports, ports].join(),
        );
        expect(await why('picky')).toEqual([
          'scheduling constraints not satisfied on 6 nodes; 1 node not available for new tasks',
        ]);
        for (const name of ['few', 'ports', 'picky']) {
          await remove(scene, name);
        }
      },
    },
    {
      // Finding 9, and what a rebalance will do: node constraints would restart all twelve, and end uneven.
      name: 'one more and one less, six times, moves six of twelve tasks to three new nodes, and ends even',
      tell: async (scene) => {
        await crowd(scene);
        const before = await runningTasks(scene, 'web');
        for (let times = 0; times < 6; times += 1) {
          await scale(scene, 'web', 13);
          await untilRunning(scene, 'web', 13);
          await scale(scene, 'web', 12);
          await untilRunning(scene, 'web', 12);
        }
        expect(await spread(scene, 'web')).toEqual([2, 2, 2, 2, 2, 2]);
        const after = await runningTasks(scene, 'web');
        expect(after.filter((task) => before.includes(task))).toHaveLength(6);
        await remove(scene, 'web');
      },
    },
    {
      name: 'six more and six less at once does not: four of the six come to one node',
      tell: async (scene) => {
        await crowd(scene);
        await scale(scene, 'web', 18);
        await untilRunning(scene, 'web', 18);
        expect(await spread(scene, 'web')).toEqual([4, 4, 4, 4, 1, 1]);
        await scale(scene, 'web', 12);
        await untilRunning(scene, 'web', 12);
        expect(await spread(scene, 'web')).toEqual([3, 3, 2, 2, 1, 1]);
        await remove(scene, 'web');
      },
    },
  ],
};
