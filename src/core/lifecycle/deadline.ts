// When an action's wait ends, and when its hook needs a heartbeat. All times are epoch seconds.
import type { Action } from './event.ts';

/** AWS: the global timeout of a hook is the smaller of 48 hours and 100 times its HeartbeatTimeout. */
const GLOBAL_LIMIT = 172_800;
const GLOBAL_FACTOR = 100;

/** An execution is trusted to be at work this long after its deadline: it has to undo and to complete. Seconds. */
export const LEASE_MARGIN = 120;

/** Room to undo and to complete before the hook ends by itself. */
function margin(timeout: number): number {
  return Math.min(60, Math.floor(timeout / 5));
}

/** The moment after which skep waits no longer for this action and takes the forced path. */
export function deadlineOf(action: Pick<Action, 'time' | 'timeout' | 'patience'>): number {
  const limit = Math.min(action.patience, globalLimit(action.timeout));
  return action.time + limit - margin(Math.min(action.timeout, action.patience));
}

/** The same for what is held as long as AWS allows it. The look that finds it may come half a timeout late. */
export function latestDeadlineOf(action: Pick<Action, 'time' | 'timeout'>): number {
  return action.time + globalLimit(action.timeout) - slowLook(action.timeout) - margin(action.timeout);
}

function globalLimit(timeout: number): number {
  return Math.min(GLOBAL_LIMIT, GLOBAL_FACTOR * timeout);
}

/** How long a slow wait may sleep between looks: half of the hook's time. */
export function slowLook(timeout: number): number {
  return Math.floor(timeout / 2);
}

/**
 * A heartbeat restarts the hook's timer. One is due at each slow look, and a little before half of the timeout has passed, since
 * the next look may be another half away.
 */
export function heartbeatDue(lastBeat: number, timeout: number, now: number): boolean {
  return now - lastBeat >= Math.floor(timeout * 0.4);
}

/** Of a machine's Pause: five seconds, half as much more each time, and never more than a slow look. */
const FIRST_PAUSE = 5;
const PAUSE_GROWTH = 1.5;
/** What a state tries in place before it pauses, and the start of a function after it. */
const AROUND_A_PAUSE = 120;

/**
 * How long an execution may be away after this attempt, seconds: what it holds must last as long.
 *
 * @param attempt pauses and retries so far, so never fewer than the pauses
 */
export function longestAbsence(attempt: number, lookSlow: number): number {
  return Math.ceil(Math.min(FIRST_PAUSE * PAUSE_GROWTH ** attempt, lookSlow)) + AROUND_A_PAUSE;
}
