// Ends the wait for a command: stores how it ended, does what a founding or a join entails, and wakes the execution.
import * as z from 'zod';

import { RECOVERY } from '../store/recovery-store.ts';
import { endTask, failTask } from '../aws/task-callbacks.ts';
import { tokenDigests } from '../store/items.ts';
import { releaseLock } from '../coordination/release-lock.ts';
import { wakeWaiters } from '../coordination/wake-waiters.ts';
import { asHeard } from '../core/steps/result.ts';
import { runsOnManager, traitsOf } from '../core/steps/verbs.ts';
import type { Traits } from '../core/steps/verbs/verb.ts';
import { lossesOf, textOf } from '../core/services/hand-over.ts';
import type { Loss } from '../core/services/hand-over.ts';
import { differsFrom, readMembers, withManager, withMembers, withoutManager } from '../core/managers/leader-record.ts';
import type { Managers, Member } from '../core/managers/leader-record.ts';
import { nodeRole } from '../core/names.ts';
import type { Verb } from '../core/names.ts';
import { nodeChanges, ownNodeId } from '../core/steps/rendezvous.ts';
import type { Outcome, RendezvousItem, StepKey } from '../core/steps/rendezvous.ts';
import { ID, nodeAt, readServicesIfAny, shiftPage } from '../swarm/services-page.ts';
import type { ShiftPage } from '../swarm/services-page.ts';
import { whyUnreadable, withoutContents } from '../swarm/told-pages.ts';
import type { DeliverPorts } from './ports.ts';

const confirmedNode = z.object({
  group: z.string(),
  role: nodeRole,
  nodeId: z.string().default(''),
  address: z.string().default(''),
});
const recovery = z.object({ nodeId: z.string(), address: z.string(), epoch: z.number() });
const founding = z.object({ nodeId: z.string(), swarmId: z.string(), caDigest: z.string(), address: z.string() });

/**
 * Idempotent: the event and a look may both report the same end, and a look repeats a delivery that died half-way.
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
    /** Where it ran. */
    readonly target: string;
    /** Which command of SSM it was. */
    readonly commandId: string;
    /** The earliest time at which it can have ended, epoch seconds, by AWS's clock and not the instance's. Default: now. */
    readonly notBefore?: number;
    readonly now: number;
  },
): Promise<boolean> {
  const { key, verb, now, notBefore = now } = input;
  const heard = readable(input, asHeard(verb, input.outcome, notBefore, now));
  const { outcome, members } = withoutMembers(
    verb,
    withLosses(ports, input.key, verb, await named(ports, input, heard)),
  );
  const changes = outcome.ok ? nodeChanges(verb, outcome.output) : {};
  const item = await ports.table.storeResult(key, outcome, changes, now, input);
  if (item === undefined) {
    return false;
  }
  await deliver(ports, { key, verb, outcome, item, now, members });
  return true;
}

/** How many managers are asked for a page of services or nodes before the step goes on without the page. */
const ASKED = 3;

/**
 * If a page cannot be read, the next manager is asked for it. If the third manager's page of services or nodes cannot be read either, the
 * execution goes on and knows that it could not be read. A tidy instead tries again as after any other error, since it repairs nothing in a
 * swarm that it has read only in part.
 */
function readable(
  { key, verb, target }: { readonly key: StepKey; readonly verb: Verb; readonly target: string },
  outcome: Outcome,
): Outcome {
  const why = outcome.ok ? whyUnreadable(verb, outcome.output) : undefined;
  if (!outcome.ok || why === undefined) {
    return outcome;
  }
  const cause = `${target} told what nobody can read: ${why}`;
  return traitsOf(verb).goesOnUnread === true && key.try >= ASKED
    ? { ok: true, output: { ...withoutContents(outcome.output, cause) } }
    : { ok: false, error: 'PageUnreadable', cause, retryable: true };
}

/** Tells the execution what will be lost with a node that is drained, before the node goes. It learns of the services only if they may hand over. */
function withLosses({ raise }: DeliverPorts, { cluster, instance }: StepKey, verb: Verb, outcome: Outcome): Outcome {
  if (!outcome.ok || traitsOf(verb).tellsLosses !== true) {
    return outcome;
  }
  const { data: page } = shiftPage.safeParse(outcome.output);
  const { member, nodeId, status, paused } = outcome.output;
  if (page?.services === '' && paused !== true) {
    return outcome;
  }
  const { losses, told } = lossesIn(page, String(nodeId));
  const grave = losses.filter(({ isGrave }) => isGrave);
  if (grave.length > 0) {
    raise('LeftBehind', `what goes with the node: ${grave.map(textOf).join(', ')}`, { cluster, instanceId: instance });
  }
  return {
    ok: true,
    output: {
      ...{ member, nodeId, status },
      ...(losses.length === 0 ? {} : { losses: losses.map(textOf) }),
      // The drain comes after the hand-over, so a paused node must reach its hand-over even if something else cannot be read.
      ...(paused === true ? { paused, leaving: leavingOf(outcome.output), ...told } : {}),
    },
  };
}

