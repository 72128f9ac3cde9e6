// Reads what the shift document prints of services and nodes: one JSON object per line, gzipped and in base64.
import { gunzipSync } from 'node:zlib';

import { z } from 'zod';

import type { PlacementNode, ServiceFacts, TaskCount } from '../core/service-facts.ts';

export const shiftPage = z.object({
  /** `SERVICE why`, of changes that were not made. */
  refused: z.array(z.string()).default([]),
  total: z.number().default(0),
  /** Where the next page begins. */
  next: z.number().optional(),
  /** Of the ids of all nodes, sorted: tasks are told by a node's place among them. */
  digest: z.string().optional(),
  /** The places of the nodes that were asked about, in the order of the question; -1 for one that is not there. */
  of: z.array(z.number()).default([]),
  /** How many services that bear a mark have tasks on the nodes that were asked about. */
  moving: z.number().optional(),
  nodes: z.string().default(''),
  services: z.string().default(''),
});
export type ShiftPage = z.infer<typeof shiftPage>;

/** Lists that the document makes of a template end with an empty element. */
const strings = z
  .array(z.string())
  .nullish()
  .transform((list) => (list ?? []).filter((text) => text !== ''));
const amount = z.number().default(0);

const serviceLine = z.object({
  id: z.string(),
  v: z.number(),
  name: z.string(),
  mode: z.enum(['replicated', 'global', 'replicated-job', 'global-job']),
  n: z.number(),
  image: z.string(),
  update: z.enum(['', 'updating', 'paused', 'completed', 'rollback_started', 'rollback_paused', 'rollback_completed']),
  order: z.string(),
  restart: z.string(),
  mounts: strings,
  constraints: strings,
  prefs: z.number(),
  max: z.number(),
  platforms: strings,
  cpu: amount,
  memory: amount,
  generic: amount,
  ports: z.array(z.number()).transform((list) => list.filter((port) => port > 0)),
  templated: z.boolean(),
  health: z.boolean(),
  labels: z
    .record(z.string(), z.string())
    .transform((labels) => Object.fromEntries(Object.entries(labels).filter(([key]) => key !== ''))),
  previous: z.string(),
  kept: z.boolean(),
  at: z.number(),
  /** Place of the node, running, others. */
  tasks: z.array(z.tuple([z.number(), z.number(), z.number()])),
  unassigned: z.number(),
});

const nodeLine = z.object({
  id: z.string(),
  name: z.string(),
  role: z.enum(['worker', 'manager']),
  state: z.enum(['ready', 'down', 'unknown', 'disconnected']),
  availability: z.enum(['active', 'pause', 'drain']),
  labels: z.record(z.string(), z.string()).nullish(),
  engine: z.record(z.string(), z.string()).nullish(),
  platform: z.string(),
  cpu: z.number(),
  memory: z.number(),
});

/** @throws {Error} for a page that was cut off or is not one */
export function readNodes({ nodes }: Pick<ShiftPage, 'nodes'>): PlacementNode[] {
  return lines(nodes).map((line) => {
    const { id, name, role, state, availability, labels, engine, platform, cpu, memory } = nodeLine.parse(line);
    const node = { nodeId: id, hostname: name, role, status: state, availability, platform, cpu, memory };
    return { ...node, labels: labels ?? {}, engineLabels: engine ?? {} };
  });
}

/**
 * @param nodeAt the id of the node at a place; what is at a place that nobody asked about may be any name, if it is but the same each time
 * @throws {Error} for a page that was cut off or is not one
 */
export function readServices(
  { services }: Pick<ShiftPage, 'services'>,
  nodeAt: (place: number) => string,
): ServiceFacts[] {
  return lines(services).map((line) => {
    const told = serviceLine.parse(line);
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
      restart: told.restart === 'none' || told.restart === 'on-failure' ? told.restart : 'any',
      preferences: told.prefs,
      maxReplicas: told.max,
      hostPorts: told.ports,
      previousMark: told.previous,
      updatedAt: told.at,
      tasks: new Map(
        told.tasks.map(([place, running, others]): [string, TaskCount] => [nodeAt(place), { running, others }]),
      ),
    };
  });
}

function lines(packed: string): unknown[] {
  if (packed === '') {
    return [];
  }
  return gunzipSync(Buffer.from(packed, 'base64'))
    .toString('utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line): unknown => JSON.parse(line));
}
