// A swarm is founded, once, and its join tokens are published.
import { expect } from '@jest/globals';

import type { Chapter } from '../contract.ts';
import { VERBS } from '../../docker/support/documents.ts';
import { FOUNDER, instance, lines, TOKEN_KEY } from '../scene.ts';

const OTHER = instance(2);

export const founding: Chapter = {
  title: 'founding',
  begin: async (scene) => {
    await scene.launch(1);
    await scene.launch(2);
  },
  stories: [
    {
      name: 'tells the swarm, and publishes both join tokens under the key',
      tell: async (scene) => {
        const output = await scene.init();
        expect(output).toMatchObject({ founded: true, address: `${scene.aws.addresses.get(FOUNDER) ?? ''}:2377` });
        const published = [...scene.aws.parameters].map(([name, { value, keyId }]) => [name, value, keyId]);
        const token = expect.stringMatching(new RegExp(`^SWMTKN-1-${output.caDigest}-[0-9a-z]{25}$`));
        expect(published).toEqual([
          ['/skep/dev/prod/join-token/worker', token, TOKEN_KEY],
          ['/skep/dev/prod/join-token/manager', token, TOKEN_KEY],
        ]);
      },
    },
    {
      name: 'leaves the founder a drained manager without labels',
      tell: async (scene) => {
        const address = scene.aws.addresses.get(FOUNDER) ?? '';
        const node = {
          nodeId: scene.swarm.nodeId,
          hostname: `ip-${address.replaceAll('.', '-')}`,
          role: 'manager',
          status: 'ready',
          availability: 'drain',
          reachability: 'leader',
          labels: {},
          address,
        };
        expect(await scene.view()).toEqual({ nodes: [node], tasks: [] });
      },
    },
    {
      // Simulated init did not say `founded`: nobody could tell a founding from its repetition.
      name: 'happens once: a second init tells the same, and publishes the tokens again',
      tell: async (scene) => {
        const { swarm } = scene;
        scene.aws.parameters.clear();
        expect(await scene.init()).toEqual({ ...swarm, founded: false });
        expect(scene.aws.parameters.size).toBe(2);
      },
    },
    {
      // An engine that lost its swarm (a disk that was replaced) would found a second one, and overwrite the true join tokens.
      name: 'is refused on an empty engine when the cluster is founded, and publishes nothing',
      tell: async (scene) => {
        const before = [...scene.aws.parameters];
        const again = { ...scene.forInit(OTHER), swarmId: scene.swarm.swarmId };
        expect(await scene.failure(OTHER, 'init', again)).toBe('ForeignSwarm');
        expect(await scene.failure(OTHER, 'inspect', { offset: '0' })).toBe('NotManager');
        expect([...scene.aws.parameters]).toEqual(before);
      },
    },
    {
      name: 'tells the same to who knows its swarm, and is refused when the cluster was founded as another',
      tell: async (scene) => {
        const { swarm } = scene;
        const own = { ...scene.forInit(FOUNDER), swarmId: swarm.swarmId };
        expect(await scene.ok(FOUNDER, 'init', own)).toEqual({ ...swarm, founded: false });
        const before = [...scene.aws.parameters];
        expect(await scene.failure(FOUNDER, 'init', { ...own, swarmId: 'z'.repeat(25) })).toBe('ForeignSwarm');
        expect([...scene.aws.parameters]).toEqual(before);
      },
    },
    {
      // Nobody could see that a swarm had been founded with other options than the cluster wants, until its networks collided.
      name: 'with other options is refused as long as it is not on record, and told of afterwards',
      tell: async (scene) => {
        scene.aws.parameters.clear();
        const { swarmId, ...swarm } = scene.swarm;
        const other = { ...scene.forInit(FOUNDER, '172.29.0.0/16'), subnetSize: '25', dataPathPort: '4790' };
        const outcome = await scene.run(FOUNDER, 'init', other);
        const differs =
          'address pool 172.30.0.0/16, not 172.29.0.0/16; subnet size 24, not 25; data path port 4789, not 4790; ' +
          'ingress network 172.30.0.0/24, not in 172.29.0.0/16';
        expect(outcome).toMatchObject({ exitCode: 39, stdout: expect.stringContaining(differs) });
        expect(scene.aws.parameters.size).toBe(0);
        expect(await scene.ok(FOUNDER, 'init', { ...other, swarmId })).toEqual({
          ...swarm,
          swarmId,
          founded: false,
          differs,
        });
        expect(scene.aws.parameters.size).toBe(2);
      },
    },
    {
      // Simulated init took any pool, also one that cuts the instance off from half of its network.
      name: 'refuses a pool that overlaps a network of the instance, and founds nothing',
      tell: async (scene) => {
        for (const pool of ['10.0.0.0/8', '10.77.0.128/25', '10.77.0.0/24', '172.16.0.0/12', '172.17.3.0/24']) {
          expect([pool, await scene.failure(OTHER, 'init', scene.forInit(OTHER, pool))]).toEqual([
            pool,
            'AddressPoolOverlap',
          ]);
        }
        expect(await scene.failure(OTHER, 'inspect', { offset: '0' })).toBe('NotManager');
      },
    },
    {
      // Simulated documents gave up on the first refusal of Parameter Store; the scripts try five times.
      name: 'gets over throttling of Parameter Store, and says JoinTokenUnpublished when it lasts',
      tell: async (scene) => {
        scene.aws.throttled.set(FOUNDER, 1);
        await scene.init();
        scene.aws.throttled.set(FOUNDER, 5);
        expect(await scene.failure(FOUNDER, 'init', scene.forInit(FOUNDER))).toBe('JoinTokenUnpublished');
        expect(scene.aws.throttled.get(FOUNDER)).toBe(0);
        scene.aws.throttled.delete(FOUNDER);
        expect(await scene.init()).toMatchObject({ founded: false });
      },
    },
    {
      name: 'is refused on another instance than meant',
      tell: async (scene) => {
        expect(await scene.failure(OTHER, 'init', scene.forInit(FOUNDER))).toBe('WrongInstance');
      },
    },
    {
      // Simulated init founded a swarm on an instance that had been told to leave.
      name: 'is refused on an instance that was told to leave, unless it was told later',
      tell: async (scene) => {
        const notAfter = scene.seconds() + 500;
        const left = await scene.ok(OTHER, 'leave', scene.forLeave(OTHER, 'yes', 0), { notAfter });
        expect(left).toMatchObject({ member: false, drained: true, containers: 0, plain: 0 });
        const init = { ...scene.forInit(OTHER), cluster: 'other' };
        expect(await scene.failure(OTHER, 'init', init, { notAfter })).toBe('LeavingNode');
        expect(await scene.ok(OTHER, 'init', init, { notAfter: notAfter + 1 })).toMatchObject({ founded: true });
      },
    },
    {
      name: 'and every other verb is refused after its time',
      tell: async (scene) => {
        for (const verb of VERBS) {
          const parameters: Record<typeof verb, Record<string, string>> = {
            init: scene.forInit(FOUNDER),
            prepare: { instanceId: FOUNDER },
            join: scene.forJoin(FOUNDER),
            confirm: scene.forConfirm(FOUNDER),
            demote: scene.forDemote(FOUNDER),
            drain: scene.about(FOUNDER),
            leave: scene.forLeave(FOUNDER, 'no', 0),
            forget: { ...scene.about(FOUNDER), force: 'no' },
            inspect: { offset: '0' },
            mend: { forget: 'none', restore: 'none' },
            survey: { instanceId: FOUNDER },
            fence: { instanceId: FOUNDER },
            recover: scene.forRecover(FOUNDER),
            rotate: { stage: 'dev', tokenKey: TOKEN_KEY },
            shift: { changes: 'none', tell: 'nodes' },
            availability: { ...scene.about(FOUNDER), availability: 'drain' },
          };
          const error = await scene.failure(FOUNDER, verb, parameters[verb], { notAfter: scene.seconds() - 1 });
          expect([verb, error]).toEqual([verb, 'Expired']);
        }
        // Not even the fence of the leave: a join that is in time may come.
        expect(await scene.init()).toMatchObject({ founded: false });
      },
    },
    {
      // Simulated inspect packed an empty page; the script leaves it empty.
      name: 'can be inspected: pages of nodes, empty beyond the last',
      tell: async (scene) => {
        const { swarmId, nodeId } = scene.swarm;
        const { nodes, ...page } = await scene.ok(FOUNDER, 'inspect', { offset: '0' });
        expect(page).toMatchObject({ swarmId, total: 1, offset: 0 });
        expect(lines(nodes)).toEqual([
          `${nodeId} manager ready drain - leader ${scene.aws.addresses.get(FOUNDER) ?? ''} - - -`,
        ]);
        expect(await scene.ok(FOUNDER, 'inspect', { offset: '1' })).toMatchObject({
          swarmId,
          total: 1,
          offset: 1,
          nodes: '',
        });
      },
    },
  ],
};
