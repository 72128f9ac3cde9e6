// Evening out a whole cluster, beyond what each service is: single tasks from full nodes to emptier ones. Zones come first; nodes are
// weighed by what is reserved on them, or, where nobody reserves anything, by their tasks.
//
// One replica more and one less would not do: both nodes then have as many tasks of the service, and engines were seen to take the new one
// away again, each time. A constraint that keeps the service off the full node moves its one task there under the service's own update policy.
import { grouped } from '../grouped.ts';
import { addTasks, hasRoom, isOpen, nextTarget } from '../services/placement.ts';
import type { Place } from '../services/placement.ts';
import type { ServiceFacts } from '../services/facts.ts';
import { ZONE_LABEL } from '../labels.ts';

export interface EvenCandidate {
  readonly service: ServiceFacts;
  readonly allowed: readonly Place[];
  /** Where its tasks are, and how many. */
  readonly holders: ReadonlyMap<Place, number>;
}

export interface EvenMove {
  readonly service: ServiceFacts;
  readonly source: Place;
  readonly target: Place;
  /** Of nodes that are as good SwarmKit takes any. */
  readonly may: readonly Place[];
}

/** At most one move of each service. What it moves is moved in the places, too. */
export function evenOut(candidates: readonly EvenCandidate[], places: readonly Place[], most: number): EvenMove[] {
  const weigh = weigher(candidates.map(({ service }) => service));
  const waiting = new Map<Place, Set<EvenCandidate>>();
  for (const candidate of candidates.filter(mayMove)) {
    for (const [place, count] of candidate.holders) {
      if (count === 1) {
        waiting.set(place, (waiting.get(place) ?? new Set()).add(candidate));
      }
    }
  }
  const moves: EvenMove[] = [];
  const exhausted = new Set<Place>();
  while (moves.length < most) {
    const source = fullest(places, exhausted, weigh);
    if (source === undefined) {
      break;
    }
    const next = bestMove([...(waiting.get(source) ?? [])], source, places, weigh);
    if (next === undefined) {
      exhausted.add(source);
    } else {
      addTasks(source, next.service, -1);
      addTasks(next.target, next.service, 1);
      for (const some of waiting.values()) {
        some.forEach((one) => one.service === next.service && some.delete(one));
      }
      moves.push(next);
    }
  }
  return moves;
}

/** Only where the new task is started before the old one is stopped. */
const mayMove = ({ service: { order, restart } }: EvenCandidate): boolean =>
  order === 'start-first' && restart !== 'none';

type Weigh = (place: Place) => number;

function weigher(services: readonly ServiceFacts[]): Weigh {
  if (services.every(({ cpu, memory }) => cpu === 0 && memory === 0)) {
    return ({ tasks }) => tasks;
  }
  return ({ cpu, memory, node }) => Math.max(cpu / Math.max(1, node.cpu), memory / Math.max(1, node.memory));
}

function fullest(places: readonly Place[], except: ReadonlySet<Place>, weigh: Weigh): Place | undefined {
  let found: Place | undefined;
  for (const place of places) {
    if (!except.has(place) && (found === undefined || weigh(place) > weigh(found))) {
      found = place;
    }
  }
  return found;
}

const zoneOf = ({ node }: Place): string => node.labels[ZONE_LABEL] ?? '';

/** The mean of a zone's nodes that take tasks. */
function zoneLoads(places: readonly Place[], weigh: Weigh): ReadonlyMap<string, number> {
  const open = places.filter(({ node }) => isOpen(node));
  return new Map(
    [...grouped(open, zoneOf)].map(([zone, some]) => [
      zone,
      some.reduce((sum, place) => sum + weigh(place), 0) / some.length,
    ]),
  );
}

function bestMove(
  candidates: readonly EvenCandidate[],
  source: Place,
  places: readonly Place[],
  weigh: Weigh,
): EvenMove | undefined {
  const zones = zoneLoads(places, weigh);
  const load = (place: Place): number => zones.get(zoneOf(place)) ?? 0;
  const moves = candidates.flatMap((candidate) => moveOf(candidate, source) ?? []);
  const better = moves.filter(({ service, may }) =>
    may.every(
      // Zones that are equally full may differ by one task meanwhile: of nodes that are as good in several of them SwarmKit takes any.
      (target) => isBetter(service, source, target, weigh) && load(target) <= load(source),
    ),
  );
  return better.toSorted((a, b) => load(a.target) - load(b.target) || weigh(a.target) - weigh(b.target))[0];
}

/** SwarmKit chooses the target. The service is to be as even as before. */
function moveOf({ service, allowed, holders }: EvenCandidate, source: Place): EvenMove | undefined {
  for (const [place, count] of holders) {
    place.own = count;
  }
  // Never the source, which has one.
  const target = nextTarget(service, allowed);
  const isEmpty = target?.own === 0;
  const may = allowed.filter((place) => isEmpty && isAsGood(place, target) && hasRoom(service, place));
  for (const place of holders.keys()) {
    place.own = 0;
  }
  return isEmpty ? { service, source, target, may } : undefined;
}

const isAsGood = (place: Place, other: Place): boolean => place.own === other.own && place.tasks === other.tasks;

/** The fuller of the two is less full afterwards. */
function isBetter(service: ServiceFacts, source: Place, target: Place, weigh: Weigh): boolean {
  const before = weigh(source);
  const moved = (place: Place, by: number): number => {
    const { cpu, memory, tasks } = place;
    return weigh({ ...place, tasks: tasks + by, cpu: cpu + by * service.cpu, memory: memory + by * service.memory });
  };
  return Math.max(moved(source, -1), moved(target, 1)) < before;
}
