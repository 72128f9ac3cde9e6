// Wakes the executions that wait until another manager has come or gone.
import type { SFNClient } from '@aws-sdk/client-sfn';

import { failTask } from '../aws/task-callbacks.ts';
import type { Waiters } from '../store/waiters.ts';

export async function wakeWaiters(
  { waiters, states }: { readonly waiters: Waiters; readonly states: SFNClient },
  cluster: string,
  because: string,
): Promise<void> {
  for (const taskToken of await waiters.take(cluster, 'manager')) {
    await failTask(states, taskToken, 'ManagersChanged', because);
  }
}
