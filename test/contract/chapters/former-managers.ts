// Managers that are managers no longer: what they know of it, what they answer, and what the others see. Random sequences found these.
import { expect } from '@jest/globals';

import type { Chapter } from '../contract.ts';
import { docker, nodes, swarmInfo } from '../operator.ts';
import { FOUNDER, instance } from '../scene.ts';
import type { Scene } from '../scene.ts';

const [SECOND, THIRD] = [instance(2), instance(3)];

const NO_LEADER = 'The swarm does not have a leader';

async function expectNoLeader(scene: Scene, on: string, state: string): Promise<void> {
  const said = await swarmInfo(scene, on);
  expect(said).toMatchObject({ LocalNodeState: state, NodeID: scene.nodeOf(on), ControlAvailable: true });
  expect(said.Error).toContain(NO_LEADER);
  expect(await docker(scene, on, 'node ls -q', 30)).toContain(NO_LEADER);
}

export const formerManagers: Chapter = {
  title: 'managers that are managers no longer',
  begin: async (scene) => {
    await scene.found();
    for (const number of [2, 3]) {
      await scene.join(await scene.launch(number), 'manager');
    }
  },
  stories: [
    {
      // A simulated one stayed unreachable. It counts for SwarmKit's quorum rule.
      name: 'one that left by force is Down, and reachable again when its machine has joined again as a manager',
      tell: async (scene) => {
        const left = scene.nodeOf(SECOND);
        expect(await docker(scene, SECOND, 'swarm leave --force')).toMatch(/^0: /);
        await scene.until(
          () => scene.node(SECOND),
          (node) => node?.reachability === 'unreachable',
        );
        const token = scene.aws.parameters.get('/skep/dev/prod/join-token/manager')?.value ?? '';
        const join = `swarm join --token ${token} --advertise-addr ${scene.aws.addresses.get(SECOND) ?? ''}`;
        expect(await docker(scene, SECOND, `${join} ${scene.swarm.address}`, 30)).toMatch(/^0: /);
        const old = async () => (await scene.view()).nodes.find(({ nodeId }) => nodeId === left);
        await scene.until(old, (node) => node?.reachability === 'reachable' && node.status === 'down', 40_000);
        scene.nodes.set(SECOND, (await swarmInfo(scene, SECOND)).NodeID);
        expect(await docker(scene, FOUNDER, `node demote ${left}`)).toMatch(/^0: /);
        await scene.until(old, (node) => node?.reachability === undefined);
      },
    },
    {
      // A simulated one was a worker at once.
      name: 'one that is demoted while it is cut off goes on as a manager without a leader, until it hears of it',
      tell: async (scene) => {
        await scene.world.during(scene.machines.cut(THIRD));
        await scene.until(
          () => docker(scene, THIRD, 'node ls -q', 30),
          (said) => said.includes(NO_LEADER),
          60_000,
        );
        expect(await docker(scene, FOUNDER, `node demote ${scene.nodeOf(THIRD)}`)).toMatch(/^0: /);
        await scene.until(
          () => scene.node(THIRD),
          (node) => node?.role === 'worker' && node.reachability === undefined,
        );
        await scene.world.pass(7000);
        await expectNoLeader(scene, THIRD, 'active');
        await scene.world.during(scene.machines.heal(THIRD));
        await scene.until(
          () => swarmInfo(scene, THIRD),
          ({ ControlAvailable, Error }) => !ControlAvailable && Error === '',
          30_000,
        );
        await scene.until(
          () => scene.node(THIRD),
          (node) => node?.status === 'ready',
          30_000,
        );
      },
    },
    {
      // A simulated one said that it was in no swarm.
      name: 'one that is a worker now, and was removed, does not come up: it says that workers cannot look at the swarm',
      tell: async (scene) => {
        await scene.world.pass(10_000);
        await scene.world.during(scene.machines.killEngine(THIRD));
        expect(await docker(scene, FOUNDER, `node rm --force ${scene.nodeOf(THIRD)}`)).toMatch(/^0: /);
        await scene.world.during(scene.machines.startEngine(THIRD));
        expect(await docker(scene, THIRD, 'node ls -q', 40)).toContain("Worker nodes can't be used to view or modify");
      },
    },
    {
      // A simulated one answered for the new swarm.
      name: 'one that was down when another one made itself the only manager waits for its old raft, if its node was removed',
      tell: async (scene) => {
        await scene.world.during(scene.machines.killEngine(SECOND));
        const init = `swarm init --force-new-cluster --advertise-addr ${scene.aws.addresses.get(FOUNDER) ?? ''}`;
        expect(await docker(scene, FOUNDER, init, 60)).toMatch(/^0: /);
        await scene.until(
          () => nodes(scene, FOUNDER, 3),
          (seen) => seen.includes('1: Ready Leader'),
          60_000,
        );
        expect(await docker(scene, FOUNDER, `node rm --force ${scene.nodeOf(SECOND)}`)).toMatch(/^0: /);
        await scene.world.during(scene.machines.startEngine(SECOND));
        await expectNoLeader(scene, SECOND, 'pending');
      },
    },
  ],
};
