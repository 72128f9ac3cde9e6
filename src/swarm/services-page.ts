// Reads what the shift document prints of services and nodes: one JSON object per line, gzipped and in base64.
import * as z from 'zod';

import { SERVICE_NAME } from '../core/names.ts';
import type { PlacementNode, ServiceFacts, TaskCount } from '../core/services/facts.ts';
import { unpacked, unreadable } from './packed.ts';

/** As the engine makes them. */
export const ID = /^[0-9a-z]{25}$/;
/** What tells one item from the rest of a page. */
const REFUSED = /^[0-9a-z]{25} [a-z]{1,20}$/;
/** The longest base64 that a result has room for. */
const PACKED = 24_000;
/** What a page may unpack to: 400 lines, each of which is cut by the document. */
const UNPACKED = 16_000_000;

export const shiftPage = z.object({
  /** `SERVICE why`, of changes that were not made. */
  refused: z.array(z.string().regex(REFUSED)).max(400).default([]),
  total: z.int().min(0).default(0),
  /** Where the next page begins. */
  next: z.int().min(0).optional(),
  /** Of the ids of all nodes, sorted: tasks are told by a node's place among them. */
  digest: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  /** The places of the nodes that were asked about, in the order of the question; -1 for one that is not there. */
  of: z.array(z.int().min(-1)).max(200).default([]),
  /** How many services that bear a mark have tasks on the nodes that were asked about. */
  moving: z.int().min(0).optional(),
  nodes: z.string().max(PACKED).default(''),
  services: z.string().max(PACKED).default(''),
  /** Why nothing of it can be read, once several managers were asked: what else there is goes on without. */
  unreadable: z.string().max(1000).optional(),
});
export type ShiftPage = z.infer<typeof shiftPage>;

/** Lists that the document makes of a template end with an empty element. */
const listOf = <Item>(item: z.ZodType<Item>): z.ZodType<Item[]> =>
  z
    .array(z.union([z.literal(''), item]))
    .nullish()
    .transform((list) => (list ?? []).filter((one) => one !== '') as Item[]);
/** A pair of texts; documents of before joined them. */
const pair = (separator: string): z.ZodType<string> =>
  z.union([
    z.string(),
    z
      .tuple([z.string(), z.string()])
      .transform(([first, second]) => (second === '' ? first : `${first}${separator}${second}`)),
  ]);
const count = z.int().min(0);
const amount = count.default(0);

const serviceLine = z.object({
  id: z.string().regex(ID),
  /** A version of 0 would be written whatever the service has become since. */
  v: z.int().positive(),
  name: z.string().regex(SERVICE_NAME),
  mode: z.enum(['replicated', 'global', 'replicated-job', 'global-job']),
  n: count,
  image: z.string().max(1000),
  update: z.enum(['', 'updating', 'paused', 'completed', 'rollback_started', 'rollback_paused', 'rollback_completed']),
  order: z.enum(['', 'start-first', 'stop-first']),
  restart: z.enum(['', 'none', 'on-failure', 'any']),
  mounts: listOf(pair(':')),
  constraints: listOf(z.string()),
  prefs: count,
  max: count,
  platforms: listOf(pair('/')),
  cpu: amount,
  memory: amount,
  generic: amount,
  ports: z.array(z.int().min(0).max(65_535)).transform((list) => list.filter((port) => port > 0)),
  templated: z.union([z.boolean(), z.array(z.boolean()).transform((list) => list.includes(true))]),
  health: z.boolean(),
  labels: z
    .record(z.string(), z.string())
    .transform((labels) => Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ''))),
  previous: z.string(),
  kept: z.boolean(),
  at: z.int(),
  /** Place of the node, running, others. */
  tasks: z.array(z.tuple([count, count, count])),
  unassigned: count,
});

const nodeLine = z.object({
  id: z.string().regex(ID),
  name: z.string(),
  role: z.enum(['worker', 'manager']),
  state: z.enum(['ready', 'down', 'unknown', 'disconnected']),
  availability: z.enum(['active', 'pause', 'drain']),
  labels: z.record(z.string(), z.string()).nullish(),
  engine: z.record(z.string(), z.string()).nullish(),
  platform: pair('/'),
  cpu: count,
  memory: count,
});

/** What the document has cut, since it would not fit; and what else can be said of a line that cannot be read. */
const named = z.object({ id: z.string().regex(ID), name: z.string().optional().catch(undefined) });

/** Of what a line cannot be read: it is left out, and named. */
interface Unreadable {
  readonly id: string;
  /** The id, where it has no name that can be told. */
  readonly name: string;
}

