// SwarmKit's orchestrator of replicated services: as many slots as replicas, and a task at work in each.
import type { Restarts } from './restarts.ts';
import { wantsRestart } from './restarts.ts';
import type { Service } from '../services/service.ts';
import { isRollingBack } from '../services/service.ts';
import { isInvalid, isOver, isWanted } from './task.ts';
import type { Task } from './task.ts';
import type { TaskNode } from './task-node.ts';
import type { TaskStore } from './task-store.ts';
import type { Updater } from '../services/updater.ts';

export interface OrchestratorParts {
  readonly store: TaskStore;
  readonly nodes: ReadonlyMap<string, TaskNode>;
  readonly restarts: Restarts;
  readonly updater: Updater;
}

export class ReplicatedOrchestrator {
  readonly #parts: OrchestratorParts;

  constructor(parts: OrchestratorParts) {
    this.#parts = parts;
  }

  taskChanged(task: Task): void {
    const isLost = task.nodeId !== '' && isInvalid(this.#parts.nodes.get(task.nodeId));
    if (isWanted(task) && (isOver(task) || isLost)) {
      this.#parts.restarts.restart(task);
    }
  }

  /** Tasks on nodes that are drained, down or removed run elsewhere. */
  nodeUpdated(nodeId: string): void {
    const { nodes, restarts, store } = this.#parts;
    if (isInvalid(nodes.get(nodeId))) {
      for (const task of store.on(nodeId)) {
        if (isReplicated(task.service) && isWanted(task)) {
          restarts.restart(task);
        }
      }
    }
  }

  reconcile(service: Service): void {
    const { store, updater } = this.#parts;
    const slots = new Map<number, Task[]>();
    const dead: Task[] = [];
    for (const slot of store.slots(service).values()) {
      const updatable = updatableOf([...slot], service);
      if (updatable[0] === undefined) {
        dead.push(...slot);
      } else {
        slots.set(updatable[0].slot, updatable);
      }
    }
    const { replicas } = service.current.spec;
    const kept = slots.size > replicas ? inOrderOfRemoval([...slots.values()]) : [...slots.values()];
    updater.update(service, kept.slice(0, replicas));
    store.batch(() => {
      for (const task of kept.slice(replicas).flat()) {
        store.setDesired(task, 'remove');
      }
      const filled = this.#fill(service, slots);
      for (const task of dead) {
        if (!filled.has(task.slot)) {
          store.delete(task);
        }
      }
    });
  }

  #fill(service: Service, slots: ReadonlyMap<number, unknown>): ReadonlySet<number> {
    const filled = new Set<number>();
    for (let slot = 1; slots.size + filled.size < service.current.spec.replicas; slot += 1) {
      if (!slots.has(slot)) {
        this.#parts.store.create(service, slot, 'running');
        filled.add(slot);
      }
    }
    return filled;
  }
}

export const isReplicated = (service: Service): boolean => service.current.spec.mode === 'replicated';

/** What an update has to look at in a slot: what is wanted there, else the last task, if nothing restarts it. */
export function updatableOf(slot: readonly Task[], service: Service): Task[] {
  const wanted = slot.filter((task) => isWanted(task));
  const last = slot.toSorted((a, b) => a.since - b.since).at(-1);
  if (wanted.length > 0 || last === undefined || isRollingBack(service)) {
    return wanted;
  }
  return last.desiredState === 'remove' || wantsRestart(last) ? [] : [last];
}

/**
 * Those to remove come last: where a node has most copies, then those that do not run, then high slots. Slots with more than
 * one task, and those without a node, go first of all.
 */
function inOrderOfRemoval(slots: readonly (readonly Task[])[]): (readonly Task[])[] {
  const runs = (slot: readonly Task[]): number => (slot.some(({ state }) => state === 'running') ? 0 : 1);
  const copies = new Map<string, number>();
  return slots
    .toSorted((a, b) => runs(a) - runs(b) || (a[0]?.slot ?? 0) - (b[0]?.slot ?? 0))
    .map((slot): readonly [number, readonly Task[]] => {
      const nodeId = slot.length === 1 ? (slot[0]?.nodeId ?? '') : '';
      const copy = nodeId === '' ? Infinity : (copies.get(nodeId) ?? 0) + 1;
      copies.set(nodeId, copy);
      return [copy, slot];
    })
    .toSorted(([a], [b]) => (a === b ? 0 : a - b))
    .map(([, slot]) => slot);
}
