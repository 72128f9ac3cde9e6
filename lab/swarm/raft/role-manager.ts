// Makes nodes what their role says they should be, a while after it was said: demotion and promotion are standing orders.
import type { Clock } from '../../time/clock.ts';
import type { Host } from '../engine/network.ts';
import type { NodeRecord } from './node-record.ts';
import type { Raft } from './raft.ts';

const DEMOTE_TIME = 300;
const PROMOTE_TIME = 700;
/** How often an order is looked at again that could not be carried out. */
const RETRY_EVERY = 5000;

/** An engine that can be told that its role has changed. */
export interface RoleBearer extends Host {
  connectionChanged(): void;
  demoted(led: boolean): void;
  promoted(): void;
  /** It dials the manager that it joined by, and no other: engines before 23.0.18 and 25.0.6 are lost when that is none any more. */
  promotedInVain(): void;
}

export class RoleManager {
  readonly #clock: Clock;
  readonly #raft: Raft;
  readonly #bearersOf: (node: NodeRecord) => readonly RoleBearer[];

  constructor(clock: Clock, raft: Raft, bearersOf: (node: NodeRecord) => readonly RoleBearer[]) {
    this.#clock = clock;
    this.#raft = raft;
    this.#bearersOf = bearersOf;
  }

  roleChanged(node: NodeRecord): void {
    this.#clock.schedule(node.role === 'worker' ? DEMOTE_TIME : PROMOTE_TIME, () => {
      this.#reconcile(node);
    });
  }

  #reconcile(node: NodeRecord): void {
    const isMember = this.#raft.has(node.nodeId);
    if ((node.role === 'manager') === isMember) {
      return;
    }
    if (node.role === 'manager') {
      this.#promote(node);
    } else if (this.#raft.leaderId === undefined || !this.#raft.canRemove(node.nodeId)) {
      // What was accepted is done when it can be, be it when a quorum has come back.
      this.#clock.schedule(RETRY_EVERY, () => {
        this.#reconcile(node);
      });
    } else {
      const led = this.#raft.leaderId === node.nodeId;
      this.#raft.remove(node.nodeId);
      this.removed(node, led);
    }
  }

  /** To be called when it was taken out of the raft: its engines are told. */
  removed(node: NodeRecord, led = false): void {
    this.#bearersOf(node).forEach((bearer) => {
      this.#tell(node, bearer, led);
    });
  }

  /** One that is cut off remains a manager in its own eyes. Real ones heard of it 3 to 4 s after their cable was put back. */
  #tell(node: NodeRecord, bearer: RoleBearer, led: boolean): void {
    if (bearer.online && !this.#raft.isHeardBy(bearer)) {
      this.#clock.schedule(RETRY_EVERY, () => {
        // What comes up with a swarm folder, or gives it up, is past this.
        if (bearer.online && this.#raft.isUnaware(bearer)) {
          this.#tell(node, bearer, led);
        }
      });
      return;
    }
    this.#raft.becomesAware(bearer);
    bearer.demoted(led);
    bearer.connectionChanged();
    // After a force-new-cluster its record still says manager: it is promoted again.
    this.roleChanged(node);
  }

  #promote(node: NodeRecord): void {
    const bearers = this.#bearersOf(node);
    if (this.#raft.leaderId === undefined || !node.present) {
      this.#clock.schedule(RETRY_EVERY, () => {
        this.#reconcile(node);
      });
      return;
    }
    const { via } = node;
    const isInVain = via !== undefined && !this.#raft.isManager(via);
    bearers.forEach((bearer) => {
      if (isInVain) {
        bearer.promotedInVain();
      } else {
        bearer.promoted();
      }
    });
  }
}
