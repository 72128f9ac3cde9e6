// How services move their tasks off a leaving node before it is drained: each under its own update policy, starting the new task first. A
// constraint says which nodes are not to be used any more, one update for all nodes that leave together, and is taken away again.
import { HAND_OVER_LABEL, MARK_LABEL } from '../labels.ts';
import { isIdle, readMark, toText } from './facts.ts';
import type { Change, Mark, ServiceFacts } from './facts.ts';
import type { Plan } from '../model.ts';
import { EXCLUDED } from './shift-limits.ts';

/** What is left of the hook's time after a hand-over is for the drain, which takes what was not handed over. */
const SHARE = 0.5;
/** An update has no end of its own (a task that finds no node waits for ever), seconds. */
const LONGEST = 900;
/** With less than that until the deadline there is no time for two moves, seconds. */
const LEAST = 180;
/** The same of an instance that AWS takes: what is not handed over by then is cut off. */
const LEAST_OF_TWO_MINUTES = 45;
/** What is under way is left to the drain so long before the end, seconds. */
const FOR_THE_DRAIN = 30;
/** Then it is over whatever its time, since each round costs transitions. */
const MOST_ROUNDS = 150;
/**
 * Seconds. If a service was changed at least this long ago, and has a task without a node in two rounds, no node can take that task: SwarmKit
 * assigns within a second if one can. One round proves nothing, since every replaced task is without a node for a moment.
 */
const FINDS_A_NODE = 15;
/** A service that was changed so lately may not have all its tasks up yet, seconds; and for how many rounds that is waited for. */
const CONVERGES_IN = 30;
const FEW_ROUNDS = 10;
const UNHEALTHY = 'not all of its tasks are healthy';
/** In one round; and all of them together go through one variable of the script's environment, 128 KiB at most on Linux. */
const MOST_CHANGES = 200;
const MOST_BYTES = 100_000;
/** No mark of skep's ends later than so many seconds from now. What does has been written by somebody else, and nobody waits for it. */
const FURTHEST = LONGEST + 60;
/** How long another execution has to take its mark away, after which this one goes on without. Seconds. */
const PATIENCE = 30;

export interface Leaving {
  /** What runs on the leaving nodes, and what bears a mark. */
  readonly services: readonly ServiceFacts[];
  /** The nodes that leave together: that of this execution first. All of them are paused. */
  readonly nodes: readonly string[];
  /** Of the action; undefined for one without an end. Epoch seconds. */
  readonly deadline: number | undefined;
  readonly now: number;
  /** AWS takes the instance at the deadline. */
  readonly isTaken?: boolean;
  /** From 0. */
  readonly round?: number;
  /** Services that were begun with before, by their ids: what did not find another node then would not find one the next time. */
  readonly tried?: readonly string[];
  /** Services that had a task without a node in the round before, by their ids. */
  readonly unplaced?: readonly string[];
}

interface Skipped {
  readonly service: string;
  readonly why: string;
}

export interface HandOverPlan {
  readonly changes: readonly Change[];
  /** Nothing is under way, and nothing is left to do: the drain may come. */
  readonly isDone: boolean;
  /** What the drain will stop before it starts anew. */
  readonly skipped: readonly Skipped[];
}

/** Whether there is time to hand anything over. */
export const hasTimeToHandOver = (deadline: number | undefined, now: number, isTaken = false): boolean =>
  deadline === undefined || deadline - now > (isTaken ? LEAST_OF_TWO_MINUTES : LEAST);

/** Until when its services are moved, and whether AWS sets that end. It is to be drained ten seconds before AWS takes it. */
export function endOfMoves({ deadline, diesAt = Infinity }: Pick<Plan, 'deadline' | 'diesAt'>): {
  readonly deadline: number | undefined;
  readonly isTaken: boolean;
} {
  const taken = diesAt - 10;
  return taken < (deadline ?? Infinity) ? { deadline: taken, isTaken: true } : { deadline, isTaken: false };
}

