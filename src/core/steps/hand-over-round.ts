// One round of a hand-over: from what is known of the services to what is asked of them next.
import { toText } from '../services/facts.ts';
import { endOfMoves, isKeptOff, planHandOver } from '../services/hand-over.ts';
import type { Facts, Note, HandOverRound, Step } from './step.ts';
import type { Shifting } from './verbs.ts';

/** Said of a service that the drain then takes like any other. */
const UNREADABLE = 'what the engine says of it is too long, or cannot be read';
/** Then no service is known by name. */
const NO_PAGE = { service: '-', why: 'what a manager said of the services cannot be read' };

interface Skipped {
  readonly service: string;
  readonly why: string;
}

type NextRound = { readonly note?: Note } & (
  { readonly isDone: true; readonly skipped: readonly Skipped[] } | { readonly isDone: false; readonly shift: Shifting }
);

/**
 * The changes to make, and what to tell of. The hand-over is done when nothing is left to hand over, or when nobody can read what the document
 * told: another look would show the same, and the drain takes all services as they are.
 */
export function nextRound({ plan }: Step, { number, leaving, told }: HandOverRound, facts: Facts): NextRound {
  if (told === undefined) {
    return { isDone: true, skipped: [NO_PAGE] };
  }
  const { services, unreadable } = told;
  // A warning may have come since the execution began.
  const { diesAt, ...before } = facts.noted ?? { tried: [], unplaced: [] };
  const { changes, isDone, skipped } = planHandOver({
    services,
    nodes: leaving,
    ...endOfMoves({ ...plan, ...(diesAt === undefined ? {} : { diesAt }) }),
    now: facts.now,
    round: number,
    ...before,
  });
  const unplaced = services.flatMap(({ serviceId, unassigned }) => (unassigned > 0 ? [serviceId] : []));
  // By their marks: a change that was asked for may have been refused, since somebody else was faster.
  const begun = services.filter((one) => isKeptOff(one, leaving)).map(({ serviceId }) => serviceId);
  const tried = [...new Set([...before.tried, ...begun])];
  const isNews = tried.length > before.tried.length || unplaced.length > 0 || before.unplaced.length > 0;
  const noted: { readonly note?: Note } = isNews ? { note: { on: 'node', handedOver: tried, unplaced } } : {};
  return isDone
    ? { ...noted, isDone, skipped: [...skipped, ...unreadable.map(({ name }) => ({ service: name, why: UNREADABLE }))] }
    : { ...noted, isDone, shift: { changes: changes.map(toText), tell: `on:${leaving.join(',')}` } };
}
