import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from '@jest/globals';

import { keys } from '../../../src/core/names.ts';
import { INSTANCE, NODE_ID, OTHER_INSTANCE } from '../support/examples.ts';
import { TABLE, useTable } from '../support/table.ts';

const db = await useTable();

const put = (cluster: string, instance: string, item: Record<string, unknown>): Promise<unknown> =>
  db.client.send(
    new PutCommand({ TableName: TABLE, Item: { ...keys.node(cluster, instance), instance, phase: 'joined', ...item } }),
  );

describe('the node that an instance has named', () => {
  it('is in its item', async () => {
    await put('one', INSTANCE, { nodeId: NODE_ID });
    await put('one', OTHER_INSTANCE, {});
    expect(await db.table.nodeIdOf('one', INSTANCE)).toBe(NODE_ID);
    expect(await db.table.nodeIdOf('one', OTHER_INSTANCE)).toBeUndefined();
    expect(await db.table.nodeIdOf('another', INSTANCE)).toBeUndefined();
  });
});

describe('the instances that have named a node', () => {
  it('are all of the cluster that are there, and no others', async () => {
    await put('two', INSTANCE, { nodeId: NODE_ID });
    await put('two', OTHER_INSTANCE, { nodeId: NODE_ID });
    await put('two', 'i-0aaaaaaaaaaaaaaaa', { nodeId: 'z'.repeat(25) });
    await put('two', 'i-0bbbbbbbbbbbbbbbb', { nodeId: NODE_ID, phase: 'gone' });
    await put('three', 'i-0cccccccccccccccc', { nodeId: NODE_ID });
    expect((await db.table.namedBy('two', NODE_ID)).toSorted()).toEqual([INSTANCE, OTHER_INSTANCE].toSorted());
    expect(await db.table.namedBy('four', NODE_ID)).toEqual([]);
  });
});
