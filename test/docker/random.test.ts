// Random sequences of docker commands and faults, on simulated machines and on real ones: what comes of them is the same.
import { afterAll, beforeAll, describe, it } from '@jest/globals';

import { sequenceOf } from '../../lab/simulate/machines/sequences.ts';
import { play, report } from '../contract/random/play.ts';
import { readSeeds } from '../contract/random/seeds.ts';
import { readSequence } from '../../lab/simulate/machines/steps.ts';
import type { Sequence } from '../../lab/simulate/machines/steps.ts';
import { realSide, simulatedSide } from '../contract/random/worlds.ts';

/** A part that keeps two processors busy for two minutes; `npm run test:docker:all` plays more. */
const { SKEP_SEQUENCES: seeds = '1-2', SKEP_STEPS: steps } = process.env;
const SEQUENCES = steps === undefined ? readSeeds(seeds).map(sequenceOf) : [readSequence(steps)];
/** Engines mostly wait for each other's heartbeats, but beside other tests two cores do not bear more than these swarms in time. */
const AT_A_TIME = 2;

describe('a sequence of docker commands, node updates, kills and cuts', () => {
  // Kept, so that Jest's retry of a test (support/retry.ts) sees the same difference again: none is played away.
  const outcomes = new Map(SEQUENCES.map(({ seed }) => [seed, Promise.withResolvers<undefined>()]));
  let playing: Promise<unknown> = Promise.resolve();

  beforeAll(() => {
    const queue = [...SEQUENCES];
    const worker = async (): Promise<void> => {
      for (let sequence = queue.shift(); sequence !== undefined; sequence = queue.shift()) {
        const { promise, resolve, reject } = outcomes.get(sequence.seed) ?? Promise.withResolvers<undefined>();
        // Its test awaits it; until then a failure must not count as one that nobody sees.
        promise.catch(() => undefined);
        await playOnBoth(sequence).then(resolve, reject);
      }
    };
    playing = Promise.all(Array.from({ length: AT_A_TIME }, worker));
  });

  afterAll(() => playing, 60_000);

  it.each(SEQUENCES)(
    'ends the same on both kinds of machines, whatever it is: seed $seed',
    async ({ seed }) => {
      await outcomes.get(seed)?.promise;
    },
    1_200_000,
  );
});

/**
 * A difference is one that comes twice: on a host that was busy for a moment a real engine may be caught half-way, or miss a second that
 * a rollout watches. What came once only is printed, so that one that often does is seen.
 */
async function playOnBoth(sequence: Sequence): Promise<undefined> {
  const difference = await playOnce(sequence);
  if (difference === undefined) {
    return;
  }
  const again = await playOnce(sequence);
  if (again !== undefined) {
    throw new Error(again);
  }
  process.stderr.write(`once, and not again: ${difference}\n`);
}

async function playOnce(sequence: Sequence): Promise<string | undefined> {
  const [simulated, real] = [simulatedSide(sequence.seed), realSide()];
  try {
    const difference = await play(sequence, simulated, real);
    return difference === undefined ? undefined : report(sequence, difference);
  } finally {
    await Promise.all([simulated.close(), real.close()]);
  }
}
