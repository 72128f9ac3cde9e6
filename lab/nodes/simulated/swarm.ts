// A swarm in memory: nodes, services and tasks as SwarmKit moves them, as far as skep can see it.
//
// One manager in this release: raft membership comes with more of them. What surprises on real engines and matters here is
// modelled: Ready for a while after a death or a leave, tasks that run on through their stop grace, the constraint enforcer
// that rejects tasks on active nodes, replacements that wait for the old task, tasks of a removed node that become orphaned.
import type { Clock } from '../../clock.ts';
import type { Random } from '../../random.ts';
import type { NodeView, ServiceSpec, SwarmView, TaskView } from '../machines.ts';

export interface SimulatedNode {
  readonly nodeId: string;
  readonly hostname: string;
  readonly address: string;
  readonly role: 'worker' | 'manager';
  availability: 'active' | 'pause' | 'drain';
  status: 'ready' | 'down';
  labels: Record<string, string>;
  /** Whether the machine behind it answers and is a member: when not, it goes down after the heartbeats are missed. */
  present: boolean;
}

interface Task {
  readonly taskId: string;
  readonly service: ServiceSpec;
  readonly slot: number;
  nodeId: string;
  desiredState: 'running' | 'shutdown';
  state: 'pending' | 'assigned' | 'running' | 'shutdown' | 'rejected' | 'orphaned';
  error: string;
  /** The task that must have stopped before this one starts. */
  readonly after: Task | undefined;
}

/** SwarmKit: three missed heartbeats of 5 s. */
const DOWN_AFTER = 15_000;
const START_TIME = 300;
const LIVE_STATES = new Set(['pending', 'assigned', 'running']);

