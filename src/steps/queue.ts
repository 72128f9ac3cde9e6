// Queues an execution up for what it waits for. The execution that ends the wait looks for waiters. So the wait is written first, and then the fact is
// read once more.
import { desiredManagers } from '../aws/auto-scaling.ts';
import { succeedTask } from '../aws/task-callbacks.ts';
import { releaseLock } from '../coordination/release-lock.ts';
import { actionKey } from '../core/lifecycle/hold.ts';
import { terminateHook } from '../core/names.ts';
import type { Facts, Queue, Step } from '../core/steps/step.ts';
import type { StepPorts } from './ports.ts';

const DAY = 86_400;
/** The table deletes a waiter that never comes back. */
const WAITER_TTL = 3 * DAY;

type Of<For extends Queue['for']> = Extract<Queue, { readonly for: For }>;

/** @returns the facts that must be read again */
export async function queue(ports: StepPorts, step: Step, wanted: Queue, now: number): Promise<Partial<Facts>> {
  switch (wanted.for) {
    case 'founding':
      return forFounding(ports, step, wanted, now);
    case 'turn':
      await forTurn(ports, step, wanted, now);
      return { queued: 'turn' };
    case 'managers':
      return forManagers(ports, step, wanted, now);
    case 'end of hold':
      return forEndOfHold(ports, step, wanted, now);
  }
}

async function forFounding(
  ports: StepPorts,
  step: Step,
  { phase }: Of<'founding'>,
  now: number,
): Promise<Partial<Facts>> {
  const { key, taskToken } = step;
  const changes = phase === undefined ? {} : { phase };
  if ((await ports.table.park(key, { taskToken, waits: key.step, ...changes })) === undefined) {
    return { obstacle: { kind: 'taken over' } };
  }
  await ports.waiters.add(key, 'leader', taskToken, now + DAY);
  return { queued: 'founding', swarm: undefined };
}

async function forManagers(ports: StepPorts, step: Step, wanted: Of<'managers'>, now: number): Promise<Partial<Facts>> {
  if (wanted.releaseLock) {
    await releaseLock(ports, step.key, now);
  }
  await ports.waiters.add(step.key, 'manager', step.taskToken, now + WAITER_TTL);
  return { queued: 'managers', record: undefined };
}

async function forEndOfHold(
  ports: StepPorts,
  step: Step,
  wanted: Of<'end of hold'>,
  now: number,
): Promise<Partial<Facts>> {
  const { key, plan, taskToken } = step;
  if (wanted.leaseUntil !== undefined) {
    await ports.holds.extendLease(key, actionKey(plan), wanted.leaseUntil);
  }
  await ports.waiters.add(key, 'hold', taskToken, now + WAITER_TTL);
  return { queued: 'end of hold', hold: undefined };
}

/** Takes the lock where it is free, and ends the wait. */
async function forTurn(ports: StepPorts, step: Step, { since, last }: Of<'turn'>, now: number): Promise<void> {
  const { lock, states } = ports;
  const { key, taskToken, attempt, plan } = step;
  let queued = attempt > 0;
  let taken = await lock.take(key, now);
  if (!taken) {
    await lock.queue(key, taskToken, since, now);
    queued = true;
    // Its holder may have looked for waiters just before this one was written.
    taken = await lock.take(key, now);
  }
  if (taken && queued) {
    await lock.unqueue(key);
  }
  if (taken) {
    await succeedTask(states, taskToken, last ? { last } : {});
  }
  if (taken && plan.route !== 'leave') {
    await warnOfEven(ports, key.cluster);
  }
}

/** Called after the turn was taken, so that nothing waits for it. It only warns: how many managers the groups want is for people to decide. */
async function warnOfEven({ autoScaling, stage, raise }: StepPorts, cluster: string): Promise<void> {
  const target = await desiredManagers(autoScaling, cluster, terminateHook(stage));
  if (target > 0 && target % 2 === 0) {
    const because = `the manager groups of ${cluster} want ${target}: that tolerates no more losses than ${target - 1}`;
    raise('EvenManagers', because, { cluster });
  }
}
