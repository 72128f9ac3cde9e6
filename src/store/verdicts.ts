// The verdict of a cluster in the table, with what people have not been told yet. It is written on condition of what was read: of two tidies one is first.
import { BatchGetCommand, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';

import { FlowError } from '../core/errors.ts';
import { LEVELS } from '../core/verdict/findings.ts';
import { holdItem } from '../core/lifecycle/hold.ts';
import type { Hold } from '../core/model.ts';
import { keys } from '../core/names.ts';
import type { Key } from '../core/names.ts';
import { noticeSchema } from '../core/verdict/notice.ts';
import type { Outbox } from '../core/verdict/notice.ts';
import type { Verdict } from '../core/verdict/verdict.ts';
import { passes } from '../aws/errors.ts';

const reason = noticeSchema.shape.reasons.element;
const times = z.record(z.string(), z.number());
const verdict = z
  .object({
    level: z.enum(LEVELS),
    reasons: z.array(reason),
    since: z.number(),
    asOf: z.number(),
    version: z.int(),
    lastGood: z.number(),
    findings: times,
    hooks: times,
    lock: z.object({ instance: z.string(), since: z.number() }).optional(),
  })
  .transform((it): Verdict => ({ ...it, lock: it.lock }));
const outbox = z
  .object({
    notices: z.array(noticeSchema),
    sender: z.object({ execution: z.string(), until: z.number() }).optional(),
  })
  .transform((it): Outbox => ({ ...it, sender: it.sender }));
const verdictItem = z.object({ revision: z.int(), verdict, outbox });
const lockItem = z.object({ instance: z.string(), leaseUntil: z.number() });
const forcedItem = z.object({ at: z.number(), instance: z.string() });
const failedItem = z.object({ at: z.number(), instance: z.string(), error: z.string() });
const stateItem = z.object({
  hold: holdItem.optional(),
  status: z.enum(['new', 'founded']).optional(),
  erasedAt: z.number().optional(),
});

export interface KeptVerdict {
  /** Grows with every write; 0 where there is nothing yet. */
  readonly revision: number;
  readonly verdict: Verdict | undefined;
  readonly outbox: Outbox;
}

export interface VerdictItems {
  readonly kept: KeptVerdict;
  readonly lock: z.infer<typeof lockItem> | undefined;
  readonly forced: z.infer<typeof forcedItem> | undefined;
  readonly failed: z.infer<typeof failedItem> | undefined;
  readonly hold: Hold | undefined;
  readonly state: { readonly status: 'new' | 'founded'; readonly erasedAt?: number | undefined } | undefined;
}

const NOTHING: KeptVerdict = { revision: 0, verdict: undefined, outbox: { notices: [], sender: undefined } };

export class Verdicts {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  /** @returns undefined where no tidy has made one yet */
  async read(cluster: string): Promise<KeptVerdict> {
    const { Item: item } = await this.#client.send(
      new GetCommand({ TableName: this.#table, Key: keys.verdict(cluster), ConsistentRead: true }),
    );
    return keptOf(item);
  }

  /** The same, with all else that the table knows and a verdict is made of: one call. */
  async readAround(cluster: string): Promise<VerdictItems> {
    const wanted = {
      kept: keys.verdict(cluster),
      lock: keys.membershipLock(cluster),
      forced: keys.forced(cluster),
      failed: keys.failed(cluster),
      state: keys.state(cluster),
    };
    const { Responses: answers, UnprocessedKeys: unread = {} } = await this.#client.send(
      new BatchGetCommand({ RequestItems: { [this.#table]: { Keys: Object.values(wanted), ConsistentRead: true } } }),
    );
    if (Object.keys(unread).length > 0) {
      // What was not read is not missing: people would be told again of what they know.
      throw new FlowError('Throttled', 'the table did not answer for all keys');
    }
    const items = answers?.[this.#table] ?? [];
    const item = ({ pk, sk }: Key): unknown => items.find((it) => it['pk'] === pk && it['sk'] === sk);
    const state = stateItem.safeParse(item(wanted.state)).data;
    return {
      kept: keptOf(item(wanted.kept)),
      // Whatever else lies there is not the verdict's to judge.
      lock: lockItem.safeParse(item(wanted.lock)).data,
      forced: forcedItem.safeParse(item(wanted.forced)).data,
      failed: failedItem.safeParse(item(wanted.failed)).data,
      hold: state?.hold,
      state: state?.status === undefined ? undefined : { status: state.status, erasedAt: state.erasedAt },
    };
  }

  /** @returns false where somebody else has written since `revision` was read: read again, and decide again */
  async write(cluster: string, revision: number, next: Omit<KeptVerdict, 'revision'>): Promise<boolean> {
    const condition =
      revision === 0
        ? { ConditionExpression: 'attribute_not_exists(pk)' }
        : {
            ConditionExpression: 'revision = :revision',
            ExpressionAttributeValues: { ':revision': revision },
          };
    const Item = { ...keys.verdict(cluster), ...next, revision: revision + 1 };
    return passes(this.#client.send(new PutCommand({ TableName: this.#table, Item, ...condition })));
  }

  /** The last one only, as below. */
  async recordFailed(cluster: string, instance: string, error: string, at: number): Promise<void> {
    await this.#client.send(
      new PutCommand({ TableName: this.#table, Item: { ...keys.failed(cluster), instance, error, at } }),
    );
  }

  /** The last one only: an event that comes twice writes the same. */
  async recordForced(cluster: string, instance: string, at: number): Promise<void> {
    await this.#client.send(
      new PutCommand({ TableName: this.#table, Item: { ...keys.forced(cluster), instance, at } }),
    );
  }
}

/** One that this version cannot read is none: the next verdict is made from what is, and kept in its place. */
function keptOf(item: unknown): KeptVerdict {
  const read = verdictItem.safeParse(item);
  const revision = z.object({ revision: z.int() }).safeParse(item).data?.revision ?? 0;
  return read.success ? read.data : { ...NOTHING, revision };
}
