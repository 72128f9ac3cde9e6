// How a cluster is: from what a tidy found, and what the last verdict remembers, to a level with its reasons.
import { findingsOf, isOfSight } from './findings.ts';
import type { VerdictFacts, Finding, Level, Remembered } from './findings.ts';

/** A reason of a verdict, as it is kept and told. */
export interface Reason {
  readonly name: string;
  readonly level: Exclude<Level, 'healthy'>;
  /** What is the matter, and what a person does about it. */
  readonly what: string;
  readonly next: string;
}

/** The verdict, and what the next one needs to know. Times are epoch seconds. */
export interface Verdict extends Remembered {
  readonly level: Level;
  readonly reasons: readonly Reason[];
  /** Since when the level is this. */
  readonly since: number;
  /** Of the facts. */
  readonly asOf: number;
  /** How often it has changed. */
  readonly version: number;
  /** Since when each finding is there: some count only when they stay. */
  readonly findings: Readonly<Record<string, number>>;
}

/** Seconds, counts and a level: what CloudWatch gets. What a tidy could not see is left out. */
export type VerdictMetrics = Readonly<Partial<Record<VerdictMetric, number>>>;
export const VERDICT_METRICS = {
  VerdictLevel: 'Count',
  ManagersMissing: 'Count',
  InServiceNotReady: 'Count',
  OldestOpenHook: 'Seconds',
  LockAge: 'Seconds',
  DeadLetters: 'Count',
  LastGoodTidyAge: 'Seconds',
} as const;
export type VerdictMetric = keyof typeof VERDICT_METRICS;

export interface Judgement {
  readonly verdict: Verdict;
  /** Somebody is to be told. */
  readonly changed: boolean;
  readonly metrics: VerdictMetrics;
}

const RANKS: Readonly<Record<Level, number>> = { healthy: 0, degraded: 1, critical: 2 };

/** @returns undefined for facts that are older than those of the last verdict: of two tidies at once the later look counts */
export function judge(facts: VerdictFacts, told: Verdict | undefined): Judgement | undefined {
  const asOf = facts.seen?.at ?? facts.now;
  const last = told ?? firstAt(asOf);
  if (asOf < last.asOf) {
    return undefined;
  }
  const remembered = remember(facts, asOf, last);
  const found = findingsOf(facts, remembered);
  const findings = Object.fromEntries(found.map(({ name }) => [name, last.findings[name] ?? asOf]));
  const counted = [...effective(found, findings, asOf).map(asReason), ...reasonsOutOfSight(facts, last)];
  const reasons = counted.length > 0 ? counted : lingering(found, last).map(asReason);
  const level = worst(reasons);
  const changed = isNews(level, reasons, last);
  return {
    verdict: {
      ...remembered,
      level,
      reasons,
      since: last.level === level ? last.since : asOf,
      asOf,
      version: last.version + (changed ? 1 : 0),
      findings: facts.seen === undefined ? { ...ofSight(last), ...findings } : findings,
    },
    changed,
    metrics: metricsOf(facts, asOf, { level, ...remembered }),
  };
}

/** Nothing is wrong until somebody has looked. */
const firstAt = (asOf: number): Verdict => ({
  level: 'healthy',
  reasons: [],
  since: asOf,
  asOf,
  version: 0,
  lastGood: asOf,
  findings: {},
  hooks: {},
  lock: undefined,
});

function remember({ seen, failed, lock }: VerdictFacts, asOf: number, last: Verdict): Remembered {
  return {
    lastGood: failed === undefined ? asOf : last.lastGood,
    hooks:
      seen === undefined
        ? last.hooks
        : Object.fromEntries(seen.waiting.map((hook) => [hook, last.hooks[hook] ?? asOf])),
    lock: rememberLock(lock, asOf, last),
  };
}

/** A lease that has run out keeps nobody from the lock. */
function rememberLock(lock: VerdictFacts['lock'], asOf: number, last: Verdict): Remembered['lock'] {
  if (lock === undefined || lock.leaseUntil <= asOf) {
    return undefined;
  }
  const { instance } = lock;
  return last.lock?.instance === instance ? last.lock : { instance, since: asOf };
}

/** What has been there long enough. */
function effective(found: readonly Finding[], since: Readonly<Record<string, number>>, now: number): Finding[] {
  return found.filter(({ name, grace }) => now - (since[name] ?? now) >= grace);
}

/** What keeps a cluster that was not healthy from being called so. */
const lingering = (found: readonly Finding[], { level }: Verdict): Finding[] =>
  level === 'healthy' ? [] : found.filter(({ lingers = false }) => lingers);

const asReason = ({ name, level, what, next }: Finding): Reason => ({ name, level, what, next });

/** Where a tidy saw nothing, what the last one saw is not over. */
function reasonsOutOfSight({ seen }: VerdictFacts, last: Verdict): readonly Reason[] {
  return seen === undefined ? last.reasons.filter(({ name }) => isOfSight(name)) : [];
}

const ofSight = (last: Verdict): Record<string, number> =>
  Object.fromEntries(Object.entries(last.findings).filter(([name]) => isOfSight(name)));

const worst = (reasons: readonly Reason[]): Level =>
  reasons.reduce<Level>((level, reason) => (RANKS[reason.level] > RANKS[level] ? reason.level : level), 'healthy');

/**
 * A level that is another one, or a reason that was not there. A reason that is over, while others are not, is no news; nor is that
 * a cluster is healthy from the beginning.
 */
function isNews(level: Level, reasons: readonly Reason[], last: Verdict): boolean {
  const known = new Set(last.reasons.map(({ name }) => name));
  return level !== last.level || reasons.some(({ name }) => !known.has(name));
}

function metricsOf(
  { seen, deadLetters }: VerdictFacts,
  asOf: number,
  { level, hooks, lock, lastGood }: Remembered & { readonly level: Level },
): VerdictMetrics {
  return {
    VerdictLevel: RANKS[level],
    LockAge: lock === undefined ? 0 : asOf - lock.since,
    DeadLetters: deadLetters,
    LastGoodTidyAge: asOf - lastGood,
    ...(seen === undefined
      ? {}
      : {
          ManagersMissing: Math.max(0, seen.managers.wanted - seen.managers.reachable),
          InServiceNotReady: seen.notReady.count,
          OldestOpenHook: Math.max(0, ...Object.values(hooks).map((since) => asOf - since)),
        }),
  };
}
