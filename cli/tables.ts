// Tables for people.
import CliTable from 'cli-table3';

import { sum } from '../lab/scenario/result.ts';
import type { GroupResult, ScenarioResult } from '../lab/scenario/result.ts';

export function groupTable(groups: readonly GroupResult[], nodes: ScenarioResult['nodes'] = []): string {
  const table = new CliTable({
    head: ['group', 'desired', 'instance', 'zone', 'lifecycle', 'node', 'role', 'status', 'availability'],
    style: { head: [], border: [] },
  });
  for (const { group, desired, instances } of groups) {
    for (const { instance, zone, lifecycle } of instances) {
      const node = nodes.find((one) => one.instance === instance);
      const { node: id = '-', role = '-', status = '-', availability = '-' } = node ?? {};
      table.push([group, desired, instance, zone, lifecycle, id.slice(0, 12), role, status, availability]);
    }
  }
  return table.toString();
}

export function resultText(result: ScenarioResult): string {
  const { executions, calls, hooks, expectations, seconds, virtualSeconds } = result;
  const failed = expectations.filter(({ ok }) => !ok);
  const open = hooks.open === 0 ? 'no hook left open' : `${hooks.open} HOOK(S) LEFT OPEN`;
  return [
    groupTable(result.groups, result.nodes),
    `${executions.length} executions, ${sum(executions.map(({ transitions }) => transitions))} transitions, ` +
      `${sum(Object.values(calls))} AWS calls, ${open}`,
    `${expectations.length - failed.length} of ${expectations.length} expectations hold, ` +
      `in ${seconds.toFixed(1)} s (${Math.round(virtualSeconds)} s of the lab's time)`,
    ...failed.map(({ what, seen }) => `FAIL ${what}, seen ${JSON.stringify(seen)}`),
  ].join('\n');
}