export class Swarm {
  readonly swarmId: string;
  readonly caDigest: string;
  readonly joinTokens: { readonly worker: string; readonly manager: string };
  readonly nodes = new Map<string, SimulatedNode>();
  readonly #services: ServiceSpec[] = [];
  #tasks: Task[] = [];
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
    this.swarmId = this.#id();
    this.caDigest = random.hex(50);
    const token = (): string => `SWMTKN-1-${this.caDigest}-${random.hex(25)}`;
    this.joinTokens = { worker: token(), manager: token() };
  }

  #id(): string {
    return Array.from({ length: 25 }, () => Math.floor(this.#random.next() * 36).toString(36)).join('');
  }

  /** A node joins, drained, as the join document asks for. */
  join(spec: { hostname: string; address: string; role: 'worker' | 'manager' }): SimulatedNode {
    const nodeId = this.#id();
    const node: SimulatedNode = { nodeId, ...spec, availability: 'drain', status: 'ready', labels: {}, present: true };
    this.nodes.set(nodeId, node);
    return node;
  }

  /** The machine died, or left: the managers do not notice at once. */
  lose(nodeId: string): void {
    const node = this.nodes.get(nodeId);
    if (node === undefined) {
      return;
    }
    node.present = false;
    this.#clock.schedule(DOWN_AFTER, () => {
      if (!node.present && this.nodes.get(nodeId) === node) {
        node.status = 'down';
        this.#orchestrate();
      }
    });
  }

  /** One update: labels and availability together, as one version of the node. */
  update(
    node: SimulatedNode,
    change: { availability?: SimulatedNode['availability']; labels?: Record<string, string> },
  ): void {
    node.labels = { ...node.labels, ...change.labels };
    node.availability = change.availability ?? node.availability;
    this.#enforceConstraints(node);
    this.#orchestrate();
  }

  /** `node rm --force`. Tasks that had not ended are orphaned. */
  remove(nodeId: string): void {
    this.nodes.delete(nodeId);
    for (const task of this.tasksOn(nodeId)) {
      if (LIVE_STATES.has(task.state)) {
        task.state = 'orphaned';
        task.desiredState = 'shutdown';
      }
    }
    this.#orchestrate();
  }

  createService(service: ServiceSpec): void {
    this.#services.push(service);
    this.#orchestrate();
  }

  tasksOn(nodeId: string): Task[] {
    return this.#tasks.filter((task) => task.nodeId === nodeId);
  }

  /** Containers on the node: what `docker ps` would show there. */
  containersOn(nodeId: string): number {
    return this.tasksOn(nodeId).filter(({ state }) => state === 'running').length;
  }

  /** Tasks of the node that the managers do not see in a terminal state. */
  unfinishedOn(nodeId: string): number {
    return this.tasksOn(nodeId).filter(({ state }) => LIVE_STATES.has(state)).length;
  }

  view(): SwarmView {
    return { nodes: [...this.nodes.values()].map(viewNode), tasks: this.#tasks.map(viewTask) };
  }

  /** SwarmKit looks at active nodes only: paused and drained ones are left alone. */
  #enforceConstraints(node: SimulatedNode): void {
    if (node.availability !== 'active') {
      return;
    }
    for (const task of this.tasksOn(node.nodeId)) {
      if (task.desiredState === 'running' && !fits(task.service, node)) {
        task.desiredState = 'shutdown';
        task.state = 'rejected';
        task.error = 'assigned node no longer meets constraints';
      }
    }
  }

  #orchestrate(): void {
    for (const service of this.#services) {
      this.#evict(service);
      if (service.mode === 'global') {
        this.#fillGlobal(service);
      } else {
        this.#fillReplicated(service);
      }
    }
  }

  /** Tasks on nodes that are drained, down or removed are told to stop. */
  #evict(service: ServiceSpec): void {
    for (const task of this.#live(service)) {
      const node = this.nodes.get(task.nodeId);
      if (task.nodeId === '' || (node?.status === 'ready' && node.availability !== 'drain')) {
        continue;
      }
      task.desiredState = 'shutdown';
      if (node?.status === 'ready' && node.present) {
        this.#clock.schedule(service.stopGrace * 1000, () => {
          if (LIVE_STATES.has(task.state)) {
            task.state = 'shutdown';
            this.#orchestrate();
          }
        });
      }
    }
  }

  #live(service: ServiceSpec): Task[] {
    return this.#tasks.filter((task) => task.service === service && task.desiredState === 'running');
  }

  #fillGlobal(service: ServiceSpec): void {
    for (const node of this.#eligible(service)) {
      if (!this.#live(service).some(({ nodeId }) => nodeId === node.nodeId)) {
        this.#start(service, 0, node, undefined);
      }
    }
  }

  #fillReplicated(service: ServiceSpec): void {
    for (let slot = 1; slot <= service.replicas; slot += 1) {
      const live = this.#live(service).find((task) => task.slot === slot);
      if (live !== undefined && live.state !== 'pending') {
        continue;
      }
      const node = this.#emptiest(service);
      if (live !== undefined) {
        this.#tasks = this.#tasks.filter((task) => task !== live);
      }
      this.#start(service, slot, node, live?.after ?? this.#stopping(service, slot));
    }
  }

  /** The replacement of a task that still stops waits for it (stop-first), unless its node is down. */
  #stopping(service: ServiceSpec, slot: number): Task | undefined {
    return this.#tasks.find(
      (task) =>
        task.service === service &&
        task.slot === slot &&
        task.state === 'running' &&
        this.nodes.get(task.nodeId)?.status === 'ready',
    );
  }

  #start(service: ServiceSpec, slot: number, node: SimulatedNode | undefined, after: Task | undefined): void {
    const task: Task = {
      taskId: this.#id(),
      service,
      slot,
      nodeId: node?.nodeId ?? '',
      desiredState: 'running',
      state: node === undefined ? 'pending' : 'assigned',
      error: '',
      after,
    };
    this.#tasks.push(task);
    if (node !== undefined) {
      this.#runLater(task);
    }
  }

  #runLater(task: Task): void {
    this.#clock.schedule(START_TIME, () => {
      if (task.state !== 'assigned' || task.desiredState !== 'running') {
        return;
      }
      if (task.after?.state === 'running' && this.nodes.get(task.after.nodeId)?.status === 'ready') {
        this.#runLater(task);
        return;
      }
      task.state = 'running';
    });
  }

  #eligible(service: ServiceSpec): SimulatedNode[] {
    return [...this.nodes.values()].filter(
      (node) => node.status === 'ready' && node.availability === 'active' && fits(service, node),
    );
  }

  /** Fewest tasks of the service first, then fewest tasks at all: SwarmKit's spread. */
  #emptiest(service: ServiceSpec): SimulatedNode | undefined {
    const count = (node: SimulatedNode, own: boolean): number =>
      this.#tasks.filter(
        (task) => task.nodeId === node.nodeId && task.desiredState === 'running' && (!own || task.service === service),
      ).length;
    return this.#eligible(service).toSorted(
      (a, b) => count(a, true) - count(b, true) || count(a, false) - count(b, false),
    )[0];
  }
}

/** `node.labels.x==y`, `node.labels.x!=y`, `node.role==worker`. */
function fits({ constraints }: ServiceSpec, node: SimulatedNode): boolean {
  return constraints.every((constraint) => {
    const [, what = '', operator, wanted] = /^([^=!]+)(==|!=)(.*)$/.exec(constraint) ?? [];
    const value = what === 'node.role' ? node.role : (node.labels[what.replace(/^node\.labels\./, '')] ?? '');
    return operator === '==' ? value === wanted : value !== wanted;
  });
}

function viewNode({ nodeId, hostname, role, status, availability, labels, address }: SimulatedNode): NodeView {
  const reachability = role === 'manager' ? 'leader' : undefined;
  return { nodeId, hostname, role, status, availability, reachability, labels, address };
}

function viewTask({ taskId, service, nodeId, desiredState, state, error }: Task): TaskView {
  return { taskId, service: service.name, nodeId, desiredState, state, error };
}
