// A node departs, or dies: the managers do not notice at once, and move its tasks when they do.
import { expect } from '@jest/globals';

import type { Chapter } from '../contract.ts';
import { FOUNDER, instance } from '../scene.ts';
import { docker } from '../service-commands.ts';

const [ONE, TWO] = [instance(2), instance(3)];
const CANARY = ['node.labels.skep.role!=worker', 'node.role==worker'];

export const departing: Chapter = {
  title: 'departing and dying',
  begin: (scene) => scene.found(2),
  stories: [
    {
      // A global task in the moment between join and label: the reason why confirm is one update (finding 13).
      name: 'no task of a service that wants unlabelled nodes ever comes to a node that is confirmed',
      tell: async (scene) => {
        await scene.service('canary', { constraints: CANARY });
        await scene.confirm(ONE);
        await scene.confirm(TWO);
        await scene.world.pass(1000);
        expect(await scene.tasks('canary')).toEqual([]);
      },
    },
    {
      name: 'replicas spread over active nodes, and a global service has one task on each',
      tell: async (scene) => {
        await scene.service('web', { replicas: 4, constraints: ['node.labels.skep.role==worker'] });
        await scene.service('agent');
        const both = ['2: running (running)', '3: running (running)'];
        await scene.untilTasks('web', [both[0], both[0], both[1], both[1]].map(String));
        await scene.untilTasks('agent', both);
      },
    },
    {
      name: 'a replica that fits nowhere waits, and comes to a node that becomes fit',
      tell: async (scene) => {
        await scene.service('picky', { replicas: 1, constraints: ['node.labels.tier==db'] });
        await scene.untilTasks('picky', ['-: pending (running)']);
        await scene.confirm(TWO, ',tier=db');
        await scene.untilTasks('picky', ['3: running (running)']);
      },
    },
    {
      // Finding 6: any update of an active node rejects what no longer fits it, and leaves a paused one alone.
      name: 'a task that no longer fits its node is rejected while the node is active, not while it is paused',
      tell: async (scene) => {
        const pause = ['--availability', 'pause', '--label-add', 'tier=none'];
        await docker(scene, 'node', 'update', ...pause, scene.nodeOf(TWO));
        await scene.world.pass(1000);
        expect(await scene.tasks('picky')).toEqual(['3: running (running)']);
        await docker(scene, 'node', 'update', '--availability', 'active', scene.nodeOf(TWO));
        await scene.untilTasks('picky', ['-: pending (running)', '3: rejected (shutdown)']);
      },
    },
    {
      name: 'a node that departed is Ready for a while, then Down, and its tasks move',
      tell: async (scene) => {
        const done = { member: true, nodeId: scene.nodeOf(ONE), containers: 2, plain: 0, drained: false };
        const left = await scene.ok(ONE, 'leave', scene.forLeave(ONE, 'yes', 0));
        expect({ ...left, containers: 2 }).toEqual(done);
        expect(await scene.node(ONE)).toMatchObject({ status: 'ready', availability: 'active' });
        const gone = { member: false, drained: true, containers: 0, plain: 0 };
        expect(await scene.ok(ONE, 'leave', scene.forLeave(ONE, 'yes', 5))).toEqual(gone);
        await scene.until(
          () => scene.node(ONE),
          (node) => node?.status === 'down',
          25_000,
        );
      },
    },
    {
      name: 'a node that is down is not Ready enough to be confirmed, and can be drained and forgotten',
      tell: async (scene) => {
        expect(await scene.failure(FOUNDER, 'confirm', scene.forConfirm(ONE))).toBe('NotReady');
        const drained = { member: true, nodeId: scene.nodeOf(ONE), status: 'down' };
        expect(await scene.ok(FOUNDER, 'drain', scene.about(ONE))).toMatchObject(drained);
      },
    },
  ],
};

export const dying: Chapter = {
  title: 'dying',
  begin: async (scene) => {
    await scene.found(2);
    await scene.confirm(ONE);
    await scene.confirm(TWO);
    await scene.service('web', { replicas: 2 });
    await scene.service('agent');
    await scene.untilTasks('web', ['2: running (running)', '3: running (running)']);
    await scene.untilTasks('agent', ['2: running (running)', '3: running (running)']);
  },
  stories: [
    {
      name: 'a node whose machine dies is Down after 10 to 25 s',
      tell: async (scene) => {
        const died = scene.world.now();
        await scene.world.during(scene.machines.terminate(ONE));
        expect(await scene.node(ONE)).toMatchObject({ status: 'ready' });
        await scene.until(
          () => scene.node(ONE),
          (node) => node?.status === 'down',
          30_000,
        );
        expect(scene.world.now() - died).toBeGreaterThan(9000);
        expect(scene.world.now() - died).toBeLessThan(25_000);
      },
    },
    {
      name: 'its replicas run elsewhere a few seconds later, and managers go on to count those that died',
      tell: async (scene) => {
        const web = ['2: running (shutdown)', '3: running (running)', '3: running (running)'];
        await scene.untilTasks('web', web, 10_000);
        expect(await scene.tasks('agent')).toEqual(['2: running (shutdown)', '3: running (running)']);
      },
    },
    {
      name: 'forget does not believe in its end without force; with it, replicas are orphaned and global tasks vanish',
      tell: async (scene) => {
        await scene.ok(FOUNDER, 'drain', scene.about(ONE));
        expect(await scene.failure(FOUNDER, 'forget', { ...scene.about(ONE), force: 'no' })).toBe('TasksRunning');
        await scene.ok(FOUNDER, 'forget', { ...scene.about(ONE), force: 'yes' });
        await scene.untilTasks('web', ['2: orphaned (shutdown)', '3: running (running)', '3: running (running)']);
        await scene.untilTasks('agent', ['3: running (running)']);
      },
    },
    {
      // Engines before 18.09.5 left them running for ever (moby#37320). These leave none, however one asks them to: so what inspect makes
      // of those is tested with recorded text.
      name: 'a node that was removed leaves no ghosts, that is tasks at work where nobody is',
      tell: async (scene) => {
        expect(await scene.ok(FOUNDER, 'inspect', { offset: '0' })).toMatchObject({ ghosts: { count: 0, tasks: [] } });
        expect(await scene.ok(FOUNDER, 'inspect', { offset: '400' })).not.toHaveProperty('ghosts');
      },
    },
  ],
};
