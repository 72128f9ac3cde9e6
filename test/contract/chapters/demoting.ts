// Managers become workers: a standing order that is carried out a moment later, and that a quorum must allow.
import { expect } from '@jest/globals';

import type { Chapter } from '../contract.ts';
import { docker, nodes, swarmInfo, untilNodes } from '../operator.ts';
import { FOUNDER, instance } from '../scene.ts';

const [SECOND, THIRD, WORKER] = [instance(2), instance(3), instance(4)];

export const demoting: Chapter = {
  title: 'demoting',
  begin: async (scene) => {
    await scene.found();
    for (const number of [2, 3, 4]) {
      await scene.join(await scene.launch(number), number === 4 ? 'worker' : 'manager');
    }
    await untilNodes(scene, FOUNDER, ['1: Ready Leader', '2: Ready Reachable', '3: Ready Reachable', '4: Ready']);
  },
  stories: [
    {
      name: 'a manager is neither removed, not even by force, nor made to leave',
      tell: async (scene) => {
        const refusal =
          'is a cluster manager and is a member of the raft cluster. It must be demoted to worker before removal';
        expect(await docker(scene, FOUNDER, `node rm --force ${scene.nodeOf(THIRD)}`)).toContain(`1: Error response`);
        expect(await docker(scene, FOUNDER, `node rm ${scene.nodeOf(THIRD)}`)).toContain(refusal);
        expect(await docker(scene, THIRD, 'swarm leave')).toMatch(/^1: .*participating as a manager/);
      },
    },
    {
      // A simulated role could not change at all.
      name: 'is accepted at once, and a moment later the node is a worker to itself and to the managers',
      tell: async (scene) => {
        const demoted = `0: Manager ${scene.nodeOf(THIRD)} demoted in the swarm.`;
        expect(await docker(scene, FOUNDER, `node demote ${scene.nodeOf(THIRD)}`)).toBe(demoted);
        await untilNodes(scene, SECOND, ['1: Ready Leader', '2: Ready Reachable', '3: Ready', '4: Ready'], 10_000);
        await scene.until(
          () => swarmInfo(scene, THIRD),
          (seen) => !seen.ControlAvailable,
          10_000,
        );
        expect(await swarmInfo(scene, THIRD)).toMatchObject({
          LocalNodeState: 'active',
          NodeID: scene.nodeOf(THIRD),
          Error: '',
        });
        expect(await docker(scene, THIRD, 'node ls -q')).toMatch(/^1: .*Worker nodes can't be used to view or modify/);
        const again = `0: Node ${scene.nodeOf(THIRD)} is already a worker.`;
        expect(await docker(scene, FOUNDER, `node demote ${scene.nodeOf(THIRD)}`)).toBe(again);
      },
    },
    {
      name: 'one that has left is Ready to the managers, and not to be removed, until it is Down',
      tell: async (scene) => {
        expect(await docker(scene, THIRD, 'swarm leave')).toBe('0: Node left the swarm.');
        expect(await swarmInfo(scene, THIRD)).toMatchObject({ LocalNodeState: 'inactive', NodeID: '' });
        expect(await docker(scene, THIRD, 'swarm leave')).toBe(
          '1: Error response from daemon: This node is not part of a swarm',
        );
        expect(await nodes(scene, FOUNDER)).toContain('3: Ready');
        const remove = `node rm ${scene.nodeOf(THIRD)}`;
        expect(await docker(scene, FOUNDER, remove)).toContain("is not down and can't be removed");
        await scene.until(
          () => docker(scene, FOUNDER, remove),
          (said) => said === `0: ${scene.nodeOf(THIRD)}`,
          30_000,
        );
        expect(await docker(scene, FOUNDER, remove)).toBe(`1: Error: No such node: ${scene.nodeOf(THIRD)}`);
      },
    },
    {
      // A manager that was to be gone stays a member of raft, and takes the majority with it.
      name: 'a manager that left by force is counted until it is demoted',
      tell: async (scene) => {
        const third = await scene.ok(THIRD, 'join', scene.forJoin(THIRD, 'manager'));
        scene.nodes.set(THIRD, third.nodeId);
        await untilNodes(scene, FOUNDER, ['1: Ready Leader', '2: Ready Reachable', '3: Ready Reachable', '4: Ready']);
        expect(await docker(scene, THIRD, 'swarm leave --force')).toBe('0: Node left the swarm.');
        await untilNodes(
          scene,
          FOUNDER,
          ['1: Ready Leader', '2: Ready Reachable', '3: Ready Unreachable', '4: Ready'],
          5000,
        );
        expect(await docker(scene, FOUNDER, `node demote ${scene.nodeOf(SECOND)}`)).toContain(
          "can't remove member from the raft: this would result in a loss of quorum",
        );
        expect(await docker(scene, FOUNDER, `node demote ${scene.nodeOf(THIRD)}`)).toMatch(/^0: /);
        await untilNodes(scene, FOUNDER, ['1: Ready Leader', '2: Ready Reachable', '3: Down', '4: Ready']);
        expect(await docker(scene, FOUNDER, `node rm ${scene.nodeOf(THIRD)}`)).toBe(`0: ${scene.nodeOf(THIRD)}`);
      },
    },
    {
      // Only while the manager that it joined by is one: older engines dial that address, and are lost when nobody answers.
      name: 'a worker is promoted as slowly, and demoted again',
      tell: async (scene) => {
        const worker = scene.nodeOf(WORKER);
        const promoted = `0: Node ${worker} promoted to a manager in the swarm.`;
        expect(await docker(scene, FOUNDER, `node promote ${worker}`)).toBe(promoted);
        await untilNodes(scene, FOUNDER, ['1: Ready Leader', '2: Ready Reachable', '4: Ready Reachable'], 15_000);
        await scene.until(
          () => swarmInfo(scene, WORKER),
          (seen) => seen.ControlAvailable,
          10_000,
        );
        expect(await docker(scene, WORKER, `node demote ${worker}`)).toMatch(/^0: /);
        await untilNodes(scene, FOUNDER, ['1: Ready Leader', '2: Ready Reachable', '4: Ready'], 15_000);
      },
    },
    {
      name: 'a leader demotes itself: the other one leads, and knows all nodes again soon',
      tell: async (scene) => {
        expect(await docker(scene, FOUNDER, `node demote ${scene.nodeOf(FOUNDER)}`)).toMatch(/^0: /);
        await untilNodes(scene, SECOND, ['1: Ready', '2: Ready Leader', '4: Ready'], 20_000);
        await scene.until(
          () => docker(scene, FOUNDER, 'node ls -q'),
          (said) => said.includes("Worker nodes can't be used"),
          10_000,
        );
      },
    },
    {
      name: 'the last manager stays one',
      tell: async (scene) => {
        expect(await docker(scene, SECOND, `node demote ${scene.nodeOf(SECOND)}`)).toContain(
          'attempting to demote the last manager of the swarm',
        );
        expect(await docker(scene, SECOND, 'swarm leave')).toContain(
          'Removing the last manager erases all current state',
        );
      },
    },
  ],
};
