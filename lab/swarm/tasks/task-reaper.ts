// SwarmKit's task reaper: keeps five tasks of a slot, the latest, and removes what belongs to nobody any more.
import type { ManagerTimers } from '../raft/manager-timers.ts';
import { isAtWork, isOver, isUnfinished, isWanted } from './task.ts';
import type { Task } from './task.ts';
import type { TaskStore } from './task-store.ts';

const HISTORY = 5;
const BATCH_TIME = 250;

export class TaskReaper {
  readonly #timers: ManagerTimers;
  readonly #store: TaskStore;
  /** One task for each slot to look at. */
  readonly #dirty = new Map<string, Task>();
  readonly #removed = new Set<Task>();
  #isPlanned = false;

  constructor(timers: ManagerTimers, store: TaskStore) {
    this.#timers = timers;
    this.#store = store;
    store.onChange((task) => {
      this.#taskChanged(task);
    });
  }

  begin(): void {
    this.#isPlanned = false;
    for (const task of this.#store.all()) {
      this.#taskChanged(task);
    }
  }

  #taskChanged(task: Task): void {
    if (task.desiredState === 'remove') {
      if (!isAtWork(task)) {
        this.#removed.add(task);
        this.#plan();
      }
    } else if (isWanted(task) && isUnfinished(task)) {
      const slot = task.slot === 0 ? task.nodeId : String(task.slot);
      this.#dirty.set(`${task.service.serviceId}.${slot}`, task);
      this.#plan();
    }
  }

  #plan(): void {
    if (!this.#isPlanned) {
      this.#isPlanned = true;
      this.#timers.after(BATCH_TIME, () => {
        this.#isPlanned = false;
        this.#store.batch(() => {
          this.#tick();
        });
      });
    }
  }

  #tick(): void {
    for (const task of this.#removed) {
      this.#store.delete(task);
    }
    this.#removed.clear();
    for (const [slot, task] of this.#dirty) {
      const history = this.#store.slotOf(task);
      const over = history.filter((one) => isOver(one) || (!isAtWork(one) && !isWanted(one)));
      for (const one of over.toSorted((a, b) => a.since - b.since).slice(0, Math.max(0, history.length - HISTORY))) {
        this.#store.delete(one);
      }
      if (history.length <= HISTORY || history.length - over.length <= 1) {
        this.#dirty.delete(slot);
      }
    }
  }
}
