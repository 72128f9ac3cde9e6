// Images that bring the swarm folder of another instance along, and nodes of other swarms: who says "active" proves who it is.
import { expect } from '@jest/globals';

import type { Chapter } from '../contract.ts';
import { FOUNDER, instance } from '../scene.ts';
import type { Scene } from '../scene.ts';

const ORIGINAL = instance(2);

const folderOf = (scene: Scene, instanceId: string): string =>
  `the swarm folder of node ${scene.nodeOf(instanceId)} at ${scene.aws.addresses.get(instanceId) ?? ''}`;

export const copies: Chapter = {
  title: 'copied swarm folders',
  begin: async (scene) => {
    await scene.found(1);
    await scene.confirm(ORIGINAL);
  },
  stories: [
    {
      // A join said "done" with the other one's node id, and the scale-in of the copy forgot the original.
      name: 'the copy of a worker joins as a node of its own, and says what was cleared, once',
      tell: async (scene) => {
        const copy = await scene.launch(3, 0, ORIGINAL);
        const joined = await scene.join(copy);
        expect(joined.cleared).toBe(folderOf(scene, ORIGINAL));
        expect(joined.nodeId).not.toBe(scene.nodeOf(ORIGINAL));
        await scene.confirm(copy);
        const again = await scene.ok(copy, 'join', scene.forJoin(copy));
        expect(again).not.toHaveProperty('cleared');
        // While its copy had its certificate, the managers heard of the same node from two engines: the original registers anew.
        const original = await scene.until(
          () => scene.node(ORIGINAL),
          (node) => node?.status === 'ready' && node.address === scene.aws.addresses.get(ORIGINAL),
          60_000,
        );
        expect(original).toMatchObject({ availability: 'active', labels: { 'skep.instance': ORIGINAL } });
      },
    },
    {
      // Its engine leads a swarm of its own, with the same id as the first one's.
      name: 'the copy of the only manager is cleared by prepare, joins as what it is told to, and the manager leads on',
      tell: async (scene) => {
        const copy = await scene.launch(4, 0, FOUNDER);
        const prepared = await scene.ok(copy, 'prepare', { instanceId: copy });
        expect(prepared.cleared).toBe(folderOf(scene, FOUNDER));
        expect(await scene.ok(copy, 'prepare', { instanceId: copy })).not.toHaveProperty('cleared');
        expect(await scene.join(copy)).not.toHaveProperty('cleared');
        expect(await scene.node(FOUNDER)).toMatchObject({ status: 'ready', reachability: 'leader' });
        expect((await scene.view()).nodes).toHaveLength(4);
      },
    },
    {
      name: 'a copy is never taken for the swarm that was founded here, nor founds one beside the cluster that has one',
      tell: async (scene) => {
        const before = [...scene.aws.parameters];
        const lost = await scene.launch(5, 0, FOUNDER);
        const again = { ...scene.forInit(lost), swarmId: scene.swarm.swarmId };
        expect(await scene.failure(lost, 'init', again)).toBe('ForeignSwarm');
        expect([...scene.aws.parameters]).toEqual(before);
        const copy = await scene.launch(6, 0, FOUNDER);
        const founded = await scene.ok(copy, 'init', { ...scene.forInit(copy), cluster: 'other' });
        expect(founded).toMatchObject({ founded: true, cleared: folderOf(scene, FOUNDER) });
        expect(founded.swarmId).not.toBe(scene.swarm.swarmId);
      },
    },
    {
      name: 'a node of another swarm stays there: join and init refuse it, and prepare has nothing to clear',
      tell: async (scene) => {
        const foreign = await scene.launch(7);
        await scene.ok(foreign, 'prepare', { instanceId: foreign });
        const docker = async (...args: readonly string[]): Promise<string> =>
          (await scene.world.during(scene.machines.docker(foreign, args))).stdout;
        await docker('swarm', 'init', '--advertise-addr', scene.aws.addresses.get(foreign) ?? '');
        const before = await docker('info', '--format', '{{json .Swarm}}');
        expect(before).toContain('"LocalNodeState":"active"');
        expect(await scene.ok(foreign, 'prepare', { instanceId: foreign })).not.toHaveProperty('cleared');
        expect(await scene.failure(foreign, 'join', scene.forJoin(foreign))).toBe('ForeignSwarm');
        expect(await scene.failure(foreign, 'join', scene.forJoin(foreign, 'manager'))).toBe('ForeignSwarm');
        const recorded = { ...scene.forInit(foreign), swarmId: scene.swarm.swarmId };
        expect(await scene.failure(foreign, 'init', recorded)).toBe('ForeignSwarm');
        // With the options of Docker's own, which no cluster has.
        expect(await scene.failure(foreign, 'init', scene.forInit(foreign))).toBe('FoundedOtherwise');
        const idOf = (info: string): string | undefined => /"Cluster":\{"ID":"(\w+)"/.exec(info)?.[1];
        expect(idOf(before)).toBeDefined();
        expect(idOf(await docker('info', '--format', '{{json .Swarm}}'))).toBe(idOf(before));
      },
    },
  ],
};
