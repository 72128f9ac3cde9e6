// What a scenario says of a swarm that somebody made by hand, and of a person who takes it in.
import { z } from 'zod';

import { nodeRole } from '../../src/core/names.ts';
import { count } from './quantities.ts';

/** What else somebody has set up of a group. It is told, and not played. */
export const setup = z.strictObject({
  healthCheckType: z.enum(['EC2', 'ELB']).optional(),
  suspended: z.array(z.string()).optional(),
  /** Told: nothing is launched before EC2 takes an instance. */
  capacityRebalance: z.boolean().optional(),
  hopLimit: z.int().min(1).max(64).optional(),
  userData: z.string().optional(),
  /** Its subnets have no way out, so that no agent is ever heard of. */
  isolated: z.boolean().default(false),
  /** Where its security group lets in whoever is in it, such as `tcp 22`; without it: everywhere, whoever is in the account's own. */
  ports: z.array(z.string().regex(/^(tcp|udp) \d{1,5}$/)).optional(),
});

/** Somebody makes a swarm of all instances of these groups, each in the role of its group, with Docker's own options. */
export const swarm = z.strictObject({
  groups: z.array(z.string()).min(1),
});

/** A person takes the swarm of these groups in, or only asks what that would do. */
export const adopt = z.strictObject({
  groups: z.record(z.string(), nodeRole),
  check: z.boolean().default(false),
  /** The findings that there are, by their names. */
  finds: z.array(z.string()).optional(),
  /** It is ended from outside after so many of its steps. */
  stopsAfter: count.optional(),
});

/** A person lets the cluster go again, swarm and groups as they are. */
export const release = z.strictObject({});
