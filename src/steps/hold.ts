// A cluster that a person holds: how the hold is made known, and taken back.
import { failTask } from '../aws/task-callbacks.ts';
import type { Hold, Plan } from '../core/model.ts';
import { keys } from '../core/names.ts';
import type { Key } from '../core/names.ts';
import type { StepPorts } from './ports.ts';

/** Of the lifecycle action that a plan is about. */
export function actionKey({ route, group, instance }: Plan): Key {
  const transition = `autoscaling:EC2_INSTANCE_${route === 'leave' ? 'TERMINATING' : 'LAUNCHING'}`;
  return keys.action(group ?? '', instance ?? '', transition);
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

/** A waiting execution reads the state anew: so the hold goes first. Doing it twice does what the first time has left undone. */
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
