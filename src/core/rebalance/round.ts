// One round of a rebalance: from what is seen of the services under way, and what happened so far, the next changes.
//
// A move is `more`, then, when one more runs than before, `fewer`. skep knows its own mark by its `until`. Whatever else was done to a
// service in between is its owner's (or an autoscaler's), and ends the run of that service; skep takes its mark away, and nothing else.
import { MARK_LABEL } from '../labels.ts';
import { isConverged, totalsOf } from './facts.ts';
import type { RebalancePlan } from './plan.ts';
import { isIdle, readMark } from '../services/facts.ts';
import type { Change, Mark, ServiceFacts } from '../services/facts.ts';
import { mayTakeBack } from '../services/take-back.ts';

/** Services at work at a time. */
const AT_ONCE = 10;
/** How long a task may take until it runs, and is healthy. Seconds. */
const PATIENCE = 120;
/** When a mark is left to the tidy, and when the tidy takes it. Seconds. */
const LEAVE_AFTER = 600;
const MARKED_FOR = 900;
/** How long the history may take to be put back. Seconds. */
const HISTORY_RESTORED_IN = 60;

export const OUTCOMES = [
  'moved',
  /** The extra task did not run, or tasks of the service did not. */
  'failed',
  /** Its owner changed it. */
  'changed',
  /** SwarmKit placed the extra task where it brings nothing. */
  'stuck',
  /** The whole run was ended. */
  'stopped',
] as const;
export type RunOutcome = (typeof OUTCOMES)[number];

export const PHASES = ['queued', 'ready', 'more', 'undo', 'fewer', 'settle', 'settling', 'ended'] as const;

/** How far the run of one service is. */
export interface ServiceRun {
  readonly serviceId: string;
  readonly name: string;
  readonly moves: number;
  readonly done: number;
  readonly phase: (typeof PHASES)[number];
  /** When the phase began, epoch seconds; of `fewer` when its `more` did. */
  readonly since: number;
  /** As it was planned. */
  readonly version: number;
  readonly replicas: number;
  /** Of skep's mark; 0 before the first. */
  readonly until: number;
  /** The node that its task is to leave, for the sake of the cluster, and its place among all. Undefined for a surplus. */
  readonly source?: { readonly nodeId: string; readonly place: string } | undefined;
  /** Before the present move: how many tasks are on the fullest node, and how many nodes are as full. */
  readonly full: readonly [number, number];
  readonly outcome?: RunOutcome | undefined;
  readonly because?: string | undefined;
  /** Its mark is still there: the tidy takes it back. */
  readonly left?: boolean | undefined;
}

export interface Round {
  readonly runs: readonly ServiceRun[];
  readonly seen: readonly ServiceFacts[];
  /** Services of which nothing but their id can be told any more. */
  readonly unreadable?: readonly string[];
  /** More was to be told than fitted. */
  readonly cut: boolean;
  /** Nodes came or went since it was planned, so that a place among them is another node's by now. */
  readonly moved?: boolean;
  /** Why there are to be no new moves, if so. */
  readonly closing: string | undefined;
  readonly now: number;
}

export interface NextRound {
  readonly runs: readonly ServiceRun[];
  readonly changes: readonly Change[];
  /** The services to look at next. None: it is over. */
  readonly ask: readonly string[];
  /** Before that, seconds. */
  readonly wait: number;
}

/** @param placeOf the place of a node among all, by which a round names a task's node */
export function startRuns(
  { services }: Pick<RebalancePlan, 'services'>,
  now: number,
  placeOf: (nodeId: string) => string = (nodeId) => nodeId,
): ServiceRun[] {
  return services
    .filter(({ moves }) => moves > 0)
    .map(({ serviceId, name, version, replicas, moves, source }) => ({
      ...{ serviceId, name, version, replicas, moves },
      done: 0,
      phase: 'queued',
      since: now,
      until: 0,
      full: [0, 0],
      ...(source === undefined ? {} : { source: { nodeId: source, place: placeOf(source) } }),
    }));
}

