// SwarmKit's scheduler: gives tasks their nodes. Spread: fewest tasks of the service first, then fewest at all.
import type { ManagerTimers } from '../raft/manager-timers.ts';
import { meets } from './constraint.ts';
import { canTakeTasks, isOver, isWanted } from './task.ts';
import type { Task } from './task.ts';
import type { TaskNode } from './task-node.ts';
import type { TaskStore } from './task-store.ts';

/** It waits until what happens together has happened. */
const DEBOUNCE = 50;

/** A node as the scheduler counts it. */
interface Candidate {
  readonly node: TaskNode;
  own: number;
  all: number;
  readonly ports: Set<number>;
}

type Filter = readonly [explain: (nodes: number) => string, passes: (task: Task, candidate: Candidate) => boolean];

const on = (nodes: number): string => (nodes === 1 ? 'on 1 node' : `on ${nodes} nodes`);

const FILTERS: readonly Filter[] = [
  [
    (nodes) => `${nodes} ${nodes === 1 ? 'node' : 'nodes'} not available for new tasks`,
    (_, { node }) => canTakeTasks(node),
  ],
  [
    (nodes) => `scheduling constraints not satisfied ${on(nodes)}`,
    ({ spec }, { node }) => meets(spec.placement.constraints, node),
  ],
  [
    (nodes) => `host-mode port already in use ${on(nodes)}`,
    ({ spec }, { ports }) => !spec.hostPorts.some((port) => ports.has(port)),
  ],
  [
    () => 'max replicas per node limit exceed',
    ({ spec }, { own }) => spec.placement.maxReplicas === 0 || own < spec.placement.maxReplicas,
  ],
];

export class Scheduler {
  readonly #timers: ManagerTimers;
  readonly #store: TaskStore;
  readonly #nodes: ReadonlyMap<string, TaskNode>;
  readonly #pending = new Set<Task>();
  #isPlanned = false;

  constructor(timers: ManagerTimers, store: TaskStore, nodes: ReadonlyMap<string, TaskNode>) {
    this.#timers = timers;
    this.#store = store;
    this.#nodes = nodes;
    store.onChange((task) => {
      this.#taskChanged(task);
    });
    store.onDelete((task) => {
      this.#pending.delete(task);
      this.plan();
    });
  }

  #taskChanged(task: Task): void {
    if (task.state === 'pending') {
      this.#pending.add(task);
      this.plan();
    } else {
      this.#pending.delete(task);
      if (isOver(task) || !isWanted(task)) {
        this.plan();
      }
    }
  }

  /** Looks again, soon: there may be room now. */
  plan(): void {
    if (this.#pending.size > 0 && !this.#isPlanned) {
      this.#isPlanned = true;
      this.#timers.after(DEBOUNCE, () => {
        this.#isPlanned = false;
        this.#store.batch(() => {
          this.#schedule();
        });
      });
    }
  }

  begin(): void {
    this.#isPlanned = false;
    this.plan();
  }

  #schedule(): void {
    const groups = new Map<string, Task[]>();
    for (const task of this.#pending) {
      if (task.nodeId === '') {
        const group = `${task.service.serviceId} ${task.specVersion}`;
        groups.set(group, [...(groups.get(group) ?? []), task]);
      } else {
        this.#confirm(task);
      }
    }
    for (const group of groups.values()) {
      this.#place(group);
    }
  }

  /** A task of a global service has its node already. */
  #confirm(task: Task): void {
    const node = this.#nodes.get(task.nodeId);
    if (node === undefined) {
      return;
    }
    const failures = new Map<Filter, number>();
    if (passes(task, this.#count(node, task), failures)) {
      this.#store.assign(task, task.nodeId);
    } else {
      this.#store.setState(task, 'pending', explain(failures));
    }
  }

  /** Tasks of one service and spec. */
  #place(group: readonly Task[]): void {
    const [first] = group;
    if (first === undefined) {
      return;
    }
    const failures = new Map<Filter, number>();
    const candidates = [...this.#nodes.values()]
      .map((node) => this.#count(node, first))
      .filter((candidate) => passes(first, candidate, failures))
      .toSorted(compare)
      .slice(0, group.length);
    const placed = candidates.length === 0 ? 0 : this.#fill(group, candidates, failures);
    for (const task of group.slice(placed)) {
      this.#refuse(task, explain(failures));
    }
    if (placed > 0) {
      // A listener that is left out hears of all nodes the next time.
      this.plan();
    }
  }

  /**
   * SwarmKit's way to spread, which is not quite even: it fills one node up to the next, and the last of the chosen ones further.
   * Six more replicas for three full nodes and three empty ones put four of them on one.
   */
  #fill(group: readonly Task[], candidates: readonly Candidate[], failures: Map<Filter, number>): number {
    const full = new Set<Candidate>();
    let index = 0;
    for (const [placed, task] of group.entries()) {
      const chosen = at(candidates, index);
      this.#store.assign(task, chosen.node.nodeId);
      chosen.own += 1;
      chosen.all += 1;
      task.spec.hostPorts.forEach((port) => chosen.ports.add(port));
      if (index + 1 >= candidates.length || compare(at(candidates, index + 1), chosen) < 0) {
        index += 1;
      }
      while (full.has(at(candidates, index)) || !passes(task, at(candidates, index), failures)) {
        full.add(at(candidates, index));
        if (full.size === candidates.length) {
          return placed + 1;
        }
        index += 1;
      }
    }
    return group.length;
  }

  #refuse(task: Task, why: string): void {
    if (task.specVersion < task.service.current.version) {
      // Nobody tells a task of an old spec why it finds no node; one that nobody wants is over.
      if (!isWanted(task)) {
        this.#store.setState(task, 'shutdown');
      }
      return;
    }
    this.#store.setState(task, 'pending', why === '' ? 'no suitable node' : `no suitable node (${why})`);
  }

  #count(node: TaskNode, { service }: Task): Candidate {
    const candidate: Candidate = { node, own: 0, all: 0, ports: new Set() };
    for (const task of this.#store.on(node.nodeId)) {
      if (task.state === 'pending') {
        continue;
      }
      if (isWanted(task)) {
        candidate.all += 1;
        candidate.own += task.service === service ? 1 : 0;
      }
      if (!isOver(task)) {
        task.spec.hostPorts.forEach((port) => candidate.ports.add(port));
      }
    }
    return candidate;
  }
}

const compare = (a: Candidate, b: Candidate): number => a.own - b.own || a.all - b.all;

function at(candidates: readonly Candidate[], index: number): Candidate {
  const candidate = candidates[index % candidates.length];
  if (candidate === undefined) {
    throw new Error('no candidates');
  }
  return candidate;
}

function passes(task: Task, candidate: Candidate, failures: Map<Filter, number>): boolean {
  const failed = FILTERS.find(([, filter]) => !filter(task, candidate));
  if (failed !== undefined) {
    failures.set(failed, (failures.get(failed) ?? 0) + 1);
    return false;
  }
  // SwarmKit explains only what has failed since the last node that passed.
  failures.clear();
  return true;
}

const explain = (failures: ReadonlyMap<Filter, number>): string =>
  [...failures]
    .toSorted(([, a], [, b]) => b - a)
    .map(([[text], nodes]) => text(nodes))
    .join('; ');
