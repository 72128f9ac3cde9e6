// Which instance a node id belongs to: the one that was asked for its own, and named it first.
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';

import { keys } from '../core/names.ts';
import { passes } from '../aws/errors.ts';

const boundItem = z.object({ instance: z.string() }).catch({ instance: 'another instance' });

/**
 * For the time between a node's join and its confirmation: from then on its label, which the managers have, says the same. So it may
 * expire.
 *
 * @param expiresAt epoch seconds
 * @returns the instance that has it; another one where that was faster
 */
export async function bindNode(
  client: DynamoDBDocumentClient,
  table: string,
  binding: {
    readonly cluster: string;
    readonly nodeId: string;
    readonly instance: string;
    readonly expiresAt: number;
  },
): Promise<string> {
  const { cluster, nodeId, instance, expiresAt } = binding;
  const Key = keys.binding(cluster, nodeId);
  const write = new PutCommand({
    TableName: table,
    Item: { ...Key, instance, expiresAt },
    ConditionExpression: 'attribute_not_exists(pk) OR #instance = :instance',
    ExpressionAttributeNames: { '#instance': 'instance' },
    ExpressionAttributeValues: { ':instance': instance },
  });
  if (await passes(client.send(write))) {
    return instance;
  }
  const { Item } = await client.send(new GetCommand({ TableName: table, Key, ConsistentRead: true }));
  return boundItem.parse(Item).instance;
}
