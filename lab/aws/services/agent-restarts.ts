// When agents are started anew by themselves: by an update of theirs, by the package manager's, by whoever looks after the image.
import { createHash } from 'node:crypto';

/** Of so many restarts one is an update, which takes longer. */
const UPDATE_OF = 4;

/** One restart: so long after the one before, or after the agent has made itself known. Milliseconds. */
export interface AgentRestart {
  readonly after: number;
  readonly what: 'agent' | 'update';
}

/**
 * The next restart of an agent. It is drawn from the id of the instance, which comes from the seed: so it takes no number away from what else
 * is drawn, and another knob does not move it.
 *
 * @param count how many there were before
 * @param every how long it is from one to the next on average, ms
 */
export function nextRestart(instanceId: string, count: number, every: number): AgentRestart {
  const drawn = createHash('sha256').update(`${instanceId} restart ${count}`).digest();
  const share = drawn.readUInt32BE(0) / 2 ** 32;
  // Never right after another, and never twice the average away: what comes by chance only would spare whole scenarios.
  const after = Math.round(every * (0.1 + 1.8 * share));
  return { after, what: drawn.readUInt8(4) % UPDATE_OF === 0 ? 'update' : 'agent' };
}
