// SwarmKit's restart supervisor: the next task of a slot is made at once, and starts after a delay and when the last one has stopped.
import type { ManagerTimers } from '../raft/manager-timers.ts';
import { isOver, isWanted } from './task.ts';
import type { Task } from './task.ts';
import type { TaskNode } from './task-node.ts';
import type { TaskStore } from './task-store.ts';

/** A task that does not stop is waited for no longer, whatever its stop grace period. */
const OLD_TASK_TIMEOUT = 60_000;

interface DelayedStart {
  /** The task that must have stopped, until it has. */
  old: Task | undefined;
  delayed: boolean;
  /** It is to be restarted itself already: when its own delay is over, so that no loop is tight. */
  again: boolean;
  readonly then: () => void;
  readonly cancels: (() => void)[];
}

export class Restarts {
  readonly #timers: ManagerTimers;
  readonly #store: TaskStore;
  readonly #nodes: ReadonlyMap<string, TaskNode>;
  readonly #starts = new Map<Task, DelayedStart>();
  /** What waits for a task: its successor. */
  readonly #successors = new Map<Task, Task>();

  constructor(timers: ManagerTimers, store: TaskStore, nodes: ReadonlyMap<string, TaskNode>) {
    this.#timers = timers;
    this.#store = store;
    this.#nodes = nodes;
    store.onChange((task) => {
      if (isOver(task)) {
        this.#stopped(task);
      }
    });
    store.onDelete((task) => {
      this.#cancel(task);
      this.#stopped(task);
    });
  }

  /** Of a node that is down or gone nobody can hear that its tasks have stopped. */
  nodeLost(nodeId: string): void {
    for (const task of this.#store.on(nodeId)) {
      this.#stopped(task);
    }
  }

  /** Told to stop, and replaced if its service's restart condition says so. */
  restart(task: Task): void {
    const start = this.#starts.get(task);
    if (start !== undefined) {
      start.again = true;
      return;
    }
    this.#store.batch(() => {
      this.#store.setDesired(task, 'shutdown');
      if (wantsRestart(task)) {
        const { service, slot, nodeId } = task;
        const node = this.#nodes.get(nodeId);
        const isGlobal = service.current.spec.mode === 'global';
        const next = this.#store.create(service, slot, 'ready', isGlobal ? nodeId : '');
        // Not after a drain.
        const delay = node?.availability === 'drain' ? 0 : task.spec.restart.delay;
        this.delayStart(next, node?.status === 'down' ? undefined : task, delay);
      }
    });
  }

  /** Moves the task from ready to running when the delay is over, and the old task has stopped or cannot be heard of. */
  delayStart(task: Task, old: Task | undefined, delay: number, then: () => void = () => undefined): void {
    this.#cancel(task);
    const start: DelayedStart = { old: undefined, delayed: delay > 0, again: false, then, cancels: [] };
    this.#starts.set(task, start);
    if (old !== undefined && !isOver(old)) {
      start.old = old;
      this.#successors.set(old, task);
      start.cancels.push(
        this.#timers.after(OLD_TASK_TIMEOUT, () => {
          this.#stopped(old);
        }),
      );
    }
    if (start.delayed) {
      start.cancels.push(
        this.#timers.after(delay, () => {
          start.delayed = false;
          this.#check(task, start);
        }),
      );
    }
    this.#check(task, start);
  }

  /** A new leader has no timers: what was to start later waits for what is left of its delay, and for no old task. */
  begin(now: number): void {
    this.#starts.clear();
    this.#successors.clear();
    for (const task of this.#store.all()) {
      if (task.desiredState === 'ready') {
        this.delayStart(task, undefined, Math.max(0, task.createdAt + task.spec.restart.delay - now));
      }
    }
  }

  #stopped(old: Task): void {
    const task = this.#successors.get(old);
    const start = task === undefined ? undefined : this.#starts.get(task);
    this.#successors.delete(old);
    if (task !== undefined && start?.old === old) {
      start.old = undefined;
      this.#check(task, start);
    }
  }

  #check(task: Task, start: DelayedStart): void {
    if (start.delayed || start.old !== undefined || this.#starts.get(task) !== start) {
      return;
    }
    this.#cancel(task);
    this.#store.batch(() => {
      this.#store.setDesired(task, 'running');
      start.then();
      if (start.again && isWanted(task)) {
        this.restart(task);
      }
    });
  }

  #cancel(task: Task): void {
    const start = this.#starts.get(task);
    if (start === undefined) {
      return;
    }
    this.#starts.delete(task);
    if (start.old !== undefined) {
      this.#successors.delete(start.old);
    }
    for (const cancel of start.cancels) {
      cancel();
    }
  }
}

export function wantsRestart({ spec, state }: Task): boolean {
  const { condition } = spec.restart;
  return condition === 'any' || (condition === 'on-failure' && state !== 'complete');
}
