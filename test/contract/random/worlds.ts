// The two worlds: simulated machines in virtual time, and real ones in the wall's.
import { Clock } from '../../../lab/time/clock.ts';
import { DockerMachines } from '../../../lab/nodes/docker/docker-machines.ts';
import type { Machines, MachineSurroundings } from '../../../lab/nodes/machines.ts';
import { SimulatedMachines } from '../../../lab/nodes/simulated/simulated-machines.ts';
import { seededRandom } from '../../../lab/time/random.ts';
import { inWallTime } from '../scene.ts';
import { byApi, byCommands } from './eyes.ts';
import { Side } from './side.ts';

/** Longer than any docker command may take, ms. */
const LIMIT = 600_000;

/** Sequences are docker commands only: nobody asks for metadata or AWS. */
const NONE: MachineSurroundings = {
  metadata: () => Promise.resolve(new Response('', { status: 404 })),
  aws: () => Promise.resolve(new Response('', { status: 404 })),
};

/** @param disguise what stands between the machines and who looks at them */
export function simulatedSide(seed: number, disguise = (machines: Machines): Machines => machines): Side {
  const clock = new Clock({ virtual: true, start: Date.parse('2026-01-01T00:00:00Z') });
  const machines = disguise(new SimulatedMachines(clock, seededRandom(seed), NONE));
  let driving: Promise<boolean> | undefined;
  const during = async <T>(work: Promise<T>): Promise<T> => {
    let over = false;
    const ending = work.finally(() => {
      over = true;
    });
    ending.catch(() => undefined);
    const isOver = (): boolean => over;
    // Of several that wait, one lets time pass: two would each run away with the time of the other.
    while (!isOver()) {
      driving ??= clock.until(isOver, LIMIT).finally(() => {
        driving = undefined;
      });
      await driving;
    }
    return ending;
  };
  const world = { machines, now: () => clock.now(), during, pass: (ms: number) => during(clock.sleep(ms)) };
  return new Side(world, byCommands(machines));
}

export function realSide(): Side {
  const machines = new DockerMachines(NONE);
  return new Side(inWallTime(machines), byApi(machines));
}
