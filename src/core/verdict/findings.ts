// What may be wrong with a cluster: each finding has a name, how bad it is, from when on it counts, and what a person does about it.
import { majorityOf } from '../managers/quorum.ts';
import type { Hold } from '../model.ts';
import { TIDY_OVERDUE } from '../tidy/schedule.ts';
import type { TidySummary } from '../tidy/summary-shape.ts';
import { SECOND_LOOK, REPORTS, isReportName } from './reports.ts';
import { timeText } from './time-text.ts';

export const LEVELS = ['healthy', 'degraded', 'critical'] as const;
export type Level = (typeof LEVELS)[number];

/** Times are epoch seconds. */
export interface VerdictFacts {
  readonly cluster: string;
  readonly now: number;
  /** Undefined where the tidy could not look. */
  readonly seen: TidySummary | undefined;
  /** Why the tidy did not go through. */
  readonly failed: { readonly error: string; readonly cause: string } | undefined;
  readonly repairsFailed: number;
  /** The item of the membership lock. */
  readonly lock: { readonly instance: string; readonly leaseUntil: number } | undefined;
  /** The last action that was ended by force. */
  readonly forced: { readonly at: number; readonly instance: string } | undefined;
  /** The last action whose execution failed. */
  readonly lastFailure?: { readonly at: number; readonly instance: string; readonly error: string } | undefined;
  /** The STATE item: undefined where it was not read, or is not there. */
  readonly state?: { readonly status: 'new' | 'founded'; readonly erasedAt?: number | undefined } | undefined;
  /** Of the stage: events know no cluster that nobody has read them for. */
  readonly deadLetters: number;
  readonly hold: Hold | undefined;
}

/** What of it the table says. */
export type TableFacts = Pick<VerdictFacts, 'cluster' | 'forced' | 'lastFailure' | 'hold' | 'state'>;

export interface Finding {
  readonly name: FindingName;
  readonly level: Exclude<Level, 'healthy'>;
  /** It counts when it has been there for so long. Seconds. */
  readonly grace: number;
  /** The grace is for what begins in a healthy cluster: one that was not healthy does not become so while this is there. */
  readonly lingers?: true;
  readonly what: string;
  readonly next: string;
}

/** A manager takes its turn, and some minutes. */
const MANAGER_COMES = 900;
/** Above the default patience of 1,800 s, which a tidy starts anew once at most. */
const HOOK_OPEN = 3600;
/** An instance that boots, installs Docker and joins needs minutes; one whose agent never registers would wait for half an hour. */
const LAUNCH_OPEN = 900;
/** A manager holds the lock for the seconds of its join or demotion. */
const LOCK_HELD = 1800;
/** How long an action that was ended by force is news. */
const FORCED_RECENT = 3600;

export const IN_SERVICE_NOT_READY_NEXT =
  'look at dockerd and the SSM agent of these instances, and at the executions of scale-out about them';

/** How many of a kind are named. */
const MOST_TOLD = 3;

/** With these no manager could be asked; with all others it was AWS, or skep. */
const NO_ANSWER: ReadonlySet<string> = new Set([
  'NoLeader',
  'NotManager',
  'NotActive',
  'DockerDown',
  'DockerFailed',
  'CommandTimedOut',
  'CommandUndelivered',
  'CommandCancelled',
  'ScriptLost',
  'InstanceUnreachable',
  'NodeUnresponsive',
  'States.Timeout',
]);

const OF_SIGHT = {
  NoQuorum: true,
  ManagersMissing: true,
  InServiceNotReady: true,
  HookOpenTooLong: true,
  ...REPORTS,
} as const;
type FindingName =
  | keyof typeof OF_SIGHT
  | 'NoManagerAnswers'
  | 'TidyOverdue'
  | 'TidyFailed'
  | 'RepairFailed'
  | 'LockHeldTooLong'
  | 'ForcedCompletion'
  | 'ActionFailed'
  | 'NotFounded'
  | 'SwarmErased'
  | 'DeadLetters'
  | 'ClusterHeld';

/** What can only be found, and found to be over, by a tidy that saw the swarm. */
export const isOfSight = (name: string): boolean => Object.hasOwn(OF_SIGHT, name);

/** What one verdict hands on to the next. Times are epoch seconds. */
export interface Remembered {
  /** When a tidy last went through; at first, when the first verdict was made. */
  readonly lastGood: number;
  /** `i-... Pending:Wait` -> since when a tidy sees it: no call of Auto Scaling says when a hook began. */
  readonly hooks: Readonly<Record<string, number>>;
  readonly lock: { readonly instance: string; readonly since: number } | undefined;
}

