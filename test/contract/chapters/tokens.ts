// Join tokens are made anew: who is in stays in, the old ones are worth nothing, and who has read one just before gets the new one.
import { createHash } from 'node:crypto';

import { expect } from '@jest/globals';

import type { Chapter } from '../contract.ts';
import { docker } from '../operator.ts';
import { FOUNDER, TOKEN_KEY, instance } from '../scene.ts';
import type { Scene } from '../scene.ts';

const WORKER = instance(2);
const MANAGER = instance(3);
const LATE = instance(4);
const NEVER = instance(5);

type Role = 'worker' | 'manager';
const ROLES: readonly Role[] = ['worker', 'manager'];
const rotation = { stage: 'dev', tokenKey: TOKEN_KEY };

const nameOf = (role: Role): string => `/skep/dev/prod/join-token/${role}`;
const published = (scene: Scene): string[] => ROLES.map((role) => scene.aws.parameters.get(nameOf(role))?.value ?? '');
const digestOf = (token: string): string => createHash('sha256').update(token).digest('hex');

async function ofTheSwarm(scene: Scene): Promise<string[]> {
  const tokens: string[] = [];
  for (const role of ROLES) {
    tokens.push((await docker(scene, FOUNDER, `swarm join-token -q ${role}`)).replace('0: ', ''));
  }
  return tokens;
}

export const tokens: Chapter = {
  title: 'join tokens',
  begin: async (scene) => {
    await scene.found(1);
    for (const number of [3, 4, 5]) {
      await scene.launch(number);
    }
  },
  stories: [
    {
      name: 'are made anew, both, published as the swarm has them, and told by their digests only',
      tell: async (scene) => {
        const before = published(scene);
        const told = await scene.ok(FOUNDER, 'rotate', rotation);
        const after = published(scene);
        expect(after).toEqual(await ofTheSwarm(scene));
        expect(after.filter((token) => before.includes(token))).toEqual([]);
        expect([told.worker, told.manager]).toEqual(after.map(digestOf));
        expect(told).toMatchObject({ swarmId: scene.swarm.swarmId, caDigest: scene.swarm.caDigest });
        expect(JSON.stringify(told)).not.toContain('SWMTKN');
      },
    },
    {
      name: 'leave those in the swarm where they are, and let others join as before',
      tell: async (scene) => {
        expect(await scene.node(WORKER)).toMatchObject({ status: 'ready' });
        await scene.join(MANAGER, 'manager');
        expect((await scene.view()).nodes).toHaveLength(3);
      },
    },
    {
      name: 'are published by the next rotation, where one died before it did',
      tell: async (scene) => {
        await docker(scene, FOUNDER, 'swarm join-token --rotate -q worker');
        expect(published(scene)).not.toEqual(await ofTheSwarm(scene));
        await scene.ok(FOUNDER, 'rotate', rotation);
        expect(published(scene)).toEqual(await ofTheSwarm(scene));
      },
    },
    {
      name: 'are made anew on managers only',
      tell: async (scene) => {
        const before = await ofTheSwarm(scene);
        expect(await scene.failure(WORKER, 'rotate', rotation)).toBe('NotManager');
        expect(await ofTheSwarm(scene)).toEqual(before);
      },
    },
    {
      name: 'that were read before they were made anew are refused, and the join goes on with the new one when it is published',
      tell: async (scene) => {
        const [old = ''] = published(scene);
        await docker(scene, FOUNDER, 'swarm join-token --rotate -q worker');
        const [fresh = ''] = await ofTheSwarm(scene);
        // Read twice before anybody has published the new one.
        scene.aws.next.set(nameOf('worker'), [old, fresh]);
        const { nodeId } = await scene.ok(LATE, 'join', scene.forJoin(LATE), { executionTimeout: 180 });
        scene.nodes.set(LATE, nodeId);
        expect(await scene.node(LATE)).toMatchObject({ role: 'worker', status: 'ready', availability: 'drain' });
        expect(published(scene)[0]).toBe(fresh);
      },
    },
    {
      name: 'that nobody publishes end the join within its time, and leave nothing behind',
      tell: async (scene) => {
        const count = (await scene.view()).nodes.length;
        await docker(scene, FOUNDER, 'swarm join-token --rotate -q worker');
        const begun = scene.seconds();
        expect(await scene.failure(NEVER, 'join', scene.forJoin(NEVER), { executionTimeout: 60 })).toBe('JoinFailed');
        expect(scene.seconds() - begun).toBeLessThan(60);
        expect((await scene.view()).nodes).toHaveLength(count);
        await scene.ok(FOUNDER, 'rotate', rotation);
        await scene.join(NEVER);
      },
    },
  ],
};
