// A person holds a cluster, and ends the hold.
import type { SFNClient } from '@aws-sdk/client-sfn';

import { failTask } from '../aws/task-callbacks.ts';
import type { Hold } from '../core/model.ts';
import type { Holds } from '../store/holds.ts';

interface HoldPorts {
  readonly holds: Holds;
  readonly states: SFNClient;
}

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
