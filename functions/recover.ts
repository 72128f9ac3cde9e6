// Called by the recover machine: who may be a manager, what is to be done, and what is on record afterwards.
import { EC2Client } from '@aws-sdk/client-ec2';
import { DescribeExecutionCommand } from '@aws-sdk/client-sfn';
import { z } from 'zod';

import { statesClient, tableClient } from '../src/aws/clients.ts';
import { findManagers, instanceAt, statesOf, terminate } from '../src/aws/ec2-managers.ts';
import { LeaderItem } from '../src/store/leader-item.ts';
import { MembershipLock } from '../src/store/membership-lock.ts';
import { RECOVERY, RecoveryStore } from '../src/store/recovery-store.ts';
import { Table } from '../src/store/table.ts';
import { wakeWaiters } from '../src/steps/deliver.ts';
import { releaseLock } from '../src/steps/release-lock.ts';
import { readConfig } from '../src/lambda/config.ts';
import { swarmOf } from '../src/core/lifecycle/claim.ts';
import { FlowError } from '../src/core/errors.ts';
import { clusterName, instanceId } from '../src/core/names.ts';
import { answer, candidate, planRecovery, toSurvey, unknownRemotes } from '../src/core/managers/recovery.ts';
import type { Candidate, RecoveryPlan } from '../src/core/managers/recovery.ts';
import { logger, makeHandler } from '../src/lambda/handler.ts';

const { table: tableName } = readConfig(process.env);
const table = new Table(tableClient(), tableName);
const store = new RecoveryStore(tableClient(), tableName);
const leader = new LeaderItem(tableClient(), tableName);
const lock = new MembershipLock(tableClient(), tableName);
const states = statesClient();
const ec2 = new EC2Client({});

const base = z.object({ v: z.literal(1), cluster: clusterName, execution: z.string() });
const ending = z.array(instanceId);
const request = z.discriminatedUnion('do', [
  base.extend({ do: z.literal('find'), terminate: ending.default([]) }),
  base.extend({
    do: z.literal('plan'),
    candidates: z.array(candidate),
    answers: z.array(answer),
    from: instanceId.optional(),
    terminate: ending.default([]),
  }),
  base.extend({
    do: z.literal('begin'),
    terminate: ending,
    /** That the plan was made in; executions that began before it was asked for say none. */
    epoch: z.number().optional(),
  }),
  base.extend({ do: z.literal('check'), ending }),
  base.extend({
    do: z.literal('record'),
    survivor: instanceId,
    told: z.object({ nodeId: z.string(), address: z.string(), epoch: z.number() }),
  }),
  base.extend({ do: z.literal('release') }),
]);
type Request = z.infer<typeof request>;
type Part<Do extends Request['do']> = Extract<Request, { do: Do }>;

const seconds = (): number => Math.floor(Date.now() / 1000);

export const handler = makeHandler(request, async (input): Promise<unknown> => {
  switch (input.do) {
    case 'find':
      return find(input);
    case 'plan':
      return plan(input);
    case 'begin':
      return begin(input);
    case 'check':
      return check(input);
    case 'record':
      return record(input);
    case 'release':
      return release(input);
  }
});

/** The table, and EC2 by tag: whoever lost one of the two is still found. */
async function find({ cluster }: Part<'find'>): Promise<unknown> {
  const [state, { record: known }, items, tagged] = await Promise.all([
    table.readState(cluster),
    leader.read(cluster),
    store.managers(cluster),
    findManagers(ec2, cluster),
  ]);
  const recorded = (known?.managers ?? []).map((one) => ({ ...one, phase: 'ready' as const }));
  const byInstance = new Map([...tagged.keys()].map((instance) => [instance, { instance }]));
  for (const one of [...recorded, ...items]) {
    byInstance.set(one.instance, { ...byInstance.get(one.instance), ...one });
  }
  const view = await statesOf(ec2, [...byInstance.keys()]);
  const candidates: Candidate[] = [...byInstance.values()].map((one) => ({
    ...one,
    state: view.get(one.instance) ?? 'gone',
  }));
  const swarm = state?.status === 'founded' ? swarmOf(state, known) : { swarmId: 'none', caDigest: '', managers: [] };
  return { candidates, survey: toSurvey(candidates), swarm };
}

