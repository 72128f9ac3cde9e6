// Which nodes are Ready, Down or Unknown, as the leader's dispatcher hears from their agents.
//
// No heartbeats are simulated: a node that is out of touch goes down when its third one would have been missed.
import type { Clock } from '../../time/clock.ts';
import type { Random } from '../../time/random.ts';
import type { NodeRecord } from './node-record.ts';
import type { Raft } from './raft.ts';

/** Three heartbeats of 5 s, the last of which came in the 5 s before, and some grace. */
const DOWN_AFTER = { least: 11_000, spread: 5000 };
/** A new leader gives nodes that it has not heard of six heartbeats. */
const UNKNOWN_FOR = 29_000;
const REGISTER_TIME = 400;
/** A worker whose session went through a leader that fell silent finds another manager so long after: it may be Down meanwhile. */
const VIA_LOST = { least: 39_000, spread: 7000 };

export class Dispatcher {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #nodes: ReadonlyMap<string, NodeRecord>;
  readonly #raft: Raft;
  readonly #changed: (node: NodeRecord) => void;

  constructor(parts: {
    readonly clock: Clock;
    readonly random: Random;
    readonly nodes: ReadonlyMap<string, NodeRecord>;
    readonly raft: Raft;
    readonly changed: (node: NodeRecord) => void;
  }) {
    this.#clock = parts.clock;
    this.#random = parts.random;
    this.#nodes = parts.nodes;
    this.#raft = parts.raft;
    this.#changed = parts.changed;
  }

  /** The node's agent, or its way to the managers, may have come or gone. */
  check(node: NodeRecord): void {
    const present = this.#isInTouch(node);
    if (present === node.present) {
      return;
    }
    node.present = present;
    if (present) {
      this.#plan(node, REGISTER_TIME, 'ready');
    } else if (this.#raft.leaderId !== undefined && node.status !== 'down') {
      this.#plan(node, DOWN_AFTER.least + this.#random.next() * DOWN_AFTER.spread, 'down');
    }
  }

  checkAll(): void {
    for (const node of this.#nodes.values()) {
      this.check(node);
    }
  }

  /**
   * A leader knows no session of its predecessor's. Those that were down stay so.
   *
   * @param lostAt when the leader before it was lost, epoch milliseconds
   */
  leaderBegan(lostAt: number): void {
    for (const node of this.#nodes.values()) {
      node.status = node.status === 'down' ? 'down' : 'unknown';
      node.present = false;
      this.#plan(node, UNKNOWN_FOR, 'down');
      if (this.#isInTouch(node)) {
        this.#clock.schedule(this.#reconnectTime(node, lostAt), () => {
          this.check(node);
        });
      }
    }
  }

  /** The first session of an agent that has just got its certificate. */
  register(node: NodeRecord): void {
    node.cancelTimer();
    node.present = this.#isInTouch(node);
    if (node.present) {
      this.#set(node, 'ready');
    }
  }

  #reconnectTime({ role, via }: NodeRecord, lostAt: number): number {
    const spread = this.#random.next();
    if (role === 'manager') {
      return spread * 1000;
    }
    const lostToo = via?.silent === true;
    return lostToo
      ? Math.max(0, lostAt + VIA_LOST.least + spread * VIA_LOST.spread - this.#clock.now())
      : spread * 4000;
  }

  #plan(node: NodeRecord, delay: number, status: 'ready' | 'down'): void {
    node.cancelTimer();
    node.cancelTimer = this.#clock.schedule(delay, () => {
      if (this.#raft.leaderId !== undefined && node.present === (status === 'ready')) {
        this.#set(node, status);
      }
    });
  }

  /** Also when it is the same: to the managers the node was updated. */
  #set(node: NodeRecord, status: NodeRecord['status']): void {
    if (this.#nodes.get(node.nodeId) === node) {
      node.status = status;
      this.#changed(node);
    }
  }

  #isInTouch(node: NodeRecord): boolean {
    for (const agent of node.agents) {
      if (this.#raft.reachesLeader(agent)) {
        return true;
      }
    }
    return false;
  }
}
