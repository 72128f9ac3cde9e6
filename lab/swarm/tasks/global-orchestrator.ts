// SwarmKit's orchestrator of global services: one task on each node that fits.
import { meets } from './constraint.ts';
import type { OrchestratorParts } from './replicated-orchestrator.ts';
import { updatableOf } from './replicated-orchestrator.ts';
import type { Service } from '../services/service.ts';
import { isDirty, isInvalid, isOver, isWanted } from './task.ts';
import type { Task } from './task.ts';
import type { TaskNode } from './task-node.ts';

export class GlobalOrchestrator {
  readonly #parts: OrchestratorParts;
  readonly #services: () => Iterable<Service>;

  constructor(parts: OrchestratorParts, services: () => Iterable<Service>) {
    this.#parts = parts;
    this.#services = services;
  }

  taskChanged(task: Task): void {
    if (!isWanted(task) || !isOver(task)) {
      return;
    }
    const node = this.#parts.nodes.get(task.nodeId);
    if (node === undefined || isInvalid(node)) {
      return;
    }
    if (node.availability === 'pause' || !fits(task.service, node)) {
      this.#parts.store.setDesired(task, 'shutdown');
    } else {
      this.#parts.restarts.restart(task);
    }
  }

  nodeUpdated(node: TaskNode): void {
    const { store } = this.#parts;
    store.batch(() => {
      for (const service of this.#services()) {
        const tasks = [...(store.slots(service).get(node.nodeId) ?? [])];
        if (isInvalid(node)) {
          this.#shutDown(tasks);
        } else if (node.availability === 'active' && fits(service, node)) {
          this.#keepOne(service, node, updatableOf(tasks, service));
        }
      }
    });
  }

  /** Not a rolling update: what was updated while the node was paused is replaced at once. */
  #keepOne(service: Service, node: TaskNode, tasks: readonly Task[]): void {
    const [kept, ...surplus] = tasks.filter((task) => !isDirty(task, service, node));
    if (kept === undefined) {
      this.#parts.store.create(service, 0, 'running', node.nodeId);
    }
    this.#shutDown([...tasks.filter((task) => isDirty(task, service, node)), ...surplus]);
  }

  /** Tasks of a node that is removed vanish. */
  nodeRemoved(nodeId: string): void {
    const { store } = this.#parts;
    for (const task of store.on(nodeId)) {
      if (task.service.current.spec.mode === 'global') {
        store.delete(task);
      }
    }
  }

  reconcile(service: Service): void {
    const { nodes, store, updater } = this.#parts;
    const slots: Task[][] = [];
    store.batch(() => {
      for (const node of nodes.values()) {
        const tasks = updatableOf([...(store.slots(service).get(node.nodeId) ?? [])], service);
        if (isInvalid(node) || !fits(service, node)) {
          this.#shutDown(tasks);
        } else if (node.availability !== 'pause' && tasks.length === 0) {
          store.create(service, 0, 'running', node.nodeId);
        } else if (node.availability !== 'pause') {
          slots.push(tasks);
        }
      }
    });
    if (slots.length > 0) {
      updater.update(service, slots);
    }
  }

  #shutDown(tasks: readonly Task[]): void {
    for (const task of tasks) {
      this.#parts.store.setDesired(task, 'shutdown');
    }
  }
}

const fits = (service: Service, node: TaskNode): boolean =>
  meets(service.current.spec.task.placement.constraints, node);