export function findingsOf(facts: VerdictFacts, remembered: Remembered): Finding[] {
  const { seen } = facts;
  const asOf = seen?.at ?? facts.now;
  return [
    ...(seen === undefined
      ? []
      : [...ofTheSwarm(seen), ...ofHooks(remembered, asOf), ...ofReports(seen.told ?? [], facts.cluster)]),
    ...ofTheTidy(facts, remembered, asOf),
    ...ofTheTable(facts, remembered, asOf),
    ...ofDeadLetters(facts),
  ];
}

/** Of a swarm that is not there yet nothing is missing. */
const ofTheSwarm = (seen: TidySummary): Finding[] =>
  seen.founded === false ? [] : [...ofManagers(seen), ...ofInstances(seen), ...ofStrays(seen)];

function ofManagers({ managers: { members, reachable, wanted } }: TidySummary): Finding[] {
  const quorum = majorityOf(members);
  const counts = `${reachable} of ${members} managers can be reached, ${wanted} are wanted`;
  if (reachable < quorum) {
    return [
      {
        name: 'NoQuorum',
        level: 'critical',
        grace: 0,
        what: `${counts}: that is no majority, and the swarm takes no change`,
        next: 'bring managers back; where they are gone for good: skep recover',
      },
    ];
  }
  const spare = reachable - quorum;
  const missing = { name: 'ManagersMissing', level: 'degraded' } as const;
  const next = 'look at the manager group in the console: is an instance being launched, and why did the last one go?';
  if (reachable < members) {
    return [{ ...missing, grace: 0, what: `${counts}; ${spare} more may be lost before the swarm stops`, next }];
  }
  return reachable < wanted ? [{ ...missing, grace: MANAGER_COMES, lingers: true, what: counts, next }] : [];
}

/** Of many no more than the first are told. */
const named = ({ count, instances }: TidySummary['notReady']): string =>
  instances.join(', ') + (count > instances.length ? ', ...' : '');

function ofInstances({ notReady }: TidySummary): Finding[] {
  const { count } = notReady;
  return count === 0
    ? []
    : [
        {
          name: 'InServiceNotReady',
          level: 'degraded',
          grace: SECOND_LOOK,
          lingers: true,
          what: `${count} instance(s) in service are no Ready node: ${named(notReady)}`,
          next: IN_SERVICE_NOT_READY_NEXT,
        },
      ];
}

function ofStrays({ strays = { count: 0, instances: [] } }: TidySummary): Finding[] {
  const { count } = strays;
  const { level, grace, next } = REPORTS.NodeWithoutGroup;
  const what = `${count} node(s) belong to instances that are in no group of the cluster: ${named(strays)}`;
  return count === 0 ? [] : [{ name: 'NodeWithoutGroup', level, grace, what, next }];
}

/** What a tidy tells and does not repair, one reason for each kind. */
export function ofReports(told: NonNullable<TidySummary['told']>, cluster: string): Finding[] {
  return [...new Set(told.map(({ name }) => name).filter(isReportName))].map((name) => {
    const { level, grace, next } = REPORTS[name];
    const all = told.filter((one) => one.name === name).map(({ what }) => what);
    const more = all.length > MOST_TOLD ? `; and ${all.length - MOST_TOLD} more` : '';
    const what = `${all.slice(0, MOST_TOLD).join('; ')}${more}`;
    return { name, level, grace, what, next: next.replace('CLUSTER', cluster) };
  });
}

export function ofHooks({ hooks }: Pick<Remembered, 'hooks'>, asOf: number): Finding[] {
  const open = Object.entries(hooks).toSorted(([, a], [, b]) => a - b);
  const oldest = open.find(([hook, since]) => asOf - since >= (hook.includes('Pending') ? LAUNCH_OPEN : HOOK_OPEN));
  if (oldest === undefined) {
    return [];
  }
  const [hook, since] = oldest;
  return [
    {
      name: 'HookOpenTooLong',
      level: 'degraded',
      grace: 0,
      what: `${hook}: its lifecycle hook has been open since ${timeText(since)}, and ${open.length - 1} more are open`,
      next: 'look at the execution of that instance: what does it wait for? Has its SSM agent registered? AWS ends a hook after 48 hours at most',
    },
  ];
}

