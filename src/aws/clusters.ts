// Which clusters a stage has.
import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';

import { keys } from '../core/names.ts';

const clusterItem = z.object({ sk: z.string() });

export async function listClusters(client: DynamoDBDocumentClient, table: string): Promise<string[]> {
  const names: string[] = [];
  let start: Record<string, unknown> | undefined;
  do {
    const page = await client.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': keys.clusters() },
        ExclusiveStartKey: start,
      }),
    );
    names.push(
      ...z
        .array(clusterItem)
        .parse(page.Items ?? [])
        .map(({ sk }) => sk),
    );
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
  return names;
}
