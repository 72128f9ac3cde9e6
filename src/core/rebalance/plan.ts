// The plan of a rebalance: which services have more tasks on one node than on another, and how many of them are to be moved.
//
// A move is one replica more, then one less. Where both go is SwarmKit's choice, not skep's: the extra one goes to the node with the
// fewest tasks of the service, then with the fewest at all (manager/scheduler/scheduler.go); the one less is taken from the node with
// the most (manager/orchestrator/replicated/services.go). So a plan is what these two rules lead to.
import { evenOut } from './even-cluster.ts';
import type { EvenCandidate } from './even-cluster.ts';
import { addTasks, allowedNodes, emptyPlace, hasRoom, nextTarget, placesOf } from '../services/placement.ts';
import type { Place } from '../services/placement.ts';
import { isOfUnknownPlatform, isConverged, totalsOf, warningsOf, why, whyLeftOut } from './facts.ts';
import type { LeftOut, Why } from './facts.ts';
import type { PlacementNode, ServiceFacts } from '../services/facts.ts';

export interface RebalanceFacts {
  readonly nodes: readonly PlacementNode[];
  readonly services: readonly ServiceFacts[];
  /** Services of which nothing but this can be told. */
  readonly unreadable?: readonly { readonly id: string; readonly name: string }[];
  /** What is missing, in words: pages that nobody can read. */
  readonly missing?: readonly string[];
  /** Epoch seconds. */
  readonly now: number;
}

export interface RebalanceOptions {
  /** Names or ids; none for all services. */
  readonly only: readonly string[];
  readonly maxMoves: number;
  /** Of the whole cluster, too: single tasks from full nodes to emptier ones. */
  readonly even?: 'services' | 'cluster';
}

interface NodeChange {
  readonly node: string;
  readonly from: number;
  readonly to: number;
}

export interface ServicePlan {
  readonly serviceId: string;
  readonly name: string;
  readonly version: number;
  readonly replicas: number;
  readonly moves: number;
  /** What this run does not get to. */
  readonly remaining: number;
  /** Of nodes that are equally full SwarmKit takes any: then these are as many, and may be others. */
  readonly nodes: readonly NodeChange[];
  readonly warnings: readonly string[];
  /** The node that is to have one less: for the sake of the cluster. Undefined for the surplus of a service. */
  readonly source?: string;
}

export interface RebalancePlan {
  readonly moves: number;
  readonly remaining: number;
  readonly services: readonly ServicePlan[];
  readonly leftOut: readonly LeftOut[];
  /** How many services are spread as evenly as they can be. */
  readonly even: number;
  /** Names that were asked for, and that no service has. */
  readonly unknown: readonly string[];
}

/** A service, the nodes that may get tasks of it, and those that have some. Their `own` is this service's only while it is planned. */
interface Spread {
  readonly service: ServiceFacts;
  readonly allowed: readonly Place[];
  readonly gap: number;
}

export function planRebalance(facts: RebalanceFacts, { only, maxMoves, even: wish }: RebalanceOptions): RebalancePlan {
  const { nodes, services, unreadable = [], missing = [], now } = facts;
  const isAsked = ({ name, serviceId }: ServiceFacts): boolean => only.includes(name) || only.includes(serviceId);
  const places = placesOf(nodes, services);
  const leftOut: LeftOut[] = [
    ...missing.map((name) => ({ serviceId: '-', name, ...why('Unreadable') })),
    ...unreadable
      .filter(({ id, name }) => only.length === 0 || only.includes(id) || only.includes(name))
      .map(({ id, name }) => ({ serviceId: id, name, ...why('Unreadable') })),
  ];
  const planned: ServicePlan[] = [];
  let left = maxMoves;
  const even: Spread[] = [];
  for (const spread of inOrder(only.length === 0 ? services : services.filter(isAsked), places)) {
    const { service } = spread;
    const made = whyLeftOut(service, now) ?? planService(spread, places, left);
    if ('reason' in made) {
      const { reason, because } = made;
      leftOut.push({ serviceId: service.serviceId, name: service.name, reason, because });
    } else if (made.moves + made.remaining > 0) {
      left -= made.moves;
      planned.push({ ...made, warnings: warningsOf(service, now) });
    } else {
      even.push(spread);
    }
  }
  // How full a node is cannot be said where not all services are known.
  const moved = wish === 'cluster' && missing.length === 0 ? planEven(even, places, left, now) : [];
  planned.push(...moved);
  return {
    moves: maxMoves - left + moved.length,
    remaining: planned.reduce((sum, { remaining }) => sum + remaining, 0),
    services: planned,
    // Nobody expects to hear of a global service, unless they have asked.
    leftOut: leftOut.filter(({ reason }) => reason !== 'NotReplicated' || only.length > 0),
    even: even.length - moved.length,
    unknown: only.filter(
      (one) =>
        missing.length === 0 &&
        !services.some(({ name, serviceId }) => one === name || one === serviceId) &&
        !unreadable.some(({ id, name }) => one === name || one === id),
    ),
  };
}

