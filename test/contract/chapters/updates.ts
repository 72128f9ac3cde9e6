// How services are updated: in which order, what stops an update, what goes on with it, what a rollback goes back to.
import { expect } from '@jest/globals';

import type { Chapter } from '../contract.ts';
import {
  create,
  docker,
  refusal,
  remove,
  runningTasks,
  SLOW_START,
  untilRunning,
  untilUpdate,
  update,
  updateState,
} from '../service-commands.ts';
import { FOUNDER, instance } from '../scene.ts';
import type { Scene } from '../scene.ts';

const WORKERS = [instance(2), instance(3), instance(4)];
const BROKEN = ['--image', 'skep/none:1'];
const HEALTH = ['--health-cmd', 'cat /healthy', '--health-interval', '1s', '--health-start-period', '20s'];

const begin = async (scene: Scene): Promise<void> => {
  await scene.found(WORKERS.length);
  for (const worker of WORKERS) {
    await scene.confirm(worker);
  }
  await docker(scene, 'node', 'update', '--availability', 'drain', scene.nodeOf(FOUNDER));
};

const image = (scene: Scene): Promise<string> =>
  docker(scene, 'service', 'inspect', 'web', '--format', '{{.Spec.TaskTemplate.ContainerSpec.Image}}');

/** The instance on whose node a service of one replica runs. */
async function whereIs(scene: Scene, service: string): Promise<string> {
  const [id] = await runningTasks(scene, service);
  const nodeId = (await scene.view()).tasks.find(({ taskId }) => taskId === id)?.nodeId;
  return WORKERS.find((worker) => scene.nodeOf(worker) === nodeId) ?? 'nowhere';
}

export const updates: Chapter = {
  title: 'updates of services',
  begin,
  stories: [
    {
      name: 'an update that no task is against restarts nothing and has no status, but is what a rollback goes back from',
      tell: async (scene) => {
        await create(scene, 'web', ['--replicas', '4', '--update-monitor', '1s', '--rollback-monitor', '1s']);
        await untilRunning(scene, 'web', 4);
        const before = await runningTasks(scene, 'web');
        await update(scene, 'web', '--constraint-add', 'node.role==worker', '--label-add', 'a=1');
        await scene.world.pass(1500);
        expect(await updateState(scene, 'web')).toBe('-');
        await docker(scene, 'service', 'rollback', '--detach', 'web');
        await untilUpdate(scene, 'web', 'rollback_completed');
        expect(await docker(scene, 'service', 'inspect', 'web', '--format', '{{json .Spec.Labels}}')).toBe('{}');
        expect(await runningTasks(scene, 'web')).toEqual(before);
      },
    },
    {
      name: 'tasks are replaced one after the other, each stopped before the next one starts',
      tell: async (scene) => {
        const before = await runningTasks(scene, 'web');
        await update(scene, 'web', '--env-add', 'A=1');
        let fewest = 4;
        await scene.until(
          async () => {
            fewest = Math.min(fewest, (await runningTasks(scene, 'web')).length);
            return updateState(scene, 'web');
          },
          (state) => state === 'completed',
          40_000,
        );
        expect(fewest).toBe(3);
        const after = await runningTasks(scene, 'web');
        expect(after).toHaveLength(4);
        expect(after.filter((task) => before.includes(task))).toEqual([]);
      },
    },
    {
      name: 'an update whose task fails is paused, and leaves the others at work',
      tell: async (scene) => {
        await update(scene, 'web', ...BROKEN);
        await untilUpdate(scene, 'web', 'paused');
        const message = await docker(scene, 'service', 'inspect', 'web', '--format', '{{.UpdateStatus.Message}}');
        expect(message).toMatch(/^update paused due to failure or early termination of task [0-9a-z]{25}$/);
        await scene.world.pass(2000);
        await untilRunning(scene, 'web', 3);
        expect((await scene.view()).tasks.map(({ error }) => error)).toContain('No such image: skep/none:1');
      },
    },
    {
      // Finding 7: somebody who only means to keep tasks off a node goes on with a rollout that was stopped for a reason.
      name: 'whoever updates a paused service goes on with what was paused, and overwrites what a rollback would go back to',
      tell: async (scene) => {
        await update(scene, 'web', '--constraint-add', 'node.hostname!=nobody');
        await untilRunning(scene, 'web', 2);
        await untilUpdate(scene, 'web', 'paused');
        await update(scene, 'web', '--constraint-rm', 'node.hostname!=nobody');
        await untilRunning(scene, 'web', 1);
        await untilUpdate(scene, 'web', 'paused');
        await docker(scene, 'service', 'rollback', '--detach', 'web');
        await untilUpdate(scene, 'web', 'rollback_paused');
        expect(await image(scene)).toBe('skep/none:1');
      },
    },
    {
      name: 'an update heals it',
      tell: async (scene) => {
        await update(scene, 'web', '--image', 'skep/idle:1', '--update-parallelism', '0');
        await untilUpdate(scene, 'web', 'completed');
        await untilRunning(scene, 'web', 4);
      },
    },
    {
      name: 'with the failure action rollback an update that fails is taken back, and there is nothing left to go back to',
      tell: async (scene) => {
        await update(scene, 'web', '--update-failure-action', 'rollback', '--update-order', 'start-first');
        await update(scene, 'web', ...BROKEN);
        await untilUpdate(scene, 'web', 'rollback_completed');
        expect(await image(scene)).toBe('skep/idle:1');
        await untilRunning(scene, 'web', 4);
        expect(await refusal(scene, 'service', 'rollback', '--detach', 'web')).toContain(
          'does not have a previous spec',
        );
        await remove(scene, 'web');
      },
    },
    {
      name: 'with the failure action continue it goes on to the end',
      tell: async (scene) => {
        await create(scene, 'frail', [
          '--replicas',
          '2',
          '--update-failure-action',
          'continue',
          '--update-monitor',
          '1s',
        ]);
        await untilRunning(scene, 'frail', 2);
        await update(scene, 'frail', '--args', 'sh -c "exit 3"');
        await untilUpdate(scene, 'frail', 'completed');
        expect(await runningTasks(scene, 'frail')).toEqual([]);
        await remove(scene, 'frail');
      },
    },
    {
      name: 'a slot keeps five tasks, and forgets the oldest',
      tell: async (scene) => {
        await create(scene, 'often', ['--update-monitor', '200ms']);
        await untilRunning(scene, 'often', 1);
        for (let times = 0; times < 6; times += 1) {
          await update(scene, 'often', '--force');
          await untilUpdate(scene, 'often', 'completed');
        }
        await scene.world.pass(1000);
        const states = (await scene.tasks('often')).map((task) => task.replace(/^\d+: /, ''));
        expect(states.toSorted()).toEqual(['running (running)', ...Array<string>(4).fill('shutdown (shutdown)')]);
        await remove(scene, 'often');
      },
    },
    {
      name: 'a task that takes longer than a minute to stop is waited for no longer',
      tell: async (scene) => {
        const script = 'trap "sleep 75; exit 0" TERM; while :; do sleep 3600 & wait $!; done';
        await create(scene, 'slow', ['--stop-grace-period', '90s'], script);
        await untilRunning(scene, 'slow', 1);
        const before = await whereIs(scene, 'slow');
        const begun = scene.world.now();
        await update(scene, 'slow', '--force');
        await untilRunning(scene, 'slow', 1, 75_000);
        expect(scene.world.now() - begun).toBeGreaterThan(58_000);
        const old = `${Number(before.slice(2))}: running (shutdown)`;
        expect(await scene.tasks('slow')).toContain(old);
        await remove(scene, 'slow');
      },
    },
  ],
};

