// The membership lock over the real DynamoDB protocol: who has it, who waits, who gets it next.
import { describe, expect, it } from '@jest/globals';

import { MembershipLock } from '../../../src/store/membership-lock.ts';
import { keys } from '../../../src/core/names.ts';
import { NOW } from '../support/examples.ts';
import { TABLE, useTable } from '../support/table.ts';

const db = await useTable();
const lock = new MembershipLock(db.client, TABLE);

let clusters = 0;

/** Three instances of a cluster of their own, and what waking somebody has come to. */
function place() {
  clusters += 1;
  const cluster = `c${clusters}`;
  const [one, two, three] = ['i-1', 'i-2', 'i-3'].map((instance) => ({ cluster, instance })) as [H, H, H];
  const woken: string[] = [];
  const deaf = new Set<string>();
  const wake = (taskToken: string): Promise<boolean> => {
    woken.push(taskToken);
    return Promise.resolve(!deaf.has(taskToken));
  };
  const holder = async (): Promise<unknown> => (await db.get(keys.membershipLock(cluster)))?.['instance'];
  return { one, two, three, woken, deaf, wake, holder };
}
interface H {
  readonly cluster: string;
  readonly instance: string;
}

describe('the membership lock', () => {
  it('has one holder, who may take it again', async () => {
    const { one, two, holder } = place();

    expect(await lock.take(one, NOW)).toBe(true);
    expect(await lock.take(two, NOW + 1)).toBe(false);
    expect(await lock.take(one, NOW + 2)).toBe(true);
    expect(await holder()).toBe('i-1');
  });

  it('is of one cluster', async () => {
    const { one } = place();
    const { two } = place();

    expect([await lock.take(one, NOW), await lock.take(two, NOW)]).toEqual([true, true]);
  });

  it('falls to others when its lease has run out, not before, and a renewal makes the lease longer', async () => {
    const { one, two } = place();
    await lock.take(one, NOW, NOW + 100);
    expect(await lock.take(two, NOW + 100)).toBe(false);
    await lock.take(one, NOW + 100, NOW + 300);

    expect(await lock.take(two, NOW + 300)).toBe(false);
    expect(await lock.take(two, NOW + 301)).toBe(true);
    expect(await lock.take(one, NOW + 302)).toBe(false);
  });

  it('goes to who has waited longest, in one step, and is free when nobody waits', async () => {
    const { one, two, three, woken, wake, holder } = place();
    await lock.take(one, NOW);
    await lock.queue(three, 'of three', NOW + 1, NOW + 1);
    await lock.queue(two, 'of two', NOW + 2, NOW + 2);

    await lock.release(one, NOW + 10, wake);
    expect([woken, await holder()]).toEqual([['of three'], 'i-3']);
    await lock.release(three, NOW + 20, wake);
    expect([woken, await holder()]).toEqual([['of three', 'of two'], 'i-2']);
    await lock.release(two, NOW + 30, wake);
    expect([woken.length, await holder()]).toEqual([2, undefined]);
  });

  it('passes over who does not wait any more', async () => {
    const { one, two, three, woken, deaf, wake, holder } = place();
    await lock.take(one, NOW);
    await lock.queue(two, 'stopped', NOW + 1, NOW + 1);
    await lock.queue(three, 'of three', NOW + 2, NOW + 2);
    deaf.add('stopped');

    await lock.release(one, NOW + 10, wake);
    expect([woken, await holder()]).toEqual([['stopped', 'of three'], 'i-3']);

    deaf.add('gone too');
    await lock.queue(two, 'gone too', NOW + 11, NOW + 11);
    await lock.release(three, NOW + 20, wake);
    expect(await holder()).toBeUndefined();
  });

  it('is not given back by one that does not hold it', async () => {
    const { one, two, three, woken, wake, holder } = place();
    await lock.take(one, NOW);
    await lock.queue(three, 'of three', NOW + 1, NOW + 1);

    await lock.release(two, NOW + 10, wake);
    expect([woken, await holder()]).toEqual([[], 'i-1']);
  });

  it('given back twice goes on once', async () => {
    const { one, two, three, woken, wake, holder } = place();
    await lock.take(one, NOW);
    await lock.queue(two, 'of two', NOW + 1, NOW + 1);
    await lock.queue(three, 'of three', NOW + 2, NOW + 2);

    await Promise.all([lock.release(one, NOW + 10, wake), lock.release(one, NOW + 10, wake)]);
    expect([woken, await holder()]).toEqual([['of two'], 'i-2']);
  });

  it('wakes a waiter that came while nobody held it', async () => {
    const { one, two, woken, wake, holder } = place();
    await lock.queue(two, 'of two', NOW + 1, NOW + 1);

    await lock.release(one, NOW + 10, wake);
    expect([woken, await holder()]).toEqual([['of two'], 'i-2']);
  });

  it('a waiter has one place, with its newest task token, and may give it up', async () => {
    const { one, two, three, woken, wake } = place();
    await lock.take(one, NOW);
    await lock.queue(two, 'old', NOW + 1, NOW + 1);
    await lock.queue(two, 'new', NOW + 1, NOW + 91);
    await lock.queue(three, 'of three', NOW, NOW);
    await lock.unqueue(three);

    await lock.release(one, NOW + 100, wake);
    expect(woken).toEqual(['new']);
  });

  it('is not taken back from one that seemed not to wait, and came back at that moment', async () => {
    const { one, two, three, holder } = place();
    await lock.take(one, NOW);
    await lock.queue(two, 'old', NOW + 1, NOW + 1);
    await lock.queue(three, 'of three', NOW + 2, NOW + 2);
    // Its wait has timed out, and its next attempt finds the lock in its own name.
    const wake = async (taskToken: string): Promise<boolean> => {
      await (taskToken === 'old' ? lock.take(two, NOW + 11, NOW + 400) : Promise.resolve());
      return taskToken !== 'old';
    };

    await lock.release(one, NOW + 10, wake);
    expect(await holder()).toBe('i-2');
  });
});
