// Ends the wait for a command: stores how it ended, does what a founding or a join entails, and wakes the execution.
import type { SFNClient } from '@aws-sdk/client-sfn';
import { z } from 'zod';

import type { MembershipLock } from '../aws/membership-lock.ts';
import { endTask, failTask } from '../aws/task-callbacks.ts';
import type { Table } from '../aws/table.ts';
import { asHeard } from '../core/command-result.ts';
import { nodeRole } from '../core/names.ts';
import type { Verb } from '../core/names.ts';
import { nodeChanges } from '../core/rendezvous.ts';
import type { Outcome, RendezvousItem, StepKey } from '../core/rendezvous.ts';
import { releaseLock } from './release-lock.ts';

export interface DeliverPorts {
  readonly table: Table;
  readonly lock: MembershipLock;
  readonly states: SFNClient;
}

const confirmedNode = z.object({
  group: z.string(),
  role: nodeRole,
  nodeId: z.string().default(''),
  address: z.string().default(''),
});
const founding = z.object({ nodeId: z.string(), swarmId: z.string(), caDigest: z.string(), address: z.string() });

/**
 * Idempotent: both the event and a look may bring the same end, and a look repeats what died half-way.
 *
 * @returns false if nobody waits for it: the execution that sent the command does not own the node any more (its wait ends by its
 *   next look), or has sent another since.
 */
export async function storeAndDeliver(
  ports: DeliverPorts,
  input: {
    readonly key: StepKey;
    readonly verb: Verb;
    readonly outcome: Outcome;
    /** When the script ended, epoch seconds. */
    readonly endedAt?: number | undefined;
    readonly now: number;
  },
): Promise<boolean> {
  const { key, verb, endedAt, now } = input;
  const outcome = asHeard(verb, input.outcome, endedAt, now);
  const changes = outcome.ok ? nodeChanges(verb, outcome.output) : {};
  const item = await ports.table.storeResult(key, outcome, changes, now);
  if (item === undefined) {
    return false;
  }
  await deliver(ports, { key, verb, outcome, item, now });
  return true;
}

export async function deliver(
  ports: DeliverPorts,
  input: {
    readonly key: Omit<StepKey, 'try'>;
    readonly verb: Verb;
    readonly outcome: Outcome;
    readonly item: RendezvousItem;
    readonly now: number;
  },
): Promise<void> {
  const { key, verb, outcome, item, now } = input;
  const { table, states } = ports;
  if (outcome.ok && verb === 'init') {
    await recordFounding(table, states, key, outcome.output);
  }
  if (outcome.ok && verb === 'confirm') {
    await welcome(ports, key, item, now);
  }
  if (outcome.ok && verb === 'demote') {
    await table.strikeManager(key.cluster, key.instance);
    await releaseLock(ports, key, now);
  }
  if (item.waits === key.step && item.taskToken !== undefined) {
    await endTask(states, item.taskToken, outcome);
  }
}

/** The node is Ready and labelled: its launch no longer counts as one that may fail, and a manager is one that can be asked. */
async function welcome(
  { table, lock, states }: DeliverPorts,
  { cluster, instance }: Omit<StepKey, 'try'>,
  item: RendezvousItem,
  now: number,
): Promise<void> {
  const { group, role, nodeId, address } = confirmedNode.parse(item);
  if ((item.abandons ?? 0) > 0) {
    await table.resetAbandons(group);
  }
  if (role === 'manager') {
    await table.recordManager(cluster, { instance, nodeId, address });
    await releaseLock({ lock, states }, { cluster, instance }, now);
    for (const taskToken of await table.takeWaiters(cluster, 'manager')) {
      await failTask(states, taskToken, 'ManagersChanged', `${instance} has become a manager of ${cluster}`);
    }
  }
}

/** Before the founder goes on: whoever waits for a leader finds one. */
async function recordFounding(
  table: Table,
  states: SFNClient,
  { cluster, instance }: Omit<StepKey, 'try'>,
  output: Record<string, unknown>,
): Promise<void> {
  const { nodeId, swarmId, caDigest, address } = founding.parse(output);
  await table.recordFounding(cluster, { swarmId, caDigest }, { instance, nodeId, address });
  for (const taskToken of await table.takeWaiters(cluster, 'leader')) {
    await failTask(states, taskToken, 'LeaderFound', `${cluster} was founded by ${instance}`);
  }
}
