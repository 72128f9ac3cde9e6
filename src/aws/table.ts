// The one table: clusters, nodes with their rendezvous, actions and groups. Every write that must not race is conditional.
import {
  BatchGetCommand,
  DeleteCommand,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { DynamoDBDocumentClient, TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';

import type { Claim, ClusterState, LeaderRecord, NodeItem } from '../core/claim.ts';
import { DEFAULT_CONFIG } from '../core/commands.ts';
import type { ClusterConfig } from '../core/commands.ts';
import type { Action } from '../core/lifecycle-event.ts';
import { NODE_PREFIX, WAITER_PREFIX, clusterName, keys, nodeRole } from '../core/names.ts';
import type { Key } from '../core/names.ts';
import type { KnownNode } from '../core/repairs.ts';
import { rendezvousItem } from '../core/rendezvous.ts';
import type { NodeChanges, Outcome, RendezvousItem, StepKey } from '../core/rendezvous.ts';
import { itemOf, isOwnItem } from '../core/rendezvous.ts';
import { errorName } from './errors.ts';

const DAY = 86_400;
/** Longer than any hook lives (48 h). */
const ACTION_TTL = 3 * DAY;
/** Long enough for late and duplicate events of an instance that is gone to find out that it is. */
const GONE_TTL = 7 * DAY;

const manager = z.object({ instance: z.string(), nodeId: z.string(), address: z.string() });
const leaderItem = z.object({ leader: manager, managers: z.array(manager), term: z.number() });
const stateItem = z.discriminatedUnion('status', [
  z.object({ status: z.literal('new') }),
  z.object({ status: z.literal('founded'), swarmId: z.string(), caDigest: z.string() }),
]);
const nodeItem = z.object({
  instance: z.string(),
  group: z.string(),
  role: nodeRole,
  phase: z.enum(['launching', 'joining', 'joined', 'ready', 'leaving', 'gone']),
  owner: z.string(),
  ownerArn: z.string(),
  nodeId: z.string().optional(),
  taskToken: z.string().optional(),
  leaseUntil: z.number().default(0),
});
const actionItem = z.object({
  owner: z.string(),
  ownerArn: z.string(),
  actionToken: z.string().optional(),
  time: z.number(),
  leaseUntil: z.number(),
});
const groupItem = z.object({
  cluster: z.string().optional(),
  role: z.string().optional(),
  abandons: z.number().default(0),
  readAt: z.number().default(0),
});
const configItem = z.object({ addressPool: z.string(), subnetSize: z.number(), dataPathPort: z.number() });

export type GroupItem = z.infer<typeof groupItem>;
export type ActionItem = z.infer<typeof actionItem>;

export interface StoredFacts {
  readonly state: ClusterState | undefined;
  readonly leader: LeaderRecord | undefined;
  readonly founder: { readonly instance: string } | undefined;
  readonly node: NodeItem | undefined;
  readonly action: ActionItem | undefined;
  readonly group: GroupItem | undefined;
}

/** Somebody else wrote in between: read again, and decide again. */
export class WriteConflict extends Error {
  override readonly name = 'WriteConflict';
}

export class Table {
  readonly #client: DynamoDBDocumentClient;
  readonly #name: string;

  constructor(client: DynamoDBDocumentClient, name: string) {
    this.#client = client;
    this.#name = name;
  }

  /** All that a claim is decided from, in one consistent read. */
  async readFacts(action: Action): Promise<StoredFacts> {
    const { cluster, group, instance, transition } = action;
    const wanted = {
      state: keys.state(cluster),
      leader: keys.leader(cluster),
      founder: keys.founder(cluster),
      node: keys.node(cluster, instance),
      action: keys.action(group, instance, transition),
      group: keys.group(group),
    };
    const { Responses: answers } = await this.#client.send(
      new BatchGetCommand({ RequestItems: { [this.#name]: { Keys: Object.values(wanted), ConsistentRead: true } } }),
    );
    const items = answers?.[this.#name] ?? [];
    const item = ({ pk, sk }: Key): unknown => items.find((it) => it['pk'] === pk && it['sk'] === sk);
    return {
      state: stateItem.optional().parse(item(wanted.state)),
      leader: leaderItem.optional().parse(item(wanted.leader)),
      founder: z.object({ instance: z.string() }).optional().parse(item(wanted.founder)),
      node: nodeItem.optional().parse(item(wanted.node)),
      action: actionItem.optional().parse(item(wanted.action)),
      group: groupItem.optional().parse(item(wanted.group)),
    };
  }

  /**
   * Writes a claim, all or nothing, on what was read.
   *
   * @throws {WriteConflict} if anything changed since.
   */
  async writeClaim(input: {
    readonly action: Action;
    readonly take: NonNullable<Claim['take']>;
    readonly owner: { readonly key: string; readonly arn: string };
    readonly seen: StoredFacts;
    readonly group: GroupItem;
    readonly now: number;
  }): Promise<void> {
    const { action, take, owner, seen, group, now } = input;
    const { cluster, instance } = action;
    const writes: TransactItem[] = [
      this.#put(
        {
          ...keys.action(action.group, instance, action.transition),
          owner: owner.key,
          ownerArn: owner.arn,
          actionToken: action.actionToken,
          hook: action.hook,
          time: action.time,
          leaseUntil: take.leaseUntil,
          expiresAt: now + ACTION_TTL,
        },
        seen.action?.owner,
      ),
      this.#takeNode(input),
      this.#group(action.group, group),
    ];
    if (take.founder) {
      writes.push({
        Put: {
          TableName: this.#name,
          Item: { ...keys.founder(cluster), instance, since: now },
          ConditionExpression: 'attribute_not_exists(pk) OR #instance = :instance',
          ExpressionAttributeNames: { '#instance': 'instance' },
          ExpressionAttributeValues: { ':instance': instance },
        },
      });
    }
    await this.#transact(writes);
  }

  #takeNode({ action, take, owner, seen, group, now }: Parameters<Table['writeClaim']>[0]): TransactItem {
    const { condition, values } = ownedBy(seen.node?.owner);
    return {
      Update: {
        TableName: this.#name,
        Key: keys.node(action.cluster, action.instance),
        UpdateExpression:
          'SET #instance = :instance, #group = :group, #role = :role, #phase = :phase, #owner = :me, ownerArn = :arn, ' +
          'leaseUntil = :lease, abandons = :abandons, beatAt = :beat, #step = :step REMOVE taskToken, commandId, #result, uncertain, expiresAt' +
          (action.kind === 'launch' ? ', nodeId' : ''),
        ConditionExpression: condition,
        ExpressionAttributeNames: {
          '#instance': 'instance',
          '#group': 'group',
          '#role': 'role',
          '#phase': 'phase',
          '#owner': 'owner',
          '#step': 'step',
          '#result': 'result',
        },
        ExpressionAttributeValues: {
          ...values,
          ':instance': action.instance,
          ':group': action.group,
          ':role': action.role,
          ':phase': take.phase,
          ':me': owner.key,
          ':arn': owner.arn,
          ':lease': take.leaseUntil,
          ':abandons': group.abandons,
          ':beat': Math.min(action.time, now),
          ':step': 'Claim',
        },
      },
    };
  }

  #group(name: string, group: GroupItem): TransactItem {
    return {
      Update: {
        TableName: this.#name,
        Key: keys.group(name),
        UpdateExpression: 'SET #cluster = :cluster, #role = :role, readAt = :readAt',
        ExpressionAttributeNames: { '#cluster': 'cluster', '#role': 'role' },
        ExpressionAttributeValues: {
          ':cluster': group.cluster ?? '',
          ':role': group.role ?? '',
          ':readAt': group.readAt,
        },
      },
    };
  }

  #put(item: Record<string, unknown>, seenOwner: string | undefined): TransactItem {
    const { condition, values } = ownedBy(seenOwner);
    return {
      Put: {
        TableName: this.#name,
        Item: item,
        ConditionExpression: condition,
        ExpressionAttributeNames: seenOwner === undefined ? undefined : { '#owner': 'owner' },
        ExpressionAttributeValues: seenOwner === undefined ? undefined : values,
      },
    };
  }

  async #transact(TransactItems: TransactItem[]): Promise<void> {
    try {
      await this.#client.send(new TransactWriteCommand({ TransactItems }));
    } catch (error) {
      if (errorName(error) === 'TransactionCanceledException') {
        throw new WriteConflict('the table changed under a claim', { cause: error });
      }
      throw error;
    }
  }

  /**
   * Parks a task token in the item of its step and reads what is there.
   *
   * @returns undefined if the node belongs to another execution by now.
   */
  async park(
    key: Omit<StepKey, 'try'>,
    changes: Readonly<Record<string, unknown>>,
  ): Promise<RendezvousItem | undefined> {
    const own = isOwnItem(key);
    const names = Object.keys(changes);
    const set = names.map((name) => `#${name} = :${name}`);
    try {
      const { Attributes: item } = await this.#client.send(
        new UpdateCommand({
          TableName: this.#name,
          Key: itemOf(key),
          UpdateExpression: `SET ${[...set, ...(own ? ['#owner = :owner'] : [])].join(', ')}`,
          ConditionExpression: own ? 'attribute_not_exists(#owner) OR #owner = :owner' : '#owner = :owner',
          ExpressionAttributeNames: {
            '#owner': 'owner',
            ...Object.fromEntries(names.map((name) => [`#${name}`, name])),
          },
          ExpressionAttributeValues: {
            ':owner': key.owner,
            ...Object.fromEntries(names.map((name) => [`:${name}`, changes[name]])),
          },
          ReturnValues: 'ALL_NEW',
        }),
      );
      return rendezvousItem.parse(item);
    } catch (error) {
      return undefinedIfConditionFailed(error);
    }
  }

  /** Stores how a command ended, with what that changes of its node. Undefined if nobody waits for it any more. */
  async storeResult(
    key: StepKey,
    outcome: Outcome,
    changes: NodeChanges,
    now: number,
  ): Promise<RendezvousItem | undefined> {
    const own = isOwnItem(key);
    const node = own ? {} : changes;
    return this.park(key, {
      result: { step: key.step, try: key.try, outcome },
      ...Object.fromEntries(Object.entries(node).filter(([, value]) => value !== undefined)),
      ...(node.phase === 'gone' ? { expiresAt: now + GONE_TTL } : {}),
      ...(own ? { expiresAt: now + DAY } : {}),
    });
  }

  async readLeader(cluster: string): Promise<LeaderRecord | undefined> {
    return leaderItem.optional().parse(await this.#get(keys.leader(cluster)));
  }

  async readState(cluster: string): Promise<ClusterState | undefined> {
    return stateItem.optional().parse(await this.#get(keys.state(cluster)));
  }

  async readConfig(cluster: string): Promise<ClusterConfig> {
    return configItem.optional().parse(await this.#get(keys.config(cluster))) ?? DEFAULT_CONFIG;
  }

  async #get(key: Key): Promise<unknown> {
    const { Item: item } = await this.#client.send(
      new GetCommand({ TableName: this.#name, Key: key, ConsistentRead: true }),
    );
    return item;
  }

  /** Declares a cluster. False if it was declared before: then nothing is changed. */
  async declareCluster(cluster: string, config: ClusterConfig): Promise<boolean> {
    clusterName.parse(cluster);
    try {
      const put = (item: Record<string, unknown>): TransactItem => ({
        Put: { TableName: this.#name, Item: item, ConditionExpression: 'attribute_not_exists(pk)' },
      });
      await this.#transact([
        put({ ...keys.state(cluster), status: 'new' }),
        put({ ...keys.config(cluster), ...config }),
        put({ pk: keys.clusters(), sk: cluster }),
      ]);
      return true;
    } catch (error) {
      if (error instanceof WriteConflict) {
        return false;
      }
      throw error;
    }
  }

  /** `new` becomes `founded`, by the founder only, and the leader is recorded. Doing it twice changes nothing. */
  async recordFounding(
    cluster: string,
    swarm: { swarmId: string; caDigest: string },
    leader: LeaderRecord['leader'],
  ): Promise<void> {
    try {
      await this.#transact([
        {
          Update: {
            TableName: this.#name,
            Key: keys.state(cluster),
            UpdateExpression: 'SET #status = :founded, swarmId = :swarmId, caDigest = :caDigest',
            ConditionExpression: '#status = :new',
            ExpressionAttributeNames: { '#status': 'status' },
            ExpressionAttributeValues: {
              ':new': 'new',
              ':founded': 'founded',
              ':swarmId': swarm.swarmId,
              ':caDigest': swarm.caDigest,
            },
          },
        },
        {
          Update: {
            TableName: this.#name,
            Key: keys.founder(cluster),
            UpdateExpression: 'SET swarmId = :swarmId',
            ConditionExpression: '#instance = :instance',
            ExpressionAttributeNames: { '#instance': 'instance' },
            ExpressionAttributeValues: { ':swarmId': swarm.swarmId, ':instance': leader.instance },
          },
        },
        {
          Put: {
            TableName: this.#name,
            Item: { ...keys.leader(cluster), leader, managers: [leader], term: 1 },
            ConditionExpression: 'attribute_not_exists(pk)',
          },
        },
      ]);
    } catch (error) {
      if (!(error instanceof WriteConflict)) {
        throw error;
      }
      const state = await this.readState(cluster);
      if (state?.status !== 'founded' || state.swarmId !== swarm.swarmId) {
        throw error;
      }
    }
  }

  async addWaiter(cluster: string, owner: string, taskToken: string, expiresAt: number): Promise<void> {
    await this.#client.send(
      new PutCommand({ TableName: this.#name, Item: { ...keys.waiter(cluster, owner), taskToken, expiresAt } }),
    );
  }

  /** Takes every waiter for a leader off the list and returns their task tokens. */
  async takeWaiters(cluster: string): Promise<string[]> {
    const items = await this.#query(cluster, WAITER_PREFIX);
    const waiters = z.array(z.object({ pk: z.string(), sk: z.string(), taskToken: z.string() })).parse(items);
    for (const { pk, sk } of waiters) {
      await this.#client.send(new DeleteCommand({ TableName: this.#name, Key: { pk, sk } }));
    }
    return waiters.map(({ taskToken }) => taskToken);
  }

  async knownNodes(cluster: string): Promise<KnownNode[]> {
    return z
      .array(nodeItem)
      .parse(await this.#query(cluster, NODE_PREFIX))
      .map(({ instance, phase, nodeId, leaseUntil }) => ({ instance, phase, nodeId, leaseUntil }));
  }

  async #query(cluster: string, prefix: string): Promise<unknown[]> {
    const items: unknown[] = [];
    let start: Record<string, unknown> | undefined;
    do {
      const page = await this.#client.send(
        new QueryCommand({
          TableName: this.#name,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :sk)',
          ExpressionAttributeValues: { ':pk': keys.cluster(cluster), ':sk': prefix },
          ConsistentRead: true,
          ExclusiveStartKey: start,
        }),
      );
      items.push(...(page.Items ?? []));
      start = page.LastEvaluatedKey;
    } while (start !== undefined);
    return items;
  }

  /** Counts one more launch of the group that was abandoned, and says how many in a row that makes. */
  async countAbandon(group: string): Promise<number> {
    const { Attributes: item } = await this.#client.send(
      new UpdateCommand({
        TableName: this.#name,
        Key: keys.group(group),
        UpdateExpression: 'ADD abandons :one',
        ExpressionAttributeValues: { ':one': 1 },
        ReturnValues: 'ALL_NEW',
      }),
    );
    return groupItem.parse(item).abandons;
  }

  async resetAbandons(group: string): Promise<void> {
    await this.#client.send(
      new UpdateCommand({
        TableName: this.#name,
        Key: keys.group(group),
        UpdateExpression: 'SET abandons = :none',
        ExpressionAttributeValues: { ':none': 0 },
      }),
    );
  }
}

type TransactItem = NonNullable<TransactWriteCommandInput['TransactItems']>[number];

function ownedBy(owner: string | undefined): { condition: string; values: Record<string, unknown> } {
  return owner === undefined
    ? { condition: 'attribute_not_exists(pk)', values: {} }
    : { condition: '#owner = :seen', values: { ':seen': owner } };
}

function undefinedIfConditionFailed(error: unknown): undefined {
  if (errorName(error) !== 'ConditionalCheckFailedException') {
    throw error;
  }
  return undefined;
}
