// The folder in which an engine keeps what it knows of its swarm, over restarts and copies.
import type { Swarm } from '../raft/swarm.ts';

/** What lies in /var/lib/docker/swarm. */
export interface SwarmFolder {
  readonly swarm: Swarm;
  readonly nodeId: string;
  /** As the certificate has it. */
  readonly role: 'worker' | 'manager';
  readonly address: string;
  /** A manager's state is there, or was. */
  readonly raft: boolean;
}
