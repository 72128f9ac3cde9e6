// The runs and the report of a rebalance as Step Functions brings them back, from this version's functions or those of the one before.
import * as z from 'zod';

import { SERVICE_NAME } from '../names.ts';
import { REASONS } from './facts.ts';
import { OUTCOMES, PHASES } from './round.ts';
import type { ServiceRun } from './round.ts';
import type { RebalanceReport } from './run.ts';

/** Of a service or of a node, as the engine makes them. */
const id = z.string().regex(/^[0-9a-z]{25}$/, 'not an id of the engine');
const name = z.string().regex(SERVICE_NAME, 'not the name of a service');
const count = z.int().nonnegative();
const time = z.int().nonnegative();
/** It is told to people only: what is longer is cut, since a hold may be explained at any length. */
const because = z.string().overwrite((text) => text.slice(0, 2000));
/** The state of an execution is 256 KB at most: no list is longer than what it could hold. */
const MOST = 5000;

const run = z.object({
  serviceId: id,
  name,
  moves: count,
  done: count,
  phase: z.enum(PHASES),
  since: time,
  version: count,
  replicas: count,
  until: time,
  /** `place`: -1 for a node that is not among all of them. */
  source: z.object({ nodeId: id, place: z.string().regex(/^(-1|\d{1,5})$/) }).exactOptional(),
  full: z.tuple([count, count]),
  outcome: z.enum(OUTCOMES).exactOptional(),
  because: because.exactOptional(),
  left: z.boolean().exactOptional(),
}) satisfies z.ZodType<ServiceRun>;

export const serviceRuns = z.array(run).max(MOST);

const service = z.object({
  serviceId: id,
  name,
  replicas: count,
  moves: count,
  remaining: count,
  nodes: z.array(z.object({ node: z.string().max(253), from: count, to: count })).max(MOST),
  warnings: z.array(z.string().max(2000)).max(100),
  source: id.exactOptional(),
  made: count,
  outcome: z.enum(OUTCOMES).exactOptional(),
  because: because.exactOptional(),
  left: z.boolean().exactOptional(),
});

export const report = z.object({
  planned: count,
  made: count,
  remaining: count,
  services: z.array(service).max(MOST),
  leftOut: z.array(z.object({ serviceId: id, name, reason: z.enum(REASONS), because })).max(MOST),
  notTold: count,
  even: count,
}) satisfies z.ZodType<RebalanceReport>;
