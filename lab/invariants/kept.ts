// What the table has of a cluster, as far as the rules ask for it.
import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

import { keys } from '../../src/core/names.ts';
import type { Verdict } from '../../src/core/verdict/verdict.ts';
import { Table } from '../../src/store/table.ts';
import { Verdicts } from '../../src/store/verdicts.ts';

export class Kept {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #cluster: string;

  constructor(client: DynamoDBDocumentClient, table: string, cluster: string) {
    this.#client = client;
    this.#table = table;
    this.#cluster = cluster;
  }

  async read(): Promise<{ readonly state: string | undefined; readonly verdict: Verdict | undefined }> {
    const state = await new Table(this.#client, this.#table).readState(this.#cluster);
    const { verdict } = await new Verdicts(this.#client, this.#table).read(this.#cluster);
    return { state: state?.status, verdict };
  }

  /** Locks of the cluster whose lease runs, and whose instance or execution has them. */
  async locks(now: number): Promise<string[]> {
    const { Items: items = [] } = await this.#client.send(
      new QueryCommand({
        TableName: this.#table,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :lock)',
        ExpressionAttributeValues: { ':pk': keys.cluster(this.#cluster), ':lock': 'LOCK#' },
      }),
    );
    return items
      .filter(({ leaseUntil }) => typeof leaseUntil === 'number' && leaseUntil > now)
      .map(({ sk, instance, owner }) => `${String(sk)} of ${String(instance ?? owner)}`);
  }
}
