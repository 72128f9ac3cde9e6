// Who waits for a leader or for other managers, over a real table.
import { describe, expect, it } from '@jest/globals';

import { NOW } from '../support/examples.ts';
import { useTable } from '../support/table.ts';

const db = await useTable();

describe('a founding', () => {
  it('those who wait for it are taken off the list once', async () => {
    const cluster = 'founded';
    await db.waiters.add({ cluster, owner: 'a' }, 'leader', 'token a', NOW + 60);
    await db.waiters.add({ cluster, owner: 'b' }, 'leader', 'token b', NOW + 60);
    await db.waiters.add({ cluster, owner: 'a' }, 'leader', 'token a, next attempt', NOW + 60);

    await db.waiters.add({ cluster, owner: 'c' }, 'manager', 'of a manager', NOW + 60);

    const tokens = await db.waiters.take(cluster, 'leader');
    expect(tokens.toSorted()).toEqual(['token a, next attempt', 'token b']);
    expect(await db.waiters.take(cluster, 'leader')).toEqual([]);
  });
});
