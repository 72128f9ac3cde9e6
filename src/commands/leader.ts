// The swarm of a cluster as the table has it, and the wait of those that come before its founding.
import { FlowError } from '../core/errors.ts';
import type { Plan } from '../core/claim.ts';
import { stepKey, superseded } from './step.ts';
import type { StepPorts, StepRequest } from './step.ts';

const DAY = 86_400;

/** Undefined while the cluster has no swarm. Read at the moment of use: managers come and go. */
export async function readSwarm({ table }: StepPorts, cluster: string): Promise<Plan['swarm']> {
  const [state, leader] = await Promise.all([table.readState(cluster), table.readLeader(cluster)]);
  return state?.status === 'founded' && leader !== undefined
    ? { swarmId: state.swarmId, caDigest: state.caDigest, managers: leader.managers }
    : undefined;
}

/** @param changes of the item of the node, besides the task token */
export async function queueForLeader(
  ports: StepPorts,
  request: StepRequest,
  now: number,
  changes: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { plan, taskToken } = request;
  const cluster = plan.cluster ?? '';
  const key = stepKey(request);
  if ((await ports.table.park(key, { taskToken, waits: key.step, ...changes })) === undefined) {
    throw superseded(key);
  }
  await ports.table.addWaiter(key, 'leader', taskToken, now + DAY);
  // The founding may have looked for waiters just before this one was written.
  if ((await readSwarm(ports, cluster)) !== undefined) {
    throw new FlowError('LeaderFound', `${cluster} has been founded`);
  }
}
