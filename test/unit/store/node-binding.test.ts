import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { keys } from '../../../src/core/names.ts';
import { INSTANCE, NODE_ID, NOW, OTHER_INSTANCE } from '../support/examples.ts';
import { openTable } from '../support/table.ts';
import type { TestTable } from '../support/table.ts';

let db: TestTable;
beforeAll(async () => {
  db = await openTable();
});
afterAll(() => db.close());

describe('a node id', () => {
  it('belongs to the instance that has named it first, however often it names it', async () => {
    expect(await db.table.bindNode('one', NODE_ID, INSTANCE, NOW)).toBe(INSTANCE);
    expect(await db.table.bindNode('one', NODE_ID, INSTANCE, NOW + 60)).toBe(INSTANCE);
    expect(await db.table.bindNode('one', NODE_ID, OTHER_INSTANCE, NOW + 60)).toBe(INSTANCE);
  });

  it('is not taken over by who was refused: the first stays the first', async () => {
    await db.table.bindNode('two', NODE_ID, INSTANCE, NOW);
    await db.table.bindNode('two', NODE_ID, OTHER_INSTANCE, NOW);
    expect(await db.table.bindNode('two', NODE_ID, INSTANCE, NOW)).toBe(INSTANCE);
    expect(await db.get(keys.binding('two', NODE_ID))).toMatchObject({ instance: INSTANCE });
  });

  it('of two at once is one of them, and both are told the same', async () => {
    const [a, b] = await Promise.all([
      db.table.bindNode('three', NODE_ID, INSTANCE, NOW),
      db.table.bindNode('three', NODE_ID, OTHER_INSTANCE, NOW),
    ]);
    expect(a).toBe(b);
  });

  it('of another cluster is another node', async () => {
    await db.table.bindNode('four', NODE_ID, INSTANCE, NOW);
    expect(await db.table.bindNode('five', NODE_ID, OTHER_INSTANCE, NOW)).toBe(OTHER_INSTANCE);
  });

  it('may be kept for a week, until the label of the node says the same', async () => {
    await db.table.bindNode('six', NODE_ID, INSTANCE, NOW);
    expect(await db.get(keys.binding('six', NODE_ID))).toMatchObject({ expiresAt: NOW + 7 * 86_400 });
  });
});
