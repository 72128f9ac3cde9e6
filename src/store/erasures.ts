// A person's permission to erase a swarm, kept in the STATE item of its cluster; and the record of the swarm's end, which is one write.
import { GetCommand, TransactWriteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';

import { erasureItem } from '../core/managers/erasure.ts';
import type { Erasure } from '../core/managers/erasure.ts';
import { FlowError } from '../core/errors.ts';
import { keys } from '../core/names.ts';
import type { TransactItem } from './claim-transaction.ts';
import { errorName, passes } from '../aws/errors.ts';
import { GONE_TTL } from './items.ts';

const seenItem = z.object({ status: z.string(), swarmId: z.string().optional(), erase: erasureItem.optional() });
export type StateToErase = z.infer<typeof seenItem>;

export interface End {
  readonly cluster: string;
  readonly swarmId: string;
  /** The last manager, and the execution that owns it; undefined where nothing was left. */
  readonly last: { readonly instance: string; readonly owner: string } | undefined;
  /** Epoch seconds. */
  readonly now: number;
}

export class Erasures {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  /** @returns undefined if there is no such cluster */
  async read(cluster: string): Promise<StateToErase | undefined> {
    const { Item: item } = await this.#client.send(
      new GetCommand({ TableName: this.#table, Key: keys.state(cluster), ConsistentRead: true }),
    );
    return seenItem.optional().parse(item);
  }

  /** @returns false where the cluster has another swarm by now, or none */
  give(cluster: string, erasure: Erasure): Promise<boolean> {
    return this.#change(cluster, 'SET #erase = :erase', '#status = :founded AND swarmId = :swarmId', {
      ':erase': erasure,
      ':swarmId': erasure.swarmId,
      ':founded': 'founded',
    });
  }

  /** @returns false if nothing was said */
  takeBack(cluster: string): Promise<boolean> {
    return this.#change(cluster, 'REMOVE #erase', 'attribute_exists(#erase)', {});
  }

  /** @returns false if it was taken back meanwhile, or a person holds the cluster */
  begin(cluster: string, swarmId: string, instance: string): Promise<boolean> {
    return this.#change(
      cluster,
      'SET #erase.begun = :instance',
      '#status = :founded AND #erase.swarmId = :swarmId AND attribute_not_exists(#hold)',
      { ':instance': instance, ':swarmId': swarmId, ':founded': 'founded' },
    );
  }

  async #change(
    cluster: string,
    UpdateExpression: string,
    ConditionExpression: string,
    values: Record<string, unknown>,
  ): Promise<boolean> {
    const text = `${UpdateExpression} ${ConditionExpression}`;
    const names = ['erase', 'status', 'hold'].filter((name) => text.includes(`#${name}`));
    return passes(
      this.#client.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: keys.state(cluster),
          UpdateExpression,
          ConditionExpression,
          ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
          ...(Object.keys(values).length === 0 ? {} : { ExpressionAttributeValues: values }),
        }),
      ),
    );
  }

  /**
   * `founded` becomes `new`, so that the next manager may found: all of it or nothing. Doing it twice changes nothing, also where the
   * cluster was founded anew in between.
   *
   * @returns false if another execution has taken the last manager over
   */
  async end(end: End): Promise<boolean> {
    try {
      await this.#client.send(new TransactWriteCommand({ TransactItems: endTransaction(this.#table, end) }));
      return true;
    } catch (error) {
      if (errorName(error) !== 'TransactionCanceledException') {
        throw error;
      }
      return this.#whyNotEnded(end, error);
    }
  }

  async #whyNotEnded({ cluster, swarmId, last }: End, cause: unknown): Promise<boolean> {
    if ((await this.read(cluster))?.swarmId !== swarmId) {
      return true;
    }
    if (last !== undefined) {
      const { Item: node } = await this.#client.send(
        new GetCommand({ TableName: this.#table, Key: keys.node(cluster, last.instance), ConsistentRead: true }),
      );
      if (node?.['owner'] !== last.owner) {
        return false;
      }
    }
    // Not a condition, then: two writes of the same items at once cancel each other.
    throw new FlowError('Throttled', `the end of ${cluster} could not be recorded at once`, { cause });
  }
}

function endTransaction(TableName: string, { cluster, swarmId, last, now }: End): TransactItem[] {
  return [
    {
      Update: {
        TableName,
        Key: keys.state(cluster),
        // A hold stays: it is about the cluster, not about its swarm.
        UpdateExpression: 'SET #status = :new, erasedAt = :now REMOVE swarmId, caDigest, epoch, #erase',
        ConditionExpression: '#status = :founded AND swarmId = :swarmId',
        ExpressionAttributeNames: { '#status': 'status', '#erase': 'erase' },
        ExpressionAttributeValues: { ':new': 'new', ':founded': 'founded', ':swarmId': swarmId, ':now': now },
      },
    },
    { Delete: { TableName, Key: keys.leader(cluster) } },
    { Delete: { TableName, Key: keys.founder(cluster) } },
    ...(last === undefined ? [] : [lastIsGone(TableName, cluster, last, now)]),
  ];
}

function lastIsGone(
  TableName: string,
  cluster: string,
  { instance, owner }: NonNullable<End['last']>,
  now: number,
): TransactItem {
  return {
    Update: {
      TableName,
      Key: keys.node(cluster, instance),
      UpdateExpression: 'SET #phase = :gone, expiresAt = :expires',
      ConditionExpression: '#owner = :owner',
      ExpressionAttributeNames: { '#phase': 'phase', '#owner': 'owner' },
      ExpressionAttributeValues: { ':gone': 'gone', ':expires': now + GONE_TTL, ':owner': owner },
    },
  };
}
