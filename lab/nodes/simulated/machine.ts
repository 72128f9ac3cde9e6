// A simulated machine: its engine, and what lies on its disk and in its /run.
import type { SimulatedNode, Swarm } from './swarm.ts';

export interface Membership {
  readonly swarm: Swarm;
  readonly node: SimulatedNode;
}

export interface SimulatedMachine {
  readonly instanceId: string;
  readonly zone: string;
  readonly privateIp: string;
  /** Epoch milliseconds. */
  readonly dockerUpAt: number;
  alive: boolean;
  membership: Membership | undefined;
  /** /run/skep/leaving: a join that comes late is refused. */
  leaving: boolean;
  /** The flock that all documents take. */
  lock: Promise<unknown>;
}
