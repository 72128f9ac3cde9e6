// What a tidy does: compares groups, instances, the swarm and the table, and says what is to be repaired, as data.
import { problemsOfHooks, tellHooks } from './group-reports.ts';
import { repairInstances } from './repair-instances.ts';
import { repairNodes } from './repair-nodes.ts';
import type { Conclusions } from './repair-nodes.ts';
import { repairLabels } from './repair-labels.ts';
import { repairServices } from './repair-services.ts';
import { repairRefused } from './repair-refused.ts';
import { repairTable } from './repair-records.ts';
import { replaceDown } from './replace-down.ts';
import { replaceWarned } from './replace-warned.ts';
import { summaryOf, withReports } from './summary.ts';
import { allOf } from './warm-pool.ts';
import type { Ghosts, Repair, Report, TidyFacts, TidyGroup, TidyPlan } from './facts.ts';

/** A payload has at most 256 KiB, and a repair with its event about 1: the next tidy goes on. */
const REPAIRS = 100;
/** A hundred nodes that skep never touches must not keep one repair waiting for ever, so they are told apart from it. */
const REPORTS = 100;

export function planTidy(facts: TidyFacts): TidyPlan {
  if (!facts.whole) {
    // What was not seen is not missing, and what is missing is not gone.
    return {
      repairs: [],
      reports: [{ because: 'the swarm changed while it was read: nothing is repaired' }],
      seen: null,
    };
  }
  const down = replaceDown(facts);
  const found = [
    down,
    replaceWarned(facts, down.repairs),
    repairNodes(facts),
    repairLabels(facts),
    repairInstances(facts),
    repairServices(facts),
    repairHooks(facts),
    repairRefused(facts),
  ];
  const forgotten = found.flatMap(({ repairs }) =>
    repairs.flatMap((repair) => (repair.kind === 'forget' ? repair.nodes.map(({ nodeId }) => nodeId) : [])),
  );
  const all = [...found, repairTable(facts, new Set(forgotten))];
  const reports = [...tellGhosts(facts.ghosts), ...all.flatMap((one) => one.reports)];
  return {
    repairs: firstOf(all.flatMap(({ repairs }) => repairs)),
    reports: shortened(reports),
    seen: withReports(summaryOf(facts), reports),
  };
}

/** Of single instances, and there may be hundreds that fail again and again: what the cluster needs as a whole is not to wait for them. */
const OF_MANY: ReadonlySet<Repair['kind']> = new Set(['join', 'label', 'replace']);

/** In the order in which they were found. */
function firstOf(repairs: readonly Repair[]): Repair[] {
  const kept = new Set(repairs.toSorted((one, other) => rank(one) - rank(other)).slice(0, REPAIRS));
  return repairs.filter((repair) => kept.has(repair));
}

const rank = ({ kind }: Repair): number => (OF_MANY.has(kind) ? 1 : 0);

/** Nothing removes them, so they are reported once and are no part of the verdict, which could never be healthy again. */
function tellGhosts(ghosts: Ghosts | undefined): Report[] {
  if (ghosts === undefined || ghosts.count === 0) {
    return [];
  }
  const { count, tasks } = ghosts;
  const named = tasks.map((task) => task.replace('@', ' on ')).join(', ') + (count > tasks.length ? ', ...' : '');
  const what = `${count} task(s) are on record as at work on nodes that are not in the swarm (moby#37320)`;
  return [{ because: `${what}: ${named}. They run nowhere, and nothing waits for them` }];
}

function shortened(reports: readonly Report[]): Report[] {
  const more = reports.length - REPORTS;
  return more <= 0 ? [...reports] : [...reports.slice(0, REPORTS), { because: `and ${more} more` }];
}

function repairHooks(facts: TidyFacts): Conclusions {
  const problems = problemsOfHooks(facts);
  return facts.repairHooks
    ? {
        repairs: problems.map(({ group, because, wish }) => ({ kind: 'hook', group, hook: wish, because })),
        reports: [],
      }
    : { repairs: [], reports: tellHooks(problems, facts.cluster) };
}

/**
 * The same while a person holds the cluster: nothing is repaired, and what would be is told. Instances that wait in a hook, and of
 * which nobody has heard, are handed over all the same: their executions wait for the end of the hold, and keep the hooks alive.
 */
export function underHold({ repairs, reports, seen }: TidyPlan, groups: readonly TidyGroup[], hold: string): TidyPlan {
  const waiting = new Set(
    groups
      .flatMap(allOf)
      .filter(({ lifecycle }) => lifecycle.endsWith(':Wait'))
      .map(({ instance }) => instance),
  );
  const goesOn = (repair: Repair): boolean =>
    (repair.kind === 'join' || repair.kind === 'leave') && waiting.has(repair.instance);
  const held = repairs.filter((repair) => !goesOn(repair));
  return {
    repairs: repairs.filter(goesOn),
    reports: [{ because: hold }, ...held.map((repair) => asHeld(repair)), ...reports],
    held: true,
    seen,
  };
}

function asHeld(repair: Repair): Report {
  const instance = 'instance' in repair ? { instance: repair.instance } : {};
  const group = 'group' in repair ? { group: repair.group } : {};
  return { ...instance, ...group, because: `held, would ${repair.kind}: ${repair.because}` };
}
