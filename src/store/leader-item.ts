// The leader record in the table. Every change of it is a conditional write on the term that was read.
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';

import type { LeaderRecord, Manager } from '../core/model.ts';
import { FlowError } from '../core/errors.ts';
import { nextTerm, readRecord } from '../core/managers/leader-record.ts';
import type { Managers, ReadRecord } from '../core/managers/leader-record.ts';
import { keys, nodeAddress } from '../core/names.ts';
import { passes } from '../aws/errors.ts';
import { queryManagers } from './query.ts';

/** Without an address nobody is asked, and nobody joins by it: a node that was none of its instance's has none. */
const managerNode = z.object({ instance: z.string(), nodeId: z.string(), address: nodeAddress, phase: z.string() });

/** Managers that are more likely to answer come first. One that is leaving may be the last manager that there is. */
const PHASES = ['ready', 'joined', 'leaving', 'joining'];

export class LeaderItem {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async read(cluster: string): Promise<ReadRecord> {
    return readRecord(await this.#get(cluster));
  }

  async #get(cluster: string): Promise<Record<string, unknown> | undefined> {
    const { Item: item } = await this.#client.send(
      new GetCommand({ TableName: this.#table, Key: keys.leader(cluster), ConsistentRead: true }),
    );
    return item;
  }

  /**
   * @param change undefined to leave it as it is
   * @param now epoch seconds
   * @returns whether it was changed
   */
  async change(
    cluster: string,
    now: number,
    change: (record: LeaderRecord | undefined) => Managers | undefined,
  ): Promise<boolean> {
    const item = await this.#get(cluster);
    const { record } = readRecord(item);
    const changed = change(record);
    if (changed === undefined) {
      return false;
    }
    const { leader, managers } = changed;
    const next = { leader, managers, term: nextTerm(item?.['term'], now), asOf: now };
    const Item = { ...keys.leader(cluster), ...next };
    const put = new PutCommand({ TableName: this.#table, Item, ...unchanged(item) });
    if (!(await passes(this.#client.send(put)))) {
      throw new FlowError('Throttled', `the leader record of ${cluster} changed meanwhile`);
    }
    return true;
  }

  /** Every instance that may be a manager, as its own item has it: whom to ask when nobody on record answers. */
  async candidates(cluster: string): Promise<Manager[]> {
    const items = await queryManagers(this.#client, this.#table, cluster);
    const found = items.flatMap((item) => managerNode.safeParse(item).data ?? []);
    const rank = ({ phase }: { phase: string }): number => PHASES.indexOf(phase);
    return found
      .filter((one) => rank(one) >= 0)
      .toSorted((a, b) => rank(a) - rank(b))
      .map(({ instance, nodeId, address }) => ({ instance, nodeId, address }));
  }
}

/** Whatever somebody has put in the place of the term. */
function unchanged(
  item: Record<string, unknown> | undefined,
): Pick<ConstructorParameters<typeof PutCommand>[0], 'ConditionExpression' | 'ExpressionAttributeValues'> {
  if (item === undefined) {
    return { ConditionExpression: 'attribute_not_exists(pk)' };
  }
  const { term } = item;
  return typeof term === 'number' || typeof term === 'bigint'
    ? { ConditionExpression: 'term = :term', ExpressionAttributeValues: { ':term': term } }
    : { ConditionExpression: 'NOT attribute_type(term, :number)', ExpressionAttributeValues: { ':number': 'N' } };
}
