// The instances as a plain table, for a browser without JavaScript.
import type { InstanceView, PageView } from './view.ts';

const HEAD = ['instance', 'group', 'zone', 'lifecycle', 'EC2', 'role', 'node', 'skep', 'swarm', 'why'];

export function tableHtml({ cluster, level, reasons, instances }: PageView): string {
  const cells = (row: readonly string[]): string => row.map((one) => `<td>${escaped(one)}</td>`).join('');
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>skep ${escaped(cluster)}: the table</title><link rel="stylesheet" href="/page.css">
<main class="plain"><h1>${escaped(cluster)} is ${escaped(level)}</h1>
<ul>${reasons.map(({ what, next }) => `<li>${escaped(what)}. What to do: ${escaped(next)}</li>`).join('')}</ul>
<table><thead><tr>${HEAD.map((one) => `<th scope="col">${one}</th>`).join('')}</tr></thead>
<tbody>${instances.map((one) => `<tr>${cells(rowOf(one))}</tr>`).join('\n')}</tbody></table></main></html>
`;
}

const rowOf = (one: InstanceView): readonly string[] => [
  one.id,
  one.group,
  one.zone,
  one.lifecycle,
  one.ec2,
  one.role,
  one.nodeId ?? '-',
  one.phase,
  one.swarm === null ? '-' : `${one.swarm.status}, ${one.swarm.availability}`,
  one.differs ?? one.why,
];

/** Names of groups, services and nodes are others' words. */
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
