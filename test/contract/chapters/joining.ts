// Instances join: once, as whom they are meant to, into the swarm that is meant.
import { expect } from '@jest/globals';

import type { Chapter } from '../contract.ts';
import { FOUNDER, instance } from '../scene.ts';

const WORKER = instance(2);
const REFUSED = instance(3);

export const joining: Chapter = {
  title: 'joining',
  begin: async (scene) => {
    await scene.found();
    await scene.launch(2);
    await scene.launch(3);
  },
  stories: [
    {
      // Simulated join told an address without the port; it also gave up when Parameter Store throttled.
      name: 'makes a drained worker without labels, through throttling',
      tell: async (scene) => {
        scene.aws.throttled.set(WORKER, 2);
        const address = scene.aws.addresses.get(WORKER) ?? '';
        expect((await scene.join(WORKER)).address).toBe(`${address}:2377`);
        expect(await scene.node(WORKER)).toEqual({
          nodeId: scene.nodeOf(WORKER),
          hostname: `ip-${address.replaceAll('.', '-')}`,
          role: 'worker',
          status: 'ready',
          availability: 'drain',
          reachability: undefined,
          labels: {},
          address,
        });
      },
    },
    {
      name: 'is done once: a second join tells the same node',
      tell: async (scene) => {
        const nodeId = scene.nodeOf(WORKER);
        expect(await scene.join(WORKER)).toMatchObject({ nodeId });
        expect((await scene.view()).nodes).toHaveLength(2);
      },
    },
    {
      // Simulated join said yes to a worker that was asked to be a manager.
      name: 'does not make a manager of a worker, nor a founder',
      tell: async (scene) => {
        expect(await scene.failure(WORKER, 'join', scene.forJoin(WORKER, 'manager'))).toBe('NotActive');
        expect(await scene.failure(WORKER, 'init', scene.forInit(WORKER))).toBe('ForeignSwarm');
      },
    },
    {
      name: 'is refused into another swarm, on another instance, with a token of another swarm or none',
      tell: async (scene) => {
        const foreign = { ...scene.forJoin(WORKER), swarmId: 'a'.repeat(25) };
        expect(await scene.failure(WORKER, 'join', foreign)).toBe('ForeignSwarm');
        expect(await scene.failure(REFUSED, 'join', scene.forJoin(WORKER))).toBe('WrongInstance');
        const join = scene.forJoin(REFUSED);
        expect(await scene.failure(REFUSED, 'join', { ...join, caDigest: 'b'.repeat(50) })).toBe('ForeignToken');
        expect(await scene.failure(REFUSED, 'join', { ...join, stage: 'other' })).toBe('JoinTokenUnreadable');
        expect((await scene.view()).nodes).toHaveLength(2);
      },
    },
    {
      name: 'leaves managers to do what is theirs',
      tell: async (scene) => {
        for (const on of [WORKER, REFUSED]) {
          expect(await scene.failure(on, 'inspect', { offset: '0' })).toBe('NotManager');
          expect(await scene.failure(on, 'confirm', scene.forConfirm(WORKER))).toBe('NotManager');
          expect(await scene.failure(on, 'drain', scene.about(WORKER))).toBe('NotManager');
          expect(await scene.failure(on, 'forget', { ...scene.about(WORKER), force: 'yes' })).toBe('NotManager');
        }
      },
    },
    {
      // The fence of a leave held for ever on simulated machines: an instance out of a warm pool could never come back.
      name: 'is refused to a command from before a leave, and granted to a later one',
      tell: async (scene) => {
        const late = await scene.launch(5);
        await scene.join(late);
        const notAfter = scene.seconds() + 600;
        const before = scene.nodeOf(late);
        await scene.ok(late, 'leave', scene.forLeave(late, 'yes', 5), { notAfter });
        expect(await scene.failure(late, 'join', scene.forJoin(late), { notAfter })).toBe('LeavingNode');
        const again = await scene.ok(late, 'join', scene.forJoin(late), { notAfter: notAfter + 1 });
        expect(again.nodeId).not.toBe(before);
      },
    },
    {
      // Simulated join told a member that everything is fine, before it looked at the fence.
      name: 'is refused to a member that was told to leave and has not departed',
      tell: async (scene) => {
        const notAfter = scene.seconds() + 600;
        await scene.ok(WORKER, 'leave', scene.forLeave(WORKER, 'no', 0), { notAfter });
        expect(await scene.failure(WORKER, 'join', scene.forJoin(WORKER), { notAfter })).toBe('LeavingNode');
        const again = await scene.ok(WORKER, 'join', scene.forJoin(WORKER), { notAfter: notAfter + 1 });
        expect(again.nodeId).toBe(scene.nodeOf(WORKER));
      },
    },
  ],
};

