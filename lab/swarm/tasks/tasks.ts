// Services and their tasks, as SwarmKit's orchestrators, scheduler and agents move them. Their parts are files of their own.
import type { Clock } from '../../time/clock.ts';
import type { ServiceSpec as LabService, TaskView } from '../../nodes/machines.ts';
import { createArguments } from '../../nodes/service-arguments.ts';
import { enforceConstraints } from './constraint-enforcer.ts';
import { GlobalOrchestrator } from './global-orchestrator.ts';
import { ManagerTimers } from '../raft/manager-timers.ts';
import { isReplicated, ReplicatedOrchestrator } from './replicated-orchestrator.ts';
import type { Container } from '../services/requests.ts';
import { Restarts } from './restarts.ts';
import { Scheduler } from './scheduler.ts';
import type { Service } from '../services/service.ts';
import { createdSpec } from '../docker-cli/service-options.ts';
import { Services } from '../services/services.ts';
import { isAtWork, rank } from './task.ts';
import type { Task } from './task.ts';
import { TaskAgents } from './task-agent.ts';
import type { TaskNode } from './task-node.ts';
import { TaskReaper } from './task-reaper.ts';
import { TaskStore } from './task-store.ts';
import { Updater } from '../services/updater.ts';

/** What managers give a node that is down, before they call its tasks orphaned. */
const DOWN_PERIOD = 24 * 3_600_000;
/** The id of a node that there never was. */
const GONE = 'gone'.padEnd(25, '0');

export class Tasks {
  readonly services: Services;
  readonly #clock: Clock;
  readonly #nodes: ReadonlyMap<string, TaskNode>;
  readonly #timers: ManagerTimers;
  readonly #store: TaskStore;
  readonly #agents: TaskAgents;
  readonly #restarts: Restarts;
  readonly #scheduler: Scheduler;
  readonly #updater: Updater;
  readonly #reaper: TaskReaper;
  readonly #replicated: ReplicatedOrchestrator;
  readonly #global: GlobalOrchestrator;

  /** @param isLed whether the managers have a leader: without one nothing is orchestrated */
  constructor(
    clock: Clock,
    nodes: ReadonlyMap<string, TaskNode>,
    newId: () => string,
    isLed: () => boolean = () => true,
  ) {
    const now = (): number => clock.now();
    this.#clock = clock;
    this.#nodes = nodes;
    this.#timers = new ManagerTimers(clock, isLed);
    this.#store = new TaskStore(now, newId);
    const [timers, store] = [this.#timers, this.#store];
    this.services = new Services({
      now,
      newId,
      changed: (service) => {
        store.later(() => {
          this.#reconcile(service);
        });
      },
      removed: (service) => {
        this.#remove(service);
      },
    });
    this.#agents = new TaskAgents(clock, store, nodes);
    this.#restarts = new Restarts(timers, store, nodes);
    this.#updater = new Updater({ timers, store, nodes, now, restarts: this.#restarts, outcome: this.services });
    this.#scheduler = new Scheduler(timers, store, nodes);
    this.#reaper = new TaskReaper(timers, store);
    const parts = { store, nodes, restarts: this.#restarts, updater: this.#updater };
    this.#replicated = new ReplicatedOrchestrator(parts);
    this.#global = new GlobalOrchestrator(parts, () => this.services.all().filter((service) => !isReplicated(service)));
    store.onChange((task) => {
      this.#taskChanged(task);
    });
  }

  /** What an operator would `docker service create`, and what DockerMachines do on real engines. */
  createService(service: LabService): void {
    this.services.create(createdSpec(createArguments(service), () => service.name));
  }

  /** The containers that its name stands for: none for a service that there is not. */
  named(name: string): Container[] {
    const service = this.services.find(name);
    return service === undefined ? [] : this.#agents.named(service);
  }

  /** As engines before 18.09.5 did when a node was removed: a task that is at work for ever, on a node that there is not. */
  leaveGhost(name: string): void {
    const service = this.services.find(name);
    if (service === undefined) {
      throw new Error(`there is no service ${name}`);
    }
    this.#store.batch(() => {
      const task = this.#store.create(service, 1, 'running');
      this.#store.assign(task, GONE);
      this.#store.setState(task, 'running');
      this.#store.setDesired(task, 'shutdown');
    });
  }

  // --- What nodes do

