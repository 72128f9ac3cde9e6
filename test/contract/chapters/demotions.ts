// Managers are prepared, join, are confirmed and demoted by documents, and by no other way.
import { expect } from '@jest/globals';
import { z } from 'zod';

import type { Chapter } from '../contract.ts';
import { docker } from '../operator.ts';
import { FOUNDER, instance, lines } from '../scene.ts';
import type { Scene } from '../scene.ts';

const [SECOND, THIRD, FOURTH, FIFTH] = [instance(2), instance(3), instance(4), instance(5)];
const NOBODY = instance(99);

const asManager = (scene: Scene, instanceId: string): Record<string, string> => ({
  ...scene.forConfirm(instanceId),
  labels: `skep.instance=${instanceId},skep.role=manager`,
});

const place = async (scene: Scene, instanceId: string): Promise<string> => {
  const node = await scene.node(instanceId);
  return `${node?.role ?? 'no node'} ${node?.reachability ?? '-'}`;
};

/** What inspect tells of the node. */
async function told(scene: Scene, instanceId: string): Promise<Readonly<Record<string, string>>> {
  const { nodes } = await scene.ok(FOUNDER, 'inspect', { offset: '0' });
  const line = lines(nodes).find((one) => one.startsWith(scene.nodeOf(instanceId))) ?? '';
  const [, role = '', , availability = '', , , , mark = '', version = ''] = line.split(' ');
  return { role, availability, mark, version };
}

const inspected = z.object({ Version: z.object({ Index: z.number() }) });

async function versionOf(scene: Scene, instanceId: string): Promise<string> {
  const args = ['node', 'inspect', scene.nodeOf(instanceId), '--format', '{{json .}}'];
  const { stdout } = await scene.world.during(scene.machines.docker(FOUNDER, args));
  return String(inspected.parse(JSON.parse(stdout)).Version.Index);
}

async function restore(scene: Scene, instanceId: string, version: string | undefined): Promise<number> {
  const one = `${scene.nodeOf(instanceId)}@${instanceId}@${version ?? '0'}`;
  return (await scene.ok(FOUNDER, 'mend', { forget: 'none', restore: one })).restored;
}

