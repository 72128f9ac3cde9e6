// One rebalance at a time, over the real DynamoDB protocol.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { RebalanceLock } from '../../../src/store/rebalance-lock.ts';
import { TABLE, openTable } from '../support/table.ts';
import type { TestTable } from '../support/table.ts';

const [FIRST, SECOND] = ['arn:first', 'arn:second'];
let opened: TestTable;
let lock: RebalanceLock;

beforeEach(async () => {
  opened = await openTable();
  lock = new RebalanceLock(opened.client, TABLE);
});

afterEach(() => opened.close());

describe('the lock of a rebalance', () => {
  it('is with one execution, which may take it again', async () => {
    expect(await lock.take('prod', FIRST, 1)).toBe(true);
    expect(await lock.take('prod', SECOND, 2)).toBe(false);
    expect(await lock.take('prod', FIRST, 3)).toBe(true);
    expect(await lock.take('other', SECOND, 4)).toBe(true);
    expect(await lock.read('prod')).toEqual({ execution: FIRST, since: 3, cancelled: false });
  });

  it('is taken from one that has ended, and from no other', async () => {
    await lock.take('prod', FIRST, 1);
    expect(await lock.take('prod', SECOND, 2, 'arn:another')).toBe(false);
    expect(await lock.take('prod', SECOND, 2, FIRST)).toBe(true);
  });

  it('is given back by who has it only', async () => {
    await lock.take('prod', FIRST, 1);
    await lock.release('prod', SECOND);
    expect(await lock.read('prod')).toMatchObject({ execution: FIRST });
    await lock.release('prod', FIRST);
    expect(await lock.read('prod')).toBeUndefined();
  });

  it('bears the word that it is to end, for the execution that has it then', async () => {
    expect(await lock.cancel('prod')).toBeUndefined();
    await lock.take('prod', FIRST, 1);
    expect(await lock.cancel('prod')).toBe(FIRST);
    expect(await lock.read('prod')).toMatchObject({ execution: FIRST, cancelled: true });
    await lock.take('prod', SECOND, 2, FIRST);
    expect(await lock.read('prod')).toMatchObject({ execution: SECOND, cancelled: false });
  });
});
