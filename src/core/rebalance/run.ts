// The whole run of a rebalance: when it is to end before its time, and what it tells in the end.
import { MARK_LABEL } from '../labels.ts';
import type { RebalancePlan, ServicePlan } from './plan.ts';
import type { LeftOut } from './facts.ts';
import type { NextRound, RunOutcome, ServiceRun } from './round.ts';
import { isIdle, readMark, toText } from '../services/facts.ts';
import type { Change, ServiceFacts } from '../services/facts.ts';
import { mayTakeBack } from '../services/take-back.ts';

/** Moves of one execution: its history has 25,000 events at most. */
export const MOVES = { default: 100, most: 500 } as const;
/** A round is 16 to 20 events of the history. */
const ROUNDS = 1000;
/** Seconds. */
const LONGEST = 3 * 3600;
/** Commands in a row that came to nothing, retries and all. */
const TROUBLES = 3;
/** What a run says of a swarm with thousands of services must fit into 256 KB. */
const TOLD = 200;

/** What may end a run before its time. */
export interface Surroundings {
  readonly cancelled: boolean;
  /** What the hold says, if there is one. */
  readonly held: string | undefined;
  readonly startedAt: number;
  readonly rounds: number;
  readonly now: number;
}

export function whyClose({ cancelled, held, startedAt, rounds, now }: Surroundings): string | undefined {
  if (cancelled) {
    return 'it was cancelled';
  }
  if (held !== undefined) {
    return held;
  }
  const isLong = rounds >= ROUNDS || now - startedAt >= LONGEST;
  return isLong ? `an execution may not last longer: start another one` : undefined;
}

/** After a command that came to nothing: what is seen is that of before. */
export function afterTrouble(runs: readonly ServiceRun[], troubles: number, error: string): NextRound {
  const isOver = troubles >= TROUBLES;
  const next = isOver ? runs.map((run) => giveUp(run, error)) : runs;
  const ask = next.filter(({ phase }) => phase !== 'queued' && phase !== 'ended').map(({ serviceId }) => serviceId);
  return { runs: next, changes: [], ask, wait: 15 * troubles };
}

function giveUp(run: ServiceRun, error: string): ServiceRun {
  if (run.phase === 'ended') {
    return run;
  }
  const mayBeMarked = ['more', 'undo', 'fewer'].includes(run.phase);
  const outcome: RunOutcome = run.phase === 'queued' ? 'stopped' : 'failed';
  return { ...run, phase: 'ended', outcome, because: error, ...(mayBeMarked ? { left: true } : {}) };
}

/**
 * Marks that somebody left behind, and that may be taken back, with their history, in the same command; and histories that were left
 * behind alone. No other rebalance is at work, and a hand-over never takes its mark away without the history.
 */
export function leftovers(services: readonly ServiceFacts[], now: number): string[] {
  return services.flatMap((service) => {
    const { serviceId, version, labels } = service;
    const mark = readMark(labels[MARK_LABEL]);
    if (mark === undefined) {
      return labels[MARK_LABEL] === undefined && service.kept && isIdle(service) && mayRestoreHistory(service)
        ? [toText({ kind: 'settle', serviceId, version })]
        : [];
    }
    if (mark.until >= now || !mayTakeBack(service, mark)) {
      return [];
    }
    const back: Change = { kind: mark.kind === 'more' ? 'fewer' : 'include', serviceId, version };
    return [toText(back), toText({ kind: 'settle', serviceId, version: 0 })];
  });
}

/** Of a stop-first service only `skep rollback` can put it back. Where its owner has updated it since, it is only forgotten. */
const mayRestoreHistory = ({ order, previousMark }: ServiceFacts): boolean =>
  order === 'start-first' || previousMark === '';

/** What a person is told, of a dry run and of a run. */
export interface RebalanceReport {
  readonly planned: number;
  readonly made: number;
  /** What this run did not plan any more. */
  readonly remaining: number;
  readonly services: readonly ServiceReport[];
  readonly leftOut: readonly LeftOut[];
  /** How many more of them there are. */
  readonly notTold: number;
  readonly even: number;
}

interface ServiceReport extends Omit<ServicePlan, 'version'> {
  readonly made: number;
  readonly outcome?: RunOutcome | undefined;
  readonly because?: string | undefined;
  readonly left?: boolean | undefined;
}

export function firstReport({ moves, remaining, services, leftOut, even }: RebalancePlan): RebalanceReport {
  return {
    ...{ planned: moves, made: 0, remaining, even },
    services: services
      .slice(0, TOLD)
      .map(({ serviceId, name, replicas, moves: own, remaining: left, nodes, warnings }) => ({
        ...{ serviceId, name, replicas, moves: own, remaining: left, nodes, warnings },
        made: 0,
      })),
    leftOut: leftOut.slice(0, TOLD),
    notTold: Math.max(0, leftOut.length - TOLD) + Math.max(0, services.length - TOLD),
  };
}

export function finalReport(report: RebalanceReport, runs: readonly ServiceRun[]): RebalanceReport {
  const ended = new Map(runs.map((run) => [run.serviceId, run]));
  return {
    ...report,
    made: runs.reduce((sum, { done }) => sum + done, 0),
    services: report.services.map((service) => {
      const { done = 0, outcome, because, left } = ended.get(service.serviceId) ?? {};
      return { ...service, made: done, outcome, because, left };
    }),
  };
}
