// What documents print: the names and kinds of the fields, for machines of either kind.
import { z } from 'zod';

const nodeId = z.string().regex(/^[0-9a-z]{25}$/);
const id = z.string().regex(/^[0-9a-z]{25}$/);
const ip = z.string().regex(/^10\.77\.\d+\.\d+$/);
const address = z.string().regex(/^10\.77\.\d+\.\d+:2377$/);
const zone = z.literal('eu-west-1a');
const engine = z.string().regex(/^\d+\.\d+\.\d+/);
const count = z.int().min(0);
const cleared = z
  .string()
  .regex(/^the swarm folder of node [0-9a-z]{25} at [0-9.]+$/)
  .optional();
/** The raft's members: node id, instance, how it is reached, address. */
const managers = z
  .array(
    z
      .string()
      .regex(/^[0-9a-z]{25} (i-[0-9a-f]+|-) (leader|reachable|unreachable|demoting) (10\.77\.\d+\.\d+:2377|-)$/),
  )
  .min(1);
const digest = z.string().regex(/^[0-9a-f]{64}$/);
/** Of the join tokens. */
const digests = { worker: digest, manager: digest };
const status = z.enum(['ready', 'down', 'unknown', 'disconnected']);

/** A node that bears no label, and that nothing but the word of an instance says to be its own: it is left as it is. */
const left = z
  .string()
  .regex(/^[0-9a-z]{25} at (-|[0-9.]+)$/)
  .optional();

/** Places of the nodes asked about, and a page of services. */
const services = { of: z.array(z.int().min(-1)), total: count, services: z.base64(), next: count.optional() };

export const OUTPUTS = {
  init: z.strictObject({
    nodeId,
    swarmId: z.string().regex(/^[0-9a-z]{25}$/),
    caDigest: z.string().regex(/^[0-9a-z]{50}$/),
    address,
    zone,
    engine,
    founded: z.boolean(),
    ...digests,
    cleared,
    differs: z.string().min(1).optional(),
  }),
  prepare: z.strictObject({ address, zone, engine, cleared }),
  join: z.strictObject({ nodeId, address, zone, engine, epoch: count, cleared }),
  confirm: z.strictObject({ nodeId, status: z.literal('ready'), managers }),
  demote: z.union([
    z.strictObject({ member: z.literal(true), nodeId, demoted: z.boolean(), managers: managers.optional() }),
    z.strictObject({ member: z.literal(false), left }),
  ]),
  drain: z.union([
    z.strictObject({ member: z.literal(true), nodeId, status, managers }),
    // Asked for a hand-over: what runs there, and, where something may hand over, who leaves together.
    z.strictObject({ member: z.literal(true), nodeId, status, managers, ...services }),
    z.strictObject({
      ...{ member: z.literal(true), nodeId, status, managers, ...services },
      ...{ paused: z.literal(true), leaving: z.array(nodeId).min(1) },
    }),
    z.strictObject({ member: z.literal(false), left }),
  ]),
  leave: z.union([
    z.strictObject({ member: z.literal(true), nodeId, drained: z.boolean(), containers: count, plain: count }),
    z.strictObject({
      member: z.literal(false),
      drained: z.boolean(),
      containers: count,
      plain: count,
      /** The id of a swarm that it is in, and that is not the cluster's. */
      foreign: z.string().optional(),
    }),
  ]),
  forget: z.union([
    z.strictObject({ member: z.literal(true), nodeId, removed: z.literal(true), forced: z.boolean(), managers }),
    z.strictObject({ member: z.literal(false), removed: z.literal(false), forced: z.literal(false), left }),
  ]),
  inspect: z.strictObject({
    swarmId: z.string().regex(/^[0-9a-z]{25}$/),
    total: count,
    offset: count,
    nodes: z.base64(),
    healthy: count.optional(),
    digest: digest.optional(),
    next: count.optional(),
    tokens: z.strictObject(digests).optional(),
    marked: count.optional(),
    marks: z.array(z.string().regex(/^[0-9a-z]{25} (more|exclude)@[0-9a-z@+]+ \S+$/)).optional(),
    kept: z.array(z.string().regex(/^[0-9a-z]{25} \d{10,11}( [a-z]{1,20})?$/)).optional(),
    ghosts: z
      .strictObject({ count, tasks: z.array(z.string().regex(/^[0-9a-z]{25}@([0-9a-z]{25}|-)$/)).max(5) })
      .optional(),
    managers,
  }),
  mend: z.strictObject({ removed: count, restored: count, labelled: count, managers }),
  availability: z.strictObject({
    nodeId,
    was: z.enum(['active', 'pause', 'drain']),
    availability: z.enum(['active', 'pause', 'drain']),
    managers,
  }),
  survey: z.strictObject({
    runs: z.boolean(),
    state: z.enum(['', 'inactive', 'pending', 'active', 'error', 'locked']),
    manager: z.boolean(),
    leader: z.boolean(),
    members: count,
    nodeId: z.union([nodeId, z.literal('')]),
    swarmId: z.string().regex(/^([0-9a-z]{25})?$/),
    raftTime: count,
    epoch: z.string().regex(/^(\d+|fenced)$/),
    recovering: count,
    remotes: z.array(z.string().regex(/^[0-9a-z]{25}@10\.77\.\d+\.\d+:2377$/)),
    // Of an engine that runs.
    engine: engine.optional(),
    address: z.union([ip, z.literal('')]).optional(),
    own: ip.optional(),
    curl: z
      .string()
      .regex(/^\d+\.\d+$/)
      .optional(),
    certificate: z
      .union([
        z.strictObject({ swarmId: id, nodeId, role: z.enum(['worker', 'manager']) }),
        z.strictObject({ swarmId: z.literal(''), nodeId: z.literal(''), role: z.literal('') }),
      ])
      .optional(),
    // Where it was asked for.
    volumes: z
      .strictObject({
        ...{ count, bytes: count, unknown: count },
        largest: z.array(z.string().regex(/^\d+ [0-9A-Za-z][0-9A-Za-z_.-]*$/)).max(20),
      })
      .optional(),
    // Of a manager that has a leader.
    founded: z
      .strictObject({
        subnetSize: count,
        dataPathPort: count,
        autolock: z.boolean(),
        pools: z.array(z.string()).min(1),
      })
      .optional(),
  }),
  fence: z.strictObject({ fenced: z.literal(true) }),
  recover: z.strictObject({
    nodeId,
    swarmId: z.string().regex(/^[0-9a-z]{25}$/),
    caDigest: z.string().regex(/^[0-9a-z]{50}$/),
    address,
    epoch: z.int().min(1),
    removed: count,
  }),
  rotate: z.strictObject({
    swarmId: z.string().regex(/^[0-9a-z]{25}$/),
    caDigest: z.string().regex(/^[0-9a-z]{50}$/),
    ...digests,
    managers,
  }),
  shift: z.strictObject({
    digest,
    refused: z.array(z.string().regex(/^[0-9a-z]{25} [a-z]+$/)),
    total: count,
    next: count.optional(),
    of: z.array(z.int().min(-1)).optional(),
    moving: count.optional(),
    services: z.base64().optional(),
    nodes: z.base64().optional(),
    managers,
  }),
  failure: z.strictObject({ error: z.string(), message: z.string().min(1).max(400) }),
};

export type Output<V extends keyof typeof OUTPUTS> = z.infer<(typeof OUTPUTS)[V]>;
