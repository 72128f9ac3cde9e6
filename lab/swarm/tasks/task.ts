// A task: one attempt at running a service in one slot.
import { meets } from './constraint.ts';
import type { Service } from '../services/service.ts';
import { isSameButPlacement, isSameTask } from '../services/service-spec.ts';
import type { TaskSpec } from '../services/service-spec.ts';
import type { TaskNode } from './task-node.ts';

/** In SwarmKit's order: a state never goes back. */
const STATES = [
  'new',
  'pending',
  'assigned',
  'accepted',
  'preparing',
  'ready',
  'starting',
  'running',
  'complete',
  'shutdown',
  'failed',
  'rejected',
  'remove',
  'orphaned',
] as const;

export type TaskState = (typeof STATES)[number];

export interface Task {
  readonly taskId: string;
  readonly service: Service;
  readonly spec: TaskSpec;
  /** Of the service's spec that it was made from. */
  readonly specVersion: number;
  /** 0 for tasks of global services. */
  readonly slot: number;
  /** Empty while no node is assigned. */
  nodeId: string;
  desiredState: 'ready' | 'running' | 'shutdown' | 'remove';
  state: TaskState;
  error: string;
  readonly createdAt: number;
  /** Since when it is in this state. */
  since: number;
}

const RANK = new Map<TaskState, number>(STATES.map((state, rank) => [state, rank]));

export const rank = (state: TaskState): number => RANK.get(state) ?? 0;

export const isOver = ({ state }: Task): boolean => rank(state) > rank('running');

/** Assigned to a node, and not seen in a terminal state. */
export const isAtWork = (task: Task): boolean => rank(task.state) >= rank('assigned') && !isOver(task);

export const isUnfinished = (task: Task): boolean => !isOver(task);

/** Wanted, whatever has become of it so far. */
export const isWanted = ({ desiredState }: Task): boolean => desiredState === 'ready' || desiredState === 'running';

export const canTakeTasks = ({ status, availability }: TaskNode): boolean =>
  status === 'ready' && availability === 'active';

/** Its tasks are to run elsewhere. Unknown is not down, and paused nodes keep their tasks. */
export const isInvalid = (node: TaskNode | undefined): boolean =>
  node === undefined || node.status === 'down' || node.availability === 'drain';

/**
 * Whether an update has to replace it. One whose service changed in its placement alone stays where its node still fits: that is
 * what makes hand-over by constraint possible.
 */
export function isDirty(task: Task, service: Service, node: TaskNode | undefined): boolean {
  const { spec, version } = service.current;
  if (task.specVersion === version || isSameTask(task.spec, spec.task)) {
    return false;
  }
  const staysPut = node !== undefined && meets(spec.task.placement.constraints, node);
  return !(staysPut && isSameButPlacement(task.spec, spec.task));
}
