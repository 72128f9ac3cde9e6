// How a cluster is, for a person who asks: the last verdict, and what was looked at this moment, each with its age.
import { majorityOf } from '../managers/quorum.ts';
import type { RefusedGroup, TidyGroup } from '../tidy/facts.ts';
import { reportsOfGroups } from '../tidy/group-reports.ts';
import { TIDY_EVERY, TIDY_OVERDUE } from '../tidy/schedule.ts';
import { countedReports, waitingIn } from '../tidy/summary.ts';
import { isOfSight, ofHooks, ofTheTable, ofReports } from './findings.ts';
import type { Level, TableFacts } from './findings.ts';
import { withoutNodes } from './no-nodes.ts';
import type { RecordedNode } from './no-nodes.ts';
import { timeText } from './time-text.ts';
import type { Reason, Verdict } from './verdict.ts';

export interface Status {
  readonly cluster: string;
  /** `unknown`: nobody has looked yet, or not for long. `changing`: nothing is wrong so far, and it is not yet as its groups want it. */
  readonly level: Level | 'changing' | 'unknown';
  readonly ok: boolean;
  /** Epoch seconds. */
  readonly since: number | null;
  readonly asOf: number | null;
  readonly reasons: readonly Pick<Reason, 'name' | 'what' | 'next'>[];
}

/** What the command itself has looked at. */
export interface StatusFacts extends Omit<TableFacts, 'cluster'> {
  /** Those on record, and which of them EC2 says are gone or stopped; undefined where EC2 was not asked. */
  readonly managers?: { readonly known: readonly string[]; readonly gone: readonly string[] } | undefined;
  /** Of the cluster, with their hooks; undefined where Auto Scaling was not asked. */
  readonly groups?: StatusGroups | undefined;
  /** The nodes on record; undefined where the table was not asked for them. */
  readonly recorded?: readonly RecordedNode[] | undefined;
}

export interface StatusGroups {
  readonly stage: string;
  readonly own: readonly TidyGroup[];
  readonly refused: readonly RefusedGroup[];
}

/** What the table says is read anew: the verdict's word of it is older. */
const OF_THE_TABLE: ReadonlySet<string> = new Set([
  'ClusterHeld',
  'ForcedCompletion',
  'ActionFailed',
  'NotFounded',
  'SwarmErased',
]);

/** The same of groups and hooks. */
const OF_GROUPS: ReadonlySet<string> = new Set(['HookBroken', 'QuorumUnguarded', 'GroupRefused', 'HookOpenTooLong']);

interface Judged extends Pick<Reason, 'what' | 'next'> {
  readonly name: string;
  readonly level: Exclude<Level, 'healthy'> | 'changing';
}

/** @param now epoch seconds */
export function statusOf(cluster: string, verdict: Verdict | undefined, now: number, looked?: StatusFacts): Status {
  const found = findingsNow(cluster, looked, verdict, now);
  const kept = reasonsThatStand(verdict, found, looked);
  const once = findingsNotYetReasons(verdict, [...found, ...kept], looked);
  const all = [...found, ...kept, ...once];
  const reasons = all.map(({ name, what, next }) => ({ name, what, next }));
  const since = verdict?.since ?? null;
  const asOf = verdict?.asOf ?? null;
  const isOld = verdict === undefined || now - verdict.asOf >= TIDY_OVERDUE;
  if (isOld) {
    const old = verdict === undefined ? NEVER_SEEN : overdue(verdict, now);
    return { cluster, level: 'unknown', ok: false, since, asOf, reasons: [old, ...reasons] };
  }
  // A verdict has seen more than what it says in reasons: only where something was looked at anew is its level made anew.
  const level = looked === undefined ? verdict.level : worst(all);
  return { cluster, level, ok: level === 'healthy', since: verdict.level === level ? since : now, asOf, reasons };
}

/** The reasons of the last verdict that a look has neither renewed nor ended. */
function reasonsThatStand(
  verdict: Verdict | undefined,
  found: readonly Judged[],
  looked: StatusFacts | undefined,
): readonly Reason[] {
  const names = new Set(found.map(({ name }): string => name));
  return (verdict?.reasons ?? []).filter(({ name }) => !names.has(name) && !isOver(name, looked));
}

