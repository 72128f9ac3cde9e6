// A plan as Step Functions brings it back. Executions outlive deployments by two days, so plans of older versions come as well: what they lack
// is optional here, and a fixture of each released shape (test/fixtures/shapes) holds that they still parse.
import * as z from 'zod';

import { managerShape } from '../managers/leader-record.ts';
import type { Plan } from '../model.ts';
import { awsName, clusterName, instanceId, nodeRole, zoneName } from '../names.ts';

const seconds = z.number().nonnegative();
const time = z.int().nonnegative();
/** As the confirm document takes them. */
const labels = z.record(z.string().max(128), z.string().max(256));

const swarm = z.object({
  swarmId: z.string().regex(/^([0-9a-z]{25}|none)$/, 'not the id of a swarm'),
  caDigest: z.string().regex(/^[0-9a-z]{0,64}$/, 'not the digest of a CA'),
  epoch: z.int().nonnegative().exactOptional(),
  managers: z.array(managerShape).max(1000),
  leader: instanceId.exactOptional(),
  candidates: z.array(managerShape).max(1000).exactOptional(),
});

/** What a step reads of a plan. The rest of it is the state machine's own, and is left out. */
export const planShape: z.ZodType<Plan> = z.object({
  v: z.literal(1),
  /** Machines that answer no hook have none: nothing of theirs is told by a route. */
  route: z.enum(['found', 'ask', 'join', 'leave', 'retain', 'force', 'complete', 'reject', 'ignore']).default('ignore'),
  because: z.string().max(4000).default(''),
  cluster: clusterName,
  role: nodeRole.exactOptional(),
  instance: instanceId.exactOptional(),
  group: awsName.exactOptional(),
  hook: z
    .object({
      name: awsName,
      timeout: seconds,
      time,
      actionToken: z.string().min(1).max(64).exactOptional(),
    })
    .exactOptional(),
  deadline: time.exactOptional(),
  patience: seconds.exactOptional(),
  look: seconds.exactOptional(),
  lookSoon: seconds.exactOptional(),
  lookSlow: seconds.exactOptional(),
  labels: labels.exactOptional(),
  availability: z.enum(['active', 'drain']).exactOptional(),
  zone: zoneName.exactOptional(),
  depart: z.boolean().exactOptional(),
  comesBack: z.boolean().exactOptional(),
  diesAt: time.exactOptional(),
  together: z.array(z.string()).max(1000).exactOptional(),
  swarm: swarm.exactOptional(),
});
