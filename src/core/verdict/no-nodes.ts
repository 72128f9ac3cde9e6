// Instances of a cluster's groups that are no nodes yet. A tidy finds them when it looks the next time; a person who asks is not to read `healthy` until then.
import type { NodePhase } from '../names.ts';
import type { TidyGroup } from '../tidy/facts.ts';
import { MOST_NAMED } from '../tidy/summary-shape.ts';
import { IN_SERVICE_NOT_READY_NEXT } from './findings.ts';

/** What the table has of an instance. */
export interface RecordedNode {
  readonly instance: string;
  readonly phase: NodePhase;
  /** Epoch seconds. */
  readonly leaseUntil: number;
}

interface WithoutNode {
  readonly name: string;
  readonly level: 'changing' | 'degraded';
  readonly what: string;
  readonly next: string;
}

/** Those in which an instance is to become a node, or is to be one. Of a warm pool, in standby or on its way out it is not. */
const TO_BE: ReadonlySet<string> = new Set(['Pending', 'Pending:Wait', 'Pending:Proceed', 'InService']);

/** @param now epoch seconds */
export function withoutNodes(
  groups: readonly TidyGroup[],
  recorded: readonly RecordedNode[],
  now: number,
): WithoutNode[] {
  const byInstance = new Map(recorded.map((one) => [one.instance, one]));
  const none = groups
    .flatMap(({ instances }) => instances)
    .filter(({ instance, lifecycle }) => TO_BE.has(lifecycle) && byInstance.get(instance)?.phase !== 'ready');
  // One that AWS has warned of leaves while it is still in service.
  const isLeaving = ({ instance }: (typeof none)[number]): boolean => byInstance.get(instance)?.phase === 'leaving';
  const isLeft = ({ instance, lifecycle }: (typeof none)[number]): boolean =>
    lifecycle === 'InService' && (byInstance.get(instance)?.leaseUntil ?? 0) <= now;
  const left = none.filter(isLeft);
  const coming = none.filter((one) => !isLeft(one));
  const orLeave = coming.some(isLeaving) ? ', or leave' : '';
  return [
    ...(left.length === 0
      ? []
      : [
          {
            name: 'InServiceNotReady',
            level: 'degraded' as const,
            what: `${left.length} instance(s) in service are no node on record, and no execution is at work on them: ${named(left)}`,
            next: IN_SERVICE_NOT_READY_NEXT,
          },
        ]),
    ...(coming.length === 0
      ? []
      : [
          {
            name: 'NotNodesYet',
            level: 'changing' as const,
            what: `${coming.length} instance(s) are no nodes yet${orLeave}: ${named(coming)}`,
            next: `wait; if it takes long, skep why ${coming[0]?.instance ?? 'INSTANCE'} says what it waits for`,
          },
        ]),
  ];
}

function named(some: readonly { readonly instance: string; readonly lifecycle: string }[]): string {
  const names = some.slice(0, MOST_NAMED).map(({ instance, lifecycle }) => `${instance} (${lifecycle})`);
  return names.join(', ') + (some.length > MOST_NAMED ? ', ...' : '');
}
