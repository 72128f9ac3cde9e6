// Which clusters a stage has, and who founds one.
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';

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