/** What a tidy saw and does not tell yet: most of it is over when the next one looks. Until then nobody knows that it is. */
function findingsNotYetReasons(
  verdict: Verdict | undefined,
  said: readonly Judged[],
  looked: StatusFacts | undefined,
): Judged[] {
  if (verdict === undefined || looked === undefined) {
    return [];
  }
  const names = new Set(said.map(({ name }) => name));
  return Object.entries(verdict.findings)
    .filter(([name]) => isOfSight(name) && !names.has(name) && !isOver(name, looked))
    .map(([name, at]) => ({
      name,
      level: 'changing',
      what: `a tidy saw this at ${timeText(at)}: it is told in full if the next one still sees it`,
      next: `wait ${TIDY_EVERY / 60} minutes at most, or look at once: skep tidy`,
    }));
}

/** Looked at anew since the verdict was made. */
const isOver = (name: string, looked: StatusFacts | undefined): boolean =>
  looked !== undefined && (OF_THE_TABLE.has(name) || (looked.groups !== undefined && OF_GROUPS.has(name)));

const NEVER_SEEN = {
  name: 'NeverSeen',
  what: 'no tidy has looked at it yet',
  next: `wait for the next tidy, ${TIDY_EVERY / 60} minutes at most after its first manager is there, or look at once: skep tidy`,
};

const overdue = ({ asOf, level }: Verdict, now: number): Pick<Reason, 'name' | 'what' | 'next'> => ({
  name: 'NotSeenForLong',
  what: `no tidy has looked at it for ${Math.floor((now - asOf) / 60)} minutes; it was ${level} then`,
  next: 'look at the rule and the executions of the state machine tidy, and at the function verdict',
});

function findingsNow(
  cluster: string,
  looked: StatusFacts | undefined,
  verdict: Verdict | undefined,
  now: number,
): Judged[] {
  if (looked === undefined) {
    return [];
  }
  const { forced, lastFailure, hold, state, managers, groups, recorded } = looked;
  return [
    ...ofTheTable({ cluster, forced, lastFailure, hold, state }, { lock: undefined }, now),
    ...ofManagers(cluster, managers),
    ...ofGroups(cluster, groups, verdict, now),
    ...(groups === undefined || recorded === undefined ? [] : withoutNodes(groups.own, recorded, now)),
  ];
}

/** A hook that nobody saw open before has been so since now: no call of Auto Scaling says since when. */
function ofGroups(
  cluster: string,
  groups: StatusGroups | undefined,
  verdict: Verdict | undefined,
  now: number,
): Judged[] {
  if (groups === undefined) {
    return [];
  }
  const { stage, own, refused } = groups;
  const told = countedReports(reportsOfGroups({ stage, cluster, groups: own, refused }));
  const hooks = Object.fromEntries(waitingIn(own).map((hook) => [hook, verdict?.hooks[hook] ?? now]));
  return [...ofReports(told, cluster), ...ofHooks({ hooks }, now)];
}

/** By what the managers last said of themselves, and EC2 says now: the next tidy may be minutes away. */
function ofManagers(cluster: string, managers: StatusFacts['managers']): Judged[] {
  const { known, gone } = managers ?? { known: [], gone: [] };
  if (gone.length === 0) {
    return [];
  }
  const left = known.length - gone.length;
  const what = `EC2 says now that ${gone.length} of ${known.length} managers are gone or stopped: ${gone.join(', ')}`;
  return left < majorityOf(known.length)
    ? [
        {
          name: 'NoQuorum',
          level: 'critical',
          what: `${what}. That leaves no majority, and the swarm takes no change`,
          next: `bring managers back; if they are gone for good: skep recover ${cluster}`,
        },
      ]
    : [
        {
          name: 'ManagersMissing',
          level: 'degraded',
          what,
          next: 'look at the manager group in the console: is an instance being launched, and why did the last one go?',
        },
      ];
}

/** The worst one first. */
const LEVELS_OF_REASONS = ['critical', 'degraded', 'changing'] as const;

function worst(judged: readonly Pick<Judged, 'level'>[]): Level | 'changing' {
  const levels = new Set(judged.map(({ level }) => level));
  return LEVELS_OF_REASONS.find((level) => levels.has(level)) ?? 'healthy';
}
