// How an agent makes itself known to SSM, as its source has it: four tries within seconds, then it hibernates and asks ever more rarely.
import type { Clock } from '../../time/clock.ts';
import type { Random } from '../../time/random.ts';

/** Of each ping: the first and three more, the pauses doubling from one to one and a half seconds. */
const RETRIES = 3;
const FIRST_PAUSE = 1000;
const SPREAD = 500;

/** Hibernation: five minutes, then pings at an interval that doubles after each three, up to an hour. Seconds. */
const HIBERNATION = 300;
const LONGEST_INTERVAL = 3600;
const PINGS_PER_INTERVAL = 3;

interface Attempt {
  readonly clock: Clock;
  readonly random: Random;
  /** Whether SSM takes a registration now. */
  readonly take: () => boolean;
  /** Whether there is still an agent that wants it. */
  readonly alive: () => boolean;
}

/** Resolves with whether it is registered; false: its instance has died before. */
export async function register(attempt: Attempt): Promise<boolean> {
  const { clock, alive } = attempt;
  let interval = HIBERNATION;
  for (let ping = 0; alive(); ping += 1) {
    if (await answered(attempt)) {
      return true;
    }
    await clock.sleep(interval * 1000);
    if (ping % PINGS_PER_INTERVAL === 0) {
      interval = Math.min(LONGEST_INTERVAL, interval * 2);
    }
  }
  return false;
}

async function answered({ clock, random, take, alive }: Attempt): Promise<boolean> {
  for (let retry = 0; alive(); retry += 1) {
    if (take()) {
      return true;
    }
    if (retry === RETRIES) {
      return false;
    }
    await clock.sleep(2 ** retry * (FIRST_PAUSE + random.next() * SPREAD));
  }
  return false;
}