async function plan({ cluster, candidates, answers, from, terminate: named }: Part<'plan'>): Promise<RecoveryPlan> {
  const unknown = unknownRemotes(candidates, answers);
  const beside = candidates.map(({ instance }) => instance);
  const strangers = await Promise.all(
    unknown.map(async (one) => ({ ...one, instance: await instanceAt(ec2, one.address, beside) })),
  );
  const state = await table.readState(cluster);
  const planned = planRecovery({ state, candidates, answers, strangers, from, terminate: named });
  logger.info('recovery planned', { cluster, ...planned });
  return planned;
}

/**
 * @throws {FlowError} RecoveryUnderWay if another recovery is at work, or has ended since the plan was made: it may have recovered from
 *   a manager that this one would fence.
 */
async function begin({ cluster, execution, terminate: named, epoch }: Part<'begin'>): Promise<unknown> {
  const seen = await store.lockedBy(cluster);
  if (seen !== undefined && seen !== execution && (await isRunning(seen))) {
    throw new FlowError('RecoveryUnderWay', `${seen} recovers ${cluster}: wait for its end, or stop it`);
  }
  await refuseStale(cluster, epoch);
  await store.seizeLock(cluster, execution, seen, seconds());
  try {
    // Once more under the lock, which the other one has given back by then.
    await refuseStale(cluster, epoch);
  } catch (error) {
    await release({ cluster, execution });
    throw error;
  }
  if (named.length > 0) {
    await terminate(ec2, named);
  }
  return {};
}

/** Whether all that were to end have ended, as EC2 says. */
async function check({ cluster, execution, ending: named }: Part<'check'>): Promise<{ left: string[] }> {
  await store.seizeLock(cluster, execution, execution, seconds());
  const view = await statesOf(ec2, named);
  return { left: named.filter((one) => !['terminated', 'stopped', undefined].includes(view.get(one))) };
}

/** The end of the command has recorded it already, if it was heard of: then the lock may be another's by now. */
async function record({ cluster, execution, survivor, told }: Part<'record'>): Promise<unknown> {
  const { nodeId, address, epoch } = told;
  if ((await epochOf(cluster)) < epoch) {
    await store.seizeLock(cluster, execution, execution, seconds());
    await table.recordRecovery(cluster, { instance: survivor, nodeId, address }, epoch, seconds());
  }
  await release({ cluster, execution });
  logger.info('recovered', { cluster, instanceId: survivor, epoch });
  return { epoch };
}

async function refuseStale(cluster: string, planned: number | undefined): Promise<void> {
  if (planned !== undefined && (await epochOf(cluster)) !== planned) {
    throw new FlowError('RecoveryUnderWay', `${cluster} was recovered since this was planned: look again`);
  }
}

async function epochOf(cluster: string): Promise<number> {
  const state = await table.readState(cluster);
  return state?.status === 'founded' ? (state.epoch ?? 0) : 0;
}

/** Not another recovery's, which may have begun since. */
async function release({
  cluster,
  execution,
}: {
  readonly cluster: string;
  readonly execution: string;
}): Promise<unknown> {
  if ([undefined, execution].includes(await store.lockedBy(cluster))) {
    await releaseLock({ lock, states }, { cluster, instance: RECOVERY }, seconds());
    await wakeWaiters({ table, states }, cluster, `${cluster} was recovered`);
  }
  return {};
}

async function isRunning(execution: string): Promise<boolean> {
  const { status } = await states.send(new DescribeExecutionCommand({ executionArn: execution }));
  return status === 'RUNNING';
}