export const handingOver: Chapter = {
  title: 'handing tasks over by constraint',
  begin: async (scene) => {
    await begin(scene);
    const options = [...HEALTH, '--update-order', 'start-first', '--update-monitor', '1s'];
    await create(scene, 'web', options, SLOW_START);
    await create(scene, 'beside', ['--replicas', '3']);
    await untilRunning(scene, 'web', 1);
    await untilRunning(scene, 'beside', 3);
  },
  stories: [
    {
      name: 'a task moves off an excluded node start-first: it goes when its successor is healthy, and others stay',
      tell: async (scene) => {
        const beside = await runningTasks(scene, 'beside');
        const [old] = await runningTasks(scene, 'web');
        const from = await whereIs(scene, 'web');
        const begun = scene.world.now();
        await update(scene, 'web', '--constraint-add', `node.id!=${scene.nodeOf(from)}`);
        await untilUpdate(scene, 'web', 'updating');
        await scene.until(
          () => runningTasks(scene, 'web'),
          ([task]) => task !== old,
          20_000,
        );
        expect(scene.world.now() - begun).toBeGreaterThan(7500);
        await untilRunning(scene, 'web', 1);
        expect(await whereIs(scene, 'web')).not.toBe(from);
        expect(await runningTasks(scene, 'beside')).toEqual(beside);
      },
    },
    {
      name: 'an exclusion that ends moves nothing back',
      tell: async (scene) => {
        await untilUpdate(scene, 'web', 'completed');
        const before = await runningTasks(scene, 'web');
        const constraints = '{{json .Spec.TaskTemplate.Placement.Constraints}}';
        const [constraint = ''] = JSON.parse(
          await docker(scene, 'service', 'inspect', 'web', '--format', constraints),
        ) as string[];
        await update(scene, 'web', '--constraint-rm', constraint);
        await scene.world.pass(2000);
        expect(await updateState(scene, 'web')).toBe('-');
        expect(await runningTasks(scene, 'web')).toEqual(before);
      },
    },
    {
      // Finding 6, and the reason why a leaving node is paused before its tasks are handed over.
      name: 'on an active node any update of the node rejects the old task before the new one is healthy',
      tell: async (scene) => {
        const from = await whereIs(scene, 'web');
        await update(scene, 'web', '--constraint-add', `node.id!=${scene.nodeOf(from)}`);
        await scene.world.pass(1000);
        await docker(scene, 'node', 'update', '--label-add', 'x=1', scene.nodeOf(from));
        await scene.until(
          () => scene.tasks('web'),
          (tasks) => tasks.includes(`${Number(from.slice(2))}: rejected (shutdown)`),
        );
        expect(await runningTasks(scene, 'web')).toEqual([]);
        await untilUpdate(scene, 'web', 'completed');
        await untilRunning(scene, 'web', 1);
      },
    },
  ],
};
