// Which node ids instances have named as their own. This is used only where EC2's addresses give no answer and
// the managers have no label of the instance, which a node gets when it is confirmed.
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';

import { NODE_PREFIX, keys } from '../core/names.ts';
import { queryAll } from './query.ts';

const named = z.object({ nodeId: z.string().optional() });
const namer = z.object({ instance: z.string() });

/** @returns undefined where the instance has named none yet */
export async function nodeIdOf(
  client: DynamoDBDocumentClient,
  table: string,
  { cluster, instance }: { readonly cluster: string; readonly instance: string },
): Promise<string | undefined> {
  const Key = keys.node(cluster, instance);
  const { Item: item } = await client.send(new GetCommand({ TableName: table, Key, ConsistentRead: true }));
  return named.safeParse(item).data?.nodeId;
}

/** @returns instances that are there, as far as the table knows */
export async function namedBy(
  client: DynamoDBDocumentClient,
  table: string,
  { cluster, nodeId }: { readonly cluster: string; readonly nodeId: string },
): Promise<string[]> {
  const items = await queryAll(client, {
    TableName: table,
    KeyConditionExpression: 'pk = :pk AND begins_with(sk, :sk)',
    FilterExpression: 'nodeId = :nodeId AND #phase <> :gone',
    ExpressionAttributeNames: { '#phase': 'phase' },
    ExpressionAttributeValues: { ':pk': keys.cluster(cluster), ':sk': NODE_PREFIX, ':nodeId': nodeId, ':gone': 'gone' },
    ConsistentRead: true,
  });
  return items.flatMap((item) => namer.safeParse(item).data?.instance ?? []);
}
