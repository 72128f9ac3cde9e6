// Instances that AWS is about to take, in the table: whose an instance is, until when it lives, and who else goes with it.
import { QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDBDocumentClient, UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';

import { ifHolds } from '../aws/errors.ts';
import type { NodeItem } from '../core/model.ts';
import { NODE_PREFIX, clusterName, instanceId, keys, nodeIdText } from '../core/names.ts';
import { nodeItem } from './items.ts';
import { queryAll } from './query.ts';

/** Of the table: by the attribute `instance`, and with the keys of the items alone. */
const BY_INSTANCE = 'by-instance';

const instanceKey = z.object({
  pk: z
    .string()
    .transform((pk) => pk.slice(keys.cluster('').length))
    .pipe(clusterName),
});
const leaver = z.object({ instance: instanceId, nodeId: nodeIdText });

export class Warnings {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  /** One read, whosever it is. @returns the clusters that know the instance: none for a stranger's */
  async clustersOf(instance: string): Promise<string[]> {
    const { Items: items = [] } = await this.#client.send(
      new QueryCommand({
        TableName: this.#table,
        IndexName: BY_INSTANCE,
        KeyConditionExpression: 'instance = :instance AND begins_with(sk, :node)',
        ExpressionAttributeValues: { ':instance': instance, ':node': NODE_PREFIX },
      }),
    );
    return items.flatMap((item) => instanceKey.safeParse(item).data?.pk ?? []);
  }

  /**
   * Says in the item of the node until when its instance lives: whoever is at work on it reads it there.
   *
   * @returns the item; undefined where there is none any more
   */
  mark(cluster: string, instance: string, diesAt: number): Promise<NodeItem | undefined> {
    return this.#note(cluster, instance, {
      UpdateExpression: 'SET diesAt = :at',
      ConditionExpression: 'attribute_exists(pk)',
      ExpressionAttributeValues: { ':at': diesAt },
    });
  }

  /**
   * Says there what AWS has announced of the instance. Health tells the same again for each page, region and change of its text.
   *
   * @returns the item; undefined where it says so already, or where there is none any more
   */
  announce(
    cluster: string,
    instance: string,
    { code, at }: { readonly code: string; readonly at: number },
  ): Promise<NodeItem | undefined> {
    return this.#note(cluster, instance, {
      UpdateExpression: 'SET announced = :code, announcedAt = :at',
      ConditionExpression:
        'attribute_exists(pk) AND (attribute_not_exists(announced) OR announced <> :code OR announcedAt <> :at)',
      ExpressionAttributeValues: { ':code': code, ':at': at },
    });
  }

  /** @returns undefined where there is none any more */
  async nodeOf(cluster: string, instance: string): Promise<NodeItem | undefined> {
    const { pk, sk } = keys.node(cluster, instance);
    return nodeItem.optional().parse(await this.#item(pk, sk));
  }

  /** Says there since when EC2 recommends to have another one in its place. */
  async recommend(cluster: string, instance: string, now: number): Promise<void> {
    await this.#note(cluster, instance, {
      UpdateExpression: 'SET recommendedAt = :now',
      ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(recommendedAt)',
      ExpressionAttributeValues: { ':now': now },
    });
  }

  /** Whether anybody looks after the cluster by a tidy: a person may have said that nobody is to. */
  async isTidied(cluster: string): Promise<boolean> {
    const item = await this.#item(keys.clusters(), cluster);
    return item !== undefined && item['tidyEvery'] !== 0;
  }

  /** By a query, which the function may do: it has no right to anything else that reads. */
  async #item(pk: string, sk: string): Promise<Record<string, unknown> | undefined> {
    const { Items: items = [] } = await this.#client.send(
      new QueryCommand({
        TableName: this.#table,
        KeyConditionExpression: 'pk = :pk AND sk = :sk',
        ExpressionAttributeValues: { ':pk': pk, ':sk': sk },
        ConsistentRead: true,
      }),
    );
    return items[0];
  }

  async #note(
    cluster: string,
    instance: string,
    change: Pick<UpdateCommandInput, 'UpdateExpression' | 'ConditionExpression' | 'ExpressionAttributeValues'>,
  ): Promise<NodeItem | undefined> {
    const written = await ifHolds(
      this.#client.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: keys.node(cluster, instance),
          ...change,
          ReturnValues: 'ALL_NEW',
        }),
      ),
    );
    return written === undefined ? undefined : nodeItem.parse(written.Attributes);
  }

  /** The workers of a cluster that AWS is about to take, as `node@instance`. @param now epoch seconds */
  async leavers(cluster: string, now: number): Promise<string[]> {
    const items = await queryAll(this.#client, {
      TableName: this.#table,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :node)',
      FilterExpression: 'diesAt > :now AND #role = :worker AND #phase <> :gone',
      ProjectionExpression: 'instance, nodeId',
      ExpressionAttributeNames: { '#role': 'role', '#phase': 'phase' },
      ExpressionAttributeValues: {
        ':pk': keys.cluster(cluster),
        ':node': NODE_PREFIX,
        ':now': now,
        ':worker': 'worker',
        ':gone': 'gone',
      },
      ConsistentRead: true,
    });
    return items.flatMap((item) => {
      const { data } = leaver.safeParse(item);
      return data === undefined ? [] : [`${data.nodeId}@${data.instance}`];
    });
  }
}
