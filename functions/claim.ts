// Called first by scale-out and scale-in: who handles this lifecycle action, and by which route.
import { setTimeout as sleep } from 'node:timers/promises';

import { z } from 'zod';

import { describeGroup, describeInstance } from '../src/aws/auto-scaling.ts';
import type { Group } from '../src/aws/auto-scaling.ts';
import { autoScalingClient, statesClient, tableClient } from '../src/aws/clients.ts';
import { Refusals } from '../src/store/refusals.ts';
import type { GroupItem, StoredFacts } from '../src/store/items.ts';
import { Table, WriteConflict } from '../src/store/table.ts';
import { failTask } from '../src/aws/task-callbacks.ts';
import { readConfig } from '../src/lambda/config.ts';
import { decideClaim } from '../src/core/lifecycle/claim.ts';
import type { Plan } from '../src/core/model.ts';
import type { Claim } from '../src/core/lifecycle/claim.ts';
import { contradictionOf } from '../src/core/lifecycle/contradiction.ts';
import type { ShownInstance } from '../src/core/lifecycle/contradiction.ts';
import { FlowError } from '../src/core/errors.ts';
import { claimedBy, readLifecycleEvent } from '../src/core/lifecycle/event.ts';
import type { Action } from '../src/core/lifecycle/event.ts';
import { ownerKey } from '../src/core/names.ts';
import { logger, makeHandler, raise } from '../src/lambda/handler.ts';

const config = readConfig(process.env);
const table = new Table(tableClient(), config.table);
const refusals = new Refusals(tableClient(), config.table);
const autoScaling = autoScalingClient();
const states = statesClient();

/** A group's tags rarely change, and DescribeAutoScalingGroups is throttled. Seconds. */
const GROUP_CACHE = 3600;
/** How often a group is asked for that an answer lacks, and the pause before the next look, ms: it grows. */
const GROUP_LOOKS = 4;
const PAUSE = 500;
/** Two executions that claim the same instance at once: the loser reads and decides again. */
const CLAIM_TRIES = 5;

type GroupView = GroupItem & { readonly isUntagged?: boolean };
/** Auto Scaling lags behind its own events by seconds: so often it is asked again before an event is called wrong. */
const LAG_TRIES = 7;

/** What EC2 says of an instance: the names of its states, none where EC2 does not know it. */
const founderView = z.object({ instance: z.string(), states: z.array(z.string()) });

const attempts = z.number().int().nonnegative().default(LAG_TRIES);

export const handler = makeHandler(
  z.object({
    v: z.literal(1),
    execution: z.string(),
    event: z.unknown(),
    founder: founderView.optional(),
    attempt: attempts,
  }),
  async ({ execution, event, founder, attempt }): Promise<Plan> => {
    const read = readLifecycleEvent(config.stage, event);
    if (read.kind === 'ignore') {
      return { v: 1, route: 'ignore', because: read.because };
    }
    if (read.kind === 'reject') {
      raise('EventRejected', read.because, { execution });
      const { because, error: rejection, completion } = read;
      // An event so broken that it names no hook leaves nothing to complete: the execution fails with the reason.
      const plan = { v: 1, route: 'reject', because, rejection } as const;
      if (completion === undefined) {
        return plan;
      }
      const group = await lookUp(completion.AutoScalingGroupName);
      await recordRefusal(completion.AutoScalingGroupName, [claimedBy(event), group?.cluster], because);
      return isUntagged(group) ? plan : { ...plan, completion };
    }
    const owner = { key: ownerKey(execution), arn: execution };
    const shown = await shownBy(read.action, attempt);
    const claim = await claimAction(read.action, owner, (facts, now) =>
      decideClaim({
        action: read.action,
        completion: read.completion,
        facts: { ...facts, founderView: founder, shown },
        owner: owner.key,
        now,
      }),
    );
    await tell(claim, execution);
    if (claim.plan.route === 'reject') {
      const { group, cluster } = read.action;
      // No tidy looks after a cluster that nobody declared.
      const claimed = claim.plan.rejection === 'ClusterUndeclared' ? [] : [cluster, (await lookUp(group))?.cluster];
      await recordRefusal(group, claimed, claim.plan.because);
    }
    return claim.plan;
  },
);

/** For the verdicts of the clusters that the group claims, by its hook or by its tag: the tidies of these look at it. */
async function recordRefusal(group: string, claimed: readonly (string | undefined)[], because: string): Promise<void> {
  await refusals.record(group, claimed, because, Math.floor(Date.now() / 1000));
}

/** One answer that lacks the group proves nothing: to refuse its event for that would leave its instance outside the swarm. */
async function lookUp(name: string): Promise<Group | undefined> {
  for (let look = 1; ; look += 1) {
    const group = await describeGroup(autoScaling, name);
    if (group !== undefined || look === GROUP_LOOKS) {
      return group;
    }
    await sleep(PAUSE * look);
  }
}

const isUntagged = (group: Group | undefined): boolean => group !== undefined && group.cluster === undefined;

/** Machines of older versions do not say which attempt it is: they are not kept waiting. */
async function shownBy(action: Action, attempt: number): Promise<ShownInstance | null> {
  const shown = await describeInstance(autoScaling, action.instance);
  const contradiction = contradictionOf(action, shown);
  if (contradiction !== undefined && attempt < LAG_TRIES) {
    throw new FlowError('AwsUnavailable', `${contradiction}: it may not show it yet`);
  }
  return shown;
}

async function claimAction(
  action: Action,
  owner: { key: string; arn: string },
  decide: (facts: StoredFacts & { group: GroupView }, now: number) => Claim,
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

async function groupOf(name: string, cached: GroupItem | undefined, now: number): Promise<GroupView> {
  if (cached !== undefined && now - cached.readAt < GROUP_CACHE) {
    return cached;
  }
  const group = await lookUp(name);
  const { cluster, role } = group ?? {};
  return { cluster, role, abandons: cached?.abandons ?? 0, readAt: now, isUntagged: isUntagged(group) };
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
