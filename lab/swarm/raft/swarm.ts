// A swarm: what its managers keep in common. Its raft, its dispatcher, the records of its nodes, its tasks.
import type { Clock } from '../../time/clock.ts';
import type { Random } from '../../time/random.ts';
import type { NodeView, SwarmView } from '../../nodes/machines.ts';
import { Dispatcher } from './dispatcher.ts';
import { DockerError } from '../docker-cli/error.ts';
import type { Host } from '../engine/network.ts';
import { NodeRecord } from './node-record.ts';
import type { Agent, NodeSpec } from './node-record.ts';
import { Raft } from './raft.ts';
import { RoleManager } from './role-manager.ts';
import type { RoleBearer } from './role-manager.ts';
import type { KeptSpec } from '../services/service.ts';
import { Tasks } from '../tasks/tasks.ts';

/** An engine, as a swarm knows it. */
export interface Participant extends Agent, RoleBearer {}

/** What can only be set at a founding. */
export interface SwarmOptions {
  readonly addressPool: string;
  readonly subnetSize: number;
  readonly dataPathPort: number;
}

/** Docker's own, where nobody asked for others. */
const DEFAULT_OPTIONS: SwarmOptions = { addressPool: '10.0.0.0/8', subnetSize: 24, dataPathPort: 4789 };

export class Swarm {
  options = DEFAULT_OPTIONS;
  /** Of a restart under it nothing is simulated. */
  autolock = false;
  readonly swarmId: string;
  readonly caDigest: string;
  joinTokens: { readonly worker: string; readonly manager: string };
  readonly nodes = new Map<string, NodeRecord>();
  /** Of its config objects only these, by the id of the service. */
  readonly kept = new Map<string, KeptSpec>();
  readonly raft: Raft;
  readonly tasks: Tasks;
  /** Told just before a node is removed, or a manager demoted: for rules that a run is held against. */
  onLeaving: (what: 'removed' | 'demoted', nodeId: string) => void = () => undefined;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #dispatcher: Dispatcher;
  readonly #roles: RoleManager;
  #index = 10;

