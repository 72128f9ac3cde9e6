// What the table has of one instance, for a person who asks after it.
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';

import { NODE_PREFIX, keys } from '../core/names.ts';
import { nodeItem } from './items.ts';
import { queryAll } from './query.ts';

/** With the step that it is at; without its task token, which is a capability. */
const storyItem = nodeItem.omit({ taskToken: true }).extend({
  step: z.string().optional(),
  try: z.number().optional(),
  sentAt: z.number().optional(),
  target: z.string().optional(),
});

type NodeStory = z.infer<typeof storyItem>;

/** Of all instances of a cluster. An item that cannot be read, since somebody wrote it by hand, is left out. */
export async function readNodeStories(
  client: DynamoDBDocumentClient,
  table: string,
  cluster: string,
): Promise<NodeStory[]> {
  const items = await queryAll(client, {
    TableName: table,
    KeyConditionExpression: 'pk = :pk AND begins_with(sk, :nodes)',
    ExpressionAttributeValues: { ':pk': keys.cluster(cluster), ':nodes': NODE_PREFIX },
    ConsistentRead: true,
  });
  return items.flatMap((item) => storyItem.safeParse(item).data ?? []);
}

export async function readNodeStory(
  client: DynamoDBDocumentClient,
  table: string,
  cluster: string,
  instance: string,
): Promise<NodeStory | undefined> {
  const { Item: item } = await client.send(
    new GetCommand({ TableName: table, Key: keys.node(cluster, instance), ConsistentRead: true }),
  );
  return storyItem.safeParse(item).data;
}
