// What a person says of a cluster: that there is to be one, what can be changed of it at any time, and that there is to be none.
import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

import { clusterName, keys } from '../core/names.ts';
import type { Key } from '../core/names.ts';
import type { ClusterConfig } from '../core/steps/verbs.ts';
import type { RebalanceWhen } from '../core/tidy/facts.ts';
import type { TransactItem } from './claim-transaction.ts';
import { stateItem } from './items.ts';
import { WriteConflict, transact } from './transact.ts';

export interface TidyPolicy {
  /** How often the tidy comes, in steps of the schedule's ten minutes; 0 for never. */
  readonly tidyEvery?: number;
  /** How long a node may be down before its instance is reported, seconds. */
  readonly downAfter?: number;
  /** Whether the tidy starts a rebalance when workers have come. */
  readonly rebalance?: RebalanceWhen;
}

export class Declarations {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  /** Declares a cluster. False if it was declared before: then nothing is changed. */
  async declare(cluster: string, config: ClusterConfig): Promise<boolean> {
    clusterName.parse(cluster);
    const put = (item: Record<string, unknown>): TransactItem => ({
      Put: { TableName: this.#table, Item: item, ConditionExpression: 'attribute_not_exists(pk)' },
    });
    try {
      await transact(this.#client, [
        put({ ...keys.state(cluster), status: 'new' }),
        put({ ...keys.config(cluster), ...config }),
        put({ pk: keys.clusters(), sk: cluster }),
      ]);
      return true;
    } catch (error) {
      // A transaction is cancelled for other reasons too: only what is there says that it was declared.
      if (error instanceof WriteConflict && (await this.#isDeclared(cluster))) {
        return false;
      }
      throw error;
    }
  }

  async #isDeclared(cluster: string): Promise<boolean> {
    const { Item: item } = await this.#client.send(
      new GetCommand({ TableName: this.#table, Key: keys.state(cluster), ConsistentRead: true }),
    );
    return stateItem.optional().parse(item) !== undefined;
  }

  /** What can be changed of a cluster at any time; what is not said stays as it is. The list of clusters is what the schedule reads. */
  async writePolicy(cluster: string, { tidyEvery, downAfter, rebalance }: TidyPolicy): Promise<void> {
    if (tidyEvery !== undefined) {
      await this.#set({ pk: keys.clusters(), sk: cluster }, 'tidyEvery', tidyEvery);
    }
    if (downAfter !== undefined) {
      await this.#set(keys.config(cluster), 'downAfter', downAfter);
    }
    if (rebalance !== undefined) {
      await this.#set(keys.config(cluster), 'rebalance', rebalance);
    }
  }

  async #set(key: Key, name: string, value: number | string): Promise<void> {
    await this.#client.send(
      new UpdateCommand({
        TableName: this.#table,
        Key: key,
        UpdateExpression: 'SET #name = :value',
        ExpressionAttributeNames: { '#name': name },
        ExpressionAttributeValues: { ':value': value },
      }),
    );
  }

  /**
   * Removes the declaration of a cluster that was never founded, or whose swarm was erased: all or nothing, and only while the cluster has no swarm.
   * Nobody would know of that swarm any more, and a second one could be founded beside it.
   *
   * @param founder whose founding came to nothing, and who is gone; undefined where nobody has begun
   * @returns false where it has a swarm by now, or is not declared
   */
  async remove(cluster: string, founder: string | undefined): Promise<boolean> {
    try {
      await transact(this.#client, removal(this.#table, cluster, founder));
      return true;
    } catch (error) {
      if (error instanceof WriteConflict) {
        return false;
      }
      throw error;
    }
  }
}

const removal = (TableName: string, cluster: string, founder: string | undefined): TransactItem[] => [
  {
    Delete: {
      TableName,
      Key: keys.state(cluster),
      ConditionExpression: '#status = :new',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: { ':new': 'new' },
    },
  },
  // Another may begin to found at this moment.
  {
    Delete: {
      TableName,
      Key: keys.founder(cluster),
      ConditionExpression: 'attribute_not_exists(pk) OR #instance = :founder',
      ExpressionAttributeNames: { '#instance': 'instance' },
      ExpressionAttributeValues: { ':founder': founder ?? '' },
    },
  },
  { Delete: { TableName, Key: keys.config(cluster) } },
  { Delete: { TableName, Key: keys.verdict(cluster) } },
  { Delete: { TableName, Key: { pk: keys.clusters(), sk: cluster } } },
];
