// Instances that somebody made nodes of another swarm: what undoes a failed launch, or ends an instance, does not take them out of it.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { Bench, initParameters, instance, joinParameters, seconds, swarmSchema } from './support/bench.ts';
import type { Swarm } from './support/bench.ts';

describe('a node of a foreign swarm', () => {
  const bench = new Bench();
  const [founder, own, foreignManager, foreignWorker] = [instance(1), instance(2), instance(3), instance(4)];
  let swarm: Swarm;
  let foreign = '';
  const shell = async (on: string, line: string): Promise<string> => (await bench.machines.shell(on, line)).trim();
  const stateOf = (on: string): Promise<string> => shell(on, "docker info --format '{{.Swarm.LocalNodeState}}'");
  const leave = (instanceId: string): Record<string, string> => ({
    instanceId,
    depart: 'yes',
    waitUntil: String(seconds() + 20),
    swarmId: swarm.swarmId,
  });

  beforeAll(async () => {
    await bench.machines.open();
    await Promise.all([founder, own, foreignManager, foreignWorker].map((instanceId) => bench.launch(instanceId)));
    swarm = swarmSchema.parse(await bench.ok(founder, 'init', initParameters(founder)));
    const address = bench.aws.addresses.get(foreignManager) ?? '';
    await shell(foreignManager, `docker swarm init --advertise-addr ${address}`);
    foreign = await shell(foreignManager, "docker info --format '{{.Swarm.Cluster.ID}}'");
    const token = await shell(foreignManager, 'docker swarm join-token --quiet worker');
    await shell(foreignWorker, `docker swarm join --token ${token} ${address}:2377`);
  });

  afterAll(async () => {
    await bench.machines.close();
  });

  it('does not join, whatever it is there', async () => {
    expect(await bench.failure(foreignWorker, 'join', joinParameters(foreignWorker, swarm))).toBe('ForeignSwarm');
    expect(await bench.failure(foreignManager, 'join', joinParameters(foreignManager, swarm))).toBe('ForeignSwarm');
  });

  it('stays in that swarm when its launch is undone, and its tasks are not waited for', async () => {
    for (const one of [foreignWorker, foreignManager]) {
      expect(await bench.ok(one, 'leave', leave(one))).toEqual({
        member: false,
        drained: true,
        containers: 0,
        plain: 0,
        foreign,
      });
      expect(await stateOf(one)).toBe('active');
    }
    expect(await shell(foreignManager, "docker node ls --format '{{.Status}}'")).toBe('Ready\nReady');
  });

  it('is one of ours where the certificate says so: it leaves', async () => {
    await bench.ok(own, 'join', joinParameters(own, swarm));
    expect(await bench.ok(own, 'leave', leave(own))).toMatchObject({ member: true, drained: true });
    expect(await stateOf(own)).toBe('inactive');
  });
});
