// What a rebalance tells people: what is moved, what is not and why.
import { z } from 'zod';

import { columns } from './columns.ts';

/** The report of a rebalance, as its execution returns it. */
export const rebalanced = z.object({
  dryRun: z.boolean(),
  planned: z.number(),
  made: z.number(),
  remaining: z.number(),
  even: z.number(),
  notTold: z.number(),
  closing: z.string().optional(),
  services: z.array(
    z.looseObject({
      name: z.string(),
      moves: z.number(),
      made: z.number(),
      remaining: z.number(),
      nodes: z.array(z.object({ node: z.string(), from: z.number(), to: z.number() })),
      warnings: z.array(z.string()),
      outcome: z.string().optional(),
      because: z.string().optional(),
      left: z.boolean().optional(),
    }),
  ),
  leftOut: z.array(z.looseObject({ name: z.string(), reason: z.string(), because: z.string() })),
});
export type Rebalanced = z.infer<typeof rebalanced>;

export function rebalanceText(report: Rebalanced): string {
  const { services, leftOut, notTold, even } = report;
  const moving = services.filter(({ moves }) => moves > 0);
  const warned = moving.flatMap(({ name, warnings }) => warnings.map((one) => `  ${name}: ${one}`));
  const ended = moving.flatMap((one) => endOf(one));
  return [
    headline(report),
    ...(report.closing === undefined ? [] : [`it ended before its time: ${report.closing}`]),
    ...(moving.length === 0 ? [] : ['', servicesTable(report)]),
    ...section('warnings:', warned),
    ...section('incomplete:', ended),
    ...section(
      'not touched:',
      leftOut.map(({ name, because }) => `  ${name}: ${because}`),
    ),
    ...(notTold > 0 ? [`  and ${notTold} more`] : []),
    ...(even > 0 ? ['', `${even} service(s) are as even as they can be`] : []),
  ].join('\n');
}

function headline({ dryRun, planned, made, remaining }: Rebalanced): string {
  if (planned === 0) {
    return 'nothing to move';
  }
  const more = remaining === 0 ? '' : `, and ${remaining} more in another run`;
  return dryRun ? `${planned} moves would be made${more}` : `${made} of ${planned} moves made${more}`;
}

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', title, ...lines];

function servicesTable({ services, dryRun }: Rebalanced): string {
  const rows = services
    .filter(({ moves }) => moves > 0)
    .flatMap(({ name, moves, made, nodes }) => {
      const count = dryRun ? String(moves) : `${made} of ${moves}`;
      return nodes.map(({ node, from, to }) => [name, count, node, String(from), String(to)]);
    });
  return columns(['service', 'moves', 'node', 'from', 'to'], rows);
}

function endOf({ name, outcome, because = '', left }: Rebalanced['services'][number]): string[] {
  if (outcome === undefined || outcome === 'moved') {
    return [];
  }
  const marked =
    left === true
      ? "; skep's change is still on it, and a tidy takes that back when no running task is lost by it"
      : '';
  return [`  ${name} (${outcome}): ${because}${marked}`];
}