export function rebalanceRound({
  runs: before,
  seen,
  unreadable = [],
  cut,
  moved = false,
  closing,
  now,
}: Round): NextRound {
  const facts = new Map(seen.map((one) => [one.serviceId, one]));
  const changes: Change[] = [];
  const looked = before.map((run) => {
    const isAsked = run.phase !== 'queued' && run.phase !== 'ended';
    const service = facts.get(run.serviceId);
    if (isAsked && unreadable.includes(run.serviceId)) {
      return endUnread(run);
    }
    if (!isAsked || (service === undefined && cut)) {
      return run;
    }
    const next =
      service === undefined ? end(run, 'changed', 'it is gone') : nextRun(run, service, { closing, moved, now });
    if ('change' in next) {
      changes.push(next.change);
      return next.run;
    }
    return next;
  });
  const runs = admit(looked, closing, now);
  const underWay = runs.filter(({ phase }) => phase !== 'queued' && phase !== 'ended');
  // First those that did not fit the last time.
  const ask = underWay
    .map(({ serviceId }) => serviceId)
    .toSorted((a, b) => Number(facts.has(a)) - Number(facts.has(b)));
  const isNew = underWay.some(({ serviceId, phase }) => phase === 'ready' && !facts.has(serviceId));
  return { runs, changes, ask, wait: changes.length > 0 || isNew ? 0 : pause(underWay, now) };
}

/** Lets as many begin as there is place for. */
function admit(runs: readonly ServiceRun[], closing: string | undefined, now: number): ServiceRun[] {
  let free = AT_ONCE - runs.filter(({ phase }) => phase !== 'queued' && phase !== 'ended').length;
  return runs.map((run) => {
    if (run.phase !== 'queued') {
      return run;
    }
    if (closing !== undefined) {
      return end(run, 'stopped', closing);
    }
    free -= 1;
    return free < 0 ? run : { ...run, phase: 'ready', since: now };
  });
}

/** What takes longer is asked for less often: a history of Step Functions has 25,000 events. */
function pause(underWay: readonly ServiceRun[], now: number): number {
  const age = Math.min(...underWay.map(({ since }) => now - since));
  return age < 15 ? 2 : age < 60 ? 5 : 15;
}

const MOVED = 'nodes came or went: where its tasks are is not known';

interface RoundConditions {
  readonly moved: boolean;
  readonly closing: string | undefined;
  readonly now: number;
}
type NextRun = ServiceRun | { readonly run: ServiceRun; readonly change: Change };

const end = (run: ServiceRun, outcome: RunOutcome, because?: string): ServiceRun => ({
  ...run,
  phase: 'ended',
  outcome,
  because,
});

/** Whether it bears skep's mark still cannot be seen: the tidy takes that back, once it can be read. */
const endUnread = (run: ServiceRun): ServiceRun => ({
  ...end(run, 'changed', 'what the engine says of it cannot be read any more'),
  ...(['more', 'undo', 'fewer'].includes(run.phase) ? { left: true } : {}),
});

/** It goes no further, and its history is put back. */
function finish(
  run: ServiceRun,
  service: ServiceFacts,
  around: RoundConditions,
  outcome: RunOutcome,
  because?: string,
): NextRun {
  return restoreHistory({ ...run, phase: 'settle', since: around.now, outcome, because }, service, around);
}

function nextRun(run: ServiceRun, service: ServiceFacts, around: RoundConditions): NextRun {
  switch (run.phase) {
    case 'ready':
      return begin(run, service, around);
    case 'more':
      return awaitTask(run, service, around);
    case 'undo':
      return undo(run, service, around);
    case 'fewer':
      return finishMove(run, service, around);
    case 'settle':
    case 'settling':
      return restoreHistory(run, service, around);
    case 'queued':
    case 'ended':
      return run;
  }
}