const nodeIds = z.array(z.string().regex(ID)).min(1).max(100);
const leavingOf = ({ leaving, nodeId }: Readonly<Record<string, unknown>>): string[] =>
  nodeIds.safeParse(leaving).data ?? [String(nodeId)];

/** @param page undefined where it is none @returns what is lost, and what a hand-over is told: nothing of what cannot be read */
function lossesIn(page: ShiftPage | undefined, nodeId: string): { losses: Loss[]; told: { told?: unknown } } {
  const read = page === undefined ? undefined : readServicesIfAny(page, nodeAt(page, [nodeId]));
  if (page === undefined || read === undefined) {
    return { losses: [unreadableLoss('its services')], told: {} };
  }
  return {
    losses: [...lossesOf(read.services, nodeId), ...read.unreadable.map(({ name }) => unreadableLoss(name))],
    told: { told: { of: page.of, services: page.services } },
  };
}

const unreadableLoss = (service: string): Loss => ({
  service,
  what: 'nobody can say: it cannot be read',
  isGrave: false,
});

/**
 * An instance has told which node it is. After a join, that is compared with EC2 before the node is confirmed (core/steps/whose-node.ts). After a
 * leave nobody compares it any more. So if another instance has named the same node, the node stays with that instance, and the node of this one is
 * found by its label.
 */
async function named(
  { table }: DeliverPorts,
  { key: { cluster, instance }, verb }: { readonly key: StepKey; readonly verb: Verb },
  outcome: Outcome,
): Promise<Outcome> {
  const nodeId = outcome.ok && traitsOf(verb).tellsNodeIdLast === true ? ownNodeId(verb, outcome.output) : undefined;
  if (!outcome.ok || nodeId === undefined || instance === '-' || nodeId === (await table.nodeIdOf(cluster, instance))) {
    return outcome;
  }
  const others = (await table.namedBy(cluster, nodeId)).filter((one) => one !== instance);
  return others.length === 0 ? outcome : { ok: true, output: { ...outcome.output, nodeId: 'none' } };
}

/**
 * What a document on a manager tells about the managers goes into the record; the execution does not need it. What a worker says about the
 * managers is ignored.
 */
function withoutMembers(verb: Verb, outcome: Outcome): { outcome: Outcome; members: readonly Member[] | undefined } {
  if (!outcome.ok) {
    return { outcome, members: undefined };
  }
  const { managers, ...output } = outcome.output;
  return { outcome: { ok: true, output }, members: runsOnManager(verb) ? readMembers(managers) : undefined };
}

export async function deliver(
  ports: DeliverPorts,
  input: {
    readonly key: Omit<StepKey, 'try'>;
    readonly verb: Verb;
    readonly outcome: Outcome;
    readonly item: RendezvousItem;
    readonly now: number;
    /** As the document told them. */
    readonly members?: readonly Member[] | undefined;
  },
): Promise<void> {
  const { key, verb, outcome, item, now } = input;
  const { states } = ports;
  const { founds, recovers, endsLaunch, changesManagers }: Traits = outcome.ok ? traitsOf(verb) : {};
  if (outcome.ok && founds === true && !(await recordFounding(ports, key, outcome.output, now))) {
    await wake(item, key, (taskToken) => failTask(states, taskToken, 'Superseded', `${key.instance} was taken over`));
    return;
  }
  if (outcome.ok && recovers === true) {
    await recordRecovery(ports, key, outcome.output, now);
  }
  await keepRecord(ports, input);
  await keepDigests(ports, input);
  if (endsLaunch === true) {
    await welcome(ports, key, item, now);
  }
  if (changesManagers === 'takes away') {
    await releaseLock(ports, key, now);
  }
  await wake(item, key, (taskToken) => endTask(states, taskToken, outcome));
}

