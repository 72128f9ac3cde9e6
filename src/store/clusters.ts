// Which clusters a stage has, and how one that has nothing is removed again.
import { GetCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';

import { errorName } from '../aws/errors.ts';
import { keys } from '../core/names.ts';
import { founderItem } from './items.ts';
import { queryAll } from './query.ts';

const clusterItem = z.object({ sk: z.string() });

export async function listClusters(client: DynamoDBDocumentClient, table: string): Promise<string[]> {
  const items = await queryAll(client, {
    TableName: table,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': keys.clusters() },
  });
  return z
    .array(clusterItem)
    .parse(items)
    .map(({ sk }) => sk);
}

/** The instance that has begun to found it, or has founded it. */
export async function readFounder(
  client: DynamoDBDocumentClient,
  table: string,
  cluster: string,
): Promise<string | undefined> {
  const { Item: item } = await client.send(
    new GetCommand({ TableName: table, Key: keys.founder(cluster), ConsistentRead: true }),
  );
  return founderItem.optional().parse(item)?.instance;
}

/**
 * Removes the declaration of a cluster that was never founded, or whose swarm was erased: all or nothing, and only while it has no swarm,
 * since a second one could be founded beside one that nobody knows of any more.
 *
 * @param founder whose founding came to nothing, and who is gone; undefined where nobody has begun
 * @returns false where it has a swarm by now, or is not declared
 */
export async function removeDeclaration(
  client: DynamoDBDocumentClient,
  table: string,
  cluster: string,
  founder: string | undefined,
): Promise<boolean> {
  const clusters = { pk: keys.clusters(), sk: cluster };
  try {
    await client.send(
      new TransactWriteCommand({
        TransactItems: [
          {
            Delete: {
              TableName: table,
              Key: keys.state(cluster),
              ConditionExpression: '#status = :new',
              ExpressionAttributeNames: { '#status': 'status' },
              ExpressionAttributeValues: { ':new': 'new' },
            },
          },
          // Another may begin to found at this moment.
          {
            Delete: {
              TableName: table,
              Key: keys.founder(cluster),
              ConditionExpression: 'attribute_not_exists(pk) OR #instance = :founder',
              ExpressionAttributeNames: { '#instance': 'instance' },
              ExpressionAttributeValues: { ':founder': founder ?? '' },
            },
          },
          { Delete: { TableName: table, Key: keys.config(cluster) } },
          { Delete: { TableName: table, Key: keys.verdict(cluster) } },
          { Delete: { TableName: table, Key: clusters } },
        ],
      }),
    );
    return true;
  } catch (error) {
    if (errorName(error) === 'TransactionCanceledException') {
      return false;
    }
    throw error;
  }
}