interface ReadLines<Item> {
  readonly items: Item[];
  readonly unreadable: Unreadable[];
}

/** @throws {FlowError} PageUnreadable for a line that tells not even an id: then it is no page at all, and nothing can be said of what is missing */
function readLines<Item>(packed: string, line: z.ZodType<Item>, isName: RegExp): ReadLines<Item> {
  const read: ReadLines<Item> = { items: [], unreadable: [] };
  for (const told of lines(packed)) {
    const { data } = line.safeParse(told);
    if (data === undefined) {
      const { id, name } = named.safeParse(told).data ?? unreadable('a line in it names nobody');
      read.unreadable.push({ id, name: name !== undefined && isName.test(name) ? name : id });
    } else {
      read.items.push(data);
    }
  }
  return read;
}

/** A node that cannot be read is there all the same, as one that takes no task. */
const unreadableNode = ({ id, name }: Unreadable): PlacementNode => ({
  ...{ nodeId: id, hostname: name, role: 'worker', status: 'unknown', availability: 'drain', labels: {} },
  ...{ engineLabels: {}, platform: '', cpu: 0, memory: 0 },
});

const HOSTNAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,252}$/;

/** @throws {FlowError} PageUnreadable for a page that was cut off or is not one */
export function readNodes({ nodes }: Pick<ShiftPage, 'nodes'>): PlacementNode[] {
  const { items, unreadable } = readLines(nodes, nodeLine, HOSTNAME);
  const read = items.map(({ id, name, role, state, availability, labels, engine, platform, cpu, memory }) => {
    const node = { nodeId: id, hostname: name, role, status: state, availability, platform, cpu, memory };
    return { ...node, labels: labels ?? {}, engineLabels: engine ?? {} };
  });
  return [...read, ...unreadable.map(unreadableNode)];
}

export interface ReadServices {
  readonly services: ServiceFacts[];
  readonly unreadable: Unreadable[];
}

/**
 * @param nodeAt the id of the node at a place; what is at a place that nobody asked about may be any name, if it is but the same each time
 * @returns what can be read, and what cannot: one odd service hides no other
 * @throws {FlowError} PageUnreadable for a page that was cut off or is not one
 */
export function readServices(
  { services }: Pick<ShiftPage, 'services'>,
  nodeAt: (place: number) => string,
): ReadServices {
  const { items, unreadable } = readLines(services, serviceLine, SERVICE_NAME);
  return { services: items.map((told) => factsOf(told, nodeAt)), unreadable };
}

/** The node at a place: only those that were asked about are known by name. */
export const nodeAt =
  ({ of }: Pick<ShiftPage, 'of'>, nodes: readonly string[]) =>
  (place: number): string =>
    nodes[of.indexOf(place)] ?? `at ${place}`;

/** What cannot be read at all is no reason to look at it for ever. @returns undefined where `readServices` would throw */
export function readServicesIfAny(
  page: Pick<ShiftPage, 'services'>,
  nodeAt: (place: number) => string,
): ReadServices | undefined {
  try {
    return readServices(page, nodeAt);
  } catch {
    return undefined;
  }
}

function factsOf(told: z.infer<typeof serviceLine>, nodeAt: (place: number) => string): ServiceFacts {
  const { name, mode, image, update, constraints, platforms, cpu, memory, generic } = told;
  const { templated, health, labels, kept, unassigned } = told;
  return {
    ...{ name, mode, image, update, constraints, platforms, cpu, memory, generic },
    ...{ templated, health, labels, kept, unassigned },
    serviceId: told.id,
    mounts: told.mounts.map((mount) => (mount === 'volume' ? 'volume:local' : mount)),
    version: told.v,
    replicas: told.n,
    order: told.order === 'start-first' ? 'start-first' : 'stop-first',
    restart: told.restart === '' ? 'any' : told.restart,
    preferences: told.prefs,
    maxReplicas: told.max,
    hostPorts: told.ports,
    previousMark: told.previous,
    updatedAt: told.at,
    tasks: new Map(
      told.tasks.map(([place, running, others]): [string, TaskCount] => [nodeAt(place), { running, others }]),
    ),
  };
}

/** @throws {FlowError} PageUnreadable */
function lines(packed: string): unknown[] {
  return unpacked(packed, UNPACKED).map((line): unknown => {
    try {
      return JSON.parse(line);
    } catch {
      return unreadable('a line in it is no JSON');
    }
  });
}
