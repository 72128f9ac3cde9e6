// What a lab shows to people: its groups and nodes, the result of a scenario, the dashboard. columns.ts lays the tables out.
import type { Dashboard } from '../lab/console/console.ts';
import { boundsText } from '../lab/scenario/bounds.ts';
import { sum } from '../lab/scenario/result.ts';
import type { GroupResult, ScenarioResult } from '../lab/scenario/result.ts';
import { columns } from './columns.ts';

const GROUP_HEAD = ['group', 'desired', 'instance', 'zone', 'lifecycle'];

/** What Auto Scaling knows. */
export function groupTable(groups: readonly GroupResult[]): string {
  const rows = groups.flatMap(({ group, desired, instances }) =>
    instances.map(({ instance, zone, lifecycle }) => [group, String(desired), instance, zone, lifecycle]),
  );
  return columns(GROUP_HEAD, rows);
}

/** The same, with each instance's node beside it. */
function nodeTable(groups: readonly GroupResult[], nodes: ScenarioResult['nodes']): string {
  const rows = groups.flatMap(({ group, desired, instances }) =>
    instances.map(({ instance, zone, lifecycle }) => {
      const { node, role, status, availability } = nodes.find((one) => one.instance === instance) ?? NO_NODE;
      return [group, String(desired), instance, zone, lifecycle, node.slice(0, 12), role, status, availability];
    }),
  );
  return columns([...GROUP_HEAD, 'node', 'role', 'status', 'availability'], rows);
}

/** The worst time from an event to its hook completed. */
function hooksText({ slowest: { launch, termination } }: ScenarioResult): string[] {
  const parts = [launch, termination].flatMap((one) =>
    one === null ? [] : [`${one.seconds.toFixed(1)} s (${one.instance} of ${one.group}, ${one.lifecycle})`],
  );
  return parts.length === 0 ? [] : [`from event to hook completed, at worst: ${parts.join(', ')}`];
}

function managersText({ managers }: ScenarioResult): string[] {
  if (managers?.leastReachable == null) {
    return [];
  }
  const { leastReachable, leastMembers, mostMembers, leastSpare, longestWithoutLeader, every } = managers;
  return [
    `managers, asked every ${every} ms: ${leastMembers ?? 0} to ${mostMembers ?? 0} members, at least ${leastReachable} reachable ` +
      `(${leastSpare ?? 0} beyond the quorum), up to ${longestWithoutLeader.toFixed(1)} s without a leader`,
  ];
}

/** What became of the requests between one `measure` and the next. */
function requestsText({ requests }: ScenarioResult): string[] {
  const named = requests.filter(({ as }) => as !== '');
  const rows = named.length === 0 ? requests : named;
  if (rows.length === 0) {
    return [];
  }
  const cells = rows.map(({ as, service, sent, failed, gap, failures }) => {
    const how = Object.entries(failures).map(([kind, count]) => `${count} ${kind}`);
    return [as, service, String(sent), String(failed), `${gap.toFixed(1)} s`, how.join(', ')];
  });
  return [columns(['measured', 'service', 'requests', 'failed', 'longest gap', 'how'], cells)];
}

/** What a person would have heard. */
function peopleText({ verdict, notices, rang }: ScenarioResult): string[] {
  const reasons = (verdict?.reasons ?? []).map(({ name }) => name).join(', ');
  return [
    ...(verdict === null ? [] : [`verdict: ${verdict.level}${reasons === '' ? '' : ` (${reasons})`}`]),
    ...notices.map((notice) => `notified after ${notice}`),
    ...(rang.length === 0 ? [] : [`alarms that rang: ${rang.join(', ')}`]),
  ];
}

export function dashboardText({ widgets, notices, posted }: Dashboard): string {
  const tables = widgets.map(({ title, rows }) => {
    const cells = rows.map(({ label, value }) => [label, String(value)]);
    return `${title}\n${rows.length === 0 ? '(nothing yet)' : columns(['what', 'value'], cells)}`;
  });
  const told = notices.map(({ at, message }) => `${new Date(at).toISOString()} ${message}`);
  return [...tables, `The topic was told ${notices.length} time(s), the webhook took ${posted.length}`, ...told].join(
    '\n\n',
  );
}

const NO_NODE = { node: '-', role: '-', status: '-', availability: '-' };

export function resultText(result: ScenarioResult): string {
  const { executions, calls, hooks, expectations, seconds, virtualSeconds } = result;
  const failed = expectations.filter(({ ok }) => !ok);
  const open = hooks.open === 0 ? 'no hook left open' : `${hooks.open} HOOK(S) LEFT OPEN`;
  return [
    nodeTable(result.groups, result.nodes),
    `${executions.length} executions, ${sum(executions.map(({ transitions }) => transitions))} transitions, ` +
      `${sum(Object.values(calls))} AWS calls, ${open}`,
    `${expectations.length - failed.length} of ${expectations.length} expectations hold, ` +
      `in ${seconds.toFixed(1)} s (${Math.round(virtualSeconds)} s of the lab's time)`,
    ...hooksText(result),
    ...managersText(result),
    ...requestsText(result),
    ...boundsText(result),
    ...peopleText(result),
    ...failed.map(({ what, seen }) => `FAIL ${what}, seen ${JSON.stringify(seen)}`),
  ].join('\n');
}