export function planHandOver(leaving: Leaving): HandOverPlan {
  const steps = leaving.services.map((service) => stepOf(service, leaving));
  return {
    // What does not fit is seen in the next round once more.
    changes: upTo(steps.map(({ changes = [] }) => changes)),
    isDone: steps.every(({ changes = [], waits = false }) => changes.length === 0 && !waits),
    skipped: steps.flatMap(({ why }, index) => {
      const service = leaving.services[index]?.name;
      return why === undefined || service === undefined ? [] : [{ service, why }];
    }),
  };
}

/** Whole steps only: a history is put back right after the change that it belongs to. */
function upTo(steps: readonly (readonly Change[])[]): Change[] {
  const chosen: Change[] = [];
  let bytes = 0;
  for (const changes of steps) {
    bytes += changes.reduce((sum, change) => sum + toText(change).length + 1, 0);
    if (chosen.length + changes.length > MOST_CHANGES || bytes > MOST_BYTES) {
      break;
    }
    chosen.push(...changes);
  }
  return chosen;
}

/** Whether a hand-over of this node has begun with the service: its mark keeps it off. */
export function isKeptOff({ labels }: ServiceFacts, [own = '']: readonly string[]): boolean {
  const mark = readMark(labels[MARK_LABEL]);
  return mark?.kind === 'exclude' && mark.nodes.includes(own);
}

interface Step {
  readonly changes?: readonly Change[];
  readonly waits?: boolean;
  readonly why?: string;
}

function stepOf(service: ServiceFacts, leaving: Leaving): Step {
  const mark = skepsOwn(readMark(service.labels[MARK_LABEL]), leaving);
  if (mark?.kind === 'exclude' && mark.nodes.every((nodeId) => leaving.nodes.includes(nodeId))) {
    return ownMark(service, mark, leaving);
  }
  const [own = ''] = leaving.nodes;
  if (!isOn(service, own)) {
    return {};
  }
  return mark === undefined ? unmarked(service, leaving) : othersMark(service, mark, leaving);
}

/** A mark that ends too late is over. */
const skepsOwn = (mark: Mark | undefined, { now }: Leaving): Mark | undefined =>
  mark !== undefined && mark.until > now + FURTHEST ? { ...mark, until: 0 } : mark;

/** It is ours to take away, or of one that leaves together with us: whoever sees first that it is done does it. */
function ownMark(service: ServiceFacts, mark: Mark & { kind: 'exclude' }, leaving: Leaving): Step {
  const { now, round = 0 } = leaving;
  const end = leaving.deadline === undefined ? mark.until : Math.min(mark.until, leaving.deadline - FOR_THE_DRAIN);
  const isOver = now >= end || round >= MOST_ROUNDS || isStuck(service, leaving);
  if (mark.nodes.some((nodeId) => isOn(service, nodeId)) && !isOver) {
    // Of an update that its owner has made since nothing is to be expected: it keeps off our nodes by our constraint, too.
    return isOwners(service) ? { why: 'its owner has begun an update' } : { waits: true };
  }
  if (isOwners(service)) {
    return { why: 'its owner has begun an update' };
  }
  const { serviceId, version } = service;
  return {
    changes: [
      { kind: 'include', serviceId, version },
      { kind: 'settle', serviceId, version: 0 },
    ],
  };
}

/** Its new task fits nowhere (no node is left, or each has as many as it may have), or its update has failed. */
const isStuck = (service: ServiceFacts, { now, unplaced = [] }: Leaving): boolean =>
  service.update === 'paused' ||
  (service.unassigned > 0 && unplaced.includes(service.serviceId) && now - service.updatedAt >= FINDS_A_NODE);

/** The constraint of another execution, or one more replica of a rebalance, is gone in a while. */
function othersMark(service: ServiceFacts, { until }: Mark, { now, round = 0 }: Leaving): Step {
  return now < until + PATIENCE && round < MOST_ROUNDS
    ? { waits: true }
    : { why: 'it bears a mark that nobody takes away' };
}

const whySpent = ({ serviceId }: ServiceFacts, tried: readonly string[]): string | undefined =>
  tried.includes(serviceId) ? 'its tasks did not find another node' : undefined;

