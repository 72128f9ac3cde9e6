// The hold of a cluster in the table: on its STATE, which each claim reads, and as a mark on every node that somebody is at work on.
//
// The mark saves a call: an execution that sends a command writes to the item of its node anyway, and that write fails if the mark is there. A
// stale mark is harmless, since a waiting execution reads the STATE before it trusts the mark.
import { DeleteCommand, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';

import { holdItem } from '../core/lifecycle/hold.ts';
import type { Hold } from '../core/model.ts';
import { NODE_PREFIX, keys, waiterPrefix } from '../core/names.ts';
import type { Key } from '../core/names.ts';
import type { StepKey } from '../core/steps/rendezvous.ts';
import { passes } from '../aws/errors.ts';
import { queryCluster } from './query.ts';

/** Somebody is at work on these. */
const UNDER_WAY: ReadonlySet<string> = new Set(['launching', 'joining', 'joined', 'leaving']);
/** Writes at a time: a cluster may have two thousand nodes on their way. */
const AT_ONCE = 25;

const markedItem = z.object({ owner: z.string(), held: z.number().optional() });
const nodeItem = z.object({ pk: z.string(), sk: z.string(), phase: z.string(), held: z.number().optional() });
const waiterItem = z.object({ pk: z.string(), sk: z.string(), taskToken: z.string() });
type Waiter = z.infer<typeof waiterItem>;

export class Holds {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  /** @returns undefined if there is no hold, or no such cluster */
  async read(cluster: string): Promise<Hold | undefined> {
    const { Item: item } = await this.#client.send(
      new GetCommand({ TableName: this.#table, Key: keys.state(cluster), ConsistentRead: true }),
    );
    return z.object({ hold: holdItem.optional() }).parse(item ?? {}).hold;
  }

  /**
   * Holds a cluster that exists. One that is held already keeps its beginning, and gets the new reason, if there is one.
   *
   * @returns undefined if there is no such cluster
   */
  async place(cluster: string, because: string, now: number): Promise<Hold | undefined> {
    const before = await this.read(cluster);
    const hold = { since: before?.since ?? now, because: because === '' ? (before?.because ?? '') : because };
    const exists = await this.#change(keys.state(cluster), 'SET #hold = :hold', 'attribute_exists(pk)', {
      names: { '#hold': 'hold' },
      values: { ':hold': hold },
    });
    return exists ? hold : undefined;
  }

  /** @returns false if there is no such cluster */
  async lift(cluster: string): Promise<boolean> {
    return this.#change(keys.state(cluster), 'REMOVE #hold', 'attribute_exists(pk)', { names: { '#hold': 'hold' } });
  }

  /** Marks what is under way. @returns how many nodes that are */
  async mark(cluster: string, { since }: Hold): Promise<number> {
    const underWay = (await this.#nodes(cluster)).filter(({ phase }) => UNDER_WAY.has(phase));
    await inTurns(underWay, async ({ pk, sk }) => {
      await this.#change({ pk, sk }, 'SET #held = :held', 'attribute_exists(pk)', {
        names: { '#held': 'held' },
        values: { ':held': since },
      });
    });
    return underWay.length;
  }

  /** Takes all marks off that were made before. */
  async unmark(cluster: string, now: number): Promise<void> {
    const marked = (await this.#nodes(cluster)).filter(({ held }) => held !== undefined);
    await inTurns(marked, async ({ pk, sk }) => {
      await this.#change({ pk, sk }, 'REMOVE #held', '#held <= :now', {
        names: { '#held': 'held' },
        values: { ':now': now },
      });
    });
  }

  /** Whether the node is marked, and still this execution's. */
  async isMarked({ cluster, instance, owner }: Omit<StepKey, 'try' | 'step'>): Promise<boolean> {
    const { Item: item } = await this.#client.send(
      new GetCommand({ TableName: this.#table, Key: keys.node(cluster, instance), ConsistentRead: true }),
    );
    const node = markedItem.safeParse(item);
    return node.success && node.data.owner === owner && node.data.held !== undefined;
  }

  /** What waits longer than it was meant to must not be taken over by an event that comes a second time. */
  async extendLease(key: Omit<StepKey, 'try' | 'step'>, action: Key, leaseUntil: number): Promise<void> {
    const values = { ':lease': leaseUntil, ':owner': key.owner };
    const change = { names: { '#owner': 'owner' }, values };
    await this.#change(keys.node(key.cluster, key.instance), 'SET leaseUntil = :lease', '#owner = :owner', change);
    await this.#change(action, 'SET leaseUntil = :lease', '#owner = :owner', change);
  }

  /** Lets this execution go on. @returns false if the node belongs to another one by now */
  async release({ cluster, instance, owner }: Omit<StepKey, 'try' | 'step'>): Promise<boolean> {
    return this.#change(keys.node(cluster, instance), 'REMOVE #held', '#owner = :owner', {
      names: { '#held': 'held', '#owner': 'owner' },
      values: { ':owner': owner },
    });
  }

  /** Tells all that wait for the end of the hold, and takes them off the list when they were told. */
  async wakeAll(cluster: string, tell: (taskToken: string) => Promise<unknown>): Promise<number> {
    const waiters = await this.#waiters(cluster);
    await inTurns(waiters, async ({ pk, sk, taskToken }) => {
      await tell(taskToken);
      await this.#client.send(new DeleteCommand({ TableName: this.#table, Key: { pk, sk } }));
    });
    return waiters.length;
  }

  async #waiters(cluster: string): Promise<Waiter[]> {
    return z.array(waiterItem).parse(await queryCluster(this.#client, this.#table, cluster, waiterPrefix('hold')));
  }

  async #nodes(cluster: string): Promise<z.infer<typeof nodeItem>[]> {
    return z.array(nodeItem).parse(await queryCluster(this.#client, this.#table, cluster, NODE_PREFIX));
  }

  /** @returns false where the condition did not hold */
  #change(
    { pk, sk }: Key,
    update: string,
    condition: string,
    { names, values }: { readonly names: Record<string, string>; readonly values?: Record<string, unknown> },
  ): Promise<boolean> {
    return passes(
      this.#client.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: { pk, sk },
          UpdateExpression: update,
          ConditionExpression: condition,
          ExpressionAttributeNames: names,
          ExpressionAttributeValues: values,
        }),
      ),
    );
  }
}

async function inTurns<T>(all: readonly T[], take: (one: T) => Promise<void>): Promise<void> {
  for (let from = 0; from < all.length; from += AT_ONCE) {
    await Promise.all(all.slice(from, from + AT_ONCE).map(take));
  }
}
