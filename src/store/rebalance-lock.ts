// One rebalance of a cluster at a time: which execution it is, and whether a person has asked it to end.
import { DeleteCommand, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';

import { keys } from '../core/names.ts';
import { passes } from '../aws/errors.ts';

const lockItem = z.object({ execution: z.string(), since: z.number(), cancelled: z.boolean().default(false) });
export type RebalanceLockItem = z.infer<typeof lockItem>;

export class RebalanceLock {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async read(cluster: string): Promise<RebalanceLockItem | undefined> {
    const { Item: item } = await this.#client.send(
      new GetCommand({ TableName: this.#table, Key: keys.rebalanceLock(cluster), ConsistentRead: true }),
    );
    return lockItem.optional().parse(item);
  }

  /**
   * There is no lease: an execution cannot run on after its end, and its end can be asked for.
   *
   * @param ended who had it, and does not run any more
   * @returns false if somebody else has it
   */
  async take(cluster: string, execution: string, now: number, ended?: string): Promise<boolean> {
    return passes(
      this.#client.send(
        new PutCommand({
          TableName: this.#table,
          Item: { ...keys.rebalanceLock(cluster), execution, since: now },
          ConditionExpression: 'attribute_not_exists(pk) OR execution = :own OR execution = :ended',
          ExpressionAttributeValues: { ':own': execution, ':ended': ended ?? execution },
        }),
      ),
    );
  }

  /** @returns who is told; undefined if nobody is at work */
  async cancel(cluster: string): Promise<string | undefined> {
    const seen = await this.read(cluster);
    if (seen === undefined) {
      return undefined;
    }
    const told = await passes(
      this.#client.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: keys.rebalanceLock(cluster),
          UpdateExpression: 'SET cancelled = :yes',
          ConditionExpression: 'execution = :seen',
          ExpressionAttributeValues: { ':yes': true, ':seen': seen.execution },
        }),
      ),
    );
    return told ? seen.execution : undefined;
  }

  /** Of a rebalance that the tidy has started: it does not start another one for the same workers. */
  async recordWorkers(cluster: string, workers: string): Promise<void> {
    await this.#client.send(new PutCommand({ TableName: this.#table, Item: { ...keys.rebalanced(cluster), workers } }));
  }

  async release(cluster: string, execution: string): Promise<void> {
    await passes(
      this.#client.send(
        new DeleteCommand({
          TableName: this.#table,
          Key: keys.rebalanceLock(cluster),
          ConditionExpression: 'execution = :own',
          ExpressionAttributeValues: { ':own': execution },
        }),
      ),
    );
  }
}
