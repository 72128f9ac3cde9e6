// What the table can tell of events and executions, in lists for people. It keeps the last of each kind, not a journal: CloudTrail, and the log
// groups of the functions, have the rest.
import type { PageNode } from './page/facts.ts';

export interface DatedFacts {
  readonly cluster: string;
  readonly hold: { readonly since: number; readonly because: string } | undefined;
  readonly forced: { readonly at: number; readonly instance: string } | undefined;
  readonly failed: { readonly at: number; readonly instance: string; readonly error: string } | undefined;
  readonly refused: readonly { readonly at: number; readonly group: string; readonly because: string }[];
  readonly verdict:
    | {
        readonly level: string;
        readonly since: number;
        readonly asOf: number;
        readonly findings: Readonly<Record<string, number>>;
        readonly hooks: Readonly<Record<string, number>>;
      }
    | undefined;
  readonly nodes: readonly PageNode[];
}

export interface Dated {
  /** Epoch seconds. */
  readonly at: number;
  /** The instance or the group; the cluster where it is about all of it. */
  readonly about: string;
  readonly what: string;
}

/** The oldest first. */
export function datedOf({ cluster, hold, forced, failed, refused, verdict, nodes }: DatedFacts): Dated[] {
  const whole = (at: number, what: string): Dated => ({ at, about: cluster, what });
  return [
    ...(hold === undefined ? [] : [whole(hold.since, `held${hold.because === '' ? '' : `: ${hold.because}`}`)]),
    ...(forced === undefined
      ? []
      : [{ at: forced.at, about: forced.instance, what: 'its hook ended without a drain' }]),
    ...(failed === undefined
      ? []
      : [{ at: failed.at, about: failed.instance, what: `its execution failed: ${failed.error}` }]),
    ...refused.map(({ at, group, because }) => ({ at, about: group, what: `an event was refused: ${because}` })),
    ...(verdict === undefined
      ? []
      : [
          whole(verdict.since, `verdict: ${verdict.level}`),
          whole(verdict.asOf, 'a tidy looked'),
          ...Object.entries(verdict.findings).map(([name, at]) => whole(at, `found: ${name}`)),
          ...Object.entries(verdict.hooks).map(([hook, at]) => ({
            at,
            about: hook.split(' ')[0] ?? hook,
            what: `waits in a hook: ${hook.split(' ').slice(1).join(' ')}`,
          })),
        ]),
    ...nodes.flatMap(({ instance, step, sentAt, try: tries = 1 }) =>
      step === undefined || sentAt === undefined
        ? []
        : [{ at: sentAt, about: instance, what: `command sent for ${step}${tries > 1 ? ` (command ${tries})` : ''}` }],
    ),
  ].toSorted((a, b) => a.at - b.at || a.about.localeCompare(b.about));
}

export interface Owned {
  readonly instance: string;
  readonly machine: string;
  readonly execution: string;
  readonly phase: string;
  readonly step: string | null;
  /** When its last command was sent, epoch seconds. */
  readonly sentAt: number | null;
  /** Whether it is still trusted to be at work on the node. */
  readonly atWork: boolean;
}

/** The last execution of each instance, those at work first. What the tidy wrote by itself has none. */
export function ownedOf(nodes: readonly PageNode[], now: number): Owned[] {
  return nodes
    .flatMap(({ instance, ownerArn, phase, step, sentAt, leaseUntil }): Owned[] => {
      const [, machine] = /:execution:skep-[^:]*?-?(scale-out|scale-in|tidy|recover|rebalance):/.exec(ownerArn) ?? [];
      return ownerArn.startsWith('arn:')
        ? [
            {
              ...{ instance, phase, execution: ownerArn },
              machine: machine ?? '-',
              step: step ?? null,
              sentAt: sentAt ?? null,
              atWork: leaseUntil > now && !DONE.has(phase),
            },
          ]
        : [];
    })
    .toSorted((a, b) => Number(b.atWork) - Number(a.atWork) || (b.sentAt ?? 0) - (a.sentAt ?? 0));
}

const DONE: ReadonlySet<string> = new Set(['ready', 'gone']);
