// Engines that come back, and commands that come before the last one is carried out: what random sequences have found to differ.
import { expect } from '@jest/globals';

import type { Chapter } from '../contract.ts';
import { swarmInfo } from '../operator.ts';
import { FOUNDER, instance } from '../scene.ts';
import type { Scene } from '../scene.ts';
import { create, docker, remove, untilRunning } from '../service-commands.ts';

const [ONE, TWO, MANAGER] = [instance(2), instance(3), instance(4)];
const DEAF = 'while :; do sleep 3600 & wait $!; done';

async function crash(scene: Scene, script?: string): Promise<number> {
  await create(scene, 'web', ['--mode', 'global', '--constraint', 'node.role==worker'], script);
  await untilRunning(scene, 'web', 2);
  await scene.world.during(scene.machines.killEngine(ONE));
  const begun = scene.world.now();
  await scene.world.during(scene.machines.startEngine(ONE));
  return scene.world.now() - begun;
}

export const comingBack: Chapter = {
  title: 'an engine that comes back',
  begin: async (scene) => {
    await scene.found(2);
    await scene.confirm(ONE);
    await scene.confirm(TWO);
  },
  stories: [
    {
      // Simulated tasks that were to stop by then were shut down.
      name: 'tells that its tasks have ended of themselves, also of those that were to be stopped while it was away',
      tell: async (scene) => {
        await create(scene, 'web', ['--mode', 'global', '--constraint', 'node.role==worker']);
        await untilRunning(scene, 'web', 2);
        await scene.world.during(scene.machines.killEngine(ONE));
        await scene.until(
          () => scene.tasks('web'),
          (seen) => seen.join() === '2: running (shutdown),3: running (running)',
          40_000,
        );
        await scene.world.during(scene.machines.startEngine(ONE));
        await scene.untilTasks('web', ['2: complete (shutdown)', '2: running (running)', '3: running (running)']);
        await remove(scene, 'web');
      },
    },
    {
      // A simulated engine was back after a second, whatever ran on its machine.
      name: 'first stops what ran on without it: with tasks that are deaf to SIGTERM that takes ten seconds',
      tell: async (scene) => {
        expect(await crash(scene)).toBeLessThan(9000);
        await remove(scene, 'web');
        expect(await crash(scene, DEAF)).toBeGreaterThan(9900);
        await remove(scene, 'web');
      },
    },
    {
      // A simulated manager that was no member any more answered for the swarm.
      name: 'is no manager when it was removed between the order to demote it and its demotion',
      tell: async (scene) => {
        await scene.launch(4);
        await scene.join(MANAGER, 'manager');
        await docker(scene, 'node', 'demote', scene.nodeOf(MANAGER));
        await docker(scene, 'node', 'rm', '--force', scene.nodeOf(MANAGER));
        await scene.until(
          () => swarmInfo(scene, MANAGER),
          ({ ControlAvailable }) => !ControlAvailable,
        );
        expect((await scene.view()).nodes.map(({ nodeId }) => nodeId)).not.toContain(scene.nodeOf(MANAGER));
        expect(await scene.node(FOUNDER)).toMatchObject({ reachability: 'leader' });
      },
    },
    {
      // Its join waited until its own end: an engine whose node was removed while it was away looks for that node for ever.
      name: 'joins as another node within a minute or so, where its node was removed while it was away',
      tell: async (scene) => {
        const late = await scene.launch(6);
        await scene.join(late);
        const before = scene.nodeOf(late);
        await scene.world.during(scene.machines.killEngine(late));
        await docker(scene, 'node', 'rm', '--force', before);
        await scene.world.during(scene.machines.startEngine(late));
        const begun = scene.world.now();
        const again = await scene.ok(late, 'join', scene.forJoin(late));
        expect(again.nodeId).not.toBe(before);
        expect(scene.world.now() - begun).toBeLessThan(90_000);
        expect((await scene.view()).nodes.map(({ nodeId }) => nodeId)).not.toContain(before);
      },
    },
    {
      // Real ones have their certificate as a worker six seconds after the managers call them one. Before, they come back as managers.
      name: 'is the worker that it was made, when it dies ten seconds after its demotion',
      tell: async (scene) => {
        const demoted = await scene.launch(5);
        await scene.join(demoted, 'manager');
        await docker(scene, 'node', 'demote', scene.nodeOf(demoted));
        await scene.world.pass(10_000);
        await scene.world.during(scene.machines.killEngine(demoted));
        await scene.world.during(scene.machines.startEngine(demoted));
        await scene.until(
          () => scene.node(demoted),
          (node) => node?.status === 'ready',
        );
        expect(await scene.node(demoted)).toMatchObject({ role: 'worker', reachability: undefined });
        expect(await swarmInfo(scene, demoted)).toMatchObject({ LocalNodeState: 'active', ControlAvailable: false });
      },
    },
  ],
};
