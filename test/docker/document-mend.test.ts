// What a tidy asks of a manager, on real engines: the brief look at a swarm, and the mending of many nodes at once.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { inspectPage, readSwarm } from '../../src/swarm/inspect-page.ts';
import type { ReadSwarm } from '../../src/swarm/inspect-page.ts';
import { item } from '../unit/support/tidy-facts.ts';
import { Bench, initParameters, instance, joinParameters, nodeSchema, swarmSchema, until } from './support/bench.ts';
import type { Swarm } from './support/bench.ts';

describe('a tidy, on real engines', () => {
  const bench = new Bench();
  const founder = instance(1);
  const workers = [2, 3, 4, 5].map(instance);
  const [gone = '', left = '', alive = '', plain = ''] = workers;
  const nodes = new Map<string, string>();
  let swarm: Swarm;
  const idOf = (instanceId: string): string => nodes.get(instanceId) ?? '';
  const view = () => bench.machines.view(founder);
  const look = async (brief: boolean, known: readonly string[] = []): Promise<ReadSwarm | undefined> => {
    const page = inspectPage.parse(await bench.ok(founder, 'inspect', { offset: '0', brief: brief ? 'yes' : 'no' }));
    return readSwarm(
      [page],
      known.map((one) => item({ instance: one, nodeId: idOf(one) })),
    );
  };
  const confirm = (instanceId: string): Promise<unknown> =>
    bench.ok(founder, 'confirm', {
      instanceId,
      nodeId: idOf(instanceId),
      labels: `skep.instance=${instanceId}`,
      availability: 'active',
    });

  beforeAll(async () => {
    await bench.machines.open();
    await Promise.all([founder, ...workers].map((instanceId) => bench.launch(instanceId)));
    swarm = swarmSchema.parse(await bench.ok(founder, 'init', initParameters(founder)));
    nodes.set(founder, swarm.nodeId);
    for (const instanceId of workers) {
      const joined = await bench.ok(instanceId, 'join', joinParameters(instanceId, swarm));
      nodes.set(instanceId, nodeSchema.parse(joined).nodeId);
      await confirm(instanceId);
    }
  });

  afterAll(async () => {
    await bench.machines.close();
  });

  it('tells healthy workers by a digest of exactly those that there are, and the tokens by theirs', async () => {
    const seen = await look(true, workers);
    expect(seen?.whole).toBe(true);
    expect(seen?.nodes.map(({ nodeId }) => nodeId).toSorted()).toEqual([...nodes.values()].toSorted());
    expect(await look(true, workers.slice(1))).toBeUndefined();
    expect((await look(false))?.nodes).toHaveLength(5);
    expect(await bench.ok(founder, 'init', { ...initParameters(founder), swarmId: swarm.swarmId })).toMatchObject({
      ...seen?.tokens,
    });
  });

  it('tells what is down and since when, and what skep has drained and in which version', async () => {
    await bench.machines.terminate(gone);
    await bench.ok(founder, 'drain', { instanceId: left, nodeId: idOf(left) });
    await until(view, ({ nodes: all }) => all.some(({ status }) => status === 'down'), 60_000);

    const seen = await look(true, workers);
    expect(seen?.nodes.find(({ instance: one }) => one === gone)).toMatchObject({ status: 'down', isLeaving: false });
    expect(seen?.nodes.find(({ instance: one }) => one === gone)?.age).toBeLessThan(60);
    expect(seen?.nodes.find(({ instance: one }) => one === left)).toMatchObject({
      status: 'ready',
      availability: 'drain',
      isLeaving: true,
      version: expect.stringMatching(/^\d+$/),
    });
    expect(seen?.nodes).toHaveLength(5);
  });

  it('removes what is down, and nothing that lives, is a manager, or is another instance’s', async () => {
    const refs = [
      [gone, alive],
      [alive, alive],
      [founder, founder],
    ].map(([node = '', owner = '']) => `${idOf(node)}@${owner}`);
    expect(await bench.ok(founder, 'mend', { forget: refs.join(','), restore: 'none' })).toMatchObject({ removed: 0 });
    const right = [...refs, `${idOf(gone)}@${gone}`, `${'x'.repeat(25)}@${gone}`].join(',');
    expect(await bench.ok(founder, 'mend', { forget: right, restore: 'none' })).toMatchObject({ removed: 1 });
    expect(await bench.ok(founder, 'mend', { forget: right, restore: 'none' }, { agent: 'splicing' })).toMatchObject({
      removed: 0,
    });
    expect((await view()).nodes.map(({ nodeId }) => nodeId).toSorted()).toEqual(
      [founder, left, alive, plain].map(idOf).toSorted(),
    );
  });

  it('takes back a drain on the version that was seen, and on no other: one that comes meanwhile makes another', async () => {
    const versionOf = async (): Promise<string> =>
      (await look(false))?.nodes.find(({ instance: one }) => one === left)?.version ?? '';
    const seen = await versionOf();
    await bench.ok(founder, 'drain', { instanceId: left, nodeId: idOf(left) });
    const restore = (version: string) =>
      bench.ok(founder, 'mend', { forget: 'none', restore: `${idOf(left)}@${left}@${version}` });
    expect(await restore(seen)).toMatchObject({ restored: 0 });
    expect(await restore(await versionOf())).toMatchObject({ restored: 1 });
    expect((await view()).nodes.find(({ nodeId }) => nodeId === idOf(left))).toMatchObject({
      availability: 'active',
      labels: { 'skep.instance': left },
    });
    expect((await look(true, [left, alive, plain]))?.nodes).toHaveLength(4);
  });
});