async function wake(
  { waits, taskToken }: RendezvousItem,
  { step }: Omit<StepKey, 'try'>,
  end: (taskToken: string) => Promise<unknown>,
): Promise<void> {
  if (waits === step && taskToken !== undefined) {
    await end(taskToken);
  }
}

/** Adds a manager that was confirmed to the record, and removes one that was demoted. The leader on record is the one that the managers name. */
async function keepRecord(
  { table }: DeliverPorts,
  { key, verb, outcome, item, now, members }: Parameters<typeof deliver>[1],
): Promise<void> {
  if (!outcome.ok) {
    return;
  }
  const own = ownChange(key, verb, item);
  const differs = members !== undefined && differsFrom(item.record ?? '', members);
  if (own === undefined && !differs) {
    return;
  }
  await table.changeLeader(key.cluster, now, (record) => {
    const changed = own?.(record);
    const current = changed ?? record;
    // Two documents may end in another order than they looked at the managers: a command that was sent before the last change knows less.
    const isNews = members !== undefined && (item.sentAt ?? 0) > (record?.asOf ?? 0);
    return (isNews ? withMembers(current, members) : undefined) ?? changed;
  });
}

/** Records the digests of the join tokens that were published. After a crash in between, the tidy finds that the swarm has other tokens. */
async function keepDigests(
  { table, tokenKey }: DeliverPorts,
  { key, verb, outcome }: Parameters<typeof deliver>[1],
): Promise<void> {
  const told =
    outcome.ok && traitsOf(verb).publishesTokens === true ? tokenDigests.safeParse(outcome.output).data : undefined;
  if (told !== undefined) {
    await table.recordTokens(key.cluster, { ...told, key: tokenKey });
  }
}

type Change = (record: Managers | undefined) => Managers | undefined;

function ownChange({ instance }: Omit<StepKey, 'try'>, verb: Verb, item: RendezvousItem): Change | undefined {
  const { changesManagers } = traitsOf(verb);
  if (changesManagers === 'takes away') {
    return (record) => withoutManager(record, instance);
  }
  if (changesManagers !== 'confirms') {
    return undefined;
  }
  const { role, nodeId, address } = confirmedNode.parse(item);
  return role === 'manager' ? (record) => withManager(record, { instance, nodeId, address }) : undefined;
}

/** The node is Ready and labelled: its launch no longer counts as one that may fail, and a manager gives the lock back. */
async function welcome(
  { table, waiters, lock, states }: DeliverPorts,
  { cluster, instance }: Omit<StepKey, 'try'>,
  item: RendezvousItem,
  now: number,
): Promise<void> {
  const { group, role } = confirmedNode.parse(item);
  if ((item.abandons ?? 0) > 0) {
    await table.resetAbandons(group);
  }
  if (role === 'manager') {
    await releaseLock({ lock, states }, { cluster, instance }, now);
    await wakeWaiters({ waiters, states }, cluster, `${instance} has become a manager of ${cluster}`);
  }
}

/**
 * The recovery is recorded here and not by its execution, which may have been stopped meanwhile: then managers would join the recovered swarm in
 * the old epoch, as soon as the lease of its lock has run out.
 */
async function recordRecovery(
  { recovery: recoveries, waiters, lock, states }: DeliverPorts,
  { cluster, instance }: Omit<StepKey, 'try'>,
  output: Record<string, unknown>,
  now: number,
): Promise<void> {
  const { nodeId, address, epoch } = recovery.parse(output);
  if (await recoveries.record(cluster, { instance, nodeId, address }, epoch, now)) {
    await releaseLock({ lock, states }, { cluster, instance: RECOVERY }, now);
    await wakeWaiters({ waiters, states }, cluster, `${cluster} was recovered`);
  }
}

/**
 * Recorded before the founder goes on, so that executions that wait for a leader find one.
 *
 * @returns false if a terminate has taken the founder over meanwhile
 */
async function recordFounding(
  { table, waiters, states }: DeliverPorts,
  { cluster, instance, owner }: Omit<StepKey, 'try'>,
  output: Record<string, unknown>,
  now: number,
): Promise<boolean> {
  const { nodeId, swarmId, caDigest, address } = founding.parse(output);
  const recorded = { cluster, swarm: { swarmId, caDigest }, leader: { instance, nodeId, address }, owner, now };
  if (!(await table.recordFounding(recorded))) {
    return false;
  }
  for (const taskToken of await waiters.take(cluster, 'leader')) {
    await failTask(states, taskToken, 'LeaderFound', `${cluster} was founded by ${instance}`);
  }
  return true;
}
