// What the recover machine asks for: who may be a manager, what is to be done, and what is on record afterwards.
import type { EC2Client } from '@aws-sdk/client-ec2';
import { DescribeExecutionCommand } from '@aws-sdk/client-sfn';
import type { SFNClient } from '@aws-sdk/client-sfn';
import * as z from 'zod';

import { findManagers, instanceAt, statesOf, terminate } from '../aws/ec2-managers.ts';
import { FlowError } from '../core/errors.ts';
import { swarmOf } from '../core/lifecycle/claim.ts';
import { allCandidates, epochOf, notEnded } from '../core/managers/recovery-candidates.ts';
import { answer, candidate, planRecovery, toSurvey, unknownRemotes } from '../core/managers/recovery.ts';
import type { RecoveryPlan } from '../core/managers/recovery.ts';
import { clusterName, instanceId } from '../core/names.ts';
import { releaseLock } from '../coordination/release-lock.ts';
import { wakeWaiters } from '../coordination/wake-waiters.ts';
import type { LeaderItem } from '../store/leader-item.ts';
import type { MembershipLock } from '../store/membership-lock.ts';
import { RECOVERY } from '../store/recovery-store.ts';
import type { RecoveryStore } from '../store/recovery-store.ts';
import type { Table } from '../store/table.ts';
import type { Waiters } from '../store/waiters.ts';

export interface RecoverPorts {
  readonly table: Table;
  readonly waiters: Waiters;
  readonly store: RecoveryStore;
  readonly leader: LeaderItem;
  readonly lock: MembershipLock;
  readonly states: SFNClient;
  readonly ec2: EC2Client;
  readonly log: (message: string, about: Record<string, unknown>) => void;
  /** Epoch seconds. */
  readonly now: () => number;
}

const base = z.object({ v: z.literal(1), cluster: clusterName, execution: z.string() });
const ending = z.array(instanceId);
export const recoverRequest = z.discriminatedUnion('do', [
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
type Request = z.infer<typeof recoverRequest>;
type Part<Do extends Request['do']> = Extract<Request, { do: Do }>;

export function recover(ports: RecoverPorts, input: Request): Promise<unknown> {
  switch (input.do) {
    case 'find':
      return find(ports, input);
    case 'plan':
      return plan(ports, input);
    case 'begin':
      return begin(ports, input);
    case 'check':
      return check(ports, input);
    case 'record':
      return record(ports, input);
    case 'release':
      return release(ports, input);
  }
}

/** Searches in the table and, by tag, in EC2: a manager that lost one of the two is still found. */
async function find({ table, leader, store, ec2 }: RecoverPorts, { cluster }: Part<'find'>): Promise<unknown> {
  const [state, { record: known }, items, tagged] = await Promise.all([
    table.readState(cluster),
    leader.read(cluster),
    store.managers(cluster),
    findManagers(ec2, cluster),
  ]);
  const found = allCandidates(known?.managers ?? [], items, [...tagged.keys()]);
  const view = await statesOf(
    ec2,
    found.map(({ instance }) => instance),
  );
  const candidates = found.map((one) => ({ ...one, state: view.get(one.instance) ?? ('gone' as const) }));
  const swarm = state?.status === 'founded' ? swarmOf(state, known) : { swarmId: 'none', caDigest: '', managers: [] };
  return { candidates, survey: toSurvey(candidates), swarm };
}

async function plan(
  { table, ec2, log }: RecoverPorts,
  { cluster, candidates, answers, from, terminate: named }: Part<'plan'>,
): Promise<RecoveryPlan> {
  const unknown = unknownRemotes(candidates, answers);
  const beside = candidates.map(({ instance }) => instance);
  const strangers = await Promise.all(
    unknown.map(async (one) => ({ ...one, instance: await instanceAt(ec2, one.address, beside) })),
  );
  const state = await table.readState(cluster);
  const planned = planRecovery({ state, candidates, answers, strangers, from, terminate: named });
  log('recovery planned', { cluster, ...planned });
  return planned;
}

/**
 * @throws {FlowError} RecoveryUnderWay if another recovery is at work, or has ended since the plan was made: it may have recovered from
 *   a manager that this one would fence.
 */
async function begin(ports: RecoverPorts, input: Part<'begin'>): Promise<unknown> {
  const { store, ec2, now } = ports;
  const { cluster, execution, terminate: named, epoch } = input;
  const seen = await store.lockedBy(cluster);
  if (seen !== undefined && seen !== execution && (await isRunning(ports, seen))) {
    throw new FlowError('RecoveryUnderWay', `${seen} recovers ${cluster}: wait for its end, or stop it`);
  }
  await refuseStale(ports, cluster, epoch);
  await store.seizeLock(cluster, execution, seen, now());
  try {
    // Once more under the lock, which the other one has given back by then.
    await refuseStale(ports, cluster, epoch);
  } catch (error) {
    await release(ports, { cluster, execution });
    throw error;
  }
  if (named.length > 0) {
    await terminate(ec2, named);
  }
  return {};
}

/** Whether all that were to end have ended, as EC2 says. */
async function check(
  { store, ec2, now }: RecoverPorts,
  { cluster, execution, ending: named }: Part<'check'>,
): Promise<{ left: string[] }> {
  await store.seizeLock(cluster, execution, execution, now());
  const view = await statesOf(ec2, named);
  return { left: notEnded(named, view) };
}

/** If the event of the command's end has come, the recovery is on record already, and the lock may belong to another one by now. */
async function record(ports: RecoverPorts, input: Part<'record'>): Promise<unknown> {
  const { table, store, log, now } = ports;
  const { cluster, execution, survivor, told } = input;
  const { nodeId, address, epoch } = told;
  if (epochOf(await table.readState(cluster)) < epoch) {
    await store.seizeLock(cluster, execution, execution, now());
    await store.record(cluster, { instance: survivor, nodeId, address }, epoch, now());
  }
  await release(ports, { cluster, execution });
  log('recovered', { cluster, instanceId: survivor, epoch });
  return { epoch };
}

async function refuseStale({ table }: RecoverPorts, cluster: string, planned: number | undefined): Promise<void> {
  if (planned !== undefined && epochOf(await table.readState(cluster)) !== planned) {
    throw new FlowError('RecoveryUnderWay', `${cluster} was recovered since this was planned: look again`);
  }
}

/** Not another recovery's, which may have begun since. */
async function release(
  ports: RecoverPorts,
  { cluster, execution }: { readonly cluster: string; readonly execution: string },
): Promise<unknown> {
  if ([undefined, execution].includes(await ports.store.lockedBy(cluster))) {
    await releaseLock(ports, { cluster, instance: RECOVERY }, ports.now());
    await wakeWaiters(ports, cluster, `${cluster} was recovered`);
  }
  return {};
}

async function isRunning({ states }: RecoverPorts, execution: string): Promise<boolean> {
  const { status } = await states.send(new DescribeExecutionCommand({ executionArn: execution }));
  return status === 'RUNNING';
}
