// A swarm that has lost its quorum for good: fencing, recovery, and what becomes of an old manager that comes back.
import { expect } from '@jest/globals';

import type { Chapter } from '../contract.ts';
import { nodes, swarmInfo, untilNodes } from '../operator.ts';
import { FOUNDER, instance } from '../scene.ts';
import type { Scene } from '../scene.ts';

const [SECOND, THIRD, WORKER, LATE] = [instance(2), instance(3), instance(4), instance(5)];
const AFTER = { epoch: '1' };

const survey = (scene: Scene, on: string) => scene.ok(on, 'survey', { instanceId: on });

export const recovery: Chapter = {
  title: 'a swarm without a quorum, for good',
  begin: async (scene) => {
    await scene.found();
    for (const number of [2, 3, 4]) {
      await scene.join(await scene.launch(number), number === 4 ? 'worker' : 'manager');
    }
    await scene.launch(5);
    await untilNodes(scene, FOUNDER, ['1: Ready Leader', '2: Ready Reachable', '3: Ready Reachable', '4: Ready']);
    await scene.confirm(WORKER);
    await scene.service('web', { replicas: 2, constraints: ['node.role==worker'] });
    await scene.untilTasks('web', ['4: running (running)', '4: running (running)']);
  },
  stories: [
    {
      name: 'a survey tells what each engine says of itself: managers that see a leader, and a worker that knows nothing',
      tell: async (scene) => {
        const { swarmId } = scene.swarm;
        for (const on of [FOUNDER, SECOND]) {
          const { remotes, ...said } = await survey(scene, on);
          const nodeId = scene.nodeOf(on);
          expect(said).toMatchObject({
            runs: true,
            manager: true,
            leader: true,
            members: 3,
            swarmId,
            nodeId,
            epoch: '0',
          });
          expect(remotes).toHaveLength(3);
        }
        expect(await survey(scene, WORKER)).toMatchObject({ runs: true, manager: false, leader: false, remotes: [] });
        expect(await survey(scene, LATE)).toMatchObject({ manager: false, leader: false, members: 0 });
      },
    },
    {
      name: 'it tells what an adoption asks: the certificate, the address, and with what the swarm was founded',
      tell: async (scene) => {
        const { swarmId, address } = scene.swarm;
        const certified = async (on: string, role: string) => {
          const { certificate, founded, address: at, own } = await survey(scene, on);
          expect(certificate).toEqual({ swarmId, nodeId: scene.nodeOf(on), role });
          expect(at).toBe(own);
          return founded;
        };
        expect(await certified(FOUNDER, 'manager')).toEqual({
          subnetSize: 24,
          dataPathPort: 4789,
          autolock: false,
          pools: [scene.forInit(FOUNDER)['addressPool']],
        });
        expect(await certified(WORKER, 'worker')).toBeUndefined();
        expect(`${(await survey(scene, FOUNDER)).own ?? ''}:2377`).toBe(address);
        // In no swarm, and its engine may not be up yet: then it tells nothing of that.
        expect((await survey(scene, LATE)).certificate?.swarmId ?? '').toBe('');
      },
    },
    {
      name: 'nothing is recovered beside a leader, nor on a worker',
      tell: async (scene) => {
        expect(await scene.failure(SECOND, 'recover', scene.forRecover(SECOND))).toBe('QuorumNotLost');
        expect(await scene.failure(WORKER, 'recover', scene.forRecover(WORKER))).toBe('NotManager');
        expect(await survey(scene, SECOND)).toMatchObject({ epoch: '0', recovering: 0, members: 3 });
      },
    },
    {
      name: 'a fence stops the engine, as often as it is asked for',
      tell: async (scene) => {
        for (const on of [SECOND, SECOND, THIRD]) {
          expect(await scene.ok(on, 'fence', { instanceId: on })).toEqual({ fenced: true });
        }
        expect(await survey(scene, SECOND)).toMatchObject({
          runs: false,
          manager: false,
          leader: false,
          epoch: 'fenced',
        });
        await scene.until(
          () => swarmInfo(scene, FOUNDER),
          ({ Error }) => Error.includes('The swarm does not have a leader'),
          60_000,
        );
        expect(await survey(scene, FOUNDER)).toMatchObject({ runs: true, manager: true, leader: false, epoch: '0' });
      },
    },
    {
      name: 'the one that is left becomes the only manager, as often as it is asked for, and keeps its worker and its tasks',
      tell: async (scene) => {
        const options = { executionTimeout: 200 };
        const { swarmId, caDigest, address } = scene.swarm;
        const only = { nodeId: scene.nodeOf(FOUNDER), swarmId, caDigest, address, epoch: 1 };
        const told = await scene.ok(FOUNDER, 'recover', scene.forRecover(FOUNDER), options);
        expect(told).toEqual({ ...only, removed: 2 });
        expect(await scene.ok(FOUNDER, 'recover', scene.forRecover(FOUNDER), options)).toEqual({ ...only, removed: 0 });
        await untilNodes(scene, FOUNDER, ['1: Ready Leader', '4: Ready'], 60_000);
        await scene.untilTasks('web', ['4: running (running)', '4: running (running)'], 30_000);
        expect(await survey(scene, FOUNDER)).toMatchObject({ leader: true, members: 1, epoch: '1', recovering: 0 });
      },
    },
    {
      name: 'then it takes commands of its own epoch only',
      tell: async (scene) => {
        expect(await scene.failure(FOUNDER, 'confirm', scene.forConfirm(WORKER))).toBe('OtherEpoch');
        await scene.ok(FOUNDER, 'confirm', { ...scene.forConfirm(WORKER), ...AFTER });
      },
    },
    {
      name: 'an old manager whose engine somebody starts again finds no way in, and is nobody to wait for',
      tell: async (scene) => {
        const starting = [SECOND, THIRD].map((on) => scene.machines.startEngine(on));
        await scene.world.during(Promise.all(starting));
        for (const epoch of ['0', '1']) {
          expect(await scene.failure(SECOND, 'join', { ...scene.forJoin(SECOND, 'manager'), epoch })).toBe(
            'FormerManager',
          );
          expect(await scene.failure(SECOND, 'prepare', { instanceId: SECOND, epoch })).toBe('FormerManager');
        }
        expect(await scene.failure(SECOND, 'drain', { ...scene.about(WORKER), ...AFTER })).toMatch(
          /^OtherEpoch|NotManager$/,
        );
        const left = await scene.ok(SECOND, 'leave', { ...scene.forLeave(SECOND, 'yes', 0), ...AFTER });
        expect(left).toMatchObject({ member: false });
        await scene.world.pass(20_000);
        expect(await nodes(scene, FOUNDER)).toEqual(['1: Ready Leader', '4: Ready']);
      },
    },
    {
      name: 'new managers join it, and remember its epoch',
      tell: async (scene) => {
        await scene.ok(LATE, 'prepare', { instanceId: LATE, ...AFTER });
        const { nodeId } = await scene.ok(LATE, 'join', { ...scene.forJoin(LATE, 'manager'), ...AFTER });
        scene.nodes.set(LATE, nodeId);
        await untilNodes(scene, FOUNDER, ['1: Ready Leader', '4: Ready', '5: Ready Reachable']);
        expect(await survey(scene, LATE)).toMatchObject({ leader: true, members: 2, epoch: '1' });
        expect(await scene.failure(LATE, 'join', scene.forJoin(LATE, 'manager'))).toBe('FormerManager');
      },
    },
  ],
};
