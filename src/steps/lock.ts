// The wait of a manager for its turn: until there is a swarm, or until it may go, and then until no other manager joins or leaves.
import { desiredManagers } from '../aws/auto-scaling.ts';
import { succeedTask } from '../aws/task-callbacks.ts';
import { FlowError } from '../core/errors.ts';
import { mayLeave } from '../core/managers/leader-record.ts';
import { terminateHook } from '../core/names.ts';
import { goesWithItsSwarm } from '../operations/erase.ts';
import { queueForLeader, readSwarm } from './leader.ts';
import { releaseLock } from './release-lock.ts';
import { refuseAfterDeadline, stepKey } from './step.ts';
import type { StepPorts } from './ports.ts';
import type { StepRequest } from './step.ts';

/** A waiter that never comes back is swept by the table. */
const WAITER_TTL = 3 * 86_400;

/**
 * One look. The wait ends by the task token: at once where nothing is in the way, else when it is woken. A lock whose holder is
 * gone is taken at the look after its lease has run out.
 *
 * @throws {FlowError} NotFounded when the founding takes so long that EC2 should be asked whether the founder still lives
 */
export async function waitForLock(ports: StepPorts, request: StepRequest): Promise<void> {
  await refuseAfterDeadline(ports, request, ports.now());
  if (request.plan.route === 'leave') {
    await waitToLeave(ports, request);
  } else {
    await waitToJoin(ports, request);
  }
}

async function waitToJoin(ports: StepPorts, request: StepRequest): Promise<void> {
  const { plan, attempt } = request;
  const now = ports.now();
  const { cluster } = stepKey(request);
  if (plan.swarm !== undefined || (await readSwarm(ports, cluster)) !== undefined) {
    if (await takeTurn(ports, request, plan.hook?.time ?? now)) {
      await warnOfEven(ports, cluster);
    }
    return;
  }
  if (attempt > 0) {
    throw new FlowError('NotFounded', `${cluster} has no swarm yet`);
  }
  await queueForLeader(ports, request, now, {});
}

/** After the turn was taken, so that nothing waits for it. What the groups want stays theirs to decide. */
async function warnOfEven({ autoScaling, stage, raise }: StepPorts, cluster: string): Promise<void> {
  const target = await desiredManagers(autoScaling, cluster, terminateHook(stage));
  if (target > 0 && target % 2 === 0) {
    const because = `the manager groups of ${cluster} want ${target}: that tolerates no more losses than ${target - 1}`;
    raise('EvenManagers', because, { cluster });
  }
}

/** Who waits for a replacement waits without the lock, which the replacement needs. */
async function waitToLeave(ports: StepPorts, request: StepRequest): Promise<void> {
  const { plan, attempt, force: gone } = request;
  const { cluster, instance } = stepKey(request);
  if (request.refused && attempt === 0) {
    await releaseLock(ports, { cluster, instance }, ports.now());
    await queueForManagers(ports, request);
    return;
  }
  if (await goesWithItsSwarm(ports, request)) {
    // Whoever hands the lock over does not know this: then a demotion is tried first, in vain.
    await takeTurn(ports, request, 0, { last: true });
    return;
  }
  if (gone) {
    // One that is gone counts against the quorum until it is out: it comes before any other manager.
    await takeTurn(ports, request, 0);
    return;
  }
  const target = await desiredManagers(ports.autoScaling, cluster, terminateHook(ports.stage));
  const mayGo = async (): Promise<boolean> =>
    mayLeave((await ports.table.readLeader(cluster)).record, instance, target);
  if (await mayGo()) {
    await takeTurn(ports, request, plan.hook?.time ?? ports.now());
    return;
  }
  await queueForManagers(ports, request);
  // One may have joined just before this waiter was written.
  if (await mayGo()) {
    throw new FlowError('ManagersChanged', `a manager of ${cluster} has joined`);
  }
}

async function queueForManagers(ports: StepPorts, request: StepRequest): Promise<void> {
  const { cluster, owner } = stepKey(request);
  await ports.table.addWaiter({ cluster, owner }, 'manager', request.taskToken, ports.now() + WAITER_TTL);
}

async function takeTurn(
  ports: StepPorts,
  request: StepRequest,
  since: number,
  output: { readonly last?: true } = {},
): Promise<boolean> {
  const { lock, states } = ports;
  const { taskToken, attempt } = request;
  const { cluster, instance } = stepKey(request);
  const holder = { cluster, instance };
  const now = ports.now();
  let queued = attempt > 0;
  let taken = await lock.take(holder, now);
  if (!taken) {
    await lock.queue(holder, taskToken, since, now);
    queued = true;
    // Its holder may have looked for waiters just before this one was written.
    taken = await lock.take(holder, now);
  }
  if (taken && queued) {
    await lock.unqueue(holder);
  }
  if (taken) {
    await succeedTask(states, taskToken, output);
  }
  return taken;
}
