// Groups whose events were refused, in the table: for the tidies of the clusters that they claim, and for a person who asks.
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';

import { REFUSED_PREFIX, clusterName, keys } from '../core/names.ts';
import { queryAll, queryCluster } from './query.ts';

/** What no tidy looks at must end by itself. */
const KEPT = 86_400;
/** Of a reason: it may quote what somebody wrote. Characters. */
const LONGEST = 500;

export const refusedItem = z.object({ group: z.string(), because: z.string(), at: z.number() });
export type Refused = z.infer<typeof refusedItem>;

export class Refusals {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  /**
   * The last one of each group only.
   *
   * @param claimed the clusters that the group names, wherever it does; where it names none that can be, it is kept for a day, for the
   *   stage as a whole
   */
  async record(group: string, claimed: readonly (string | undefined)[], because: string, at: number): Promise<void> {
    const clusters = [...new Set(claimed)].filter((one) => clusterName.safeParse(one).success);
    const Item = { group, because: because.slice(0, LONGEST), at };
    const targets =
      clusters.length === 0
        ? [{ pk: keys.refusals(), sk: group, expiresAt: at + KEPT }]
        : clusters.map((cluster) => keys.refused(cluster ?? '', group));
    for (const key of targets) {
      await this.#client.send(new PutCommand({ TableName: this.#table, Item: { ...key, ...Item } }));
    }
  }

  async ofCluster(cluster: string): Promise<Refused[]> {
    const items = await queryCluster(this.#client, this.#table, cluster, REFUSED_PREFIX);
    return items.flatMap((item) => refusedItem.safeParse(item).data ?? []);
  }

  /** Of groups that name no cluster, or one that nobody declared. */
  async ofNobody(): Promise<Refused[]> {
    const items = await queryAll(this.#client, {
      TableName: this.#table,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': keys.refusals() },
    });
    return items.flatMap((item) => refusedItem.safeParse(item).data ?? []);
  }
}
