import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { Bench, initParameters, instance, joinParameters, nodeSchema, swarmSchema } from './support/bench.ts';
import type { Swarm } from './support/bench.ts';

describe('an image with a swarm folder in it', () => {
  const bench = new Bench();
  const [founder, worker, manager, byHand] = [instance(1), instance(2), instance(3), instance(4)];
  let swarm: Swarm;
  const nodes = new Map<string, string>();
  const nodeOf = (instanceId: string): string => nodes.get(instanceId) ?? 'none';
  const addressOf = (instanceId: string): string => bench.aws.addresses.get(instanceId) ?? '';
  const copied = (from: string): string => `the swarm folder of node ${nodeOf(from)} at ${addressOf(from)}`;
  const swarmInfo = async (on: string): Promise<string> => {
    const format = '{{.Swarm.LocalNodeState}} {{.Swarm.NodeID}} {{.Swarm.NodeAddr}}';
    return (await bench.machines.shell(on, `docker info --format '${format}'`)).trim();
  };
  const managers = new Set<string>([founder]);
  const labels = (instanceId: string, nodeId = nodeOf(instanceId)): Record<string, string> => ({
    instanceId,
    nodeId,
    labels: `skep.instance=${instanceId},skep.role=${managers.has(instanceId) ? 'manager' : 'worker'}`,
    availability: 'drain',
  });
  const join = async (instanceId: string, role = 'worker'): Promise<Record<string, unknown>> => {
    const joined = await bench.ok(instanceId, 'join', joinParameters(instanceId, swarm, role));
    if (role === 'manager') managers.add(instanceId);
    nodes.set(instanceId, nodeSchema.parse(joined).nodeId);
    await bench.ok(founder, 'confirm', labels(instanceId));
    return joined;
  };
  const readyNodes = async (): Promise<string[]> =>
    (await bench.machines.view(founder)).nodes
      .filter(({ status }) => status === 'ready')
      .map(({ labels: { 'skep.instance': label = '-' }, reachability = 'worker' }) => `${label} ${reachability}`)
      .sort();

  beforeAll(async () => {
    await bench.machines.open();
    await Promise.all([founder, worker, manager, byHand].map((instanceId) => bench.launch(instanceId)));
    swarm = swarmSchema.parse(await bench.ok(founder, 'init', initParameters(founder)));
    nodes.set(founder, swarm.nodeId);
    await bench.ok(founder, 'confirm', labels(founder));
    await join(worker);
  });

  afterAll(async () => {
    await bench.machines.close();
  });

  it('of a worker joins as a node of its own, and says what was cleared, once', async () => {
    const copy = instance(11);
    await bench.launch(copy, 0, worker);
    const joined = await join(copy);
    expect(joined).toMatchObject({ cleared: copied(worker), address: `${addressOf(copy)}:2377` });
    expect(nodeOf(copy)).not.toBe(nodeOf(worker));
    expect(await bench.ok(copy, 'join', joinParameters(copy, swarm))).not.toHaveProperty('cleared');
    expect(await swarmInfo(worker)).toBe(`active ${nodeOf(worker)} ${addressOf(worker)}`);
    expect(await readyNodes()).toEqual([`${founder} leader`, `${worker} worker`, `${copy} worker`]);
  });

  it('of the only manager is no second swarm: prepare clears it, and the first one goes on', async () => {
    const copy = instance(12);
    await bench.launch(copy, 0, founder);
    expect(await bench.ok(copy, 'prepare', { instanceId: copy })).toMatchObject({
      cleared: copied(founder),
      address: `${addressOf(copy)}:2377`,
      zone: 'eu-west-1a',
    });
    expect((await swarmInfo(copy)).split(' ')[0]).toBe('inactive');
    expect(await bench.ok(copy, 'prepare', { instanceId: copy })).not.toHaveProperty('cleared');
    expect(await join(copy)).not.toHaveProperty('cleared');
    expect(await readyNodes()).toContain(`${founder} leader`);
  });

  it('of one of two managers leaves both in the raft, and becomes a manager by itself', async () => {
    await join(manager, 'manager');
    const copy = instance(13);
    await bench.launch(copy, 0, manager);
    expect(await join(copy, 'manager')).toMatchObject({ cleared: copied(manager) });
    const all = await readyNodes();
    expect(all).toEqual(expect.arrayContaining([`${founder} leader`, `${manager} reachable`, `${copy} reachable`]));
    await bench.ok(manager, 'demote', { ...labelless(copy), nodeId: nodeOf(copy) });
    await bench.ok(founder, 'demote', { ...labelless(manager), nodeId: nodeOf(manager) });
  });

  const labelless = (instanceId: string): Record<string, string> => ({
    instanceId,
    address: 'none',
    least: '0',
  });

  it('is never taken for the swarm that was founded here', async () => {
    const copy = instance(14);
    await bench.launch(copy, 0, founder);
    const init = { ...initParameters(copy), cluster: 'other' };
    const founded = await bench.ok(copy, 'init', init);
    expect(founded).toMatchObject({ founded: true, cleared: copied(founder) });
    expect(founded['swarmId']).not.toBe(swarm.swarmId);
    const lost = instance(15);
    await bench.launch(lost, 0, founder);
    const again = { ...initParameters(lost), swarmId: swarm.swarmId };
    expect(await bench.failure(lost, 'init', again)).toBe('ForeignSwarm');
    expect(await readyNodes()).toContain(`${founder} leader`);
  });

  it('whose address is right by chance is refused when it is to be labelled as another instance', async () => {
    // An engine that joins without an advertised address has none in its folder: a copy then uses its own.
    const token = bench.aws.parameters.get('/skep/dev/prod/join-token/worker')?.value ?? '';
    await bench.machines.shell(byHand, `docker swarm join --token ${token} ${swarm.address}`);
    const [, nodeId = ''] = (await swarmInfo(byHand)).split(' ');
    await bench.ok(founder, 'confirm', labels(byHand, nodeId));
    const copy = instance(16);
    await bench.launch(copy, 0, byHand);
    const told = await bench.ok(copy, 'join', joinParameters(copy, swarm));
    expect(told).toMatchObject({ nodeId });
    expect(told).not.toHaveProperty('cleared');
    expect(await bench.failure(founder, 'confirm', labels(copy, nodeId))).toBe('WrongInstance');
    // Two engines of one node id: the record flaps between them for as long as the copy is up.
    await bench.machines.terminate(copy);
  });

  it('is not what a person did: a node of another swarm stays there, on whatever address of its own', async () => {
    const [foreign, second] = [instance(17), instance(18)];
    await Promise.all([foreign, second].map((instanceId) => bench.launch(instanceId)));
    await bench.machines.shell(second, 'ip address add 10.78.0.5/32 dev eth0');
    for (const [instanceId, address] of [[foreign, addressOf(foreign)] as const, [second, '10.78.0.5'] as const]) {
      await bench.ok(instanceId, 'prepare', { instanceId });
      await bench.machines.shell(instanceId, `docker swarm init --advertise-addr ${address}`);
      const before = await swarmInfo(instanceId);
      expect(await bench.ok(instanceId, 'prepare', { instanceId })).not.toHaveProperty('cleared');
      expect(await bench.failure(instanceId, 'join', joinParameters(instanceId, swarm))).toBe('ForeignSwarm');
      const init = { ...initParameters(instanceId), cluster: 'another' };
      expect(['ForeignSwarm', 'FoundedOtherwise']).toContain(await bench.failure(instanceId, 'init', init));
      expect(await swarmInfo(instanceId)).toBe(before);
    }
  });

  it('is not what a person did: a node of this swarm on another address of its own is left alone', async () => {
    const second = instance(19);
    await bench.launch(second);
    await bench.ok(second, 'prepare', { instanceId: second });
    await bench.machines.shell(second, 'ip address add 10.78.0.6/32 dev eth0');
    const token = bench.aws.parameters.get('/skep/dev/prod/join-token/worker')?.value ?? '';
    await bench.machines.shell(
      second,
      `docker swarm join --advertise-addr 10.78.0.6 --token ${token} ${swarm.address}`,
    );
    const before = await swarmInfo(second);
    expect(await bench.failure(second, 'join', joinParameters(second, swarm))).toBe('ForeignSwarm');
    expect(await swarmInfo(second)).toBe(before);
  });
});

