// The swarm of a cluster as the table has it, and the wait of those that come before its founding.
import { FlowError } from '../core/errors.ts';
import { swarmOf } from '../core/lifecycle/claim.ts';
import type { PlannedSwarm } from '../core/model.ts';
import { stepKey, superseded } from './step.ts';
import type { StepPorts } from './ports.ts';
import type { StepRequest } from './step.ts';

const DAY = 86_400;

/** What a manager ends with that is none, has no swarm, or was not reached. A node that is not Ready yet, say, is no fault of its manager. */
const NO_ANSWERS = [
  'NotManager',
  'NoLeader',
  'DockerDown',
  'CommandTimedOut',
  'CommandUndelivered',
  'OtherEpoch',
  'ScriptLost',
];

/** What is asked of a manager, how often managers were asked before, and what came of it. */
export interface Asked {
  /** Which command of its step it is, from 1. */
  readonly number: number;
  /** The error of the one before it. */
  readonly failure: string | undefined;
  /** A join only reads who they are: that its own instance failed says nothing about them. */
  readonly ofManagers: boolean;
}

/** Undefined while the cluster has no swarm. Read at the moment of use: managers come and go. */
export async function readSwarm({ table }: StepPorts, cluster: string): Promise<PlannedSwarm | undefined> {
  const [state, { record }] = await Promise.all([table.readState(cluster), table.readLeader(cluster)]);
  return state?.status === 'founded' ? swarmOf(state, record) : undefined;
}

/**
 * The same for a command that is to go to a manager. Where the record is lost, or everybody on it was asked and did not do it, whoever
 * else may be a manager is asked: the record may be as old as it likes, it costs a few tries.
 */
export async function findManagers(
  { table, raise }: StepPorts,
  cluster: string,
  { number, failure, ofManagers }: Asked,
): Promise<PlannedSwarm | undefined> {
  const [state, { record, defect }] = await Promise.all([table.readState(cluster), table.readLeader(cluster)]);
  if (state?.status !== 'founded') {
    return undefined;
  }
  if (defect !== undefined) {
    raise('LeaderRecordLost', defect, { cluster });
  }
  const swarm = swarmOf(state, record);
  if (number <= swarm.managers.length) {
    return swarm;
  }
  const known = new Set(swarm.managers.map(({ instance }) => instance));
  const candidates = (await table.managerNodes(cluster)).filter(({ instance }) => !known.has(instance));
  const all = swarm.managers.length + candidates.length;
  if (ofManagers && number > all && (all === 0 || NO_ANSWERS.includes(failure ?? ''))) {
    raise('NoManagerAnswers', `no manager of ${cluster} does what it is asked`, { cluster });
  }
  return { ...swarm, candidates };
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
