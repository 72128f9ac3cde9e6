// Claims a lifecycle action for an execution: who handles it, and by which route.
import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import type { SFNClient } from '@aws-sdk/client-sfn';
import * as z from 'zod';

import { describeGroup, describeInstance } from '../aws/auto-scaling.ts';
import type { Group } from '../aws/auto-scaling.ts';
import { failTask } from '../aws/task-callbacks.ts';
import type { Raise } from '../core/alarm-metric.ts';
import { FlowError } from '../core/errors.ts';
import { decideClaim } from '../core/lifecycle/claim.ts';
import type { Claim } from '../core/lifecycle/claim.ts';
import { contradictionOf } from '../core/lifecycle/contradiction.ts';
import type { ShownInstance } from '../core/lifecycle/contradiction.ts';
import { claimedBy, readLifecycleEvent } from '../core/lifecycle/event.ts';
import type { Action, ReadEvent } from '../core/lifecycle/event.ts';
import { groupView, isFresh, isUntagged, isToldInVerdict } from '../core/lifecycle/group-view.ts';
import type { CachedGroup, GroupView } from '../core/lifecycle/group-view.ts';
import type { Plan } from '../core/model.ts';
import { ownerKey } from '../core/names.ts';
import type { StoredFacts } from '../store/items.ts';
import type { Refusals } from '../store/refusals.ts';
import type { Table } from '../store/table.ts';
import { WriteConflict } from '../store/transact.ts';

/** How often Auto Scaling is asked for a group that its answer lacks, and the first pause between two looks, ms; each pause is longer. */
const GROUP_LOOKS = 4;
const PAUSE = 500;
/** Two executions that claim the same instance at once: the loser reads and decides again. */
const CLAIM_TRIES = 5;
/** How often Auto Scaling is asked again before an event is called wrong: it lags behind its own events by seconds. */
const LAG_TRIES = 7;

export const claimRequest = z.object({
  v: z.literal(1),
  execution: z.string(),
  event: z.unknown(),
  /** What EC2 says of an instance: the names of its states, none where EC2 does not know it. */
  founder: z.object({ instance: z.string(), states: z.array(z.string()) }).optional(),
  /** Machines of older versions do not say which attempt it is: they are not kept waiting. */
  attempt: z.number().int().nonnegative().default(LAG_TRIES),
});
type ClaimRequest = z.infer<typeof claimRequest>;

export interface ClaimPorts {
  readonly table: Table;
  readonly refusals: Refusals;
  readonly autoScaling: AutoScalingClient;
  readonly states: SFNClient;
  readonly stage: string;
  readonly raise: Raise;
  readonly log: (message: string, about: Record<string, unknown>) => void;
  readonly pause: (ms: number) => Promise<unknown>;
  /** Epoch seconds. */
  readonly now: () => number;
}

export function claimAction(ports: ClaimPorts, request: ClaimRequest): Promise<Plan> {
  const read = readLifecycleEvent(ports.stage, request.event);
  switch (read.kind) {
    case 'ignore':
      return Promise.resolve({ v: 1, route: 'ignore', because: read.because });
    case 'reject':
      return reject(ports, request, read);
    case 'act':
      return act(ports, request, read);
  }
}

type Of<Kind extends ReadEvent['kind']> = Extract<ReadEvent, { kind: Kind }>;

async function reject(ports: ClaimPorts, { execution, event }: ClaimRequest, read: Of<'reject'>): Promise<Plan> {
  const { because, error: rejection, completion } = read;
  ports.raise('EventRejected', because, { execution });
  // An event so broken that it names no hook leaves nothing to complete: the execution fails with the reason.
  const plan = { v: 1, route: 'reject', because, rejection } as const;
  if (completion === undefined) {
    return plan;
  }
  const name = completion.AutoScalingGroupName;
  const group = await readGroup(ports, name);
  await ports.refusals.record(name, [claimedBy(event), group?.cluster], because, ports.now());
  return isUntagged(group) ? plan : { ...plan, completion };
}

async function act(ports: ClaimPorts, request: ClaimRequest, { action, completion }: Of<'act'>): Promise<Plan> {
  const { execution, founder, attempt } = request;
  const owner = { key: ownerKey(execution), arn: execution };
  // A warning does not come from Auto Scaling, which calls the instance well until it is gone. The table says whether there was one.
  const shown = action.warned === undefined ? await shownBy(ports, action, attempt) : undefined;
  const claim = await write(ports, action, owner, (facts, now) =>
    decideClaim({ action, completion, facts: { ...facts, founderView: founder, shown }, owner: owner.key, now }),
  );
  await announce(ports, claim, execution);
  if (claim.plan.route === 'reject') {
    await recordRefusal(ports, action, claim.plan);
  }
  return claim.plan;
}

/** For the verdicts of the clusters that the group claims, by its hook or by its tag: the tidies of these look at it. */
async function recordRefusal(ports: ClaimPorts, { group, cluster }: Action, plan: Plan): Promise<void> {
  const claimed = isToldInVerdict(plan) ? [cluster, (await readGroup(ports, group))?.cluster] : [];
  await ports.refusals.record(group, claimed, plan.because, ports.now());
}

/** One answer that lacks the group proves nothing: to refuse its event for that would leave its instance outside the swarm. */
async function readGroup({ autoScaling, pause }: ClaimPorts, name: string): Promise<Group | undefined> {
  for (let look = 1; ; look += 1) {
    const group = await describeGroup(autoScaling, name);
    if (group !== undefined || look === GROUP_LOOKS) {
      return group;
    }
    await pause(PAUSE * look);
  }
}

async function shownBy({ autoScaling }: ClaimPorts, action: Action, attempt: number): Promise<ShownInstance | null> {
  const shown = await describeInstance(autoScaling, action.instance);
  const contradiction = contradictionOf(action, shown);
  if (contradiction !== undefined && attempt < LAG_TRIES) {
    throw new FlowError('AwsUnavailable', `${contradiction}: it may not show it yet`);
  }
  return shown;
}

async function write(
  ports: ClaimPorts,
  action: Action,
  owner: { readonly key: string; readonly arn: string },
  decide: (facts: StoredFacts & { readonly group: GroupView }, now: number) => Claim,
): Promise<Claim> {
  const { table, log, now: time } = ports;
  for (let attempt = 0; attempt < CLAIM_TRIES; attempt += 1) {
    const now = time();
    const seen = await table.readFacts(action);
    const group = await groupOf(ports, action.group, seen.group, now);
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
      log('claim conflicts', { instanceId: action.instance, attempt });
    }
  }
  throw new FlowError('Throttled', `too many claims for ${action.instance} at once`);
}

async function groupOf(
  ports: ClaimPorts,
  name: string,
  cached: CachedGroup | undefined,
  now: number,
): Promise<GroupView> {
  return isFresh(cached, now) ? cached : groupView(await readGroup(ports, name), cached, now);
}

async function announce({ states, raise, log }: ClaimPorts, { plan, wake }: Claim, execution: string): Promise<void> {
  const ids = { cluster: plan.cluster, instanceId: plan.instance, execution };
  log('plan chosen', { route: plan.route, because: plan.because, ...ids });
  if (plan.route === 'reject') {
    raise('EventRejected', plan.because, ids);
  }
  if (wake !== undefined) {
    await failTask(states, wake, 'Superseded', plan.because);
  }
}
