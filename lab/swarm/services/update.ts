// One run of SwarmKit's updater: replaces the tasks of a service that are not as its spec says, some at a time.
import type { ManagerTimers } from '../raft/manager-timers.ts';
import type { Restarts } from '../tasks/restarts.ts';
import { isRollingBack } from './service.ts';
import type { Service, VersionedSpec } from './service.ts';
import type { UpdateConfig } from './service-spec.ts';
import { isDirty, isOver, isWanted, rank } from '../tasks/task.ts';
import type { Task } from '../tasks/task.ts';
import type { TaskNode } from '../tasks/task-node.ts';
import type { TaskStore } from '../tasks/task-store.ts';

export interface UpdateParts {
  readonly timers: ManagerTimers;
  readonly store: TaskStore;
  readonly nodes: ReadonlyMap<string, TaskNode>;
  readonly restarts: Restarts;
  readonly now: () => number;
  /** What the update says about itself, and what it does to the service. */
  readonly outcome: {
    started(service: Service): void;
    paused(service: Service, message: string): void;
    completed(service: Service): void;
    rolledBack(service: Service, message: string): void;
  };
}

/** A task of the update that its worker waits for. */
interface Waiting {
  readonly slot: readonly Task[];
  mayRun: boolean;
  readonly then: () => void;
}

export class Update {
  readonly target: VersionedSpec;
  readonly #parts: UpdateParts;
  readonly #service: Service;
  readonly #config: UpdateConfig;
  readonly #isRollback: boolean;
  readonly #queue: (readonly Task[])[];
  readonly #dirtySlots: number;
  #workers = 0;
  /** Tasks that the update made, and since when they run. */
  readonly #made = new Map<Task, number | undefined>();
  readonly #waiting = new Map<Task, Waiting>();
  readonly #failed = new Set<Task>();
  /** Failures that came while nobody looked: after the last slot was handed out, and before all workers were done. */
  readonly #unseen: Task[] = [];
  #monitors = false;
  #over = false;

  constructor(parts: UpdateParts, service: Service, dirty: readonly (readonly Task[])[]) {
    const { update, rollback } = service.current.spec;
    this.#parts = parts;
    this.#service = service;
    this.target = service.current;
    this.#isRollback = isRollingBack(service);
    this.#config = this.#isRollback ? rollback : update;
    this.#queue = [...dirty];
    this.#dirtySlots = dirty.length;
  }

  get over(): boolean {
    return this.#over;
  }

  run(): void {
    if (this.#service.updateStatus === undefined) {
      this.#parts.outcome.started(this.#service);
    }
    const { parallelism } = this.#config;
    this.#workers = parallelism === 0 ? this.#dirtySlots : parallelism;
    for (let worker = this.#workers; worker > 0; worker -= 1) {
      this.#next();
    }
  }

  /** Leaves everything as it is: the next update goes on from there. */
  cancel(): void {
    this.#over = true;
    this.#waiting.clear();
  }

  taskChanged(task: Task): void {
    if (this.#over) {
      return;
    }
    const waiting = this.#waiting.get(task);
    if (waiting !== undefined) {
      this.#check(task, waiting);
    }
    if (isOver(task) && this.#made.has(task) && !this.#failed.has(task)) {
      this.#unseen.push(task);
      if (this.#queue.length > 0 || this.#monitors) {
        this.#judge();
      }
    }
  }

  // --- Workers

  #next(): void {
    if (this.#over) {
      return;
    }
    const slot = this.#queue.shift();
    if (slot !== undefined) {
      this.#replace(slot, () => {
        if (this.#config.delay === 0) {
          this.#next();
        } else {
          this.#parts.timers.after(this.#config.delay, () => {
            this.#next();
          });
        }
      });
      return;
    }
    this.#workers -= 1;
    if (this.#workers === 0) {
      this.#monitor();
    }
  }

  #replace(slot: readonly Task[], then: () => void): void {
    const clean = slot.filter((task) => !isDirty(task, this.#service, this.#parts.nodes.get(task.nodeId)));
    const existing =
      clean.find(({ desiredState }) => desiredState === 'running') ??
      clean.findLast(({ desiredState }) => desiredState === 'ready');
    this.#parts.store.batch(() => {
      if (existing === undefined) {
        this.#make(slot, then);
      } else {
        this.#use(existing, slot, then);
      }
    });
  }

  /** There is a task of the new spec already, from an update before: only the others have to go. */
  #use(existing: Task, slot: readonly Task[], then: () => void): void {
    const removed = this.#remove(slot.filter((task) => task !== existing));
    if (existing.desiredState === 'running') {
      this.#parts.store.later(then);
    } else {
      this.#parts.restarts.delayStart(existing, removed, 0, then);
    }
  }

  #make([first, ...others]: readonly Task[], then: () => void): void {
    if (first === undefined) {
      return;
    }
    const { store, restarts } = this.#parts;
    const slot = [first, ...others];
    const isGlobal = this.target.spec.mode === 'global';
    const task = store.create(this.#service, first.slot, 'ready', isGlobal ? first.nodeId : '');
    const waiting: Waiting = { slot, mayRun: false, then };
    this.#made.set(task, undefined);
    this.#waiting.set(task, waiting);
    const old = this.#config.order === 'start-first' ? undefined : this.#remove(slot);
    restarts.delayStart(task, old, 0, () => {
      waiting.mayRun = true;
      this.#check(task, waiting);
    });
  }

  /** SwarmKit has no time-out here: a task that finds no node holds its worker for ever. */
  #check(task: Task, { slot, mayRun, then }: Waiting): void {
    if (!mayRun || rank(task.state) < rank('running') || !this.#waiting.delete(task)) {
      return;
    }
    const { store, now } = this.#parts;
    this.#made.set(task, now());
    store.batch(() => {
      if (this.#config.order === 'start-first' && task.state === 'running') {
        this.#remove(slot);
      }
      store.later(then);
    });
  }

  /** Returns one of those that were told to stop. */
  #remove(slot: readonly Task[]): Task | undefined {
    const wanted = slot.filter((task) => isWanted(task));
    for (const task of wanted) {
      this.#parts.store.setDesired(task, 'shutdown');
    }
    return wanted.at(-1);
  }

  // --- Failures

  #monitor(): void {
    this.#monitors = true;
    this.#judge();
    const { monitor, delay } = this.#config;
    this.#parts.timers.after(delay >= monitor ? delay + 1000 : monitor, () => {
      if (!this.#over) {
        this.#over = true;
        this.#parts.outcome.completed(this.#service);
      }
    });
  }

  #judge(): void {
    for (let task = this.#unseen.shift(); task !== undefined && !this.#over; task = this.#unseen.shift()) {
      const since = this.#made.get(task);
      if (since === undefined || this.#parts.now() - since <= this.#config.monitor) {
        this.#failed.add(task);
        this.#act(task);
      }
    }
  }

  #act({ taskId }: Task): void {
    const { failureAction, maxFailureRatio } = this.#config;
    if (failureAction === 'continue' || this.#failed.size / this.#dirtySlots <= maxFailureRatio) {
      return;
    }
    const { outcome } = this.#parts;
    const message = (what: string): string => `${what} due to failure or early termination of task ${taskId}`;
    this.cancel();
    if (failureAction === 'pause') {
      outcome.paused(this.#service, message('update paused'));
    } else if (this.#isRollback) {
      outcome.paused(this.#service, message('rollback paused'));
    } else {
      outcome.rolledBack(this.#service, message('update rolled back'));
    }
  }
}
