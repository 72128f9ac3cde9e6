// Which clusters a stage has.
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';

import { keys } from '../core/names.ts';
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