/** What another hand-over has just moved is about to be up. */
const isConverging = ({ updatedAt }: ServiceFacts, { now, round = 0 }: Leaving): boolean =>
  now - updatedAt < CONVERGES_IN && round < FEW_ROUNDS;

function unmarked(service: ServiceFacts, leaving: Leaving): Step {
  const { nodes, deadline, now, tried = [], isTaken = false } = leaving;
  const why = whyNot(service, nodes) ?? whySpent(service, tried);
  if (why !== undefined) {
    return why === UNHEALTHY && isConverging(service, leaving) ? { waits: true } : { why };
  }
  if (!hasTimeToHandOver(deadline, now, isTaken)) {
    return { why: 'there is no time left' };
  }
  const { serviceId, version } = service;
  const until = now + Math.min(LONGEST, deadline === undefined ? LONGEST : Math.floor((deadline - now) * SHARE));
  return { changes: [{ kind: 'exclude', serviceId, version, until, nodes: nodes.slice(0, EXCLUDED) }] };
}

const isOn = ({ tasks }: ServiceFacts, nodeId: string): boolean => {
  const { running, others } = tasks.get(nodeId) ?? { running: 0, others: 0 };
  return running + others > 0;
};

/** The update under way, or stuck, is not skep's: to write the service would resume it, or end it before its time. */
const isOwners = (service: ServiceFacts): boolean => service.previousMark !== '' && !isIdle(service);

const REASONS: readonly (readonly [why: string, is: (service: ServiceFacts, nodes: readonly string[]) => boolean])[] = [
  ['it is not replicated', ({ mode }) => mode !== 'replicated'],
  ['its update order is stop-first', ({ order }) => order !== 'start-first'],
  [`it is opted out by ${HAND_OVER_LABEL}=off`, ({ labels }) => labels[HAND_OVER_LABEL] === 'off'],
  ['its tasks are not to be restarted', ({ restart }) => restart === 'none'],
  ['its data would stay behind', ({ mounts }) => mounts.some((mount) => mount !== 'tmpfs')],
  ['an update is under way or stuck', (service) => !isIdle(service)],
  [UNHEALTHY, (service) => runningOf(service) < service.replicas],
  ['it is pinned to this node', ({ constraints }, nodes) => constraints.some((one) => isPinned(one, nodes))],
];

/** @returns the first reason why a service cannot hand its tasks over; undefined where it can */
export function whyNot(service: ServiceFacts, nodes: readonly string[]): string | undefined {
  return REASONS.find(([, is]) => is(service, nodes))?.[0];
}

const runningOf = ({ tasks }: ServiceFacts): number =>
  [...tasks.values()].reduce((sum, { running }) => sum + running, 0);

/** By id, or by a hostname, which nothing of the others can have. */
const isPinned = (constraint: string, nodes: readonly string[]): boolean => {
  const [, key, value = ''] = /^\s*(node\.id|node\.hostname)\s*==\s*(.*?)\s*$/i.exec(constraint) ?? [];
  return key !== undefined && (key.toLowerCase() === 'node.hostname' || nodes.includes(value));
};

export interface Loss {
  readonly service: string;
  readonly what: string;
  /** Whether somebody is to be told at once: a folder of the node may be but a socket, and a socket is on each node. */
  readonly isGrave: boolean;
}

/** What ends with the node, or stays behind on its disk: to be said before it dies. A global service has its own on each node. */
export function lossesOf(services: readonly ServiceFacts[], nodeId: string): Loss[] {
  return services
    .filter((service) => isOn(service, nodeId))
    .flatMap(({ name: service, restart, mode, mounts }) => [
      ...(restart === 'none' || mode.endsWith('-job')
        ? [{ service, what: 'a task that nobody starts anew', isGrave: true }]
        : []),
      ...(mounts.includes('volume:local') && mode !== 'global'
        ? [{ service, what: 'a local volume', isGrave: true }]
        : []),
      ...(mounts.includes('bind') && mode !== 'global'
        ? [{ service, what: 'a folder of the node', isGrave: false }]
        : []),
    ]);
}

export const textOf = ({ service, what }: Loss): string => `${service}: ${what}`;
