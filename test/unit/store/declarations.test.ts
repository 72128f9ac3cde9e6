// What a person declares of a cluster, changes of it and takes back, over a real table.
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from '@jest/globals';

import { keys } from '../../../src/core/names.ts';
import { DEFAULT_CONFIG } from '../../../src/core/steps/verbs.ts';
import { listClusters } from '../../../src/store/clusters.ts';
import { WriteConflict } from '../../../src/store/transact.ts';
import { TABLE, useTable } from '../support/table.ts';

const db = await useTable();

let clusters = 0;
function place(): { cluster: string } {
  clusters += 1;
  return { cluster: `c${clusters}` };
}
const put = (item: Record<string, unknown>): Promise<unknown> =>
  db.client.send(new PutCommand({ TableName: TABLE, Item: item }));

describe('declaring a cluster', () => {
  it('is done once: the second time changes nothing', async () => {
    const { cluster } = place();
    const config = { addressPool: '172.31.0.0/16', subnetSize: 25, dataPathPort: 4790 };

    expect(await db.table.readState(cluster)).toBeUndefined();
    expect(await db.declarations.declare(cluster, config)).toBe(true);
    expect(await db.declarations.declare(cluster, DEFAULT_CONFIG)).toBe(false);
    expect(await db.table.readState(cluster)).toEqual({ status: 'new' });
    expect(await db.table.readConfig(cluster)).toEqual(config);
    expect(await db.get({ pk: keys.clusters(), sk: cluster })).toEqual({ pk: 'CLUSTERS', sk: cluster });
  });

  it('all or nothing: where one of its items is there already, none is written', async () => {
    const { cluster } = place();
    await db.client.send(new PutCommand({ TableName: TABLE, Item: { pk: keys.clusters(), sk: cluster } }));

    await expect(db.declarations.declare(cluster, DEFAULT_CONFIG)).rejects.toThrow(WriteConflict);
    expect(await db.table.readState(cluster)).toBeUndefined();
  });

  it('refuses a name that is none', async () => {
    await expect(db.declarations.declare('No Such', DEFAULT_CONFIG)).rejects.toThrow('a cluster name is');
  });
});

describe('a policy', () => {
  it('is set where it is said, and stays as it is where nothing is said', async () => {
    const { cluster } = place();
    await db.declarations.declare(cluster, DEFAULT_CONFIG);
    await db.declarations.writePolicy(cluster, { tidyEvery: 3, downAfter: 60, rebalance: 'after-scale-out' });
    await db.declarations.writePolicy(cluster, { downAfter: 120 });

    expect(await db.get({ pk: keys.clusters(), sk: cluster })).toMatchObject({ tidyEvery: 3 });
    expect(await db.get(keys.config(cluster))).toMatchObject({
      ...{ ...DEFAULT_CONFIG, downAfter: 120, rebalance: 'after-scale-out' },
    });
  });
});

describe('removing a declaration', () => {
  it('leaves nothing of a cluster that nobody has founded', async () => {
    const { cluster } = place();
    await db.declarations.declare(cluster, DEFAULT_CONFIG);
    await put({ ...keys.founder(cluster), instance: 'i-gone' });

    expect(await db.declarations.remove(cluster, 'i-gone')).toBe(true);
    for (const key of [keys.state(cluster), keys.config(cluster), keys.founder(cluster)]) {
      expect(await db.get(key)).toBeUndefined();
    }
    expect(await listClusters(db.client, TABLE)).not.toContain(cluster);
  });

  it.each<[string, (cluster: string) => Promise<unknown>]>([
    ['it has a swarm', (cluster) => put({ ...keys.state(cluster), status: 'founded' })],
    ['another has begun to found it', (cluster) => put({ ...keys.founder(cluster), instance: 'i-other' })],
  ])('changes nothing where %s by now', async (_what, meanwhile) => {
    const { cluster } = place();
    await db.declarations.declare(cluster, DEFAULT_CONFIG);
    await meanwhile(cluster);

    expect(await db.declarations.remove(cluster, undefined)).toBe(false);
    expect(await db.get(keys.config(cluster))).toBeDefined();
    expect(await listClusters(db.client, TABLE)).toContain(cluster);
  });
});
