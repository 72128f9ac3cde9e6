// What services and their tasks need of a node.

export interface TaskNode {
  readonly nodeId: string;
  readonly hostname: string;
  readonly role: 'worker' | 'manager';
  readonly status: 'ready' | 'down' | 'unknown' | 'disconnected';
  readonly availability: 'active' | 'pause' | 'drain';
  readonly labels: Readonly<Record<string, string>>;
  /** Its agent is at work and in touch with the managers: tasks start and stop there, and managers hear of it. */
  readonly present: boolean;
  /** Its machine is off, or cut from all others. */
  readonly silent?: boolean;
}
