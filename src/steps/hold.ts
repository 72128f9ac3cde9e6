// A cluster that a person holds: what refuses to go on, and the wait for the end of the hold.
import { failTask, succeedTask } from '../aws/task-callbacks.ts';
import { FlowError } from '../core/errors.ts';
import { afterHold, heldLease, heldUntil, holdText } from '../core/lifecycle/hold.ts';
import type { Hold } from '../core/model.ts';
import { keys } from '../core/names.ts';
import type { Key } from '../core/names.ts';
import { isOwnItem } from '../core/steps/rendezvous.ts';
import type { RendezvousItem } from '../core/steps/rendezvous.ts';
import { stepKey, superseded } from './step.ts';
import type { StepPorts } from './ports.ts';
import type { StepRequest } from './step.ts';

/** A waiter that never comes back is swept by the table. */
const WAITER_TTL = 3 * 86_400;

/** The mark on the node is enough to stop: whether there still is a hold is asked by who waits for its end. */
export function refuseIfHeld({ plan }: StepRequest, item: RendezvousItem): void {
  if (item.held !== undefined) {
    throw held(plan.cluster);
  }
}

const held = (cluster = ''): FlowError => new FlowError('Held', `${cluster} is held: npx skep unhold ${cluster}`);

/** The first write of a step was refused: by the mark of a hold, or since the node is another execution's by now. */
export async function whyNotBegun(ports: StepPorts, request: StepRequest): Promise<FlowError> {
  const key = stepKey(request);
  return (await ports.holds.isMarked(key)) ? held(key.cluster) : superseded(key);
}

/** A recovery is a person's own word as well, and a held cluster may be the very one that needs it. */
const ALSO_UNDER_A_HOLD: readonly string[] = ['inspect', 'survey', 'fence', 'recover'];

/**
 * Steps that have items of their own (those of a tidy, a rotation) carry no mark, and no budget either: they read the state.
 * Asking changes nothing and goes on.
 */
export async function refuseIfClusterHeld(ports: StepPorts, request: StepRequest): Promise<void> {
  const key = stepKey(request);
  if (!isOwnItem(key) || ALSO_UNDER_A_HOLD.includes(request.verb) || changesNothingNew(request)) {
    return;
  }
  const hold = await ports.holds.read(key.cluster);
  if (hold !== undefined) {
    throw new FlowError('Held', holdText(key.cluster, hold));
  }
}

/** Telling of services goes on. So does what ends a move that was begun before: half-way is where nobody wants to be held. */
const changesNothingNew = ({ verb, shift, finishing }: StepRequest): boolean =>
  verb === 'shift' && (finishing || shift.changes.length === 0);

/**
 * One look. The wait ends by the task token: at once where there is no hold any more, else when `skep unhold` wakes it.
 *
 * @throws {FlowError} HeldTooLong when AWS would end the hook by itself: nothing may be changed in the swarm, and nothing is
 */
export async function waitForRelease(ports: StepPorts, request: StepRequest): Promise<void> {
  const key = stepKey(request);
  const now = ports.now();
  const hold = await ports.holds.read(key.cluster);
  if (hold === undefined) {
    await goOn(ports, request, now);
    return;
  }
  if (now >= heldUntil(request.plan)) {
    throw new FlowError('HeldTooLong', `the hook of ${key.instance} ends now: ${holdText(key.cluster, hold)}`);
  }
  if (request.attempt === 0) {
    await ports.holds.extendLease(key, actionKey(request), heldLease(request.plan, now));
  }
  await ports.table.addWaiter(key, 'hold', request.taskToken, now + WAITER_TTL);
  // It may have been lifted just before this waiter was written.
  if ((await ports.holds.read(key.cluster)) === undefined) {
    await goOn(ports, request, now);
  }
}

async function goOn(ports: StepPorts, request: StepRequest, now: number): Promise<void> {
  const key = stepKey(request);
  if (!(await ports.holds.release(key))) {
    throw superseded(key);
  }
  const { deadline, leaseUntil } = afterHold(request.plan, now);
  await ports.holds.extendLease(key, actionKey(request), leaseUntil);
  await succeedTask(ports.states, request.taskToken, { deadline });
}

function actionKey({ plan }: StepRequest): Key {
  const transition = `autoscaling:EC2_INSTANCE_${plan.route === 'leave' ? 'TERMINATING' : 'LAUNCHING'}`;
  return keys.action(plan.group ?? '', plan.instance ?? '', transition);
}

type HoldPorts = Pick<StepPorts, 'holds' | 'states'>;

/** @returns undefined if there is no such cluster */
export async function holdCluster(
  { holds }: Pick<HoldPorts, 'holds'>,
  cluster: string,
  because: string,
  now: number,
): Promise<{ readonly hold: Hold; readonly underWay: number } | undefined> {
  const hold = await holds.place(cluster, because, now);
  return hold && { hold, underWay: await holds.mark(cluster, hold) };
}

/** Whoever waits reads the state anew: so the hold goes first. Doing it twice does what the first time has left undone. */
export async function unholdCluster(
  { holds, states }: HoldPorts,
  cluster: string,
  now: number,
): Promise<{ readonly woken: number } | undefined> {
  if (!(await holds.lift(cluster))) {
    return undefined;
  }
  await holds.unmark(cluster, now);
  const woken = await holds.wakeAll(cluster, (taskToken) =>
    failTask(states, taskToken, 'HoldLifted', `${cluster} is held no more`),
  );
  return { woken };
}
