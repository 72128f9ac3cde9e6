// Requests to a service that serves HTTP, as Docker's DNS leads them to its tasks: sampled, no packet is simulated.
//
// A name stands for every container whose task runs and was not told to stop: for one with a health check that is one that is healthy.
// A request goes to one after the other. It is answered if that container serves at that moment, and a slow one if it also lives on for
// as long, or is told to stop and has the time to end it.
import type { Clock } from '../../time/clock.ts';
import type { LoadSpec, RequestSeen } from '../../nodes/machines.ts';
import { SLOW_SECONDS } from '../../nodes/service-arguments.ts';
import { readProgram } from '../engine/container-program.ts';
import type { Task } from '../tasks/task.ts';

const QUICK_PATIENCE = 2000;
const SLOW = SLOW_SECONDS * 1000;
/** After a slow one that failed. */
const PAUSE = 1000;

/** A container, as others meet it on the overlay network. */
export interface Container {
  readonly task: Task;
  readonly startedAt: number;
  /** When it was told to stop: from then on its name leads elsewhere. */
  readonly stopAt: number | undefined;
  /** It has ended, in whatever way. */
  readonly isOver: boolean;
  /** Its machine is off, or its cable is out. */
  readonly isSilent: boolean;
}

export interface Requester {
  readonly clock: Clock;
  /** Those that the name of the service stands for at this moment. */
  readonly named: (service: string) => readonly Container[];
  /** The client that asks is on the network. */
  readonly isOnline: () => boolean;
  readonly seen: (request: RequestSeen) => void;
}

/** @returns how to end it */
export function ask(requester: Requester, { service, perSecond }: LoadSpec): () => void {
  const { clock, named, isOnline, seen } = requester;
  let turn = 0;
  let over = false;
  const tell = (ago: number, slow: boolean, failure: string): void => {
    if (!over) {
      seen({ ago, slow, failure });
    }
  };
  const choose = (): Container | undefined => {
    turn += 1;
    const containers = isOnline() ? named(service) : [];
    return containers[turn % containers.length];
  };
  const quick = (): void => {
    if (over) {
      return;
    }
    const failure = failureNow(choose(), clock.now());
    clock.schedule(failure === 'timed out' ? QUICK_PATIENCE : 0, () => {
      tell(failure === 'timed out' ? QUICK_PATIENCE : 0, false, failure);
    });
    clock.schedule(1000 / perSecond, quick);
  };
  const slow = (): void => {
    if (over) {
      return;
    }
    const container = choose();
    const failure = failureNow(container, clock.now());
    const takes = failure === '' || failure === 'timed out' ? SLOW : 0;
    clock.schedule(takes, () => {
      const ended = failure === '' ? failureOf(container, clock.now()) : failure;
      tell(takes, true, ended);
      clock.schedule(ended === '' ? 0 : PAUSE, slow);
    });
  };
  quick();
  slow();
  return () => {
    over = true;
  };
}

/** Of a request that is sent now; empty where it is being answered. */
function failureNow(container: Container | undefined, now: number): string {
  if (container === undefined) {
    return 'no address';
  }
  if (container.isSilent) {
    return 'timed out';
  }
  return now < container.startedAt + readProgram(container.task.spec.args).servesAfter ? 'refused' : '';
}

/** Of a slow one that would be answered now. */
function failureOf(container: Container | undefined, now: number): string {
  if (container === undefined || container.isSilent) {
    return 'timed out';
  }
  const { isOver, stopAt, task } = container;
  const isCutOff = stopAt === undefined ? isOver : now > stopAt + task.spec.stopGrace;
  return isCutOff ? 'reset' : '';
}
