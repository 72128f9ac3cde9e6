// Makes what a tidy saw into few numbers and sentences, for the verdict.
import type { Report, TidyFacts } from './facts.ts';
import { targetOf } from './repair-instances.ts';
import { MOST_NAMED, MOST_NOTES, MOST_REPORTS, MOST_WAITING } from './summary-shape.ts';
import type { TidySummary } from './summary-shape.ts';
import { allOf } from './warm-pool.ts';

/** Characters. Names of groups are their owners' and may be long. */
const LONGEST = 400;

/** Of groups only those of this stage: another one in the account may have a cluster of the same name. */
export function summaryOf({ nodes, groups, now }: Pick<TidyFacts, 'nodes' | 'groups' | 'now'>): TidySummary {
  const count = (status: string): number => nodes.filter((node) => node.status === status).length;
  const raft = nodes.filter(({ isManager }) => isManager);
  const ready = new Set(nodes.filter(({ status }) => status === 'ready').map(({ instance }) => instance));
  const members = groups.flatMap(({ instances }) => instances);
  const inService = members.filter(({ lifecycle }) => lifecycle === 'InService').map(({ instance }) => instance);
  const notReady = inService.filter((instance) => !ready.has(instance)).toSorted();
  const grouped = new Set(groups.flatMap(allOf).map(({ instance }) => instance));
  const strays = [...ready].flatMap((instance) => (instance === undefined || grouped.has(instance) ? [] : [instance]));
  return {
    at: now,
    managers: {
      members: raft.length,
      reachable: raft.filter(({ isReachable }) => isReachable).length,
      wanted: targetOf(groups),
    },
    nodes: { total: nodes.length, ready: count('ready'), down: count('down') },
    inService: inService.length,
    notReady: { count: notReady.length, instances: notReady.slice(0, MOST_NAMED) },
    strays: { count: strays.length, instances: strays.toSorted().slice(0, MOST_NAMED) },
    waiting: waitingIn(groups),
  };
}

/** The same, with what the tidy tells. */
export function withReports(seen: TidySummary, reports: readonly Report[]): TidySummary {
  return {
    ...seen,
    told: countedReports(reports),
    notes: reports
      .filter(({ name }) => name === undefined)
      .map(wordsOf)
      .slice(0, MOST_NOTES),
  };
}

/** Those that count in a verdict. */
export const countedReports = (reports: readonly Report[]): NonNullable<TidySummary['told']> =>
  reports
    .flatMap((report) => (report.name === undefined ? [] : [{ name: report.name, what: wordsOf(report) }]))
    .slice(0, MOST_REPORTS);

/** `i-... Pending:Wait`: the instance and its lifecycle state, which together are one open hook. */
export const waitingIn = (groups: TidyFacts['groups']): string[] =>
  groups
    .flatMap(allOf)
    .filter(({ lifecycle }) => lifecycle.endsWith(':Wait'))
    .map(({ instance, lifecycle }) => `${instance} ${lifecycle}`)
    .toSorted()
    .slice(0, MOST_WAITING);

function wordsOf({ instance, group, nodeId, because }: Report): string {
  const about = [instance, group, nodeId].filter((part) => part !== undefined).join(' ');
  return `${about === '' ? '' : `${about}: `}${because}`.slice(0, LONGEST);
}