function begin(run: ServiceRun, service: ServiceFacts, around: RoundConditions): NextRun {
  const { closing, now } = around;
  const changed = changedSince(run, service);
  if (changed !== undefined) {
    return finish(run, service, around, 'changed', changed);
  }
  if (run.done >= run.moves) {
    return finish(run, service, around, 'moved');
  }
  const stop = closing ?? (run.source !== undefined && around.moved ? MOVED : undefined);
  if (stop !== undefined) {
    return finish(run, service, around, 'stopped', stop);
  }
  if (!isConverged(service)) {
    const { running } = totalsOf(service);
    const late = `${running} of its ${run.replicas} tasks run, after ${PATIENCE} s`;
    return now - run.since > PATIENCE ? finish(run, service, around, 'failed', late) : run;
  }
  const until = now + MARKED_FOR;
  const on = { serviceId: run.serviceId, version: service.version, until };
  const change: Change =
    run.source === undefined ? { kind: 'more', ...on } : { kind: 'exclude', ...on, nodes: [run.source.nodeId] };
  return { run: { ...run, phase: 'more', since: now, until, full: fullest(service) }, change };
}

function countOn({ tasks }: ServiceFacts, place: string): number {
  const { running, others } = tasks.get(place) ?? { running: 0, others: 0 };
  return running + others;
}

/** Between two moves nobody else may have touched it. */
function changedSince({ until, version, replicas }: ServiceRun, service: ServiceFacts): string | undefined {
  if (service.labels[MARK_LABEL] !== undefined) {
    return 'another run of skep is at work on it';
  }
  if (service.replicas !== replicas) {
    return `its replicas were set to ${service.replicas}`;
  }
  // After a move the spec before is skep's own, with its mark. Before the first the version itself must be what was planned from.
  const isOurs = until === 0 ? service.version === version : service.previousMark !== '';
  return isOurs && isIdle(service) ? undefined : 'it was changed meanwhile';
}

function awaitTask(run: ServiceRun, service: ServiceFacts, around: RoundConditions): NextRun {
  const mark = ownMark(run, service);
  if (mark === undefined) {
    const { closing } = around;
    // Refused, since it is another version by now; or a stack deploy has put its own spec over skep's. Or nobody heard of the change.
    return closing === undefined
      ? finish(run, service, around, 'changed', 'it was changed meanwhile')
      : finish(run, service, around, 'stopped', closing);
  }
  if (mark.kind === 'exclude') {
    return leave(run, service, around);
  }
  const touched = touchedUnder(mark, service);
  if (touched !== undefined) {
    return undo({ ...run, phase: 'undo', outcome: 'changed', because: touched }, service, around);
  }
  if (totalsOf(service).running > run.replicas) {
    const next: ServiceRun = isBetter(run, service)
      ? run
      : {
          ...run,
          outcome: 'stuck',
          because: 'the extra task came up on a node that is as full as the others: an emptier one could not run it',
        };
    return takeBack(next, service);
  }
  if (around.now - run.since <= PATIENCE) {
    return run;
  }
  const because = `the extra task did not run within ${PATIENCE} s`;
  return undo({ ...run, phase: 'undo', outcome: 'failed', because }, service, around);
}

/** The task goes by an update of the service's own: nothing but its end says that it is there. */
function leave(run: ServiceRun, service: ServiceFacts, around: RoundConditions): NextRun {
  if (service.previousMark !== '') {
    return undo({ ...run, phase: 'undo', outcome: 'changed', because: 'it was changed meanwhile' }, service, around);
  }
  const isAway = run.source !== undefined && !around.moved && countOn(service, run.source.place) === 0;
  if (isAway && isIdle(service) && isConverged(service)) {
    return takeBack(run, service);
  }
  if (!around.moved && around.now - run.since <= PATIENCE) {
    return run;
  }
  const because = around.moved ? MOVED : `its task has not left within ${PATIENCE} s`;
  return undo({ ...run, phase: 'undo', outcome: 'failed', because }, service, around);
}

