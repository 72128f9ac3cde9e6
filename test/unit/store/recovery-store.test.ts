// What is on record after a recovery, over a real table.
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { expect, it } from '@jest/globals';

import { keys } from '../../../src/core/names.ts';
import { RecoveryStore } from '../../../src/store/recovery-store.ts';
import { CA_DIGEST, LEADER, NOW, SWARM_ID } from '../support/examples.ts';
import { TABLE, useTable } from '../support/table.ts';

const db = await useTable();
const store = new RecoveryStore(db.client, TABLE);

const survivor = LEADER.leader;
const founded = (cluster: string, epoch: number): Promise<unknown> =>
  db.client.send(
    new PutCommand({
      TableName: TABLE,
      Item: { ...keys.state(cluster), status: 'founded', swarmId: SWARM_ID, caDigest: CA_DIGEST, epoch },
    }),
  );

it('is the survivor alone, in the next epoch', async () => {
  await founded('one', 0);

  expect(await store.record('one', survivor, 1, NOW)).toBe(true);
  expect(await db.table.readState('one')).toMatchObject({ epoch: 1 });
  expect((await db.table.readLeader('one')).record).toMatchObject({ leader: survivor, managers: [survivor] });
});

it('is left alone the second time: others may have joined meanwhile', async () => {
  await founded('two', 1);
  await db.table.changeLeader('two', NOW, () => LEADER);

  expect(await store.record('two', { ...survivor, instance: 'i-00000000000000099' }, 1, NOW)).toBe(false);
  expect((await db.table.readLeader('two')).record).toMatchObject({ leader: LEADER.leader });
});

it('is refused of a cluster that is in another epoch', async () => {
  await founded('three', 0);

  await expect(store.record('three', survivor, 2, NOW)).rejects.toThrow('three is not in epoch 1');
});

it.each([
  ['ready', 'ready'],
  ['leaving', 'leaving'],
  // Of a later version, before this one was put back: the manager is found all the same.
  ['hibernating', undefined],
])('finds a manager whose item says %s', async (written, phase) => {
  const cluster = `phase-${written}`;
  const item = {
    ...keys.node(cluster, survivor.instance),
    instance: survivor.instance,
    role: 'manager',
    phase: written,
  };
  await db.client.send(new PutCommand({ TableName: TABLE, Item: item }));

  expect(await store.managers(cluster)).toEqual([{ instance: survivor.instance, phase }]);
});