function ofTheTidy(
  { failed, repairsFailed, cluster }: VerdictFacts,
  { lastGood }: Remembered,
  asOf: number,
): Finding[] {
  const repairs: Finding = {
    name: 'RepairFailed',
    level: 'degraded',
    grace: SECOND_LOOK,
    what: `${repairsFailed} repair(s) of the last tidy failed`,
    next: 'the output of its execution names each with its error',
  };
  if (failed === undefined) {
    return repairsFailed === 0 ? [] : [repairs];
  }
  const because = `${failed.error}${failed.cause === '' ? '' : `: ${failed.cause.slice(0, 200)}`}`;
  const overdue: Finding = {
    name: 'TidyOverdue',
    level: 'critical',
    grace: 0,
    what: `no tidy has gone through since ${timeText(lastGood)}: what events miss is not repaired`,
    next: 'the execution of the last tidy names the error',
  };
  return [
    NO_ANSWER.has(failed.error) ? noAnswer(cluster, because) : tidyFailed(because),
    ...(asOf - lastGood >= TIDY_OVERDUE ? [overdue] : []),
  ];
}

const noAnswer = (cluster: string, because: string): Finding => ({
  name: 'NoManagerAnswers',
  level: 'critical',
  grace: 0,
  what: `no manager could be asked (${because}): the swarm may have lost its leader or its quorum`,
  next: `look at the managers with docker node ls; where quorum is lost for good: skep recover ${cluster}`,
});

const tidyFailed = (because: string): Finding => ({
  name: 'TidyFailed',
  level: 'degraded',
  grace: SECOND_LOOK,
  what: `the tidy failed: ${because}`,
  next: 'docs/errors.md says what the error means; the next tidy begins anew',
});

/** What the table alone says, so that it can be looked at between two tidies. */
export function ofTheTable(facts: TableFacts, { lock }: Pick<Remembered, 'lock'>, asOf: number): Finding[] {
  const { cluster, forced, hold } = facts;
  const degraded = { level: 'degraded', grace: 0 } as const;
  return [
    ...(lock !== undefined && asOf - lock.since >= LOCK_HELD
      ? [
          {
            ...degraded,
            name: 'LockHeldTooLong' as const,
            what: `${lock.instance} holds the membership lock since ${timeText(lock.since)}: no manager joins or leaves meanwhile`,
            next: 'look at the execution of that instance; stopping it gives the lock back',
          },
        ]
      : []),
    ...(forced !== undefined && asOf - forced.at < FORCED_RECENT
      ? [
          {
            ...degraded,
            name: 'ForcedCompletion' as const,
            what: `the action of ${forced.instance} was ended by force at ${timeText(forced.at)}`,
            next: 'read the cause of its execution; look whether a container ended before its time',
          },
        ]
      : []),
    ...(hold === undefined
      ? []
      : [
          {
            ...degraded,
            name: 'ClusterHeld' as const,
            what: `it is held since ${timeText(hold.since)}${hold.because === '' ? '' : ` (${hold.because})`}: nothing of it is kept in step`,
            next: `skep unhold ${cluster}, when whoever holds it agrees`,
          },
        ]),
    ...ofFailures(facts, asOf),
    ...ofState(facts),
  ];
}

function ofFailures({ lastFailure }: TableFacts, asOf: number): Finding[] {
  return lastFailure === undefined || asOf - lastFailure.at >= FORCED_RECENT
    ? []
    : [
        {
          name: 'ActionFailed',
          level: 'degraded',
          grace: 0,
          what: `the execution about ${lastFailure.instance} failed at ${timeText(lastFailure.at)}: ${lastFailure.error}`,
          next: `look at the cause of that execution; docs/errors.md says what ${lastFailure.error} means`,
        },
      ];
}

function ofState({ cluster, state }: TableFacts): Finding[] {
  if (state?.status !== 'new') {
    return [];
  }
  const degraded = { level: 'degraded', grace: 0 } as const;
  const next = `if it is to have one, let a group with the tags skep:cluster=${cluster} and skep:role=manager launch an instance, and look at the executions of scale-out about it`;
  return [
    state.erasedAt === undefined
      ? {
          ...degraded,
          name: 'NotFounded',
          what: `${cluster} is declared, and no manager has founded its swarm`,
          next: `${next}; if a group of it is there already, skep plan ${cluster} says what is wrong with it`,
        }
      : {
          ...degraded,
          name: 'SwarmErased',
          what: `its swarm was erased at ${timeText(state.erasedAt)}, and there is no other one`,
          next,
        },
  ];
}

function ofDeadLetters({ deadLetters }: VerdictFacts): Finding[] {
  return deadLetters === 0
    ? []
    : [
        {
          name: 'DeadLetters',
          level: 'degraded',
          grace: 0,
          what: `${deadLetters} event(s) of this stage lie in its dead-letter queue: nobody could handle them`,
          next: 'read them, and delete them: tidies have compared since, so that nothing has to be sent again',
        },
      ];
}