function ownMark({ until }: ServiceRun, service: ServiceFacts): Mark | undefined {
  const mark = readMark(service.labels[MARK_LABEL]);
  return mark?.until === until ? mark : undefined;
}

/** What its owner did while it bears skep's mark. */
function touchedUnder({ replicas }: { readonly replicas: number }, service: ServiceFacts): string | undefined {
  if (service.replicas !== replicas + 1) {
    return `its replicas were set to ${service.replicas}`;
  }
  // A spec before that bears the mark, too: skep was not the last who wrote it.
  return service.previousMark === '' && isIdle(service) ? undefined : 'it was changed meanwhile';
}

/** The fullest node must still be another than that of the extra task: else SwarmKit may take any of them. */
function isBetter({ full: [most, nodes] }: ServiceRun, service: ServiceFacts): boolean {
  const [mostNow, nodesNow] = fullest(service);
  return mostNow === most && nodesNow <= nodes;
}

function fullest({ tasks }: ServiceFacts): [number, number] {
  const counts = [...tasks.values()].map(({ running, others }) => running + others);
  const most = Math.max(0, ...counts);
  return [most, counts.filter((count) => count === most).length];
}

function takeBack(run: ServiceRun, { version }: ServiceFacts): NextRun {
  const kind = run.source === undefined ? 'fewer' : 'include';
  return { run: { ...run, phase: 'fewer' }, change: { kind, serviceId: run.serviceId, version } };
}

/** The move is given up. No task that runs may be lost by that: it may have to wait until SwarmKit has found the extra one a place. */
function undo(run: ServiceRun, service: ServiceFacts, around: RoundConditions): NextRun {
  const mark = ownMark(run, service);
  if (mark === undefined) {
    return finish(run, service, around, run.outcome ?? 'failed', run.because);
  }
  if (mayTakeBack(service, mark)) {
    return takeBack(run, service);
  }
  return around.now - run.since > LEAVE_AFTER ? { ...run, phase: 'ended', left: true } : run;
}

function finishMove(run: ServiceRun, service: ServiceFacts, around: RoundConditions): NextRun {
  if (ownMark(run, service) !== undefined) {
    // Refused: somebody was faster. What they did is looked at anew.
    if (around.now - run.since > LEAVE_AFTER) {
      const { outcome = 'failed', because = `its mark could not be taken back within ${LEAVE_AFTER} s` } = run;
      return { ...run, phase: 'ended', outcome, because, left: true };
    }
    return nextRun({ ...run, phase: run.outcome === undefined ? 'more' : 'undo' }, service, around);
  }
  const { outcome, because } = run;
  if (outcome !== undefined) {
    return finish(run, service, around, outcome, because);
  }
  return begin({ ...run, phase: 'ready', since: around.now, done: run.done + 1 }, service, around);
}

function restoreHistory(run: ServiceRun, service: ServiceFacts, { now }: RoundConditions): NextRun {
  const { serviceId, phase, since } = run;
  const late = now - since > HISTORY_RESTORED_IN;
  if (phase === 'settling') {
    return late || (isIdle(service) && isConverged(service)) ? { ...run, phase: 'ended' } : run;
  }
  if (late || !hasHistory(run, service)) {
    return { ...run, phase: 'ended' };
  }
  const change: Change = { kind: 'settle', serviceId, version: service.version };
  return isIdle(service) ? { run: { ...run, phase: 'settling', since: now }, change } : run;
}

/** What its owner has changed under skep's mark has a history that nobody kept: that of before skep's first touch would be too old. */
function hasHistory({ outcome }: ServiceRun, { labels, kept, previousMark }: ServiceFacts): boolean {
  return labels[MARK_LABEL] === undefined && (previousMark === '' ? kept : outcome !== 'changed');
}
