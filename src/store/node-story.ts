// What the table has of one instance, for a person who asks after it.
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';

import { keys } from '../core/names.ts';
import { nodeItem } from './items.ts';

/** With the step that it is at; without its task token, which is a capability. */
const storyItem = nodeItem.omit({ taskToken: true }).extend({
  step: z.string().optional(),
  try: z.number().optional(),
  sentAt: z.number().optional(),
  target: z.string().optional(),
});

export async function readNodeStory(
  client: DynamoDBDocumentClient,
  table: string,
  cluster: string,
  instance: string,
): Promise<z.infer<typeof storyItem> | undefined> {
  const { Item: item } = await client.send(
    new GetCommand({ TableName: table, Key: keys.node(cluster, instance), ConsistentRead: true }),
  );
  return storyItem.safeParse(item).data;
}
