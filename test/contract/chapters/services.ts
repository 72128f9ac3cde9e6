// Services on the command line: created, shown, scaled, removed, refused; and what becomes of tasks that end by themselves.
import { expect } from '@jest/globals';

import type { Chapter } from '../contract.ts';
import { create, docker, FOREVER, IMAGE, refusal, remove, scale, untilRunning, update } from '../service-commands.ts';
import { FOUNDER, instance } from '../scene.ts';

const [ONE, TWO] = [instance(2), instance(3)];
const ERROR = 'Error response from daemon: ';

export const services: Chapter = {
  title: 'services on the command line',
  begin: async (scene) => {
    await scene.found(2);
    await scene.confirm(ONE);
    await scene.confirm(TWO);
    await docker(scene, 'node', 'update', '--availability', 'drain', scene.nodeOf(FOUNDER));
  },
  stories: [
    {
      name: 'a service is created, listed and shown with its tasks',
      tell: async (scene) => {
        await create(scene, 'web', ['--replicas', '2', '--label', 'team=a', '--env', 'A=1']);
        await untilRunning(scene, 'web', 2);
        const format = '{{.Name}} {{.Replicas}} {{.Mode}} {{.Image}}';
        expect(await docker(scene, 'service', 'ls', '--format', format)).toBe(`web 2/2 replicated ${IMAGE}`);
        const ps = await docker(scene, 'service', 'ps', 'web', '--format', '{{.Name}} {{.DesiredState}} {{.Error}}');
        expect(ps.split('\n').map((line) => line.trim())).toEqual(['web.1 Running', 'web.2 Running']);
        const inspect = '{{.Spec.Mode.Replicated.Replicas}} {{json .Spec.Labels}} {{.UpdateStatus}} {{.PreviousSpec}}';
        expect(await docker(scene, 'service', 'inspect', 'web', '--format', inspect)).toBe(
          '2 {"team":"a"} <nil> <nil>',
        );
      },
    },
    {
      name: 'inspect tells the whole spec',
      tell: async (scene) => {
        const [seen] = JSON.parse(await docker(scene, 'service', 'inspect', 'web')) as [Record<string, unknown>];
        expect(seen).toMatchObject({
          Spec: {
            Name: 'web',
            TaskTemplate: {
              ContainerSpec: { Image: IMAGE, Args: ['sh', '-c', FOREVER], Env: ['A=1'], StopGracePeriod: 1e10 },
              RestartPolicy: { Condition: 'any', Delay: 5e9, MaxAttempts: 0 },
              ForceUpdate: 0,
            },
            Mode: { Replicated: { Replicas: 2 } },
            UpdateConfig: { Parallelism: 1, FailureAction: 'pause', Monitor: 5e9, Order: 'stop-first' },
            RollbackConfig: { Parallelism: 1, FailureAction: 'pause', Monitor: 5e9, Order: 'stop-first' },
          },
        });
        expect(Object.keys(seen)).not.toContain('UpdateStatus');
      },
    },
    {
      name: 'tasks of a node are shown with it',
      tell: async (scene) => {
        const format = ['--format', '{{.DesiredState}} {{.CurrentState}}'];
        const shown = await docker(scene, 'node', 'ps', scene.nodeOf(ONE), ...format);
        expect(shown).toMatch(/^Running Running (?:less than a|\d+) seconds? ago$/);
        expect(await docker(scene, 'node', 'ps', '-q')).toBe('');
      },
    },
    {
      name: 'what a service mounts is shown with it',
      tell: async (scene) => {
        const mounts = [
          'type=volume,source=data,target=/data',
          'type=tmpfs,target=/scratch',
          'type=bind,source=/run,target=/host',
        ];
        await create(
          scene,
          'store',
          mounts.flatMap((mount) => ['--mount', mount]),
        );
        await untilRunning(scene, 'store', 1);
        const format = '{{json .Spec.TaskTemplate.ContainerSpec.Mounts}}';
        const shown = JSON.parse(await docker(scene, 'service', 'inspect', 'store', '--format', format)) as unknown;
        expect(shown).toMatchObject([{ Type: 'volume' }, { Type: 'tmpfs' }, { Type: 'bind' }]);
        const toldOn = (on: string) => scene.ok(on, 'survey', { instanceId: on, volumes: 'yes' });
        const told = async () => (await Promise.all([ONE, TWO].map(toldOn))).map(({ volumes }) => volumes);
        const one = { count: 1, unknown: 0, largest: [expect.stringMatching(/^\d+ data$/)] };
        expect(await told()).toContainEqual(expect.objectContaining(one));
        await remove(scene, 'store');
        // What is in it outlives the service.
        expect((await told()).reduce((count, some) => count + (some?.count ?? 0), 0)).toBe(1);
        expect((await scene.ok(ONE, 'survey', { instanceId: ONE })).volumes).toBeUndefined();
      },
    },
    {
      name: 'what is not there, or not possible, is refused in the words of docker',
      tell: async (scene) => {
        const options = ['--detach', '--no-resolve-image'];
        const sh = [IMAGE, 'sh', '-c', FOREVER];
        expect(await refusal(scene, 'service', 'create', ...options, '--name', 'web', ...sh)).toBe(
          `1: ${ERROR}rpc error: code = AlreadyExists desc = name conflicts with an existing object: service web already exists`,
        );
        expect(await refusal(scene, 'service', 'create', ...options, '--name', 'no name', ...sh)).toBe(
          `1: ${ERROR}rpc error: code = InvalidArgument desc = name must be valid as a DNS name component`,
        );
        expect(await refusal(scene, 'service', 'rollback', '--detach', 'web')).toBe(
          `1: ${ERROR}rpc error: code = FailedPrecondition desc = service ID does not have a previous spec`,
        );
        expect(await refusal(scene, 'service', 'update', ...options, '--constraint-add', 'foo', 'web')).toBe(
          `1: ${ERROR}rpc error: code = Unknown desc = constraint expected one operator from ==, !=`,
        );
        expect(await refusal(scene, 'service', 'update', ...options, '--update-order', 'up', 'web')).toBe(
          `1: ${ERROR}unrecognized update order up`,
        );
        expect(await refusal(scene, 'service', 'update', ...options, '--restart-condition', 'never', 'web')).toBe(
          `1: ${ERROR}invalid RestartCondition: "never"`,
        );
        const missing = '1: Error: No such service: none';
        expect(await refusal(scene, 'service', 'update', ...options, 'none')).toBe(missing);
        expect(await refusal(scene, 'service', 'rollback', '--detach', 'none')).toBe(missing);
        expect(await refusal(scene, 'service', 'rm', 'none')).toBe(missing);
        expect(await refusal(scene, 'service', 'scale', '--detach', 'none=1')).toBe(
          '1: none: Error: No such service: none',
        );
        expect(await refusal(scene, 'service', 'ps', 'none')).toBe('1: no such service: none');
        expect(await refusal(scene, 'service', 'inspect', 'none')).toBe(
          '1: Status: Error: no such service: none, Code: 1',
        );
        expect(await refusal(scene, 'node', 'ps', 'none')).toBe('1: Error: No such node: none');
      },
    },
    {
      // In the simulated swarm a service had as many slots as it ever had.
      name: 'surplus replicas are removed, and leave no history',
      tell: async (scene) => {
        await scale(scene, 'web', 4);
        await untilRunning(scene, 'web', 4);
        await scale(scene, 'web', 1);
        await scene.until(
          () => scene.tasks('web'),
          (tasks) => tasks.length === 1,
        );
        await remove(scene, 'web');
        expect(await docker(scene, 'service', 'ls', '-q')).toBe('');
        await scene.until(
          async () => (await scene.view()).tasks.length,
          (tasks) => tasks === 0,
        );
      },
    },
    {
      name: 'a global service is not scaled',
      tell: async (scene) => {
        await create(scene, 'agent', ['--mode', 'global']);
        await untilRunning(scene, 'agent', 2);
        expect(await docker(scene, 'service', 'ls', '--format', '{{.Replicas}} {{.Mode}}')).toBe('2/2 global');
        expect(await refusal(scene, 'service', 'scale', '--detach', 'agent=3')).toBe(
          '1: agent: scale can only be used with replicated or replicated-job mode',
        );
        expect(await refusal(scene, 'service', 'update', '--detach', '--replicas', '3', 'agent')).toBe(
          '1: replicas can only be used with replicated mode',
        );
      },
    },
    {
      name: 'a paused node keeps its global task, and gets the new one when it is active again',
      tell: async (scene) => {
        await docker(scene, 'node', 'update', '--availability', 'pause', scene.nodeOf(TWO));
        await update(scene, 'agent', '--env-add', 'A=2', '--update-monitor', '1s');
        await scene.untilTasks('agent', ['2: running (running)', '2: shutdown (shutdown)', '3: running (running)']);
        await docker(scene, 'node', 'update', '--availability', 'active', scene.nodeOf(TWO));
        const each = (number: number): string[] => [`${number}: running (running)`, `${number}: shutdown (shutdown)`];
        await scene.untilTasks('agent', [...each(2), ...each(3)]);
        await remove(scene, 'agent');
      },
    },
    {
      name: 'a task that ends is started again after five seconds, unless the restart condition says otherwise',
      tell: async (scene) => {
        await create(scene, 'never', ['--restart-condition', 'none'], 'sleep 1; exit 3');
        const begun = scene.world.now();
        await create(scene, 'failed', ['--restart-condition', 'on-failure'], 'sleep 1; exit 3');
        await create(scene, 'done', ['--restart-condition', 'on-failure'], 'sleep 1; exit 0');
        const state = async (name: string): Promise<string[]> =>
          (await scene.tasks(name)).map((task) => task.replace(/^\d+: /, '')).toSorted();
        await scene.until(
          () => state('done'),
          (tasks) => tasks.join() === 'complete (shutdown)',
        );
        await scene.until(
          () => state('failed'),
          (tasks) => tasks.filter((task) => task === 'failed (shutdown)').length === 2,
        );
        // Twice a second of work, and the delay between.
        expect(scene.world.now() - begun).toBeGreaterThan(7000);
        expect(await state('never')).toEqual(['failed (shutdown)']);
        const error = await docker(scene, 'service', 'ps', 'never', '--no-trunc', '--format', '{{.Error}}');
        expect(error).toBe('"task: non-zero exit (3)"');
      },
    },
    {
      // A task in virtual time ended in the moment in which its engine died.
      name: 'containers outlive a dead engine, which ends them when it is started again',
      tell: async (scene) => {
        await create(scene, 'pinned', ['--constraint', `node.id==${scene.nodeOf(ONE)}`, '--restart-condition', 'none']);
        await scene.untilTasks('pinned', ['2: running (running)']);
        await scene.world.during(scene.machines.killEngine(ONE));
        await scene.world.pass(3000);
        expect(await scene.tasks('pinned')).toEqual(['2: running (running)']);
        await scene.world.during(scene.machines.startEngine(ONE));
        await scene.untilTasks('pinned', ['2: complete (shutdown)']);
      },
    },
  ],
};
