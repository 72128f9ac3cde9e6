// Ends the wait for a command: stores how it ended, does what a founding or a join entails, and wakes the execution.
import type { SFNClient } from '@aws-sdk/client-sfn';
import { z } from 'zod';

import { endTask, failTask } from '../aws/task-callbacks.ts';
import type { Table } from '../aws/table.ts';
import type { Verb } from '../core/names.ts';
import { nodeChanges } from '../core/rendezvous.ts';
import type { Outcome, RendezvousItem, StepKey } from '../core/rendezvous.ts';

export interface DeliverPorts {
  readonly table: Table;
  readonly states: SFNClient;
}

const founding = z.object({ nodeId: z.string(), swarmId: z.string(), caDigest: z.string(), address: z.string() });

/**
 * Idempotent: both the event and a look may bring the same end, and a look repeats what died half-way.
 *
 * @returns false if nobody waits for it: the execution that sent the command does not own the node any more (its wait ends by its
 *   next look), or has sent another since.
 */
export async function storeAndDeliver(
  ports: DeliverPorts,
  input: { readonly key: StepKey; readonly verb: Verb; readonly outcome: Outcome; readonly now: number },
): Promise<boolean> {
  const { key, verb, outcome, now } = input;
  const changes = outcome.ok ? nodeChanges(verb, outcome.output) : {};
  const item = await ports.table.storeResult(key, outcome, changes, now);
  if (item === undefined) {
    return false;
  }
  await deliver(ports, { key, verb, outcome, item });
  return true;
}

export async function deliver(
  { table, states }: DeliverPorts,
  input: {
    readonly key: Omit<StepKey, 'try'>;
    readonly verb: Verb;
    readonly outcome: Outcome;
    readonly item: RendezvousItem;
  },
): Promise<void> {
  const { key, verb, outcome, item } = input;
  if (outcome.ok && verb === 'init') {
    await recordFounding(table, states, key, outcome.output);
  }
  if (outcome.ok && verb === 'confirm' && (item.abandons ?? 0) > 0) {
    await table.resetAbandons(z.object({ group: z.string() }).parse(item).group);
  }
  if (item.waits === key.step && item.taskToken !== undefined) {
    await endTask(states, item.taskToken, outcome);
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
  for (const taskToken of await table.takeWaiters(cluster)) {
    await failTask(states, taskToken, 'LeaderFound', `${cluster} was founded by ${instance}`);
  }
}
