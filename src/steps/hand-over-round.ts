// One round of a hand-over: what was told of the services, and what is asked of them next.
import { succeedTask } from '../aws/task-callbacks.ts';
import type { Shifting } from '../core/steps/verbs.ts';
import { isKeptOff, planHandOver } from '../core/services/hand-over.ts';
import { toText } from '../core/services/facts.ts';
import { readServicesIfAny } from '../swarm/services-page.ts';
import type { ShiftPage } from '../swarm/services-page.ts';
import { ofNode } from './step.ts';
import type { StepPorts } from './ports.ts';
import type { StepRequest } from './step.ts';

/** Said of a service that the drain then takes like any other. */
const UNREADABLE = 'what the engine says of it is too long, or cannot be read';
/** Then no service is known by name. */
const NO_PAGE = { service: '-', why: 'what a manager said of the services cannot be read' };

/**
 * The changes to make, and what to tell of; undefined where nothing is left to hand over: the wait is ended then. So it is where nobody can
 * read what was told: to look again would show the same, and the drain takes all services as they are.
 */
export async function nextRound(ports: StepPorts, request: StepRequest, now: number): Promise<Shifting | undefined> {
  const { leaving, told, plan, taskToken } = request;
  if (leaving.length === 0) {
    return request.shift;
  }
  const read =
    told?.unreadable !== undefined || told === undefined ? undefined : readServicesIfAny(told, nodeAt(told, leaving));
  if (read === undefined) {
    await succeedTask(ports.states, taskToken, { done: true, skipped: [NO_PAGE] });
    return undefined;
  }
  const { services, unreadable } = read;
  const { changes, isDone, skipped } = planHandOver({
    services,
    nodes: leaving,
    deadline: plan.deadline,
    now,
    round: roundOf(request.step),
    tried: request.tried,
    unplaced: request.unplaced,
  });
  const unplaced = services.flatMap(({ serviceId, unassigned }) => (unassigned > 0 ? [serviceId] : []));
  // By their marks: a change that was asked for may have been refused, since somebody else was faster.
  const begun = services.filter((one) => isKeptOff(one, leaving)).map(({ serviceId }) => serviceId);
  const tried = [...new Set([...request.tried, ...begun])];
  if (tried.length > request.tried.length || unplaced.length > 0 || request.unplaced.length > 0) {
    await ports.table.park(ofNode(request), { handedOver: tried, unplaced });
  }
  if (isDone) {
    await succeedTask(ports.states, taskToken, {
      done: true,
      skipped: [...skipped, ...unreadable.map(({ name }) => ({ service: name, why: UNREADABLE }))],
    });
    return undefined;
  }
  return { changes: changes.map(toText), tell: `on:${leaving.join(',')}` };
}

/** @param step `HandOver-7` */
const roundOf = (step: string): number => Number(/-(\d+)$/.exec(step)?.[1] ?? 0);

/** The node at a place: only those that were asked about are known by name. */
export const nodeAt =
  ({ of }: Pick<ShiftPage, 'of'>, nodes: readonly string[]) =>
  (place: number): string =>
    nodes[of.indexOf(place)] ?? `at ${place}`;
