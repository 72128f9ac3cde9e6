// What a tidy does about services: what skep itself has left on them is taken back. What its owner does with a service is theirs.
import { createHash } from 'node:crypto';

import type { Conclusions } from './repair-nodes.ts';
import { readMark } from '../services/facts.ts';
import type { Repair, Report, SwarmNode, TidyFacts } from './facts.ts';

/** A mark says until when its execution may be at work. After that it gets this much longer to take the mark back itself. Seconds. */
const GRACE = 60;
/** An execution that keeps a history puts it back within this time, or is dead. Seconds. */
const KEPT_FOR = 4 * 3600;

/** Of a label that somebody else wrote, characters. */
const LONGEST_TOLD = 60;

export function repairServices(facts: TidyFacts): Conclusions {
  const { repairs, reports } = takeBack(facts);
  return { repairs: [...repairs, ...(repairs.length === 0 ? rebalanceAfterScaleOut(facts) : [])], reports };
}

/**
 * When workers have come, and all of them are active: once for each set of workers, which a digest stands for. Where workers have only gone,
 * there is hardly anything to move, and the rebalance finds that out.
 */
function rebalanceAfterScaleOut({ cluster, rebalance, rebalancedFor, groups, nodes, left, now }: TidyFacts): Repair[] {
  const own = groups.filter(({ role }) => role === 'worker').flatMap(({ instances }) => instances);
  const active = new Map(nodes.flatMap((node) => (isActive(node) ? [[node.instance, node.nodeId]] : [])));
  const areAllActive = own.every(({ instance, lifecycle }) => lifecycle === 'InService' && active.has(instance));
  if (rebalance !== 'after-scale-out' || own.length === 0 || !areAllActive || (left?.marks.length ?? 0) > 0) {
    return [];
  }
  const ids = own.map(({ instance }) => active.get(instance)).toSorted();
  const workers = createHash('sha256').update(ids.join('\n')).digest('hex');
  // One that failed is tried again in the next hour.
  const name = `tidy-rebalance-${cluster}-${workers.slice(0, 16)}-${Math.floor(now / 3600)}`;
  return workers === rebalancedFor
    ? []
    : [
        {
          kind: 'rebalance',
          name,
          workers,
          because: 'the workers are others than at the last rebalance, and all are ready',
        },
      ];
}

const isActive = ({ status, availability, isLeaving }: SwarmNode): boolean =>
  status === 'ready' && availability === 'active' && !isLeaving;

function takeBack({ cluster, left, now }: TidyFacts): Conclusions {
  const { marks = [], kept = [], untold = 0 } = left ?? {};
  const over = marks.filter(({ mark }) => isOver(mark, now));
  const marked = new Set(marks.map(({ serviceId }) => serviceId));
  const forgotten = kept.filter(({ serviceId, since }) => !marked.has(serviceId) && now >= since + KEPT_FOR);
  const names = [...over.map(({ name }) => name), ...forgotten.map(({ serviceId }) => serviceId)].join(', ');
  return {
    repairs:
      over.length + forgotten.length === 0
        ? []
        : [
            {
              kind: 'take-back',
              // Each hour anew, where it could not be done: an owner's update was under way, say.
              name: `tidy-shift-${cluster}-${Math.floor(now / 3600)}-${over.length}-${forgotten.length}`,
              because: `an execution has ended without taking back what it did to ${names}`.slice(0, 500),
            },
          ],
    reports: [
      ...marks.flatMap(({ name, mark }): Report[] =>
        readMark(mark) === undefined
          ? [{ because: `the label skep.shift of service ${name} is none of skep's: ${mark.slice(0, LONGEST_TOLD)}` }]
          : [],
      ),
      ...(untold > 0
        ? [{ because: `${untold} more services have a label skep.shift, and there is no room to tell them` }]
        : []),
      ...kept.flatMap(({ serviceId, since, phase }): Report[] =>
        phase !== undefined && now >= since + KEPT_FOR ? [{ because: unclear(serviceId) }] : [],
      ),
    ],
  };
}

/** Only a person knows whether the spec before is what its owner wants: skep was interrupted between two writes. */
const unclear = (serviceId: string): string =>
  `skep was interrupted while it put back what docker service rollback of ${serviceId} goes back to, and cannot tell whether its owner wrote the present spec: ` +
  `look at it; docker service rollback ${serviceId} goes to the other one, and docker config rm skep-shift-${serviceId} ends this`;

function isOver(mark: string, now: number): boolean {
  const { until } = readMark(mark) ?? {};
  return until !== undefined && now >= until + GRACE;
}
