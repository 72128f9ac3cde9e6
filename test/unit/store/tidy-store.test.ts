import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from '@jest/globals';

import { TidyStore } from '../../../src/store/tidy-store.ts';
import { DEFAULT_CONFIG } from '../../../src/core/steps/verbs.ts';
import { keys } from '../../../src/core/names.ts';
import { INSTANCE, NODE_ID, NOW } from '../support/examples.ts';
import { TABLE, useTable } from '../support/table.ts';

const db = await useTable();
const store = new TidyStore(db.client, TABLE);

const put = (item: Record<string, unknown>): Promise<unknown> =>
  db.client.send(new PutCommand({ TableName: TABLE, Item: item }));
const node = (cluster: string, instance: string, changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  ...keys.node(cluster, instance),
  instance,
  group: 'workers',
  role: 'worker',
  phase: 'ready',
  owner: 'me',
  ownerArn: 'arn:of:me',
  leaseUntil: NOW,
  nodeId: NODE_ID,
  ...changes,
});

describe('what a tidy reads', () => {
  it('is every node of its cluster, over all pages, and no other; and no secret', async () => {
    const ids = Array.from({ length: 6 }, (_, n) => `i-0000000000000000${n}`);
    for (const instance of ids) {
      // DynamoDB's pages end at 1 MB.
      await put(node('big', instance, { taskToken: 'secret', result: 'x'.repeat(300_000) }));
    }
    await put(node('bigger', INSTANCE));

    const { known } = await store.read('big');
    expect(known.map(({ instance }) => instance)).toEqual(ids);
    expect(JSON.stringify(known)).not.toContain('secret');
  });

  it('is the hold, the lock, the digests and the policy of a cluster, as far as there are any', async () => {
    expect(await store.read('nobody')).toEqual({
      known: [],
      hold: undefined,
      hookTimeouts: {},
      lock: undefined,
      published: undefined,
      refused: [],
      downAfter: 900,
      rebalance: 'off',
      rebalancedFor: undefined,
    });
    const tokens = { worker: 'a', manager: 'b' };
    await db.declarations.declare('whole', DEFAULT_CONFIG);
    await db.declarations.writePolicy('whole', { downAfter: 60, tidyEvery: 0, rebalance: 'after-scale-out' });
    await db.table.recordTokens('whole', tokens);
    await put({ ...keys.membershipLock('whole'), instance: INSTANCE, leaseUntil: NOW });
    expect(await store.read('whole')).toMatchObject({
      lock: { instance: INSTANCE, leaseUntil: NOW },
      published: tokens,
      downAfter: 60,
      rebalance: 'after-scale-out',
    });
    expect(await db.get({ pk: keys.clusters(), sk: 'whole' })).toMatchObject({ tidyEvery: 0 });
    expect(await db.table.readConfig('whole')).toEqual(DEFAULT_CONFIG);
  });

  it('leaves out what lies there by somebody’s hand', async () => {
    await put({ ...keys.state('odd'), status: 'new', hookTimeouts: 'soon' });
    expect((await store.read('odd')).hookTimeouts).toEqual({});
    await put({ ...keys.node('odd', INSTANCE), phase: 'asleep' });
    expect((await store.read('odd')).known).toEqual([]);
  });
});

describe('what a tidy writes', () => {
  const ref = { instance: INSTANCE, group: 'workers', role: 'worker', nodeId: NODE_ID } as const;

  it('is the item of a node that was lost, unless somebody claims it meanwhile', async () => {
    expect(await store.record('lost', [ref])).toBe(1);
    expect(await db.get(keys.node('lost', INSTANCE))).toMatchObject({ phase: 'ready', nodeId: NODE_ID, leaseUntil: 0 });
    expect(await store.record('lost', [ref])).toBe(0);
    expect(await store.record('lost', [{ ...ref, owner: 'another' }])).toBe(0);
    expect(await store.record('lost', [{ ...ref, owner: 'tidy', nodeId: 'new' }])).toBe(1);
    expect((await store.read('lost')).known).toMatchObject([{ nodeId: 'new' }]);
  });

  it('is that an instance is gone, unless somebody claims it meanwhile', async () => {
    await put(node('gone', INSTANCE));
    expect(await store.erase('gone', [{ instance: INSTANCE, owner: 'another' }], NOW)).toBe(0);
    expect(await store.erase('gone', [{ instance: INSTANCE, owner: 'me' }], NOW)).toBe(1);
    expect(await db.get(keys.node('gone', INSTANCE))).toMatchObject({ phase: 'gone', expiresAt: NOW + 7 * 86_400 });
  });

  it('is the timeouts of hooks that claims are to know, of a cluster that was declared', async () => {
    const timeouts = { 'skep-dev-terminate@workers': 120 };
    await db.declarations.declare('short', DEFAULT_CONFIG);
    await store.keepHookTimeouts('short', timeouts);
    await store.keepHookTimeouts('never-declared', timeouts);

    expect((await store.read('short')).hookTimeouts).toEqual(timeouts);
    expect(await db.table.readState('short')).toMatchObject({ status: 'new', hookTimeouts: timeouts });
    expect(await db.get(keys.state('never-declared'))).toBeUndefined();
    await store.keepHookTimeouts('short', {});
    expect((await store.read('short')).hookTimeouts).toEqual({});
  });

  it('is the end of a lock, unless it was renewed meanwhile', async () => {
    await put({ ...keys.membershipLock('held'), instance: INSTANCE, leaseUntil: NOW });
    expect(await store.unlock('held', { instance: INSTANCE, leaseUntil: NOW - 1 })).toBe(0);
    expect(await store.unlock('held', { instance: INSTANCE, leaseUntil: NOW })).toBe(1);
    expect(await db.get(keys.membershipLock('held'))).toBeUndefined();
  });
});
