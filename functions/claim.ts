// Called first by scale-out and scale-in: who handles this lifecycle action, and by which route.
import { z } from 'zod';

import { describeGroup } from '../src/aws/auto-scaling.ts';
import { autoScalingClient, statesClient, tableClient } from '../src/aws/clients.ts';
import type { GroupItem, StoredFacts } from '../src/aws/items.ts';
import { Table, WriteConflict } from '../src/aws/table.ts';
import { failTask } from '../src/aws/task-callbacks.ts';
import { readConfig } from '../src/config.ts';
import { decideClaim } from '../src/core/claim.ts';
import type { Claim, Plan } from '../src/core/claim.ts';
import { FlowError } from '../src/core/errors.ts';
import { readLifecycleEvent } from '../src/core/lifecycle-event.ts';
import type { Action } from '../src/core/lifecycle-event.ts';
import { ownerKey } from '../src/core/names.ts';
import { logger, makeHandler, raise } from '../src/handler.ts';

const config = readConfig(process.env);
const table = new Table(tableClient(), config.table);
const autoScaling = autoScalingClient();
const states = statesClient();

/** A group's tags rarely change, and DescribeAutoScalingGroups is throttled. Seconds. */
const GROUP_CACHE = 3600;
/** Two executions that claim the same instance at once: the loser reads and decides again. */
const CLAIM_TRIES = 5;

/** What EC2 says of an instance: the names of its states, none where EC2 does not know it. */
const founderView = z.object({ instance: z.string(), states: z.array(z.string()) });

export const handler = makeHandler(
  z.object({ v: z.literal(1), execution: z.string(), event: z.unknown(), founder: founderView.optional() }),
  async ({ execution, event, founder }): Promise<Plan> => {
    const read = readLifecycleEvent(config.stage, event);
    if (read.kind === 'ignore') {
      return { v: 1, route: 'ignore', because: read.because };
    }
    if (read.kind === 'reject') {
      raise('EventRejected', read.because, { execution });
      const { because, error: rejection, completion } = read;
      // An event so broken that it names no hook leaves nothing to complete: the execution fails with the reason.
      return { v: 1, route: 'reject', because, rejection, ...(completion === undefined ? {} : { completion }) };
    }
    const owner = { key: ownerKey(execution), arn: execution };
    const claim = await claimAction(read.action, owner, (facts, now) =>
      decideClaim({
        action: read.action,
        completion: read.completion,
        facts: { ...facts, founderView: founder },
        owner: owner.key,
        now,
      }),
    );
    await tell(claim, execution);
    return claim.plan;
  },
);

async function claimAction(
  action: Action,
  owner: { key: string; arn: string },
  decide: (facts: StoredFacts & { group: GroupItem }, now: number) => Claim,
): Promise<Claim> {
  for (let attempt = 0; attempt < CLAIM_TRIES; attempt += 1) {
    const now = Math.floor(Date.now() / 1000);
    const seen = await table.readFacts(action);
    const group = await groupOf(action.group, seen.group, now);
    const claim = decide({ ...seen, group }, now);
    if (claim.take === undefined) {
      return claim;
    }
    try {
      await table.writeClaim({ action, take: claim.take, owner, seen, group, now });
      return claim;
    } catch (error) {
      if (!(error instanceof WriteConflict)) {
        throw error;
      }
      logger.info('claim conflicts', { instanceId: action.instance, attempt });
    }
  }
  throw new FlowError('Throttled', `too many claims for ${action.instance} at once`);
}

async function groupOf(name: string, cached: GroupItem | undefined, now: number): Promise<GroupItem> {
  if (cached !== undefined && now - cached.readAt < GROUP_CACHE) {
    return cached;
  }
  const group = await describeGroup(autoScaling, name);
  return { cluster: group?.cluster, role: group?.role, abandons: cached?.abandons ?? 0, readAt: now };
}

async function tell({ plan, wake }: Claim, execution: string): Promise<void> {
  const ids = { cluster: plan.cluster, instanceId: plan.instance, execution };
  logger.info('plan chosen', { route: plan.route, because: plan.because, ...ids });
  if (plan.route === 'reject') {
    raise('EventRejected', plan.because, ids);
  }
  if (wake !== undefined) {
    await failTask(states, wake, 'Superseded', plan.because);
  }
}
