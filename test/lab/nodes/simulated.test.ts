// The contract of machines on simulated ones, in virtual time. test/docker/machines-contract.test.ts runs the same on real engines.
import { describe } from '@jest/globals';

import { Clock } from '../../../lab/time/clock.ts';
import type { MachineSurroundings } from '../../../lab/nodes/machines.ts';
import { SimulatedMachines } from '../../../lab/nodes/simulated/simulated-machines.ts';
import { seededRandom } from '../../../lab/time/random.ts';
import { contractOfMachines } from '../../contract/machines.contract.ts';
import type { World } from '../../contract/scene.ts';

/** Longer than anything in the contract may take. */
const LIMIT = 600_000;

function inVirtualTime(surroundings: MachineSurroundings): World {
  const clock = new Clock({ virtual: true, start: Date.parse('2026-01-01T00:00:00Z') });
  /** Who lets time pass: the last one that asked, else one wait would run away with the time of another. */
  const waits: object[] = [];
  const during = async <T>(work: Promise<T>): Promise<T> => {
    const wait = { over: false };
    waits.push(wait);
    const ending = work.finally(() => {
      wait.over = true;
    });
    ending.catch(() => undefined);
    for (const limit = clock.now() + LIMIT; !wait.over && clock.now() < limit;) {
      await (waits.at(-1) === wait
        ? clock.until(() => wait.over || waits.at(-1) !== wait, LIMIT)
        : new Promise((resolve) => setImmediate(resolve)));
    }
    waits.splice(waits.indexOf(wait), 1);
    return ending;
  };
  return {
    machines: new SimulatedMachines(clock, seededRandom(1), surroundings),
    now: () => clock.now(),
    during,
    pass: (ms) => during(clock.sleep(ms)),
  };
}

describe('simulated machines', () => {
  contractOfMachines(inVirtualTime, { together: false });
});
