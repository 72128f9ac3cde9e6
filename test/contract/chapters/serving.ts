// Services that answer HTTP, and whoever asks them: what an update, a drain and a death cost in requests.
import { expect } from '@jest/globals';

import type { RequestSeen, ServiceSpec } from '../../../lab/nodes/machines.ts';
import type { Chapter } from '../contract.ts';
import { docker, remove, untilRunning } from '../service-commands.ts';
import { FOUNDER, instance } from '../scene.ts';
import type { Scene } from '../scene.ts';

const [ONE, TWO] = [instance(2), instance(3)];
const SERVICE = { mode: 'replicated', replicas: 1, constraints: ['node.role==worker'], stopGrace: 0 } as const;
const SLOW_START = { ...SERVICE, http: true, startsAfter: 3, order: 'start-first' } as const;
const PER_SECOND = 10;

/** By service; the client of each goes on to the end of the chapter. */
const asked = new Map<string, RequestSeen[]>();

async function serve(scene: Scene, service: ServiceSpec): Promise<void> {
  const { world } = scene;
  await world.during(world.machines.createService(FOUNDER, service));
  await untilRunning(scene, service.name, 1);
  // Running is not serving, without a health check.
  await world.pass(5000);
  const seen: RequestSeen[] = [];
  asked.set(service.name, seen);
  const load = { service: service.name, perSecond: PER_SECOND };
  await world.during(world.machines.load(FOUNDER, load, (request) => seen.push(request)));
}

interface Counts {
  readonly quick: number;
  readonly slow: number;
  readonly failed: number;
}

/** Of the requests that ended meanwhile. */
async function during(scene: Scene, service: string, seconds: number, work: () => Promise<unknown>): Promise<Counts> {
  const requests = asked.get(service) ?? [];
  const before = requests.length;
  await work();
  await scene.world.pass(seconds * 1000);
  const ended = requests.slice(before);
  const slow = ended.filter((one) => one.slow).length;
  return {
    quick: ended.length - slow,
    slow,
    failed: ended.filter(({ failure }) => failure !== '').length,
  };
}

const force = (scene: Scene, service: string): Promise<string> =>
  docker(scene, 'service', 'update', '--detach', '--quiet', '--no-resolve-image', '--force', service);

async function nodeOf(scene: Scene, service: string): Promise<string> {
  const { tasks } = await scene.view();
  const running = tasks.filter((one) => one.service === service && one.desiredState === 'running');
  return running[0]?.nodeId ?? '';
}

export const serving: Chapter = {
  title: 'services that answer HTTP',
  begin: async (scene) => {
    await scene.found(2);
    // A drained node takes no container of an overlay network, not even one that is nobody's task.
    await scene.confirm(FOUNDER);
    await scene.confirm(ONE);
    await scene.confirm(TWO);
  },
  stories: [
    {
      name: 'a service is asked by its name, and all that it is asked is counted',
      tell: async (scene) => {
        await serve(scene, { name: 'checked', ...SLOW_START, health: 'check' });
        const { quick, slow, failed } = await during(scene, 'checked', 12, () => Promise.resolve());
        expect({ failed }).toEqual({ failed: 0 });
        expect(quick).toBeGreaterThan(12 * PER_SECOND * 0.6);
        expect(slow).toBeGreaterThanOrEqual(2);
      },
    },
    {
      name: 'an update that starts first costs no request, with a health check: the slow one that is under way is ended, too',
      tell: async (scene) => {
        const { quick, slow, failed } = await during(scene, 'checked', 20, () => force(scene, 'checked'));
        expect({ failed }).toEqual({ failed: 0 });
        expect(quick).toBeGreaterThan(100);
        expect(slow).toBeGreaterThanOrEqual(3);
      },
    },
    {
      name: 'without a health check the new task is asked before it serves',
      tell: async (scene) => {
        await serve(scene, { name: 'unchecked', ...SLOW_START });
        const { failed } = await during(scene, 'unchecked', 20, () => force(scene, 'unchecked'));
        expect(failed).toBeGreaterThan(5);
        await remove(scene, 'unchecked');
      },
    },
    {
      name: 'a drain stops first, whatever the service says',
      tell: async (scene) => {
        const nodeId = await nodeOf(scene, 'checked');
        const drain = (): Promise<string> => docker(scene, 'node', 'update', '--availability', 'drain', nodeId);
        const { failed } = await during(scene, 'checked', 20, drain);
        // For three seconds nothing serves.
        expect(failed).toBeGreaterThan(3 * PER_SECOND * 0.7);
        await docker(scene, 'node', 'update', '--availability', 'active', nodeId);
      },
    },
    {
      name: 'an instance that dies takes its requests along, until the managers miss it',
      tell: async (scene) => {
        const nodeId = await nodeOf(scene, 'checked');
        const [victim = ''] = [...scene.nodes].find(([, id]) => id === nodeId) ?? [];
        const die = (): Promise<void> => scene.world.during(scene.machines.terminate(victim));
        const { failed } = await during(scene, 'checked', 45, die);
        expect(failed).toBeGreaterThan(10 * PER_SECOND);
        const { failed: afterwards } = await during(scene, 'checked', 5, () => Promise.resolve());
        expect(afterwards).toBe(0);
      },
    },
  ],
};
