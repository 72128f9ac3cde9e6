// The tasks as the managers keep them, found by node, service and slot. Listeners hear of a change after all of it is made.
import type { Service } from '../services/service.ts';
import { rank } from './task.ts';
import type { Task, TaskState } from './task.ts';

type Listener = (task: Task) => void;
type SlotKey = number | string;

/** No way back here either. */
const DESIRED: readonly Task['desiredState'][] = ['ready', 'running', 'shutdown', 'remove'];

export class TaskStore {
  readonly #now: () => number;
  readonly #newId: () => string;
  readonly #tasks = new Set<Task>();
  readonly #byNode = new Map<string, Set<Task>>();
  readonly #byService = new Map<Service, Map<SlotKey, Set<Task>>>();
  readonly #changed: Listener[] = [];
  readonly #deleted: Listener[] = [];
  readonly #queue: (() => void)[] = [];
  #depth = 0;

  constructor(now: () => number, newId: () => string) {
    this.#now = now;
    this.#newId = newId;
  }

  onChange(listener: Listener): void {
    this.#changed.push(listener);
  }

  onDelete(listener: Listener): void {
    this.#deleted.push(listener);
  }

  /** Makes changes as one: whoever listens hears of them afterwards, one after another. */
  batch(change: () => void): void {
    this.#depth += 1;
    try {
      change();
    } finally {
      this.#depth -= 1;
    }
    if (this.#depth === 0) {
      this.#tell();
    }
  }

  /** Has it done when everybody has heard of what changed before. */
  later(work: () => void): void {
    this.batch(() => {
      this.#queue.push(work);
    });
  }

  #tell(): void {
    this.#depth += 1;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        next();
      }
    } finally {
      this.#depth -= 1;
    }
  }

  // --- Changes

  /** A new task of the service's present spec; with a node for a global service. */
  create(service: Service, slot: number, desiredState: 'ready' | 'running', nodeId = ''): Task {
    const { spec, version } = service.current;
    const now = this.#now();
    const task: Task = {
      taskId: this.#newId(),
      service,
      spec: spec.task,
      specVersion: version,
      slot,
      nodeId,
      desiredState,
      state: 'pending',
      error: '',
      createdAt: now,
      since: now,
    };
    this.#tasks.add(task);
    this.#index(task);
    this.#changes(task);
    return task;
  }

  assign(task: Task, nodeId: string): void {
    this.#unindex(task);
    task.nodeId = nodeId;
    this.#index(task);
    this.setState(task, 'assigned');
  }

  setState(task: Task, state: TaskState, error = ''): void {
    if (this.#tasks.has(task) && (rank(state) > rank(task.state) || (state === task.state && error !== task.error))) {
      task.state = state;
      task.error = error;
      task.since = this.#now();
      this.#changes(task);
    }
  }

  setDesired(task: Task, desired: Task['desiredState']): void {
    if (this.#tasks.has(task) && DESIRED.indexOf(desired) > DESIRED.indexOf(task.desiredState)) {
      task.desiredState = desired;
      this.#changes(task);
    }
  }

  delete(task: Task): void {
    if (this.#tasks.delete(task)) {
      this.#unindex(task);
      this.#announce(this.#deleted, task);
    }
  }

  #changes(task: Task): void {
    this.#announce(this.#changed, task);
  }

  #announce(listeners: readonly Listener[], task: Task): void {
    this.later(() => {
      for (const listener of listeners) {
        listener(task);
      }
    });
  }

  // --- Looking

  has(task: Task): boolean {
    return this.#tasks.has(task);
  }

  all(): Iterable<Task> {
    return this.#tasks;
  }

  on(nodeId: string): Task[] {
    return [...(this.#byNode.get(nodeId) ?? [])];
  }

  /** Tasks by slot, or by node for a global service; the dead among them. */
  slots(service: Service): ReadonlyMap<SlotKey, ReadonlySet<Task>> {
    return this.#byService.get(service) ?? new Map<SlotKey, Set<Task>>();
  }

  /** All of the slot that the task is in. */
  slotOf(task: Task): Task[] {
    return [...(this.#byService.get(task.service)?.get(slotKey(task)) ?? [])];
  }

  of(service: Service): Task[] {
    return [...this.slots(service).values()].flatMap((slot) => [...slot]);
  }

  #index(task: Task): void {
    within(this.#byNode, task.nodeId, () => new Set()).add(task);
    const slots = within(this.#byService, task.service, () => new Map<SlotKey, Set<Task>>());
    within(slots, slotKey(task), () => new Set()).add(task);
  }

  #unindex(task: Task): void {
    this.#byNode.get(task.nodeId)?.delete(task);
    const slots = this.#byService.get(task.service);
    const slot = slots?.get(slotKey(task));
    slot?.delete(task);
    if (slot?.size === 0) {
      slots?.delete(slotKey(task));
    }
    if (slots?.size === 0) {
      this.#byService.delete(task.service);
    }
  }
}

const slotKey = ({ service, slot, nodeId }: Task): SlotKey => (service.current.spec.mode === 'global' ? nodeId : slot);

function within<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
