// A node as the managers have it on record: what it should be, and what they heard of it last.
import type { Host } from '../engine/network.ts';
import type { TaskNode } from '../tasks/task-node.ts';

export interface Agent extends Host {
  readonly hostname: string;
  /** Where its connections come from. */
  readonly seenAt: string;
}

export interface NodeSpec {
  readonly role: 'worker' | 'manager';
  readonly availability: 'active' | 'pause' | 'drain';
  readonly labels: Readonly<Record<string, string>>;
}

/** How often the engines of one node id take the session from each other, where a swarm folder was copied. */
const FLAP_EVERY = 5000;

export class NodeRecord implements TaskNode {
  readonly nodeId: string;
  spec: NodeSpec;
  /** Counts the swarm's changes: an update must name the version that it was made from. */
  version: number;
  #status: TaskNode['status'] = 'unknown';
  /** When anything about it changed last, ms: what the engine calls UpdatedAt. */
  changedAt: number;
  present = false;
  /** Engines that call themselves this node: more than one where a swarm folder was copied. */
  readonly agents = new Set<Agent>();
  /** The manager that its session goes through: for a worker the one that it joined by. */
  via: Host | undefined;
  /** What the dispatcher waits for. */
  cancelTimer: () => void = () => undefined;
  readonly #now: () => number;
  #hostname = '';
  #address = '';

  constructor(nodeId: string, spec: NodeSpec, version: number, now: () => number) {
    this.nodeId = nodeId;
    this.spec = spec;
    this.version = version;
    this.#now = now;
    this.changedAt = now();
  }

  get status(): TaskNode['status'] {
    return this.#status;
  }

  set status(status: TaskNode['status']) {
    if (status !== this.#status) {
      this.#status = status;
      this.changedAt = this.#now();
    }
  }

  get role(): NodeSpec['role'] {
    return this.spec.role;
  }

  get availability(): NodeSpec['availability'] {
    return this.spec.availability;
  }

  get labels(): NodeSpec['labels'] {
    return this.spec.labels;
  }

  get hostname(): string {
    this.#look();
    return this.#hostname;
  }

  /** Where its session came from last. */
  get address(): string {
    this.#look();
    return this.#address;
  }

  /** An engine calls itself this node: the managers keep where it speaks from, and go on knowing that when it has left. */
  attach(agent: Agent): void {
    this.agents.add(agent);
    this.#look();
  }

  get silent(): boolean {
    return [...this.agents].every((agent) => agent.silent);
  }

  /** The one that has the session at the moment. */
  #look(): void {
    const online = [...this.agents].filter((agent) => agent.online && !agent.silent);
    const agents = online.length === 0 ? [...this.agents].slice(0, 1) : online;
    const holder = agents[Math.floor(this.#now() / FLAP_EVERY) % agents.length];
    if (holder !== undefined) {
      this.#hostname = holder.hostname;
      this.#address = holder.seenAt;
    }
  }
}
