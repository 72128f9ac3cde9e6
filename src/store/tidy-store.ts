// What a tidy reads of the table, and what it repairs there. Every write is conditional on what the plan was made from.
import { DeleteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDBDocumentClient, UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';

import { chunks } from '../core/chunks.ts';
import type { Hold, HookTimeouts } from '../core/model.ts';
import { MEMBERSHIP_LOCK_PREFIX, NODE_PREFIX, REFUSED_PREFIX, keys } from '../core/names.ts';
import type { ItemRef, KnownNode, PublishedTokens, TidyFacts } from '../core/tidy/facts.ts';
import { passes } from '../aws/errors.ts';
import { GONE_TTL, lockItem, nodeItem, policyItem, rebalancedItem, publishedTokens, stateItem } from './items.ts';
import { queryAll } from './query.ts';
import { refusedItem } from './refusals.ts';
import type { Refused } from './refusals.ts';

/** Writes under way at once. */
const AT_ONCE = 10;
/** Owns what no execution has claimed. */
const NOBODY = 'tidy';

/** Without its task token, which is a capability. */
const knownNode = nodeItem.omit({ taskToken: true, address: true });

export interface Stored extends Pick<TidyFacts, 'known' | 'lock' | 'downAfter' | 'rebalance' | 'rebalancedFor'> {
  readonly known: readonly KnownNode[];
  readonly hold: Hold | undefined;
  readonly hookTimeouts: HookTimeouts;
  readonly published: PublishedTokens | undefined;
  readonly refused: readonly Refused[];
}

const policyOf = (item: unknown): Pick<Stored, 'downAfter' | 'rebalance'> => {
  const { downAfter, rebalance } = policyItem.parse(item ?? {});
  return { downAfter, rebalance };
};

export class TidyStore {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  /** All that a cluster has, in one query: its nodes are nearly all of it. */
  async read(cluster: string): Promise<Stored> {
    const items = await queryAll(this.#client, {
      TableName: this.#table,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': keys.cluster(cluster) },
      ConsistentRead: true,
    });
    const item = (sk: string): Record<string, unknown> | undefined => items.find((one) => one['sk'] === sk);
    const state = item(keys.state(cluster).sk);
    const { hold, hookTimeouts = {} } = stateItem.optional().parse(state) ?? {};
    const isNode = z.looseObject({ sk: z.string().startsWith(NODE_PREFIX) });
    return {
      known: items
        .filter((one) => isNode.safeParse(one).success)
        // What lies there by somebody's hand must not keep the rest from being repaired.
        .flatMap((one) => knownNode.safeParse(one).data ?? []),
      hold,
      hookTimeouts,
      lock: lockItem.safeParse(item(MEMBERSHIP_LOCK_PREFIX)).data,
      refused: items
        .filter(({ sk }) => typeof sk === 'string' && sk.startsWith(REFUSED_PREFIX))
        .flatMap((one) => refusedItem.safeParse(one).data ?? []),
      published: publishedTokens.safeParse(state?.['tokens']).data,
      ...policyOf(item(keys.config(cluster).sk)),
      rebalancedFor: rebalancedItem.safeParse(item(keys.rebalanced(cluster).sk)).data?.workers,
    };
  }

  /** What is seen of hooks, for the claims to come. Of a cluster that nobody declared nothing is kept. */
  async keepHookTimeouts(cluster: string, timeouts: HookTimeouts): Promise<void> {
    await this.#update({
      Key: keys.state(cluster),
      UpdateExpression: 'SET hookTimeouts = :timeouts',
      ConditionExpression: 'attribute_exists(pk)',
      ExpressionAttributeValues: { ':timeouts': timeouts },
    });
  }

  /** Nodes that are Ready, and whose items say otherwise or were lost. @returns how many were written */
  record(cluster: string, items: readonly ItemRef[]): Promise<number> {
    return inTurns(items, ({ instance, group, role, nodeId, owner }) =>
      this.#update({
        Key: keys.node(cluster, instance),
        UpdateExpression:
          'SET #instance = :instance, #group = :group, #role = :role, #phase = :ready, nodeId = :nodeId, #owner = :nobody, ' +
          'ownerArn = :nobody, leaseUntil = :none REMOVE expiresAt',
        ConditionExpression: owner === undefined ? 'attribute_not_exists(pk)' : '#owner = :seen',
        ExpressionAttributeNames: {
          '#instance': 'instance',
          '#group': 'group',
          '#role': 'role',
          '#phase': 'phase',
          '#owner': 'owner',
        },
        ExpressionAttributeValues: {
          ':instance': instance,
          ':group': group,
          ':role': role,
          ':ready': 'ready',
          ':nodeId': nodeId,
          ':nobody': NOBODY,
          ':none': 0,
          ...(owner === undefined ? {} : { ':seen': owner }),
        },
      }),
    );
  }

  /** Instances that are gone: their items say so from now on, and the table drops them. */
  erase(
    cluster: string,
    items: readonly { readonly instance: string; readonly owner: string }[],
    now: number,
  ): Promise<number> {
    return inTurns(items, ({ instance, owner }) =>
      this.#update({
        Key: keys.node(cluster, instance),
        UpdateExpression: 'SET #phase = :gone, expiresAt = :at',
        ConditionExpression: '#owner = :seen',
        ExpressionAttributeNames: { '#phase': 'phase', '#owner': 'owner' },
        ExpressionAttributeValues: { ':gone': 'gone', ':at': now + GONE_TTL, ':seen': owner },
      }),
    );
  }

  /** Which own labels of their group nodes were given. */
  relabel(
    cluster: string,
    items: readonly { readonly instance: string; readonly owner: string }[],
    labelled: string,
  ): Promise<number> {
    return inTurns(items, ({ instance, owner }) =>
      this.#update({
        Key: keys.node(cluster, instance),
        UpdateExpression: 'SET labelled = :labelled',
        ConditionExpression: '#owner = :seen',
        ExpressionAttributeNames: { '#owner': 'owner' },
        ExpressionAttributeValues: { ':labelled': labelled, ':seen': owner },
      }),
    );
  }

  /** Groups that were refused, and are not any more. */
  dismiss(cluster: string, groups: readonly string[]): Promise<number> {
    return inTurns(groups, async (group) => {
      await this.#client.send(new DeleteCommand({ TableName: this.#table, Key: keys.refused(cluster, group) }));
      return true;
    });
  }

  unlock(cluster: string, { instance, leaseUntil }: { instance: string; leaseUntil: number }): Promise<number> {
    return inTurns([instance], () =>
      passes(
        this.#client.send(
          new DeleteCommand({
            TableName: this.#table,
            Key: keys.membershipLock(cluster),
            ConditionExpression: '#instance = :instance AND leaseUntil = :until',
            ExpressionAttributeNames: { '#instance': 'instance' },
            ExpressionAttributeValues: { ':instance': instance, ':until': leaseUntil },
          }),
        ),
      ),
    );
  }

  #update(input: Omit<UpdateCommandInput, 'TableName'>): Promise<boolean> {
    return passes(this.#client.send(new UpdateCommand({ ...input, TableName: this.#table })));
  }
}

async function inTurns<T>(items: readonly T[], write: (item: T) => Promise<boolean>): Promise<number> {
  let done = 0;
  for (const some of chunks(items, AT_ONCE)) {
    const written = await Promise.all(some.map(write));
    done += written.filter(Boolean).length;
  }
  return done;
}
