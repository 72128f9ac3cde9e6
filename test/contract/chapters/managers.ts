// A second manager: a member of the raft, which everything can be asked of, and whose loss is the loss of the leader.
import { expect } from '@jest/globals';

import type { Chapter } from '../contract.ts';
import { FOUNDER, instance } from '../scene.ts';

const SECOND = instance(2);

export const managers: Chapter = {
  title: 'a second manager',
  begin: async (scene) => {
    await scene.found();
    await scene.launch(2);
  },
  stories: [
    {
      // In the simulated swarm every manager was the leader.
      name: 'is reachable, and not the leader',
      tell: async (scene) => {
        await scene.join(SECOND, 'manager');
        await scene.until(
          () => scene.node(SECOND),
          (node) => node?.reachability === 'reachable',
        );
        expect(await scene.node(SECOND)).toMatchObject({ role: 'manager', status: 'ready', availability: 'drain' });
        expect(await scene.node(FOUNDER)).toMatchObject({ reachability: 'leader' });
      },
    },
    {
      name: 'answers for the swarm as the first one does',
      tell: async (scene) => {
        const own = await scene.ok(SECOND, 'inspect', { offset: '0' });
        expect(own).toEqual(await scene.ok(FOUNDER, 'inspect', { offset: '0' }));
        await scene.ok(SECOND, 'confirm', { ...scene.forConfirm(SECOND), availability: 'drain' });
        expect(await scene.failure(SECOND, 'join', scene.forJoin(SECOND))).toBe('NotActive');
        expect(await scene.failure(FOUNDER, 'drain', scene.about(SECOND))).toBe('StillManager');
        expect(await scene.failure(SECOND, 'leave', scene.forLeave(SECOND, 'yes', 5))).toBe('StillManager');
      },
    },
    {
      // A simulated swarm went on without its majority.
      name: 'takes the leader with it when it dies: one of two is no majority',
      tell: async (scene) => {
        await scene.world.during(scene.machines.terminate(SECOND));
        // A leader goes on for up to 20 s, then hangs, then says that there is none.
        await scene.until(
          async () => {
            const { stdout } = await scene.run(FOUNDER, 'inspect', { offset: '0' });
            return stdout;
          },
          (stdout) => stdout.includes('NoLeader'),
          60_000,
        );
        expect(await scene.failure(FOUNDER, 'drain', scene.about(SECOND))).toBe('NoLeader');
        expect(await scene.failure(FOUNDER, 'forget', { ...scene.about(SECOND), force: 'yes' })).toBe('NoLeader');
      },
    },
  ],
};
