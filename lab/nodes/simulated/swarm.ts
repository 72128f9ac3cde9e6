// A swarm in memory: its nodes, and its managers' raft, as far as skep can see them.
//
// What surprises on real engines and matters here is modelled: a node is Ready for a while after a death or a leave; a swarm whose
// managers are no majority has no leader; an engine whose node was removed does not notice, and calls itself a member.
import type { Clock } from '../../clock.ts';
import type { Random } from '../../random.ts';
import type { SwarmView } from '../machines.ts';
import { Tasks } from './tasks.ts';

export interface SimulatedNode {
  readonly nodeId: string;
  readonly hostname: string;
  readonly address: string;
  readonly role: 'worker' | 'manager';
  availability: 'active' | 'pause' | 'drain';
  status: 'ready' | 'down';
  labels: Readonly<Record<string, string>>;
  reachability: 'leader' | 'reachable' | 'unreachable' | undefined;
  /** Whether the machine behind it answers and is a member: when not, it goes down after the heartbeats are missed. */
  present: boolean;
}

/** SwarmKit: three missed heartbeats of 5 s. */
const DOWN_AFTER = 15_000;
/** Until a majority of managers has agreed on another leader. */
const ELECTION_TIME = 11_000;

export class Swarm {
  readonly swarmId: string;
  readonly caDigest: string;
  readonly joinTokens: { readonly worker: string; readonly manager: string };
  readonly nodes = new Map<string, SimulatedNode>();
  readonly tasks: Tasks;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
    this.swarmId = this.#id();
    this.caDigest = random.hex(50);
    const token = (): string => `SWMTKN-1-${this.caDigest}-${random.hex(25)}`;
    this.joinTokens = { worker: token(), manager: token() };
    this.tasks = new Tasks(clock, this.nodes, () => this.#id());
  }

  #id(): string {
    return Array.from({ length: 25 }, () => Math.floor(this.#random.next() * 36).toString(36)).join('');
  }

  get leader(): SimulatedNode | undefined {
    return [...this.nodes.values()].find(({ reachability }) => reachability === 'leader');
  }

  /** A node joins, drained, as the join document asks for. */
  join(spec: { hostname: string; address: string; role: 'worker' | 'manager' }): SimulatedNode {
    const nodeId = this.#id();
    const node: SimulatedNode = {
      nodeId,
      ...spec,
      availability: 'drain',
      status: 'ready',
      labels: {},
      reachability: spec.role === 'worker' ? undefined : this.nodes.size === 0 ? 'leader' : 'reachable',
      present: true,
    };
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
    if (node.role === 'manager') {
      this.#loseManager(node);
    }
    this.#clock.schedule(DOWN_AFTER, () => {
      if (this.leader !== undefined && this.nodes.get(nodeId) === node) {
        node.status = 'down';
        this.tasks.reconcile();
      }
    });
  }

  #loseManager(node: SimulatedNode): void {
    const led = node.reachability === 'leader';
    node.reachability = 'unreachable';
    const managers = [...this.nodes.values()].filter(({ role }) => role === 'manager');
    const present = managers.filter((manager) => manager.present);
    if (present.length <= managers.length / 2) {
      for (const manager of present) {
        manager.reachability = 'unreachable';
      }
    } else if (led) {
      this.#clock.schedule(ELECTION_TIME, () => {
        const [next] = present.filter((manager) => manager.reachability === 'reachable');
        if (next !== undefined && this.leader === undefined) {
          next.reachability = 'leader';
          this.tasks.reconcile();
        }
      });
    }
  }

  /** One update: labels and availability together, as one version of the node. */
  update(
    node: SimulatedNode,
    change: { availability: SimulatedNode['availability']; labels: Readonly<Record<string, string>> },
  ): void {
    node.labels = { ...node.labels, ...change.labels };
    node.availability = change.availability;
    this.tasks.nodeUpdated(node);
  }

  /** `node rm --force`. */
  remove(nodeId: string): void {
    this.nodes.delete(nodeId);
    this.tasks.nodeRemoved(nodeId);
  }

  /** @throws where there is no leader, as managers then answer nothing */
  view(): SwarmView {
    if (this.leader === undefined) {
      throw new Error('The swarm does not have a leader');
    }
    const nodes = [...this.nodes.values()].map(
      ({ nodeId, hostname, role, status, availability, reachability, labels, address }) => ({
        nodeId,
        hostname,
        role,
        status,
        availability,
        reachability,
        labels,
        address,
      }),
    );
    return { nodes, tasks: this.tasks.view() };
  }
}
