// Of the scenario format: what AWS and the agents can take, and how late describe calls are.
import { z } from 'zod';

import { duration } from './quantities.ts';

const rate = z.strictObject({ rate: z.number().positive().max(10_000), burst: z.int().min(1).max(10_000) }).optional();
export const limits = z.strictObject({
  sendCommand: rate,
  getParameter: rate,
  registrations: rate,
  agent: z
    .strictObject({
      workers: z.int().min(1).max(100).exactOptional(),
      buffer: z.int().min(1).max(5000).exactOptional(),
      offerAgain: duration.exactOptional(),
      handOver: duration.exactOptional(),
      cpu: duration.exactOptional(),
      cores: z.int().min(1).max(128).exactOptional(),
      restarts: duration.exactOptional(),
    })
    .optional(),
  resourceTags: duration.optional(),
  listsPending: z.boolean().optional(),
  lag: z
    .strictObject({ instances: duration.optional(), groups: duration.optional(), invocations: duration.optional() })
    .optional(),
});
