// What a recovery reads and writes in the table: who may be a manager, the lock that it takes from whoever holds it, and what is on record
// afterwards.
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';

import type { Manager } from '../core/model.ts';
import { FlowError } from '../core/errors.ts';
import { keys, nodePhase } from '../core/names.ts';
import { passes } from '../aws/errors.ts';
import { raiseEpoch } from './epoch.ts';
import { stateItem } from './items.ts';
import { LeaderItem } from './leader-item.ts';
import { queryManagers } from './query.ts';

/** The owner of the membership lock while the cluster is recovered. */
export const RECOVERY = 'recovery';

/** Each step of a recovery renews it. Seconds; the longest step is the recovery itself, which takes up to 300. */
const LEASE = 600;

const lockItem = z.looseObject({ instance: z.string(), execution: z.string().optional(), leaseUntil: z.number() });

/** An item of a manager, as the table has it. */
const managerItem = z.object({
  instance: z.string(),
  /** A phase that this version does not know counts as none: a recovery must not fail because of it. */
  phase: nodePhase.optional().catch(undefined),
  nodeId: z.string().optional(),
  address: z.string().optional(),
});
export type ManagerItem = z.infer<typeof managerItem>;

export class RecoveryStore {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #leader: LeaderItem;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#client = client;
    this.#table = table;
    this.#leader = new LeaderItem(client, table);
  }

  /** Every manager that ever was, as far as its item is still there. */
  async managers(cluster: string): Promise<ManagerItem[]> {
    return z.array(managerItem).parse(await queryManagers(this.#client, this.#table, cluster));
  }

  /** The execution of a recovery that holds the lock, be it this one or another. */
  async lockedBy(cluster: string): Promise<string | undefined> {
    const { Item: item } = await this.#client.send(
      new GetCommand({ TableName: this.#table, Key: keys.membershipLock(cluster), ConsistentRead: true }),
    );
    const lock = lockItem.optional().parse(item);
    return lock?.instance === RECOVERY ? lock.execution : undefined;
  }

  /**
   * Takes the membership lock from whoever holds it: without a quorum nobody can join or leave, and what was sent under it before is
   * refused by its epoch afterwards.
   *
   * @param seen the recovery that held it when it was read, if any
   * @throws {FlowError} RecoveryUnderWay if another recovery took it since
   */
  async seizeLock(cluster: string, execution: string, seen: string | undefined, now: number): Promise<void> {
    const before = seen ?? execution;
    const isOurs = await passes(
      this.#client.send(
        new PutCommand({
          TableName: this.#table,
          Item: { ...keys.membershipLock(cluster), instance: RECOVERY, execution, leaseUntil: now + LEASE },
          ConditionExpression:
            'attribute_not_exists(pk) OR #instance <> :recovery OR execution = :before OR execution = :own',
          ExpressionAttributeNames: { '#instance': 'instance' },
          ExpressionAttributeValues: { ':recovery': RECOVERY, ':before': before, ':own': execution },
        }),
      ),
    );
    if (!isOurs) {
      throw new FlowError('RecoveryUnderWay', `another recovery of ${cluster} began just now`);
    }
  }
  /**
   * Records that a cluster was recovered: first whom to ask, then the epoch. An execution that reads between the two is refused by its
   * epoch, and reads again.
   *
   * @returns false if it was on record already: it is left alone then, since others may have joined meanwhile
   */
  async record(cluster: string, survivor: Manager, epoch: number, now: number): Promise<boolean> {
    const { Item: item } = await this.#client.send(
      new GetCommand({ TableName: this.#table, Key: keys.state(cluster), ConsistentRead: true }),
    );
    const state = stateItem.optional().parse(item);
    if (state?.status === 'founded' && state.epoch >= epoch) {
      return false;
    }
    await this.#leader.change(cluster, now, () => ({ leader: survivor, managers: [survivor] }));
    await raiseEpoch(this.#client, this.#table, cluster, epoch);
    return true;
  }
}
