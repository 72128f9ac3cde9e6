import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { exitCode } from '../../src/core/exit-codes.ts';
import { Bench, initParameters, instance, joinParameters, nodeSchema, swarmSchema, until } from './support/bench.ts';
import type { Swarm } from './support/bench.ts';

const NOBODY = instance(99);

/** A swarm of its own, whose managers (instances n, n + 1, ...) joined one after the other. */
class Managers {
  readonly bench: Bench;
  readonly cluster: string;
  readonly ids: readonly string[];
  readonly nodes = new Map<string, string>();
  #swarm: Swarm | undefined;

  constructor(bench: Bench, cluster: string, first: number, count: number) {
    this.bench = bench;
    this.cluster = cluster;
    this.ids = Array.from({ length: count }, (_, index) => instance(first + index));
  }

  get swarm(): Swarm {
    if (this.#swarm === undefined) throw new Error('not founded yet');
    return this.#swarm;
  }

  async found(): Promise<void> {
    await Promise.all(this.ids.map((instanceId) => this.bench.launch(instanceId)));
    const [founder = '', ...others] = this.ids;
    const init = { ...initParameters(founder), cluster: this.cluster };
    this.#swarm = swarmSchema.parse(await this.bench.ok(founder, 'init', init));
    this.nodes.set(founder, this.swarm.nodeId);
    await this.confirm(founder);
    for (const instanceId of others) {
      await this.join(instanceId);
      await this.confirm(instanceId);
    }
  }

  async join(instanceId: string): Promise<Record<string, unknown>> {
    await this.bench.ok(instanceId, 'prepare', { instanceId, cluster: this.cluster });
    const join = { ...joinParameters(instanceId, this.swarm, 'manager'), cluster: this.cluster };
    const joined = await this.bench.ok(instanceId, 'join', join);
    this.nodes.set(instanceId, nodeSchema.parse(joined).nodeId);
    return joined;
  }

  labels(instanceId: string): Record<string, string> {
    const labels = `skep.instance=${instanceId},skep.role=manager`;
    return { instanceId, nodeId: this.nodeOf(instanceId), labels, availability: 'active', cluster: this.cluster };
  }

  confirm(instanceId: string, on = this.ids[0] ?? ''): Promise<Record<string, unknown>> {
    return this.bench.ok(on, 'confirm', this.labels(instanceId));
  }

  nodeOf(instanceId: string): string {
    return this.nodes.get(instanceId) ?? 'none';
  }

  about(instanceId: string, change: Record<string, string> = {}): Record<string, string> {
    return {
      instanceId,
      nodeId: this.nodeOf(instanceId),
      address: 'none',
      least: '0',
      cluster: this.cluster,
      ...change,
    };
  }

  addressOf(instanceId: string): string {
    return `${this.bench.aws.addresses.get(instanceId) ?? ''}:2377`;
  }

  /** Role and place in the raft, as this manager sees it. */
  async seen(instanceId: string, on: string): Promise<string> {
    const { nodes } = await this.bench.machines.view(on);
    const node = nodes.find(({ nodeId }) => nodeId === this.nodeOf(instanceId));
    return `${node?.role ?? 'no node'} ${node?.reachability ?? '-'}`;
  }

  /** Waits until the manager is dead, as the others see it. */
  async kill(instanceId: string, on: string): Promise<void> {
    await this.bench.machines.killEngine(instanceId);
    await until(
      () => this.seen(instanceId, on),
      (seen) => seen === 'manager unreachable',
      40_000,
    );
  }
}

describe('a manager', () => {
  const bench = new Bench();
  const swarm = new Managers(bench, 'prod', 1, 3);
  const [first, second, third] = [instance(1), instance(2), instance(3)];
  const demoted = (instanceId: string, was = true) => ({
    member: true,
    nodeId: swarm.nodeOf(instanceId),
    demoted: was,
  });

  beforeAll(async () => {
    await bench.machines.open();
    await swarm.found();
  });

  afterAll(async () => {
    await bench.machines.close();
  });

  it('that has joined is in the raft, with a leader, when its join is done', async () => {
    const fourth = instance(4);
    await bench.launch(fourth);
    await swarm.join(fourth);
    const info = "docker info --format '{{.Swarm.ControlAvailable}} {{.Swarm.Error}} {{.Swarm.Cluster.ID}}'";
    expect((await bench.machines.shell(fourth, info)).trim()).toBe(`true  ${swarm.swarm.swarmId}`);
    expect(await swarm.seen(fourth, first)).toBe('manager reachable');
  });

  it('is found by its address in the raft as long as nobody has labelled it, and by no other', async () => {
    const fourth = instance(4);
    const unknown = { nodeId: 'none', address: swarm.addressOf(fourth) };
    const labelled = { nodeId: 'none', address: swarm.addressOf(second) };
    expect(await bench.ok(first, 'demote', swarm.about(NOBODY, labelled))).toEqual({ member: false });
    expect(await bench.ok(first, 'demote', swarm.about(NOBODY, { nodeId: 'z'.repeat(25) }))).toEqual({ member: false });
    expect(await bench.ok(first, 'demote', swarm.about(fourth, unknown))).toMatchObject(demoted(fourth));
    expect(await swarm.seen(fourth, first)).toBe('worker -');
    expect(await bench.ok(first, 'demote', swarm.about(fourth, unknown))).toEqual({ member: false });
    expect(await bench.ok(first, 'demote', swarm.about(fourth))).toMatchObject(demoted(fourth, false));
    await bench.ok(first, 'drain', { instanceId: fourth, nodeId: swarm.nodeOf(fourth) });
  });

  it('is not demoted in the name of another instance, nor by itself', async () => {
    const other = swarm.about(NOBODY, { nodeId: swarm.nodeOf(second) });
    expect(await bench.failure(first, 'demote', other)).toBe('WrongInstance');
    expect(await bench.failure(second, 'demote', swarm.about(second))).toBe('SelfDemotion');
    expect(await bench.failure(second, 'demote', swarm.about(second, { nodeId: 'none' }))).toBe('SelfDemotion');
    expect(await swarm.seen(second, first)).toBe('manager reachable');
  });

  it('is a worker when its demotion is done, with its labels as they were; asked again, it is one already', async () => {
    await bench.machines.shell(first, `docker node update --label-add 'theirs=a "b"' ${swarm.nodeOf(third)}`);
    expect(await bench.ok(second, 'demote', swarm.about(third, { nodeId: 'none' }))).toMatchObject(demoted(third));
    const { nodes } = await bench.machines.view(first);
    expect(nodes.find(({ nodeId }) => nodeId === swarm.nodeOf(third))).toMatchObject({
      role: 'worker',
      availability: 'pause',
      reachability: undefined,
      labels: { 'skep.instance': third, 'skep.role': 'manager', theirs: 'a "b"' },
    });
    expect(await bench.ok(first, 'demote', swarm.about(third))).toMatchObject(demoted(third, false));
    expect(await bench.failure(third, 'demote', swarm.about(second))).toBe('NotManager');
  });

  it('that the others cannot reach never becomes one: its demotion is pending as long as it may come', async () => {
    const half = instance(5);
    await bench.launch(half);
    await bench.machines.shell(half, 'iptables -A INPUT -p tcp --dport 2377 -j DROP');
    expect(await bench.failure(half, 'join', joinParameters(half, swarm.swarm, 'manager'))).toBe('JoinFailed');
    const { nodes } = await bench.machines.view(first);
    const known = [...swarm.nodes.values()];
    const ghost = nodes.find(({ nodeId }) => !known.includes(nodeId));
    expect(ghost).toMatchObject({ role: 'manager', status: 'ready', reachability: undefined, labels: {} });
    swarm.nodes.set(half, ghost?.nodeId ?? '');
    const forget = { instanceId: half, nodeId: swarm.nodeOf(half), force: 'yes' };
    expect(await bench.failure(first, 'forget', forget)).toBe('StillManager');
    // How often it is pending depends on how long the host took to get here: the node is Down at last.
    const ends = new Set<string | undefined>();
    await until(
      () => bench.run(first, 'demote', swarm.about(half)),
      (outcome) => {
        ends.add(exitCode(outcome.exitCode)?.error);
        return outcome.exitCode === 0;
      },
      40_000,
    );
    expect(['DemotionPending', 'Success']).toEqual(expect.arrayContaining([...ends].map((end) => end ?? 'Success')));
    expect(await bench.ok(first, 'demote', swarm.about(half))).toMatchObject(demoted(half, false));
    expect(await bench.ok(first, 'forget', forget)).toMatchObject({ removed: true });
  });

  it('that leads is demoted by another, which leads then', async () => {
    expect(await swarm.seen(first, second)).toBe('manager leader');
    expect(await bench.ok(second, 'demote', swarm.about(first))).toMatchObject(demoted(first));
    expect(await swarm.seen(second, second)).toBe('manager leader');
    expect(await swarm.seen(first, second)).toBe('worker -');
  });
});

describe('a manager that is down', () => {
  const bench = new Bench();
  const [two, three] = [new Managers(bench, 'two', 1, 2), new Managers(bench, 'three', 11, 3)];
  const [lonely, other] = [instance(1), instance(2)];
  const [first, second, third] = [instance(11), instance(12), instance(13)];

  beforeAll(async () => {
    await bench.machines.open();
    await Promise.all([two.found(), three.found()]);
  });

  afterAll(async () => {
    await bench.machines.close();
  });

  it('is no reachable manager: confirm says NotReady', async () => {
    await three.kill(third, first);
    expect(await bench.failure(first, 'confirm', three.labels(third))).toBe('NotReady');
  });

  it('keeps another from being demoted where the rest would be no majority, and is demoted itself', async () => {
    expect(await bench.failure(first, 'demote', three.about(second))).toBe('QuorumWouldBreak');
    expect(await three.seen(second, first)).toBe('manager reachable');
    const demoted = { member: true, nodeId: three.nodeOf(third), demoted: true };
    expect(await bench.ok(second, 'demote', three.about(third))).toMatchObject(demoted);
    expect(await three.seen(third, first)).toBe('worker -');
  });

  it('is not demoted by the other one of two, which has no leader then', async () => {
    await bench.machines.killEngine(other);
    const said = await until(
      () => bench.run(lonely, 'demote', two.about(other)),
      ({ exitCode }) => exitCode === 41,
      60_000,
    );
    expect(said.stdout).toContain('NoLeader');
  });
});
