// The membership lock of a cluster: one change of its managers at a time. Held by an instance, for as long as its lease runs.
//
// Held by the instance that joins or leaves, not by an execution: where an execution is stopped, the one that replaces it goes on
// under the same lock. A lease that nobody renews runs out after whatever was sent under it has ended.
import { DeleteCommand, PutCommand, TransactWriteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';

import { FlowError } from '../core/errors.ts';
import { MEMBERSHIP_LOCK_PREFIX, keys } from '../core/names.ts';
import { passes } from '../aws/errors.ts';
import { queryCluster } from './query.ts';

/** For the holder to take its first step: every command that it sends renews the lease for longer. Seconds. */
const FIRST_LEASE = 120;
/** Waiters that were passed over, and writes in between: more than a cluster has managers. */
const RELEASE_STEPS = 20;
/** The table deletes a waiter that never comes back. */
const WAITER_TTL = 3 * 86_400;

const lockItem = z.object({ instance: z.string(), taken: z.boolean().optional() });
const waiterItem = z.object({ instance: z.string(), taskToken: z.string(), since: z.number() });
type Waiter = z.infer<typeof waiterItem>;

export interface Holder {
  readonly cluster: string;
  readonly instance: string;
}

export class MembershipLock {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  /**
   * Takes the lock, or renews its lease, which that never makes shorter: what was sent before may still be on its way. Times are
   * epoch seconds.
   *
   * @returns false if another instance holds it
   */
  async take(holder: Holder, now: number, until = now + FIRST_LEASE): Promise<boolean> {
    return (await this.#prolong(holder, now, until)) || this.#isHeldLonger(holder, until);
  }

  /** `taken` tells the instance that handed the lock over that the new holder has come. */
  async #prolong({ cluster, instance }: Holder, now: number, until: number): Promise<boolean> {
    return goesThrough(
      this.#client.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: keys.membershipLock(cluster),
          UpdateExpression: 'SET #instance = :instance, leaseUntil = :until, taken = :yes',
          ConditionExpression:
            'attribute_not_exists(pk) OR leaseUntil < :now OR (#instance = :instance AND leaseUntil <= :until)',
          ExpressionAttributeNames: { '#instance': 'instance' },
          ExpressionAttributeValues: { ':instance': instance, ':now': now, ':until': until, ':yes': true },
        }),
      ),
    );
  }

  async #isHeldLonger({ cluster, instance }: Holder, until: number): Promise<boolean> {
    return goesThrough(
      this.#client.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: keys.membershipLock(cluster),
          UpdateExpression: 'SET taken = :yes',
          ConditionExpression: '#instance = :instance AND leaseUntil > :until',
          ExpressionAttributeNames: { '#instance': 'instance' },
          ExpressionAttributeValues: { ':instance': instance, ':until': until, ':yes': true },
        }),
      ),
    );
  }

  /** Queues up, or parks a new task token in one's place in the queue. */
  async queue({ cluster, instance }: Holder, taskToken: string, since: number, now: number): Promise<void> {
    const key = keys.membershipWaiter(cluster, instance);
    const expiresAt = now + WAITER_TTL;
    await this.#client.send(
      new PutCommand({ TableName: this.#table, Item: { ...key, instance, taskToken, since, expiresAt } }),
    );
  }

  async unqueue({ cluster, instance }: Holder): Promise<void> {
    await this.#client.send(
      new DeleteCommand({ TableName: this.#table, Key: keys.membershipWaiter(cluster, instance) }),
    );
  }

  /**
   * Gives the lock back: to the first who waits for it, whom `wake` must tell. One that does not wait any more is passed over.
   * Does nothing if another instance holds it.
   *
   * @param wake false if nobody waits on the task token any more
   */
  async release(
    { cluster, instance }: Holder,
    now: number,
    wake: (taskToken: string) => Promise<boolean>,
  ): Promise<void> {
    let from = instance;
    for (let step = 0; step < RELEASE_STEPS; step += 1) {
      const { holder, taken, waiters } = await this.#read(cluster);
      const next = waiters.find((waiter) => waiter.instance !== instance);
      const given = from !== instance;
      const isFree = holder === undefined;
      if (isFree ? next === undefined : isAnothers({ holder, taken }, from, given)) {
        return;
      }
      if (next === undefined) {
        // Somebody may have queued up just before, and found the lock still taken: hence one more look.
        await this.#free({ cluster, instance: from }, given);
      } else if (await this.#handOver({ cluster, instance: from }, next, now, given)) {
        if (await wake(next.taskToken)) {
          return;
        }
        from = next.instance;
      }
    }
  }

  /** @param given it was handed over, and its new holder may not have come: should it come back, it has taken it */
  async #free({ cluster, instance }: Holder, given: boolean): Promise<void> {
    const { condition, values } = stillHeld(instance, given);
    await goesThrough(
      this.#client.send(
        new DeleteCommand({
          TableName: this.#table,
          Key: keys.membershipLock(cluster),
          ConditionExpression: condition,
          ExpressionAttributeNames: { '#instance': 'instance' },
          ExpressionAttributeValues: values,
        }),
      ),
    );
  }

  /** The longest waiter comes first. */
  async #read(cluster: string): Promise<{ holder: string | undefined; taken: boolean; waiters: Waiter[] }> {
    const items = await queryCluster(this.#client, this.#table, cluster, MEMBERSHIP_LOCK_PREFIX);
    const { sk } = keys.membershipLock(cluster);
    const waiters = z.array(waiterItem).parse(items.filter((item) => item['sk'] !== sk));
    const lock = lockItem.optional().parse(items.find((item) => item['sk'] === sk));
    return {
      holder: lock?.instance,
      taken: lock?.taken === true,
      waiters: waiters.toSorted((a, b) => a.since - b.since),
    };
  }

  /** In one write, so that nobody comes in between. */
  async #handOver({ cluster, instance }: Holder, next: Waiter, now: number, given: boolean): Promise<boolean> {
    const TableName = this.#table;
    const { condition, values } = stillHeld(instance, given);
    return goesThrough(
      this.#client.send(
        new TransactWriteCommand({
          TransactItems: [
            {
              Put: {
                TableName,
                Item: {
                  ...keys.membershipLock(cluster),
                  instance: next.instance,
                  leaseUntil: now + FIRST_LEASE,
                },
                ConditionExpression: `attribute_not_exists(pk) OR (${condition})`,
                ExpressionAttributeNames: { '#instance': 'instance' },
                ExpressionAttributeValues: values,
              },
            },
            {
              // If it waits with another task token by now, waking the old one would be in vain.
              Delete: {
                TableName,
                Key: keys.membershipWaiter(cluster, next.instance),
                ConditionExpression: 'taskToken = :seen',
                ExpressionAttributeValues: { ':seen': next.taskToken },
              },
            },
          ],
        }),
      ),
    );
  }
}

/** The lock was given to an instance that seemed not to wait any more, and came back at that moment: then the lock is its own. */
function isAnothers(lock: { holder: string; taken: boolean }, from: string, given: boolean): boolean {
  return lock.holder !== from || (given && lock.taken);
}

function stillHeld(instance: string, given: boolean): { condition: string; values: Record<string, unknown> } {
  const held = '#instance = :instance';
  return { condition: given ? `${held} AND attribute_not_exists(taken)` : held, values: { ':instance': instance } };
}

const cancelled = z.object({ CancellationReasons: z.array(z.object({ Code: z.string().optional() })) });

/** False where the condition of a write did not hold, or that of one of a transaction's. */
async function goesThrough(write: Promise<object>): Promise<boolean> {
  try {
    return await passes(write);
  } catch (error) {
    const { success, data } = cancelled.safeParse(error);
    if (!success) {
      throw error;
    }
    if (data.CancellationReasons.some(({ Code }) => Code === 'ConditionalCheckFailed')) {
      return false;
    }
    // A transaction is cancelled for other reasons too: what was only in each other's way is tried again.
    throw new FlowError('Throttled', 'two writes of the membership lock at once', { cause: error });
  }
}
