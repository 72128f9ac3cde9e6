// One query of the table, over all of its pages.
import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDBDocumentClient, QueryCommandInput } from '@aws-sdk/lib-dynamodb';

import { NODE_PREFIX, keys } from '../core/names.ts';

/** @param query but for its pages */
export async function queryAll(
  client: DynamoDBDocumentClient,
  query: Omit<QueryCommandInput, 'ExclusiveStartKey' | 'Limit'>,
): Promise<Record<string, unknown>[]> {
  const items: Record<string, unknown>[] = [];
  let start: Record<string, unknown> | undefined;
  do {
    const page = await client.send(new QueryCommand({ ...query, ExclusiveStartKey: start }));
    items.push(...(page.Items ?? []));
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
  return items;
}

/** What a cluster has under one prefix, as it is at this moment. */
export function queryCluster(
  client: DynamoDBDocumentClient,
  table: string,
  cluster: string,
  prefix: string,
): Promise<Record<string, unknown>[]> {
  return queryAll(client, {
    TableName: table,
    KeyConditionExpression: 'pk = :pk AND begins_with(sk, :sk)',
    ExpressionAttributeValues: { ':pk': keys.cluster(cluster), ':sk': prefix },
    ConsistentRead: true,
  });
}

/** Every manager that ever was, as far as its item is still there. */
export function queryManagers(
  client: DynamoDBDocumentClient,
  table: string,
  cluster: string,
): Promise<Record<string, unknown>[]> {
  return queryAll(client, {
    TableName: table,
    KeyConditionExpression: 'pk = :pk AND begins_with(sk, :sk)',
    FilterExpression: '#role = :manager',
    ExpressionAttributeNames: { '#role': 'role' },
    ExpressionAttributeValues: { ':pk': keys.cluster(cluster), ':sk': NODE_PREFIX, ':manager': 'manager' },
    ConsistentRead: true,
  });
}
