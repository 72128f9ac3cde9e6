// What an adoption writes, what it refuses to overwrite, and what a release leaves.
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from '@jest/globals';

import { Adoptions } from '../../../src/store/adoptions.ts';
import { DEFAULT_CONFIG } from '../../../src/core/steps/verbs.ts';
import { keys } from '../../../src/core/names.ts';
import { INSTANCE, NOW } from '../support/examples.ts';
import { SWARM, addressOf, instanceOf, nodeOf } from '../support/adopt-facts.ts';
import { TABLE, useTable } from '../support/table.ts';

const db = await useTable();
const adoptions = new Adoptions(db.client, TABLE);

const manager = (number: number) => ({
  ...{ instance: instanceOf(number), nodeId: nodeOf(number), address: `${addressOf(number)}:2377` },
});
const adopted = {
  ...{ swarmId: SWARM, epoch: 2, leader: manager(1), managers: [1, 2, 3].map(manager), founder: undefined },
  config: { addressPool: '10.0.0.0/8', subnetSize: 24, dataPathPort: 4789 },
};
const tokens = { worker: 'a'.repeat(64), manager: 'b'.repeat(64) };
const adopting = (cluster: string, changes: Partial<typeof adopted> | { founder: string } = {}) => ({
  ...{ cluster, caDigest: 'c'.repeat(50), tokens, now: NOW },
  adopted: { ...adopted, ...changes },
});
const put = (item: Record<string, unknown>): Promise<unknown> =>
  db.client.send(new PutCommand({ TableName: TABLE, Item: item }));

describe('a swarm that is taken in', () => {
  it('is on record as one that was founded, with all of its managers, its epoch, and the options that it has', async () => {
    await db.declarations.declare('one', DEFAULT_CONFIG);
    await db.declarations.writePolicy('one', { downAfter: 60 });
    await adoptions.record(adopting('one'));
    expect(await db.table.readState('one')).toMatchObject({ status: 'founded', swarmId: SWARM, epoch: 2 });
    expect((await db.table.readLeader('one')).record).toMatchObject({
      leader: manager(1),
      managers: [1, 2, 3].map(manager),
      term: 1,
    });
    expect(await db.get(keys.config('one'))).toMatchObject({ addressPool: '10.0.0.0/8', downAfter: 60 });
    expect(await db.get(keys.founder('one'))).toMatchObject({ instance: instanceOf(1), swarmId: SWARM });
    expect(await db.get(keys.state('one'))).toMatchObject({ tokens });
  });

  it('keeps the founder that a launch has found in it', async () => {
    await db.declarations.declare('two', DEFAULT_CONFIG);
    await put({ ...keys.founder('two'), instance: instanceOf(2), since: NOW });
    await adoptions.record(adopting('two', { founder: instanceOf(2) }));
    expect(await db.get(keys.founder('two'))).toMatchObject({ instance: instanceOf(2), swarmId: SWARM });
  });

  it.each<[string, string, () => Promise<unknown>]>([
    ['undeclared', 'one that nobody declared', () => Promise.resolve()],
    [
      'begun',
      'one that an instance has begun to found meanwhile',
      async () => {
        await db.declarations.declare('begun', DEFAULT_CONFIG);
        await put({ ...keys.founder('begun'), instance: INSTANCE, since: NOW });
      },
    ],
    [
      'founded',
      'one that has a swarm by now',
      async () => {
        await db.declarations.declare('founded', DEFAULT_CONFIG);
        await put({ ...keys.state('founded'), status: 'founded', swarmId: 'other', caDigest: 'x', epoch: 0 });
      },
    ],
  ])('is not recorded for %s: %s, and nothing of it is', async (cluster, _what, before) => {
    await before();
    await expect(adoptions.record(adopting(cluster))).rejects.toMatchObject({ name: 'NotAsExpected' });
    expect(await db.get(keys.leader(cluster))).toBeUndefined();
    expect((await db.get(keys.state(cluster)))?.['swarmId']).not.toBe(SWARM);
  });
});

describe('a cluster that is released', () => {
  it('leaves nothing of itself and its groups in the table, and everything of others', async () => {
    await db.declarations.declare('gone', DEFAULT_CONFIG);
    await adoptions.record(adopting('gone'));
    await put({ ...keys.node('gone', INSTANCE), instance: INSTANCE });
    await put({ ...keys.group('workers'), cluster: 'gone' });
    await put({ ...keys.group('others'), cluster: 'one' });
    await adoptions.forget('gone', ['workers']);
    for (const key of [
      ...[
        keys.state('gone'),
        keys.config('gone'),
        keys.leader('gone'),
        keys.founder('gone'),
        keys.node('gone', INSTANCE),
      ],
      ...[keys.group('workers'), { pk: keys.clusters(), sk: 'gone' }],
    ]) {
      expect(await db.get(key)).toBeUndefined();
    }
    expect(await db.get(keys.group('others'))).toBeDefined();
    expect(await db.table.readState('one')).toBeDefined();
    // The second time there is nothing to do.
    await adoptions.forget('gone', []);
  });
});