export const demotions: Chapter = {
  title: 'documents that make and unmake managers',
  begin: async (scene) => {
    await scene.found();
    await scene.ok(FOUNDER, 'confirm', asManager(scene, FOUNDER));
    for (const number of [2, 3, 4]) {
      await scene.launch(number);
    }
  },
  stories: [
    {
      name: 'prepare tells what the join will tell, makes nothing of the instance, and may be repeated',
      tell: async (scene) => {
        for (let times = 0; times < 2; times += 1) {
          expect(await scene.ok(SECOND, 'prepare', { instanceId: SECOND })).toMatchObject({
            address: `${scene.aws.addresses.get(SECOND) ?? ''}:2377`,
          });
        }
        expect(scene.aws.calls.filter((call) => call.startsWith('Get'))).toEqual([]);
        expect((await scene.view()).nodes).toHaveLength(1);
        expect(await scene.failure(SECOND, 'prepare', { instanceId: NOBODY })).toBe('WrongInstance');
      },
    },
    {
      // The agreement of the lock: who comes next finds a manager that is up.
      name: 'a manager is reachable when its join is done, and a confirm of it as a manager says so',
      tell: async (scene) => {
        await scene.join(SECOND, 'manager');
        expect(await place(scene, SECOND)).toBe('manager reachable');
        expect(await scene.ok(FOUNDER, 'confirm', asManager(scene, SECOND))).toMatchObject({ status: 'ready' });
        await scene.join(THIRD);
        expect(await scene.failure(FOUNDER, 'confirm', asManager(scene, THIRD))).toBe('NotReady');
        expect(await scene.node(THIRD)).toMatchObject({ availability: 'drain', labels: {} });
      },
    },
    {
      name: 'demote finds no member for an instance that never joined, and nothing to do for a worker',
      tell: async (scene) => {
        for (const nodeId of ['none', 'z'.repeat(25)]) {
          const who = { instanceId: NOBODY, nodeId, address: '10.77.250.1:2377', least: '0' };
          expect(await scene.ok(FOUNDER, 'demote', who)).toEqual({ member: false });
        }
        const worker = { member: true, nodeId: scene.nodeOf(THIRD), demoted: false };
        expect(await scene.ok(FOUNDER, 'demote', scene.forDemote(THIRD))).toMatchObject(worker);
        expect(await scene.failure(THIRD, 'demote', scene.forDemote(SECOND))).toBe('NotManager');
        // SwarmKit would allow it.
        expect(await scene.failure(FOUNDER, 'demote', scene.forDemote(SECOND, 'none', 2))).toBe('QuorumWouldBreak');
      },
    },
    {
      name: 'nobody demotes a manager in the name of another instance, or itself',
      tell: async (scene) => {
        const other = { ...scene.forDemote(NOBODY), nodeId: scene.nodeOf(SECOND) };
        expect(await scene.failure(FOUNDER, 'demote', other)).toBe('WrongInstance');
        expect(await scene.failure(SECOND, 'demote', scene.forDemote(SECOND))).toBe('SelfDemotion');
        expect(await scene.failure(FOUNDER, 'demote', scene.forDemote(FOUNDER))).toBe('SelfDemotion');
        expect(await place(scene, SECOND)).toBe('manager reachable');
      },
    },
    {
      name: 'a manager whose join told nothing is found by its address in the raft, and by that only until it is labelled',
      tell: async (scene) => {
        const output = await scene.ok(FOURTH, 'join', scene.forJoin(FOURTH, 'manager'));
        const address = (instanceId: string): string => `${scene.aws.addresses.get(instanceId) ?? ''}:2377`;
        expect(await scene.ok(FOUNDER, 'demote', scene.forDemote(NOBODY, address(SECOND)))).toEqual({ member: false });
        const demote = scene.forDemote(FOURTH, address(FOURTH));
        expect(demote['nodeId']).toBe('none');
        const demoted = { member: true, nodeId: output.nodeId, demoted: true };
        expect(await scene.ok(SECOND, 'demote', demote)).toMatchObject(demoted);
        expect(await scene.ok(SECOND, 'demote', demote)).toEqual({ member: false });
      },
    },
    {
      // It was active, and got global tasks for the moment until it was drained.
      name: 'demote is done when the others see a worker, by its label too; it pauses the node, and may be repeated',
      tell: async (scene) => {
        await scene.service('canary', { constraints: ['node.role==worker'] });
        const byLabel = { ...scene.forDemote(SECOND), nodeId: 'none' };
        const demoted = { member: true, nodeId: scene.nodeOf(SECOND), demoted: true };
        expect(await scene.ok(FOUNDER, 'demote', byLabel)).toMatchObject(demoted);
        expect(await scene.node(SECOND)).toMatchObject({
          role: 'worker',
          reachability: undefined,
          availability: 'pause',
          labels: { 'skep.instance': SECOND, 'skep.role': 'manager', 'skep.leaving': 'true' },
        });
        expect(await scene.ok(FOUNDER, 'demote', byLabel)).toMatchObject({ ...demoted, demoted: false });
        expect(await scene.failure(SECOND, 'demote', scene.forDemote(FOUNDER))).toBe('NotManager');
        await scene.world.pass(1000);
        expect(await scene.tasks('canary')).toEqual([]);
      },
    },
    {
      name: 'a pause of a demotion is taken back, and its mark, on the version that was seen',
      tell: async (scene) => {
        const seen = await told(scene, SECOND);
        expect(seen).toMatchObject({ role: 'worker', availability: 'pause', mark: 'leaving' });
        expect(await restore(scene, SECOND, '1')).toBe(0);
        // The certificate of a worker makes one more version, a moment after the demotion.
        await scene.until(
          async () => restore(scene, SECOND, (await told(scene, SECOND))['version']),
          (restored) => restored === 1,
        );
        expect(await scene.node(SECOND)).toMatchObject({
          availability: 'active',
          labels: { 'skep.instance': SECOND, 'skep.role': 'manager' },
        });
        expect((await scene.node(SECOND))?.labels).not.toHaveProperty('skep.leaving');
      },
    },
    {
      name: 'what a person has paused is demoted without a mark, so that nobody takes the pause back',
      tell: async (scene) => {
        await scene.launch(5);
        await scene.join(FIFTH, 'manager');
        await scene.ok(FOUNDER, 'confirm', asManager(scene, FIFTH));
        expect(await docker(scene, FOUNDER, `node update --availability pause ${scene.nodeOf(FIFTH)}`)).toMatch(/^0: /);
        expect(await scene.ok(FOUNDER, 'demote', scene.forDemote(FIFTH))).toMatchObject({ demoted: true });
        const seen = await told(scene, FIFTH);
        expect(seen).toMatchObject({ role: 'worker', availability: 'pause', mark: '-', version: '-' });
        // Told to all the same, on its very version.
        expect(await restore(scene, FIFTH, await versionOf(scene, FIFTH))).toBe(0);
        expect(await scene.node(FIFTH)).toMatchObject({ role: 'worker', availability: 'pause' });
      },
    },
  ],
};

export const deadManagers: Chapter = {
  title: 'documents and managers that are down',
  begin: async (scene) => {
    await scene.found();
    await scene.ok(FOUNDER, 'confirm', asManager(scene, FOUNDER));
    for (const number of [2, 3]) {
      const instanceId = await scene.launch(number);
      await scene.join(instanceId, 'manager');
      await scene.ok(FOUNDER, 'confirm', asManager(scene, instanceId));
    }
  },
  stories: [
    {
      name: 'with one of three down no other is demoted, and the one that is down is, from either',
      tell: async (scene) => {
        await scene.world.during(scene.machines.killEngine(THIRD));
        await scene.until(
          () => place(scene, THIRD),
          (seen) => seen === 'manager unreachable',
          40_000,
        );
        expect(await scene.failure(FOUNDER, 'demote', scene.forDemote(SECOND))).toBe('QuorumWouldBreak');
        expect(await place(scene, SECOND)).toBe('manager reachable');
        const demoted = { member: true, nodeId: scene.nodeOf(THIRD), demoted: true };
        expect(await scene.ok(SECOND, 'demote', scene.forDemote(THIRD))).toMatchObject(demoted);
        expect(await place(scene, THIRD)).toBe('worker -');
      },
    },
    {
      name: 'one of two says NoLeader when the other one is down: it demotes nobody, and has joined nothing',
      tell: async (scene) => {
        await scene.world.during(scene.machines.killEngine(SECOND));
        await scene.until(
          async () => (await scene.run(FOUNDER, 'demote', scene.forDemote(SECOND))).exitCode,
          (exitCode) => exitCode === 41,
          60_000,
        );
        // Its engine calls itself an active manager all the same, and for a while the leader.
        const join = scene.forJoin(FOUNDER, 'manager');
        await scene.until(
          async () => (await scene.run(FOUNDER, 'join', join, { executionTimeout: 30 })).exitCode,
          (exitCode) => exitCode === 41,
          60_000,
        );
      },
    },
  ],
};
