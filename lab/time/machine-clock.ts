// By how much the clocks of machines differ from AWS's, where a scenario does not say it.
import { createHash } from 'node:crypto';

/** Instances keep their time by the Amazon Time Sync Service, or by some server of their image's: seldom well, never exactly. Milliseconds. */
const LEAST = 100;
const MOST = 3000;

/**
 * How far the clock of an instance is ahead, ms; below 0 it is behind. Most differ by some 100 ms, few by seconds. It is drawn from the id of
 * the instance, which comes from the seed: so it takes no number away from what else is drawn.
 */
export function usualClock(instanceId: string): number {
  const drawn = createHash('sha256').update(instanceId).digest();
  const share = drawn.readUInt32BE(0) / 2 ** 32;
  const difference = Math.round(LEAST + (MOST - LEAST) * share ** 3);
  return drawn.readUInt8(4) % 2 === 0 ? difference : -difference;
}