  nodeUpdated(node: TaskNode): void {
    this.#store.batch(() => {
      enforceConstraints(this.#store, node);
      if (node.status === 'down') {
        this.#restarts.nodeLost(node.nodeId);
        this.#orphanLater(node);
      }
      this.#replicated.nodeUpdated(node.nodeId);
      this.#global.nodeUpdated(node);
      this.#agents.nodeUpdated(node);
      this.#scheduler.plan();
    });
  }

  /** Of a node that is removed, replicas that had not ended are orphaned, and tasks of global services vanish. */
  nodeRemoved(nodeId: string): void {
    this.#store.batch(() => {
      this.#global.nodeRemoved(nodeId);
      this.#orphan(nodeId);
      this.#restarts.nodeLost(nodeId);
      this.#replicated.nodeUpdated(nodeId);
    });
  }

  /** A leader begins with all that is on record, and without what its predecessor waited for. */
  leaderBegan(): void {
    this.#timers.forget();
    this.#updater.begin();
    this.#store.batch(() => {
      this.#restarts.begin(this.#clock.now());
      for (const node of this.#nodes.values()) {
        this.nodeUpdated(node);
      }
      for (const task of this.#store.all()) {
        this.#taskChanged(task);
      }
      this.services.all().forEach((service) => {
        this.#reconcile(service);
      });
      this.#reaper.begin();
      this.#scheduler.begin();
    });
  }

  /** What containers of the node that ran on without their engine add to its next start, ms. */
  restartTime(nodeId: string): number {
    return this.#agents.restartTime(nodeId);
  }

  /** dockerd was started again on the machine of the node, after it had died. */
  engineRestarted(nodeId: string): void {
    this.#agents.engineRestarted(nodeId);
  }

  /** Its engine left the swarm, or its machine is no more: the containers too. */
  engineGone(nodeId: string): void {
    this.#agents.engineGone(nodeId);
  }

  // --- Looking

  get now(): number {
    return this.#clock.now();
  }

  volumesOn(nodeId: string): readonly string[] {
    return this.#agents.volumesOn(nodeId);
  }

  /** Containers on the node: what `docker ps` would show there. */
  containersOn(nodeId: string): number {
    return this.#agents.containersOn(nodeId);
  }

  /** Tasks that were assigned to the node and that the managers do not see in a terminal state. */
  atWorkOn(nodeId: string): number {
    return this.on(nodeId).filter((task) => isAtWork(task)).length;
  }

  /** Of all nodes, also of those that are gone. */
  atWork(): Task[] {
    return [...this.#store.all()].filter((task) => isAtWork(task));
  }

  on(nodeId: string): Task[] {
    return this.#store.on(nodeId);
  }

  of(service: Service): Task[] {
    return this.#store.of(service);
  }

  view(): TaskView[] {
    return [...this.#store.all()].map(({ taskId, service, nodeId, desiredState, state, error }) => {
      // Of a service that was removed nobody knows the name.
      const name = this.services.has(service) ? service.current.spec.name : service.serviceId;
      // One container each: it may have the task's name.
      const container = rank(state) < rank('starting') ? '' : taskId;
      return { taskId, service: name, nodeId, desiredState, state, error, container };
    });
  }

  // --- Orchestration

  #taskChanged(task: Task): void {
    if (!this.services.has(task.service)) {
      return;
    }
    if (isReplicated(task.service)) {
      this.#replicated.taskChanged(task);
    } else {
      this.#global.taskChanged(task);
    }
  }

  #reconcile(service: Service): void {
    if (!this.services.has(service)) {
      return;
    }
    if (isReplicated(service)) {
      this.#replicated.reconcile(service);
    } else {
      this.#global.reconcile(service);
    }
  }

  #remove(service: Service): void {
    this.#updater.cancel(service);
    this.#store.batch(() => {
      for (const task of this.#store.of(service)) {
        this.#store.setDesired(task, 'remove');
      }
    });
  }

  #orphan(nodeId: string): void {
    for (const task of this.on(nodeId)) {
      if (isAtWork(task)) {
        this.#store.setState(task, 'orphaned');
      }
    }
  }

  #orphanLater({ nodeId }: TaskNode): void {
    this.#timers.after(DOWN_PERIOD, () => {
      if (this.#nodes.get(nodeId)?.status === 'down') {
        this.#orphan(nodeId);
      }
    });
  }
}