  /** @param origin the swarm of which this is a copy, as a copied folder of a manager makes one */
  constructor(clock: Clock, random: Random, origin?: Swarm) {
    this.#clock = clock;
    this.#random = random;
    this.swarmId = origin?.swarmId ?? this.#id();
    this.caDigest = origin?.caDigest ?? random.hex(50);
    this.joinTokens = origin?.joinTokens ?? { worker: this.#token(), manager: this.#token() };
    this.raft = new Raft(clock, random, (lostAt) => {
      this.#dispatcher.leaderBegan(lostAt);
      this.tasks.leaderBegan();
    });
    const changed = (node: NodeRecord): void => {
      this.#touch(node);
      this.tasks.nodeUpdated(node);
    };
    this.#dispatcher = new Dispatcher({ clock, random, nodes: this.nodes, raft: this.raft, changed });
    this.#roles = new RoleManager(clock, this.raft, ({ agents }) => [...agents] as Participant[]);
    const isLed = (): boolean => this.raft.leaderId !== undefined;
    this.tasks = new Tasks(clock, this.nodes, () => this.#id(), isLed);
    if (origin !== undefined) {
      this.#copy(origin);
    }
  }

  /** The old one is refused from now on; whoever is in stays in. */
  rotate(role: 'worker' | 'manager'): void {
    this.joinTokens = { ...this.joinTokens, [role]: this.#token() };
  }

  #token(): string {
    return `SWMTKN-1-${this.caDigest}-${this.#random.hex(25)}`;
  }

  /** A CA issues a certificate: the node is on record, whatever becomes of the engine that asked for it. */
  enroll(spec: NodeSpec): NodeRecord {
    const node = new NodeRecord(this.#id(), spec, this.#nextIndex(), () => this.#clock.now());
    this.nodes.set(node.nodeId, node);
    return node;
  }

  /** The engine runs the node. */
  attach(node: NodeRecord, agent: Participant): void {
    node.attach(agent);
    this.raft.becomesAware(agent);
    if (node.status === 'unknown') {
      this.#dispatcher.register(node);
    } else {
      this.#dispatcher.check(node);
    }
  }

  /** The engine runs the node no longer, and says so to nobody. */
  detach(nodeId: string, agent: Participant): void {
    this.raft.becomesAware(agent);
    if (this.raft.hostOf(nodeId) === agent) {
      this.raft.bind(nodeId, undefined);
      this.#dispatcher.checkAll();
    }
    const node = this.nodes.get(nodeId);
    node?.agents.delete(agent);
    if (node !== undefined) {
      this.#dispatcher.check(node);
    }
  }

  /** Of a node that two engines call themselves the other one's run on. */
  containersEnded(nodeId: string, agent: Participant): void {
    const agents = this.nodes.get(nodeId)?.agents;
    if (agents === undefined || (agents.has(agent) && agents.size === 1)) {
      this.tasks.engineGone(nodeId);
    }
  }

  /** Engine or cable of a node have come or gone. */
  connectionChanged(nodeId: string): void {
    const node = this.nodes.get(nodeId);
    if (this.raft.has(nodeId)) {
      this.raft.check();
      this.#dispatcher.checkAll();
    } else if (node !== undefined) {
      this.#dispatcher.check(node);
    }
  }

  // --- What managers do when they are asked

  /** @throws DockerError */
  update(nodeId: string, version: number, spec: NodeSpec): void {
    const node = this.#find(nodeId);
    if (node.version !== version) {
      throw new DockerError('rpc error: code = Unknown desc = update out of sequence');
    }
    const role = node.spec.role;
    if (role === 'manager' && spec.role === 'worker') {
      this.#checkDemotion(node);
      this.onLeaving('demoted', nodeId);
    }
    node.spec = spec;
    this.#touch(node);
    if (role !== spec.role) {
      this.#roles.roleChanged(node);
    }
    this.tasks.nodeUpdated(node);
  }

  /** @throws DockerError */
  remove(nodeId: string, force: boolean): void {
    const node = this.#find(nodeId);
    if (node.role === 'manager' && this.raft.has(nodeId)) {
      throw failedPrecondition(
        `node ${nodeId} is a cluster manager and is a member of the raft cluster. It must be demoted to worker before removal`,
      );
    }
    if (!force && node.status === 'ready') {
      throw failedPrecondition(`node ${nodeId} is not down and can't be removed`);
    }
    this.onLeaving('removed', nodeId);
    // What was demoted a moment ago may still be a member: its standing order stays.
    if (this.raft.has(nodeId)) {
      this.raft.remove(nodeId);
      this.#roles.removed(node);
    }
    node.cancelTimer();
    node.present = false;
    this.nodes.delete(nodeId);
    this.tasks.nodeRemoved(nodeId);
  }

  /** The node is made the only manager. The others hear of it if they run; one that comes up later finds its own old raft. */
  forceNewCluster(nodeId: string, host: Host): void {
    const others = this.raft.nodeIds.filter((other) => other !== nodeId && this.raft.hostOf(other)?.online === true);
    this.raft.reset(nodeId, host);
    for (const other of others) {
      const node = this.nodes.get(other);
      if (node !== undefined) {
        this.#roles.removed(node);
      }
    }
  }

  view(viewer: Host): SwarmView {
    return { nodes: [...this.nodes.values()].map((node) => this.nodeView(node, viewer)), tasks: this.tasks.view() };
  }

  nodeView(node: NodeRecord, viewer: Host): NodeView {
    const { nodeId, hostname, role, status, availability, labels, address } = node;
    const reachability = this.raft.reachability(nodeId, viewer);
    return { nodeId, hostname, role, status, availability, reachability, labels, address };
  }

  /** Members that are copied are members of a raft of which no engine runs yet. */
  #copy({ nodes, raft, options }: Swarm): void {
    this.options = options;
    for (const { nodeId, spec } of nodes.values()) {
      this.nodes.set(nodeId, new NodeRecord(nodeId, spec, this.#nextIndex(), () => this.#clock.now()));
    }
    raft.nodeIds.forEach((nodeId) => {
      this.raft.add(nodeId, undefined);
    });
  }

  #find(nodeId: string): NodeRecord {
    const node = this.nodes.get(nodeId);
    if (node === undefined) {
      throw new DockerError(`rpc error: code = NotFound desc = node ${nodeId} not found`);
    }
    return node;
  }

  #checkDemotion({ nodeId }: NodeRecord): void {
    const managers = [...this.nodes.values()].filter(({ role }) => role === 'manager');
    if (managers.length === 1) {
      throw failedPrecondition('attempting to demote the last manager of the swarm');
    }
    if (!this.raft.has(nodeId)) {
      throw new DockerError("rpc error: code = NotFound desc = can't find manager in raft memberlist");
    }
    if (!this.raft.canRemove(nodeId)) {
      throw failedPrecondition("can't remove member from the raft: this would result in a loss of quorum");
    }
  }

  #touch(node: NodeRecord): void {
    node.version = this.#nextIndex();
    node.changedAt = this.#clock.now();
  }

  #nextIndex(): number {
    this.#index += 1;
    return this.#index;
  }

  #id(): string {
    return Array.from({ length: 25 }, () => Math.floor(this.#random.next() * 36).toString(36)).join('');
  }
}

const failedPrecondition = (message: string): DockerError =>
  new DockerError(`rpc error: code = FailedPrecondition desc = ${message}`);
