// The one table: clusters, nodes with their rendezvous, actions and groups. Every write that must not race is conditional.
import { BatchGetCommand, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

import type { ClusterState, LeaderRecord, Manager } from '../core/model.ts';
import { DEFAULT_CONFIG } from '../core/steps/verbs.ts';
import type { ClusterConfig } from '../core/steps/verbs.ts';
import type { NodeChanges } from '../core/steps/verbs/verb.ts';
import { FlowError } from '../core/errors.ts';
import type { Action } from '../core/lifecycle/event.ts';
import { readRecord } from '../core/managers/leader-record.ts';
import type { Managers, ReadRecord } from '../core/managers/leader-record.ts';
import { keys } from '../core/names.ts';
import type { Key } from '../core/names.ts';
import { counterOf, rendezvousItem } from '../core/steps/rendezvous.ts';
import type { Outcome, RendezvousItem, StepKey } from '../core/steps/rendezvous.ts';
import type { PublishedTokens } from '../core/tidy/facts.ts';
import { claimTransaction } from './claim-transaction.ts';
import type { ClaimWrite } from './claim-transaction.ts';
import { ifHolds } from '../aws/errors.ts';
import { foundingTransaction } from './founding.ts';
import type { Founding } from './founding.ts';
import { GONE_TTL, actionItem, configItem, founderItem, groupItem, nodeItem, stateItem } from './items.ts';
import type { StoredFacts } from './items.ts';
import { LeaderItem } from './leader-item.ts';
import { namedBy, nodeIdOf } from './node-names.ts';
import { stepUpdate } from './step-update.ts';
import type { Besides } from './step-update.ts';
import { WriteConflict, transact } from './transact.ts';

export class Table {
  readonly #client: DynamoDBDocumentClient;
  readonly #name: string;
  readonly #leader: LeaderItem;

  constructor(client: DynamoDBDocumentClient, name: string) {
    this.#client = client;
    this.#name = name;
    this.#leader = new LeaderItem(client, name);
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
    const { Responses: answers, UnprocessedKeys: unread = {} } = await this.#client.send(
      new BatchGetCommand({ RequestItems: { [this.#name]: { Keys: Object.values(wanted), ConsistentRead: true } } }),
    );
    if (Object.keys(unread).length > 0) {
      // What was not read is not missing: an undeclared cluster would be refused.
      throw new FlowError('Throttled', 'the table did not answer for all keys');
    }
    const items = answers?.[this.#name] ?? [];
    const item = ({ pk, sk }: Key): unknown => items.find((it) => it['pk'] === pk && it['sk'] === sk);
    return {
      state: stateItem.optional().parse(item(wanted.state)),
      leader: readRecord(item(wanted.leader)).record,
      founder: founderItem.optional().parse(item(wanted.founder)),
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
  async writeClaim(write: ClaimWrite): Promise<void> {
    await transact(this.#client, claimTransaction(this.#name, write));
  }

  /**
   * Writes to the item of a step and reads it back, if it is still this execution's.
   *
   * @returns undefined if the node belongs to another execution by now.
   */
  park(key: Omit<StepKey, 'try'>, changes: Readonly<Record<string, unknown>>): Promise<RendezvousItem | undefined> {
    return this.#update(key, changes, [], {});
  }

  /**
   * A new try begins, and is counted: what an earlier one has left is gone. Before its command is sent, so that its end finds the item.
   *
   * @returns undefined if the node belongs to another execution by now, or bears the mark of a hold
   */
  begin(key: StepKey, changes: Readonly<Record<string, unknown>>): Promise<RendezvousItem | undefined> {
    const { step, try: number } = key;
    const began = { ...changes, step, try: number, waits: step };
    const expected = key.belongsTo === 'execution' ? {} : { held: undefined };
    return this.#update(key, began, ['commandId', 'result', 'uncertain'], expected, counterOf(step));
  }

  /** Which command the present try is: so that it is found again without a list, which may not show what is pending. */
  async keepCommand(key: StepKey, command: { readonly commandId: string; readonly target: string }): Promise<void> {
    await this.#update(key, command, [], { step: key.step, [counterOf(key.step)]: key.try });
  }

  /**
   * Stores how a command ended, with what that changes of its node. Undefined if that try is not the present one any more, was not sent to
   * that instance, or is another command: whoever may send documents may give them any comment. Which command it is, is kept as soon as
   * SendCommand answers; an end that is heard of before that counts.
   */
  async storeResult(
    key: StepKey,
    outcome: Outcome,
    changes: NodeChanges,
    now: number,
    { target, commandId }: { readonly target: string; readonly commandId: string },
  ): Promise<RendezvousItem | undefined> {
    const { formerNodeId, ...node } = key.belongsTo === 'execution' ? {} : changes;
    const appended = formerNodeId === undefined ? {} : { formerNodeIds: [formerNodeId] };
    const changed = {
      result: outcome,
      ...Object.fromEntries(Object.entries(node).filter(([, value]) => value !== undefined)),
      ...(node.phase === 'gone' ? { expiresAt: now + GONE_TTL } : {}),
    };
    // A look that gives a command up says what became of it, and then cancels it: the news of that must not take its word back.
    const first = !outcome.ok && outcome.error === 'CommandCancelled' ? { result: undefined } : {};
    const expected = { step: key.step, target, [counterOf(key.step)]: key.try, ...first };
    return this.#update(key, changed, [], expected, undefined, { unlessOther: { commandId }, appended });
  }

  async #update(
    key: Omit<StepKey, 'try'>,
    changes: Readonly<Record<string, unknown>>,
    removed: readonly string[],
    expected: Readonly<Record<string, unknown>>,
    counter?: string,
    besides: Besides = {},
  ): Promise<RendezvousItem | undefined> {
    const written = await ifHolds(
      this.#client.send(
        new UpdateCommand({
          TableName: this.#name,
          ...stepUpdate(key, changes, removed, expected, counter, besides),
        }),
      ),
    );
    return written === undefined ? undefined : rendezvousItem.parse(written.Attributes);
  }

  /** See node-names.ts. */
  nodeIdOf(cluster: string, instance: string): Promise<string | undefined> {
    return nodeIdOf(this.#client, this.#name, { cluster, instance });
  }

  /** See node-names.ts. */
  namedBy(cluster: string, nodeId: string): Promise<string[]> {
    return namedBy(this.#client, this.#name, { cluster, nodeId });
  }

  readLeader(cluster: string): Promise<ReadRecord> {
    return this.#leader.read(cluster);
  }

  /** @param change undefined to leave the record as it is. @param now epoch seconds */
  changeLeader(
    cluster: string,
    now: number,
    change: (record: LeaderRecord | undefined) => Managers | undefined,
  ): Promise<boolean> {
    return this.#leader.change(cluster, now, change);
  }

  /** Every instance that may be a manager: whom to ask when nobody on record answers. */
  managerNodes(cluster: string): Promise<Manager[]> {
    return this.#leader.candidates(cluster);
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

  /**
   * `new` becomes `founded`, by the founder only, and the leader is recorded. Doing it twice changes nothing.
   *
   * @returns false if another execution has taken the founder over by now: nothing is recorded then
   */
  async recordFounding(founding: Founding): Promise<boolean> {
    const { cluster, swarm } = founding;
    try {
      await transact(this.#client, foundingTransaction(this.#name, founding));
      return true;
    } catch (error) {
      if (!(error instanceof WriteConflict)) {
        throw error;
      }
      const state = await this.readState(cluster);
      if (state?.status === 'founded' && state.swarmId === swarm.swarmId) {
        return true;
      }
      return this.#whyNotFounded(founding, state, error);
    }
  }

  async #whyNotFounded(
    { cluster, leader, owner }: Founding,
    state: ClusterState | undefined,
    error: WriteConflict,
  ): Promise<false> {
    const node = nodeItem.optional().parse(await this.#get(keys.node(cluster, leader.instance)));
    if (state?.status === 'new' && node !== undefined && node.owner !== owner) {
      return false;
    }
    const founder = founderItem.optional().parse(await this.#get(keys.founder(cluster)));
    if (state?.status === 'new' && founder?.instance === leader.instance) {
      // Not a condition, then: two writes of the same founding at once cancel each other.
      throw new FlowError('Throttled', `the founding of ${cluster} could not be recorded at once`, { cause: error });
    }
    throw error;
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

  /** What was published, as digests, and under which key: the tidy compares them with the swarm's. */
  async recordTokens(cluster: string, tokens: PublishedTokens): Promise<void> {
    await this.#client.send(
      new UpdateCommand({
        TableName: this.#name,
        Key: keys.state(cluster),
        UpdateExpression: 'SET tokens = :tokens',
        ExpressionAttributeValues: { ':tokens': tokens },
      }),
    );
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
