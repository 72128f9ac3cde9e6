// Records an existing swarm in one transaction, as a founding is recorded; and removes what a stage has of a cluster.
import { DeleteCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

import type { Adopted } from '../core/adopt/plan.ts';
import { FlowError } from '../core/errors.ts';
import { keys } from '../core/names.ts';
import type { PublishedTokens } from '../core/tidy/facts.ts';
import { errorName } from '../aws/errors.ts';
import type { TransactItem } from './claim-transaction.ts';
import { queryAll } from './query.ts';

interface Adopting {
  readonly cluster: string;
  readonly adopted: Adopted;
  readonly caDigest: string;
  /** Of the join tokens, as they were published. */
  readonly tokens: PublishedTokens;
  /** Epoch seconds. */
  readonly now: number;
}

export class Adoptions {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  /** @throws {FlowError} NotAsExpected where somebody founds, or has founded, a swarm for it meanwhile */
  async record(adopting: Adopting): Promise<void> {
    try {
      await this.#client.send(new TransactWriteCommand({ TransactItems: adoptionTransaction(this.#table, adopting) }));
    } catch (error) {
      if (errorName(error) !== 'TransactionCanceledException') {
        throw error;
      }
      const what = `what the table has of ${adopting.cluster} changed meanwhile: look again`;
      throw new FlowError('NotAsExpected', what, { cause: error });
    }
  }

  /** All items of the cluster, the state last: as long as that is there, whoever was stopped goes on. */
  async forget(cluster: string, groups: readonly string[]): Promise<void> {
    const items = await queryAll(this.#client, {
      TableName: this.#table,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': keys.cluster(cluster) },
      ConsistentRead: true,
    });
    const state = keys.state(cluster);
    const own = items.map(({ pk, sk }) => ({ pk: String(pk), sk: String(sk) })).filter(({ sk }) => sk !== state.sk);
    const all = [...own, ...groups.map((group) => keys.group(group)), { pk: keys.clusters(), sk: cluster }, state];
    for (const { pk, sk } of all) {
      await this.#client.send(new DeleteCommand({ TableName: this.#table, Key: { pk, sk } }));
    }
  }
}

/** The same items as those of a founding (founding.ts), and what only a founding could choose, as the swarm has it. */
function adoptionTransaction(TableName: string, adopting: Adopting): TransactItem[] {
  const { cluster, adopted, caDigest, tokens, now } = adopting;
  const { swarmId, epoch, leader, managers, config, founder } = adopted;
  return [
    {
      Update: {
        TableName,
        Key: keys.state(cluster),
        UpdateExpression:
          'SET #status = :founded, swarmId = :swarmId, caDigest = :caDigest, epoch = :epoch, tokens = :tokens',
        ConditionExpression: '#status = :new',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: {
          ...{ ':new': 'new', ':founded': 'founded', ':swarmId': swarmId, ':caDigest': caDigest },
          ...{ ':epoch': epoch, ':tokens': tokens },
        },
      },
    },
    {
      Update: {
        TableName,
        Key: keys.config(cluster),
        UpdateExpression: 'SET addressPool = :pool, subnetSize = :size, dataPathPort = :port',
        ExpressionAttributeValues: {
          ...{ ':pool': config.addressPool, ':size': config.subnetSize, ':port': config.dataPathPort },
        },
      },
    },
    {
      Update: {
        TableName,
        Key: keys.founder(cluster),
        UpdateExpression: 'SET #instance = if_not_exists(#instance, :leader), swarmId = :swarmId',
        ConditionExpression: founder === undefined ? 'attribute_not_exists(pk)' : '#instance = :founder',
        ExpressionAttributeNames: { '#instance': 'instance' },
        ExpressionAttributeValues: {
          ...{ ':swarmId': swarmId, ':leader': leader.instance },
          ...(founder === undefined ? {} : { ':founder': founder }),
        },
      },
    },
    // Without a condition: a record that somebody left there is of no swarm.
    { Put: { TableName, Item: { ...keys.leader(cluster), leader, managers, term: 1, asOf: now } } },
  ];
}