function planEven(
  even: readonly Spread[],
  places: ReadonlyMap<string, Place>,
  most: number,
  now: number,
): ServicePlan[] {
  const candidates: EvenCandidate[] = even.flatMap(({ service, allowed }) => {
    const held = [...service.tasks].flatMap(([nodeId, { running, others }]) => {
      const place = places.get(nodeId);
      return place === undefined ? [] : [[place, running + others] as const];
    });
    // Of a node that is gone nothing is known.
    return held.length < service.tasks.size ? [] : [{ service, allowed, holders: new Map(held) }];
  });
  return evenOut(candidates, [...places.values()], most).map(({ service, source, target }) => {
    const { serviceId, name, version, replicas } = service;
    const nodes = [
      { node: source.node.hostname, from: 1, to: 0 },
      { node: target.node.hostname, from: 0, to: 1 },
    ];
    const warnings = warningsOf(service, now);
    return { serviceId, name, version, replicas, moves: 1, remaining: 0, nodes, warnings, source: source.node.nodeId };
  });
}

/** The most uneven first: where not all moves can be made, those that matter most are. */
function inOrder(services: readonly ServiceFacts[], places: ReadonlyMap<string, Place>): Spread[] {
  const nodes = [...places.values()].map(({ node }) => node);
  // Many services have the same constraints, and there are many nodes.
  const known = new Map<string, readonly Place[]>();
  return services
    .map((service) => {
      const { constraints, platforms, mode } = service;
      const key = mode === 'replicated' ? JSON.stringify([constraints, platforms]) : '';
      const allowed =
        known.get(key) ??
        (key === '' ? [] : allowedNodes(service, nodes).flatMap(({ nodeId }) => places.get(nodeId) ?? []));
      known.set(key, allowed);
      return { service, allowed, gap: gapOf(service, allowed) };
    })
    .toSorted((a, b) => b.gap - a.gap || compare(a.service.name, b.service.name));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function gapOf({ tasks }: ServiceFacts, allowed: readonly Place[]): number {
  const own = (nodeId: string): number => {
    const { running, others } = tasks.get(nodeId) ?? { running: 0, others: 0 };
    return running + others;
  };
  const most = Math.max(0, ...Array.from(tasks.keys(), own));
  // Where there are more nodes than have tasks, one of them has none.
  const least = allowed.length > tasks.size ? 0 : Math.min(...allowed.map(({ node }) => own(node.nodeId)));
  return allowed.length === 0 ? 0 : Math.max(0, most - least);
}

/** Sets `own` for as long as the service is planned. */
function planService(spread: Spread, places: ReadonlyMap<string, Place>, most: number): Made | Why {
  const { service, allowed } = spread;
  const holders = Array.from(service.tasks, ([nodeId, { running, others }]) => {
    const place = places.get(nodeId) ?? emptyPlace(unknownNode(nodeId));
    place.own = running + others;
    return place;
  });
  const because = whyNotPlaced(spread) ?? planMoves(service, allowed, holders, most);
  for (const place of [...allowed, ...holders]) {
    place.own = 0;
  }
  return because;
}

/** It was removed, and its tasks are not yet. */
const unknownNode = (nodeId: string): PlacementNode => ({
  ...{ nodeId, hostname: nodeId, role: 'worker', status: 'unknown', availability: 'drain', labels: {} },
  ...{ engineLabels: {}, platform: '', cpu: 0, memory: 0 },
});

/** What the nodes say against it. */
function whyNotPlaced({ service, allowed }: Spread): Why | undefined {
  if (allowed.length <= 1) {
    const only = allowed[0]?.node.hostname;
    return why('Pinned', only === undefined ? 'no node takes a new task of it' : `only ${only}`);
  }
  const nodes = allowed.map(({ node }) => node);
  if (isOfUnknownPlatform(service, nodes)) {
    return why('UnknownPlatform');
  }
  if (!isConverged(service)) {
    const { running, all } = totalsOf(service);
    return why('NotRunning', `${running} of ${service.replicas} run, ${all - running} on their way`);
  }
  const room = service.replicas === 0 || allowed.some((place) => hasRoom(service, place));
  return room ? undefined : whyNoRoom(service, allowed);
}

function whyNoRoom({ maxReplicas, hostPorts }: ServiceFacts, among: readonly Place[]): Why {
  if (maxReplicas > 0 && among.every(({ own }) => own >= maxReplicas)) {
    return why('MaxReplicas', `${maxReplicas} per node`);
  }
  const taken = hostPorts.filter((port) => among.every((place) => place.hostPorts.has(port)));
  return taken.length > 0 ? why('HostPorts', taken.join(', ')) : why('NoRoom');
}

type Made = Omit<ServicePlan, 'warnings'>;

/** Plays SwarmKit's two rules until they bring nothing more. The next service finds the nodes as this one will leave them. */
function planMoves(
  service: ServiceFacts,
  allowed: readonly Place[],
  holders: readonly Place[],
  most: number,
): Made | Why {
  const { serviceId, name, version, replicas } = service;
  const before = new Map(holders.map((place) => [place, place.own]));
  // Those that have tasks: a few of many nodes.
  const carriers = new Set(holders);
  const owns = (): Map<Place, number> => new Map(Array.from(carriers, (place) => [place, place.own]));
  let after: ReadonlyMap<Place, number> | undefined;
  let made = 0;
  for (
    let next = nextMove(service, allowed, carriers);
    next !== undefined;
    next = nextMove(service, allowed, carriers)
  ) {
    after ??= made === most ? owns() : undefined;
    carriers.add(next.target);
    for (const [place, by] of [[next.target, 1] as const, [next.source, -1] as const]) {
      place.own += by;
      addTasks(place, service, by);
    }
    made += 1;
  }
  const moves = Math.min(made, most);
  const fullest = mostOf(carriers)?.own ?? 0;
  const poor = made > 0 ? [] : allowed.filter(({ own }) => own <= fullest - 2);
  if (poor.length > 0) {
    return whyNoRoom(service, poor);
  }
  const nodes = changesOf(before, after ?? owns());
  return { serviceId, name, version, replicas, moves, remaining: made - moves, nodes };
}

interface Move {
  readonly source: Place;
  readonly target: Place;
}

/** Undefined where one more and one less would not make it more even. */
function nextMove(service: ServiceFacts, allowed: readonly Place[], carriers: ReadonlySet<Place>): Move | undefined {
  const source = mostOf(carriers);
  const target = nextTarget(service, allowed);
  // With one more on the target it must still be another node that has the most: else SwarmKit may take any of them.
  return source === undefined || target === undefined || target.own > source.own - 2 ? undefined : { source, target };
}

function mostOf(places: Iterable<Place>): Place | undefined {
  let most: Place | undefined;
  for (const place of places) {
    most = most === undefined || place.own > most.own ? place : most;
  }
  return most;
}

function changesOf(before: ReadonlyMap<Place, number>, after: ReadonlyMap<Place, number>): NodeChange[] {
  return Array.from(after, ([place, to]) => ({ node: place.node.hostname, from: before.get(place) ?? 0, to }))
    .filter(({ from, to }) => from !== to)
    .toSorted((a, b) => compare(a.node, b.node));
}
