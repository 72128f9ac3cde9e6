// What a new leader does with tasks that the one before had left alone.
import { expect } from '@jest/globals';

import type { Chapter } from '../contract.ts';
import { create, docker, runningTasks, untilRunning, update } from '../service-commands.ts';
import { FOUNDER, instance } from '../scene.ts';

const MANAGERS = [instance(2), instance(3)];
const [ACTIVE, PAUSED] = [instance(4), instance(5)];

export const leaderChange: Chapter = {
  title: 'tasks under a new leader',
  begin: async (scene) => {
    for (let number = 1; number <= 5; number += 1) {
      await scene.launch(number);
    }
    await scene.init();
    await docker(scene, 'node', 'update', '--availability', 'drain', scene.nodeOf(FOUNDER));
    for (const manager of MANAGERS) {
      await scene.join(manager, 'manager');
    }
    for (const worker of [ACTIVE, PAUSED]) {
      await scene.join(worker);
      await scene.confirm(worker);
    }
    await create(scene, 'web', ['--mode', 'global', '--stop-grace-period', '2s']);
    await create(scene, 'moving', ['--replicas', '2', '--update-order', 'start-first']);
    await untilRunning(scene, 'web', 2);
    await untilRunning(scene, 'moving', 2);
  },
  stories: [
    {
      name: 'a start-first update that finds no node leaves the old tasks at work, and waits for ever',
      tell: async (scene) => {
        await docker(scene, 'node', 'update', '--availability', 'pause', scene.nodeOf(PAUSED));
        await update(scene, 'moving', '--update-parallelism', '0', '--constraint-add', 'node.labels.none==1');
        const still = ['-: pending (running)', '-: pending (running)', '4: running (running)', '5: running (running)'];
        await scene.untilTasks('moving', still);
      },
    },
    {
      // Its updater finds two tasks in a slot, takes the new one for good, and stops the old one: whether the new one runs it does
      // not ask. Its constraint enforcer may have rejected the old one before, where the node is active. So a hand-over that a
      // change of the leader falls into is stop-first.
      name: 'a new leader cuts a start-first update short: old tasks stop although no new one runs, and what is not updated stays',
      tell: async (scene) => {
        const kept = await runningTasks(scene, 'web');
        await scene.world.during(scene.machines.killEngine(FOUNDER));
        await scene.world.pass(5000);
        await scene.world.during(scene.machines.startEngine(FOUNDER));
        const seen = await scene.until(
          () => scene.tasks('moving').catch(() => []),
          (tasks) => tasks.filter((task) => /^[45]: .*shutdown/.test(task)).length === 2,
          60_000,
        );
        expect(seen.filter((task) => task.endsWith('running (running)'))).toEqual([]);
        expect(seen.filter((task) => task === '-: pending (running)')).toHaveLength(2);
        expect(await runningTasks(scene, 'web')).toEqual(kept);
      },
    },
  ],
};
