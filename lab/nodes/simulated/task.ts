// A task, and where it may run.
import type { ServiceSpec } from '../machines.ts';
import type { SimulatedNode } from './swarm.ts';

export interface Task {
  readonly taskId: string;
  readonly service: ServiceSpec;
  readonly slot: number;
  /** Empty while no node is assigned. */
  nodeId: string;
  desiredState: 'ready' | 'running' | 'shutdown';
  state: 'pending' | 'assigned' | 'ready' | 'running' | 'shutdown' | 'rejected' | 'orphaned';
  error: string;
  /** The task whose place it takes, which must have stopped before this one starts (stop-first). */
  readonly predecessor: Task | undefined;
  /** Not to be started before, epoch milliseconds. */
  readonly notBefore: number;
}

const UNFINISHED = new Set<Task['state']>(['pending', 'assigned', 'ready', 'running']);

export const isUnfinished = ({ state }: Task): boolean => UNFINISHED.has(state);

/** Wanted, whatever has become of it so far. */
export const isWanted = ({ desiredState }: Task): boolean => desiredState !== 'shutdown';

export const takesTasks = ({ status, availability }: SimulatedNode): boolean =>
  status === 'ready' && availability === 'active';

/** `node.labels.x==y`, `node.labels.x!=y`, `node.role==worker`. */
export function fits({ constraints }: ServiceSpec, node: SimulatedNode): boolean {
  return constraints.every((constraint) => {
    const [, what = '', operator, wanted] = /^([^=!]+)(==|!=)(.*)$/.exec(constraint) ?? [];
    const value = what === 'node.role' ? node.role : (node.labels[what.replace(/^node\.labels\./, '')] ?? '');
    return operator === '==' ? value === wanted : value !== wanted;
  });
}
