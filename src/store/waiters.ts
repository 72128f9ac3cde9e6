// The task tokens of executions that wait for a leader, for other managers or for the end of a hold. The execution or person that ends the wait takes them.
import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';

import { keys, waiterPrefix } from '../core/names.ts';
import type { WaitCause } from '../core/names.ts';
import { queryCluster } from './query.ts';

const waiterItems = z.array(z.object({ pk: z.string(), sk: z.string(), taskToken: z.string() }));

export class Waiters {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async add(
    { cluster, owner }: { readonly cluster: string; readonly owner: string },
    cause: WaitCause,
    taskToken: string,
    expiresAt: number,
  ): Promise<void> {
    const Item = { ...keys.waiter(cluster, cause, owner), taskToken, expiresAt };
    await this.#client.send(new PutCommand({ TableName: this.#table, Item }));
  }

  /** Takes all that wait for this off the list, and returns their task tokens. */
  async take(cluster: string, cause: WaitCause): Promise<string[]> {
    const items = await queryCluster(this.#client, this.#table, cluster, waiterPrefix(cause));
    const waiters = waiterItems.parse(items);
    for (const { pk, sk } of waiters) {
      await this.#client.send(new DeleteCommand({ TableName: this.#table, Key: { pk, sk } }));
    }
    return waiters.map(({ taskToken }) => taskToken);
  }
}