export const joiningWithoutManagers: Chapter = {
  title: 'joining where nobody answers',
  begin: async (scene) => {
    await scene.found();
    await scene.launch(3);
  },
  stories: [
    {
      name: 'says JoinFailed where no manager answers, and can be repeated',
      tell: async (scene) => {
        const nobody = { ...scene.forJoin(REFUSED), managers: '10.77.0.250:2377' };
        expect(await scene.failure(REFUSED, 'join', nobody)).toBe('JoinFailed');
        const { nodeId } = await scene.join(REFUSED);
        expect((await scene.view()).nodes.map((node) => node.nodeId)).toContain(nodeId);
      },
    },
  ],
};

export const joiningLate: Chapter = {
  title: 'joining before there is a Docker',
  begin: (scene) => scene.found(),
  stories: [
    {
      // Simulated machines had a docker from the beginning, down or up, and cloud-init that never ended.
      name: 'says DockerMissing where nothing will install it, and a leave finds no member there',
      tell: async (scene) => {
        const never = await scene.launch(4, Infinity);
        expect(await scene.failure(never, 'join', scene.forJoin(never))).toBe('DockerMissing');
        expect(await scene.failure(never, 'inspect', { offset: '0' })).toBe('DockerMissing');
        expect(await scene.ok(never, 'leave', scene.forLeave(never, 'yes', 30))).toEqual({
          member: false,
          drained: true,
          containers: 0,
          plain: 0,
        });
      },
    },
    {
      name: 'waits for the user data that installs Docker',
      tell: async (scene) => {
        const late = await scene.launch(5, 2500);
        expect((await scene.join(late)).nodeId).toBe(scene.nodeOf(late));
      },
    },
    {
      name: 'says DockerMissing when its own time is up before the user data is done',
      tell: async (scene) => {
        const late = await scene.launch(6, 90_000);
        expect(await scene.failure(late, 'join', scene.forJoin(late), { executionTimeout: 25 })).toBe('DockerMissing');
      },
    },
    {
      // Simulated documents took one lock for all of their time: a leave waited for the join that it was to stop.
      name: 'stops waiting when the instance is told to leave, and the leave does not wait for the join',
      tell: async (scene) => {
        const late = instance(6);
        const notAfter = scene.seconds() + 600;
        const begun = scene.world.now();
        const join = scene.failure(late, 'join', scene.forJoin(late), { notAfter });
        join.catch(() => undefined);
        await scene.world.pass(1000);
        await scene.ok(late, 'leave', scene.forLeave(late, 'no', 0), { notAfter: notAfter + 1 });
        expect(scene.world.now() - begun).toBeLessThan(5000);
        expect(await join).toBe('LeavingNode');
        expect(scene.world.now() - begun).toBeLessThan(20_000);
      },
    },
    {
      name: 'says JoinFailed with a token that the managers do not take',
      tell: async (scene) => {
        const refused = await scene.launch(7);
        const name = '/skep/dev/prod/join-token/worker';
        const parameter = scene.aws.parameters.get(name);
        expect(parameter).toBeDefined();
        const value = `SWMTKN-1-${scene.swarm.caDigest}-${'0'.repeat(25)}`;
        scene.aws.parameters.set(name, { value, keyId: parameter?.keyId ?? '' });
        expect(await scene.failure(refused, 'join', scene.forJoin(refused))).toBe('JoinFailed');
        expect(await scene.failure(FOUNDER, 'join', { ...scene.forJoin(FOUNDER), role: 'worker' })).toBe('NotActive');
      },
    },
  ],
};
