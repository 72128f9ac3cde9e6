// Instances whose engines are in a swarm that nobody declared, in the table: so that no tidy tries to join them.
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

import { keys } from '../core/names.ts';
import { passes } from '../aws/errors.ts';

/** Of a reason: it may quote what somebody wrote. Characters. */
const LONGEST = 300;

export class Foreigners {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  /**
   * In the item of the node, which the next claim of the instance clears of it.
   *
   * @param at epoch seconds
   * @returns false where another execution acts on the instance by now
   */
  record(cluster: string, instance: string, owner: string, because: string, at: number): Promise<boolean> {
    return passes(
      this.#client.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: keys.node(cluster, instance),
          UpdateExpression: 'SET foreignSwarm = :foreign',
          ConditionExpression: '#owner = :owner',
          ExpressionAttributeNames: { '#owner': 'owner' },
          ExpressionAttributeValues: { ':foreign': { at, because: because.slice(0, LONGEST) }, ':owner': owner },
        }),
      ),
    );
  }
}
