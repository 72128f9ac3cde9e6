// Services and their tasks, as SwarmKit moves them: replaced stop-first, spread, rejected where they no longer fit.
import type { Clock } from '../../clock.ts';
import type { ServiceSpec, TaskView } from '../machines.ts';
import type { SimulatedNode } from './swarm.ts';
import { fits, isUnfinished, isWanted, takesTasks } from './task.ts';
import type { Task } from './task.ts';

const START_TIME = 300;
/** SwarmKit: before a task is started again. Not after a drain. */
const RESTART_DELAY = 5000;

export class Tasks {
  readonly #clock: Clock;
  readonly #nodes: ReadonlyMap<string, SimulatedNode>;
  readonly #newId: () => string;
  readonly #services: ServiceSpec[] = [];
  #tasks: Task[] = [];

  constructor(clock: Clock, nodes: ReadonlyMap<string, SimulatedNode>, newId: () => string) {
    this.#clock = clock;
    this.#nodes = nodes;
    this.#newId = newId;
  }

  createService(service: ServiceSpec): void {
    this.#services.push(service);
    this.reconcile();
  }

  /** Containers on the node: what `docker ps` would show there. */
  containersOn(nodeId: string): number {
    return this.#on(nodeId).filter(({ state }) => state === 'running').length;
  }

  /** Tasks of the node that the managers do not see in a terminal state. */
  unfinishedOn(nodeId: string): number {
    return this.#on(nodeId).filter(isUnfinished).length;
  }

  view(): TaskView[] {
    return this.#tasks.map(({ taskId, service, nodeId, desiredState, state, error }) => {
      return { taskId, service: service.name, nodeId, desiredState, state, error };
    });
  }

  /** SwarmKit's constraint enforcer looks at active nodes only: paused and drained ones are left alone. */
  nodeUpdated(node: SimulatedNode): void {
    const misplaced = this.#on(node.nodeId).filter((task) => isWanted(task) && !fits(task.service, node));
    for (const task of node.availability === 'active' ? misplaced : []) {
      task.desiredState = 'shutdown';
      task.state = 'rejected';
      task.error = 'assigned node no longer meets constraints';
    }
    this.reconcile();
  }

  /** Of a node that is removed, replicas that had not ended are orphaned, and tasks of global services vanish. */
  nodeRemoved(nodeId: string): void {
    this.#tasks = this.#tasks.filter((task) => task.nodeId !== nodeId || task.service.mode !== 'global');
    for (const task of this.#on(nodeId).filter(isUnfinished)) {
      task.state = 'orphaned';
      task.desiredState = 'shutdown';
    }
    this.reconcile();
  }

  reconcile(): void {
    for (const service of this.#services) {
      this.#evict(service);
      if (service.mode === 'global') {
        this.#fillNodes(service);
      } else {
        this.#fillSlots(service);
      }
    }
  }

  #on(nodeId: string): Task[] {
    return this.#tasks.filter((task) => task.nodeId === nodeId);
  }

  #wanted(service: ServiceSpec): Task[] {
    return this.#tasks.filter((task) => task.service === service && isWanted(task));
  }

  /** Tasks on nodes that are drained, down or removed are told to stop. */
  #evict(service: ServiceSpec): void {
    for (const task of this.#wanted(service)) {
      const node = this.#nodes.get(task.nodeId);
      if (task.nodeId !== '' && (node?.status !== 'ready' || node.availability === 'drain')) {
        this.#stop(task, node);
      }
    }
  }

  #stop(task: Task, node: SimulatedNode | undefined): void {
    const grace = task.state === 'running' ? task.service.stopGrace * 1000 : 0;
    task.desiredState = 'shutdown';
    this.#clock.schedule(grace, () => {
      // Where nobody is left to stop it, it stays as the managers saw it last.
      if (node?.status === 'ready' && node.present && isUnfinished(task)) {
        task.state = 'shutdown';
        this.reconcile();
      }
    });
  }

  #fillNodes(service: ServiceSpec): void {
    for (const node of this.#nodes.values()) {
      const there = this.#wanted(service).some(({ nodeId }) => nodeId === node.nodeId);
      if (!there && takesTasks(node) && fits(service, node)) {
        this.#assign(this.#create(service, 0), node);
      }
    }
  }

  #fillSlots(service: ServiceSpec): void {
    for (let slot = 1; slot <= service.replicas; slot += 1) {
      const wanted = this.#wanted(service).find((task) => task.slot === slot) ?? this.#create(service, slot);
      const node = wanted.nodeId === '' ? this.#emptiest(service) : undefined;
      if (node !== undefined) {
        this.#assign(wanted, node);
      }
    }
  }

  #create(service: ServiceSpec, slot: number): Task {
    const last = this.#tasks.findLast((task) => task.service === service && task.slot === slot);
    const predecessor = service.mode === 'replicated' ? last : undefined;
    const isDrained = this.#nodes.get(predecessor?.nodeId ?? '')?.availability === 'drain';
    const delay = predecessor === undefined || isDrained ? 0 : RESTART_DELAY;
    const task: Task = {
      taskId: this.#newId(),
      service,
      slot,
      nodeId: '',
      desiredState: predecessor === undefined ? 'running' : 'ready',
      state: 'pending',
      error: 'no suitable node',
      predecessor,
      notBefore: this.#clock.now() + delay,
    };
    this.#tasks.push(task);
    this.#clock.schedule(delay, () => {
      this.#release(task);
    });
    return task;
  }

  #assign(task: Task, node: SimulatedNode): void {
    task.nodeId = node.nodeId;
    task.state = 'assigned';
    task.error = '';
    this.#clock.schedule(START_TIME, () => {
      if (task.state === 'assigned' && isWanted(task) && node.present) {
        task.state = task.desiredState === 'running' ? 'running' : 'ready';
        this.#release(task);
      }
    });
  }

  /** Lets a task start that waited for its predecessor, or for its time. */
  #release(task: Task): void {
    const { predecessor, notBefore } = task;
    if (task.desiredState !== 'ready' || this.#clock.now() < notBefore) {
      return;
    }
    if (predecessor?.state === 'running' && this.#nodes.get(predecessor.nodeId)?.status === 'ready') {
      this.#clock.schedule(START_TIME, () => {
        this.#release(task);
      });
      return;
    }
    task.desiredState = 'running';
    if (task.state === 'ready') {
      task.state = 'running';
    }
  }

  /** Fewest tasks of the service first, then fewest tasks at all: SwarmKit's spread. */
  #emptiest(service: ServiceSpec): SimulatedNode | undefined {
    const count = (node: SimulatedNode, own: boolean): number =>
      this.#on(node.nodeId).filter((task) => isWanted(task) && (!own || task.service === service)).length;
    return [...this.#nodes.values()]
      .filter((node) => takesTasks(node) && fits(service, node))
      .toSorted((a, b) => count(a, true) - count(b, true) || count(a, false) - count(b, false))[0];
  }
}
