// The names of a cluster in DNS: what each was last set to, who is at work on it, and which nodes there are.
import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';

import { passes } from '../aws/errors.ts';
import { NODE_PREFIX, keys } from '../core/names.ts';
import type { NameState } from '../core/dns/hold.ts';
import { queryCluster } from './query.ts';

const nameItem = z.object({
  gone: z.record(z.string(), z.number()).default({}),
  named: z.array(z.string()).default([]),
  kept: z.array(z.string()).default([]),
  change: z.string().optional(),
  changedAt: z.number().optional(),
  syncedAt: z.number().optional(),
  lookedAt: z.number().optional(),
});
/** An item that cannot be read, since somebody wrote it by hand, counts as none. */
const NOTHING: NameItem = {
  ...{ gone: {}, named: [], kept: [] },
  ...{ change: undefined, changedAt: undefined, syncedAt: undefined, lookedAt: undefined },
};

export interface NameItem extends NameState {
  /** The instances that have a record. */
  readonly named: readonly string[];
  /** Those of them that leave, and keep it, since nobody else is there. */
  readonly kept: readonly string[];
  /** When somebody last looked whether the change is known to all servers. */
  readonly lookedAt: number | undefined;
}

const nodes = z.object({ instance: z.string(), group: z.string(), phase: z.string() });

/** Longer than the function may run. */
const LEASE = 70;

export interface NameKey {
  readonly cluster: string;
  readonly zone: string;
  readonly name: string;
}

export class DnsStore {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  /** All nodes of these groups that are Ready or leave. */
  async nodes(cluster: string, groups: ReadonlySet<string>): Promise<{ ready: string[]; leaving: string[] }> {
    const items = (await queryCluster(this.#client, this.#table, cluster, NODE_PREFIX)).flatMap(
      (item) => nodes.safeParse(item).data ?? [],
    );
    const of = (phase: string): string[] =>
      items.filter((one) => one.phase === phase && groups.has(one.group)).map(({ instance }) => instance);
    return { ready: of('ready'), leaving: of('leaving') };
  }

  async read(name: NameKey): Promise<NameItem> {
    const { Item: item } = await this.#client.send(
      new GetCommand({ TableName: this.#table, Key: keyOf(name), ConsistentRead: true }),
    );
    const { change, changedAt, syncedAt, lookedAt, ...rest } = nameItem.safeParse(item).data ?? NOTHING;
    return { ...rest, change, changedAt, syncedAt, lookedAt };
  }

  /**
   * An execution that comes while another one is at work leaves a mark, and that one looks once more: fifty that leave at once are a few requests to
   * Route 53, whose limits are of the whole account.
   *
   * @returns false if somebody else is at work
   */
  async take(name: NameKey, owner: string, now: number): Promise<boolean> {
    const key = { TableName: this.#table, Key: keyOf(name) };
    await this.#client.send(
      new UpdateCommand({ ...key, UpdateExpression: 'SET asked = :yes', ExpressionAttributeValues: { ':yes': true } }),
    );
    return passes(
      this.#client.send(
        new UpdateCommand({
          ...key,
          UpdateExpression: 'SET leaseUntil = :until, leasedBy = :owner REMOVE asked',
          ConditionExpression: 'attribute_not_exists(leaseUntil) OR leaseUntil < :now',
          ExpressionAttributeValues: { ':until': now + LEASE, ':now': now, ':owner': owner },
        }),
      ),
    );
  }

  /** @returns false if another execution has the name by now: then nothing was written */
  async keep(name: NameKey, owner: string, item: NameItem): Promise<boolean> {
    const { change, changedAt, syncedAt, lookedAt, ...rest } = item;
    const times = { change, changedAt, syncedAt, lookedAt };
    const known = Object.entries(times).filter(([, value]) => value !== undefined);
    const unknown = Object.keys(times).filter((one) => !known.some(([key]) => key === one));
    const values = Object.fromEntries([...Object.entries(rest), ...known].map(([key, value]) => [`:${key}`, value]));
    const set = [...Object.keys(rest), ...known.map(([key]) => key)].map((key) => `#${key} = :${key}`).join(', ');
    return passes(
      this.#client.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: keyOf(name),
          UpdateExpression: `SET ${set}${unknown.length === 0 ? '' : ` REMOVE ${unknown.map((key) => `#${key}`).join(', ')}`}`,
          ConditionExpression: 'leasedBy = :owner',
          ExpressionAttributeNames: Object.fromEntries(
            [...Object.keys(rest), ...Object.keys(times)].map((key) => [`#${key}`, key]),
          ),
          ExpressionAttributeValues: { ...values, ':owner': owner },
        }),
      ),
    );
  }

  /** @returns false if another execution has asked meanwhile: then this one keeps the name, and looks once more */
  async release(name: NameKey, owner: string, { whateverWasAsked = false } = {}): Promise<boolean> {
    const key = { TableName: this.#table, Key: keyOf(name) };
    const isOver = await passes(
      this.#client.send(
        new UpdateCommand({
          ...key,
          UpdateExpression: 'REMOVE leaseUntil, leasedBy',
          ConditionExpression: `leasedBy = :owner${whateverWasAsked ? '' : ' AND attribute_not_exists(asked)'}`,
          ExpressionAttributeValues: { ':owner': owner },
        }),
      ),
    );
    if (!isOver && !whateverWasAsked) {
      await this.#client.send(new UpdateCommand({ ...key, UpdateExpression: 'REMOVE asked' }));
    }
    return isOver;
  }
}

const keyOf = ({ cluster, zone, name }: NameKey): ReturnType<typeof keys.dnsName> => keys.dnsName(cluster, zone, name);
