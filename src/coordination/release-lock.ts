// Gives the membership lock of a cluster back, and wakes whom it was handed to.
import type { SFNClient } from '@aws-sdk/client-sfn';

import type { Holder, MembershipLock } from '../store/membership-lock.ts';
import { succeedTask } from '../aws/task-callbacks.ts';

/** Does nothing if another instance holds it. @param now epoch seconds */
export async function releaseLock(
  { lock, states }: { readonly lock: MembershipLock; readonly states: SFNClient },
  holder: Holder,
  now: number,
): Promise<void> {
  await lock.release(holder, now, (taskToken) => succeedTask(states, taskToken, {}));
}
