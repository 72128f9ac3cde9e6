// Evening out a whole cluster, beyond what each service is: single tasks from full nodes to emptier ones. Zones come first; nodes are
// weighed by what is reserved on them, or, where nobody reserves anything, by their tasks.
//
// A move is the same as any: one replica more, one less. But here both nodes have as many tasks of the service in between, and SwarmKit
// takes either. So a move may have to be made again, until it was the old one.
import { addTasks, isOpen, nextTarget } from './placement.ts';
import type { Place } from './placement.ts';
import type { ServiceFacts } from './service-facts.ts';

export interface Candidate {
  readonly service: ServiceFacts;
  readonly allowed: readonly Place[];
  /** Where its tasks are, and how many. */
  readonly holders: ReadonlyMap<Place, number>;
}

export interface EvenMove {
  readonly service: ServiceFacts;
  readonly source: Place;
  readonly target: Place;
  readonly from: number;
}

/** At most one move of each service. What it moves is moved in the places, too. */
export function evenOut(candidates: readonly Candidate[], places: readonly Place[], most: number): EvenMove[] {
  const weigh = weigher(candidates.map(({ service }) => service));
  const waiting = Map.groupBy(candidates.filter(mayRunTwice), (one) => sourceOf(one)?.node.nodeId);
  const moves: EvenMove[] = [];
  const exhausted = new Set<Place>();
  while (moves.length < most) {
    const source = fullest(places, exhausted, weigh);
    if (source === undefined) {
      break;
    }
    const own = waiting.get(source.node.nodeId) ?? [];
    const next = bestMove(own, source, places, weigh);
    if (next === undefined) {
      exhausted.add(source);
    } else {
      addTasks(source, next.service, -1);
      addTasks(next.target, next.service, 1);
      waiting.set(
        source.node.nodeId,
        own.filter(({ service }) => service !== next.service),
      );
      moves.push(next);
    }
  }
  return moves;
}

/** One of which there is to be one at a time, and that is updated stop-first, may be one that must never run twice. */
const mayRunTwice = ({ service: { replicas, order } }: Candidate): boolean => replicas > 1 || order === 'start-first';

/** The one node that has the most; undefined where several have as many. */
function sourceOf({ holders }: Candidate): Place | undefined {
  const most = Math.max(...holders.values());
  const full = [...holders].filter(([, count]) => count === most);
  return full.length === 1 ? full[0]?.[0] : undefined;
}

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

const zoneOf = ({ node }: Place): string => node.labels['skep.zone'] ?? '';

/** The mean of a zone's nodes that take tasks. */
function zoneLoads(places: readonly Place[], weigh: Weigh): ReadonlyMap<string, number> {
  const open = places.filter(({ node }) => isOpen(node));
  return new Map(
    [...Map.groupBy(open, zoneOf)].map(([zone, some]) => [
      zone,
      some.reduce((sum, place) => sum + weigh(place), 0) / some.length,
    ]),
  );
}

function bestMove(
  candidates: readonly Candidate[],
  source: Place,
  places: readonly Place[],
  weigh: Weigh,
): EvenMove | undefined {
  const zones = zoneLoads(places, weigh);
  const load = (place: Place): number => zones.get(zoneOf(place)) ?? 0;
  const moves = candidates.flatMap((candidate) => moveOf(candidate, source) ?? []);
  const better = moves
    .filter(({ service, target }) => isBetter(service, source, target, weigh))
    .filter(({ target }) => zoneOf(target) === zoneOf(source) || load(target) < load(source));
  return better.toSorted((a, b) => load(a.target) - load(b.target) || weigh(a.target) - weigh(b.target))[0];
}

/** SwarmKit chooses the target. It must have one less than the source: then one of these two is the one that goes. */
function moveOf({ service, allowed, holders }: Candidate, source: Place): EvenMove | undefined {
  for (const [place, count] of holders) {
    place.own = count;
  }
  const target = nextTarget(service, allowed);
  const from = source.own;
  const isNext = target !== undefined && target.own === from - 1;
  for (const place of holders.keys()) {
    place.own = 0;
  }
  return isNext ? { service, source, target, from } : undefined;
}

/** The fuller of the two is less full afterwards. */
function isBetter(service: ServiceFacts, source: Place, target: Place, weigh: Weigh): boolean {
  const before = weigh(source);
  const moved = (place: Place, by: number): number => {
    const { cpu, memory, tasks } = place;
    return weigh({ ...place, tasks: tasks + by, cpu: cpu + by * service.cpu, memory: memory + by * service.memory });
  };
  return Math.max(moved(source, -1), moved(target, 1)) < before;
}
