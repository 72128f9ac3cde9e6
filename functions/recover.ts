// Called by the recover machine: who may be a manager, what is to be done, and what is on record afterwards.
import { EC2Client } from '@aws-sdk/client-ec2';
import { DescribeExecutionCommand } from '@aws-sdk/client-sfn';
import { z } from 'zod';

import { statesClient, tableClient } from '../src/aws/clients.ts';
import { findManagers, instanceAt, statesOf, terminate } from '../src/aws/ec2-managers.ts';
import { LeaderItem } from '../src/aws/leader-item.ts';
import { MembershipLock } from '../src/aws/membership-lock.ts';
import { RECOVERY, RecoveryStore } from '../src/aws/recovery-store.ts';
import { Table } from '../src/aws/table.ts';
import { failTask } from '../src/aws/task-callbacks.ts';
import { releaseLock } from '../src/commands/release-lock.ts';
import { readConfig } from '../src/config.ts';
import { swarmOf } from '../src/core/claim.ts';
import { FlowError } from '../src/core/errors.ts';
import { clusterName, instanceId } from '../src/core/names.ts';
import { answer, candidate, planRecovery, toSurvey, unknownRemotes } from '../src/core/recovery.ts';
import type { Candidate, RecoveryPlan } from '../src/core/recovery.ts';
import { logger, makeHandler } from '../src/handler.ts';

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
  base.extend({ do: z.literal('begin'), terminate: ending }),
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
  const strangers = await Promise.all(
    unknown.map(async (one) => ({ ...one, instance: await instanceAt(ec2, one.address) })),
  );
  const state = await table.readState(cluster);
  const planned = planRecovery({ state, candidates, answers, strangers, from, terminate: named });
  logger.info('recovery planned', { cluster, ...planned });
  return planned;
}

async function begin({ cluster, execution, terminate: named }: Part<'begin'>): Promise<unknown> {
  const seen = await store.lockedBy(cluster);
  if (seen !== undefined && seen !== execution && (await isRunning(seen))) {
    throw new FlowError('RecoveryUnderWay', `${seen} recovers ${cluster}: wait for its end, or stop it`);
  }
  await store.seizeLock(cluster, execution, seen, seconds());
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

/** First whom to ask, then the epoch: an execution that reads between the two is refused by its epoch, and reads again. */
async function record({ cluster, execution, survivor, told }: Part<'record'>): Promise<unknown> {
  await store.seizeLock(cluster, execution, execution, seconds());
  const { nodeId, address, epoch } = told;
  const only = { instance: survivor, nodeId, address };
  await leader.change(cluster, seconds(), () => ({ leader: only, managers: [only] }));
  await store.raiseEpoch(cluster, epoch);
  await release({ cluster });
  logger.info('recovered', { cluster, instanceId: survivor, epoch });
  return { epoch };
}

async function release({ cluster }: { readonly cluster: string }): Promise<unknown> {
  await releaseLock({ lock, states }, { cluster, instance: RECOVERY }, seconds());
  for (const taskToken of await table.takeWaiters(cluster, 'manager')) {
    await failTask(states, taskToken, 'ManagersChanged', `${cluster} was recovered`);
  }
  return {};
}

async function isRunning(execution: string): Promise<boolean> {
  const { status } = await states.send(new DescribeExecutionCommand({ executionArn: execution }));
  return status === 'RUNNING';
}
