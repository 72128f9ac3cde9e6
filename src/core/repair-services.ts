// What a tidy does about services: what skep itself has left on them is taken back. What its owner does with a service is theirs.
import type { Found } from './repair-nodes.ts';
import { readMark } from './service-facts.ts';
import type { Report, TidyFacts } from './tidy-facts.ts';

/** A mark says until when it may be somebody's; whoever it was is given that long to see it. Seconds. */
const GRACE = 60;
/** An execution that keeps a history puts it back within this time, or is dead. Seconds. */
const KEPT_FOR = 4 * 3600;

export function repairServices({ cluster, left, now }: TidyFacts): Found {
  const { marks = [], kept = [] } = left ?? {};
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
    reports: marks.flatMap(({ name, mark }): Report[] =>
      readMark(mark) === undefined
        ? [{ because: `the label skep.shift of service ${name} is none of skep's: ${mark}` }]
        : [],
    ),
  };
}

function isOver(mark: string, now: number): boolean {
  const { until } = readMark(mark) ?? {};
  return until !== undefined && now >= until + GRACE;
}