describe('a swarm with other options than its cluster', () => {
  const bench = new Bench();
  const founder = instance(1);
  let swarm: Swarm;
  const again = (change: Record<string, string>): Record<string, string> => ({ ...initParameters(founder), ...change });

  beforeAll(async () => {
    await bench.machines.open();
    await bench.launch(founder);
    swarm = swarmSchema.parse(await bench.ok(founder, 'init', initParameters(founder)));
  });

  afterAll(async () => {
    await bench.machines.close();
  });

  it('is refused as long as it is not on record, and publishes nothing', async () => {
    bench.aws.parameters.clear();
    const other = { addressPool: '172.29.0.0/16', subnetSize: '25', dataPathPort: '4790' };
    const outcome = await bench.run(founder, 'init', again(other));
    expect([outcome.exitCode, outcome.stdout]).toEqual([39, expect.stringContaining('FoundedOtherwise')]);
    expect(outcome.stdout).toContain(
      'address pool 172.30.0.0/16, not 172.29.0.0/16; subnet size 24, not 25; data path port 4789, not 4790; ' +
        'ingress network 172.30.0.0/24, not in 172.29.0.0/16',
    );
    expect(bench.aws.parameters.size).toBe(0);
  });

  it('that is on record goes on, and what differs is told', async () => {
    const recorded = { swarmId: swarm.swarmId, dataPathPort: '4790' };
    const told = await bench.ok(founder, 'init', again(recorded));
    expect(told).toMatchObject({ founded: false, differs: 'data path port 4789, not 4790' });
    expect(bench.aws.parameters.size).toBe(2);
    expect(await bench.ok(founder, 'init', again({ swarmId: swarm.swarmId }))).not.toHaveProperty('differs');
  });

  it('is one whose ingress network lies elsewhere, or that locks its managers', async () => {
    const elsewhere = 'docker network create --driver overlay --ingress --subnet 10.99.0.0/24 ingress';
    await bench.machines.shell(
      founder,
      `echo y | docker network rm ingress; until ${elsewhere}; do sleep 0.2; done; docker swarm update --autolock=true`,
    );
    const outcome = await bench.run(founder, 'init', again({}));
    expect(outcome.stdout).toContain(`the swarm ${swarm.swarmId} locks its managers`);
    expect(outcome.exitCode).toBe(56);
    await bench.machines.shell(founder, 'docker swarm update --autolock=false');
    const unlocked = await bench.run(founder, 'init', again({}));
    expect(unlocked.stdout).toContain('has ingress network 10.99.0.0/24, not in 172.30.0.0/16');
    expect(unlocked.exitCode).toBe(39);
  });

  it('is no way in for an engine that is locked since its restart', async () => {
    await bench.machines.shell(founder, 'docker swarm update --autolock=true');
    await bench.machines.killEngine(founder);
    await bench.machines.startEngine(founder);
    for (const [verb, parameters] of [
      ['prepare', { instanceId: founder }],
      ['init', initParameters(founder)],
      ['join', joinParameters(founder, swarm, 'manager')],
    ] as const) {
      const outcome = await bench.run(founder, verb, parameters);
      expect({ verb, exitCode: outcome.exitCode }).toEqual({ verb, exitCode: 56 });
      expect(outcome.stdout).toContain('the swarm state of this engine is locked');
    }
  });
});
