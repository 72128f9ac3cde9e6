// How long things take in AWS on their own.

/** Milliseconds. */
export interface Latencies {
  /** From a source of events to its target. */
  readonly event: number;
  /** From SendCommand until the agent has the command. */
  readonly delivery: number;
  /** From the start of an instance until its hook waits. */
  readonly boot: number;
  readonly healthCheck: number;
}

/** As AWS is, roughly, where time costs nothing; and as short as can be where it is the wall's. */
export const VIRTUAL_LATENCIES: Latencies = { event: 500, delivery: 500, boot: 10_000, healthCheck: 60_000 };
export const WALL_LATENCIES: Latencies = { event: 50, delivery: 50, boot: 0, healthCheck: 2000 };
