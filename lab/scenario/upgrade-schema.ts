// What a scenario says of rolling upgrades. docs/lab.md describes it for people; this is what is accepted.
import { z } from 'zod';

import { duration } from './quantities.ts';

/** Somebody makes a version of the group's launch template; what is not said is as in the version that the group launches. */
const image = z.strictObject({
  group: z.string(),
  agentAfter: duration.exactOptional(),
  dockerAfter: duration.exactOptional(),
});

export const upgradeSteps = [
  z.strictObject({ image }),
  /** `skep refresh`. */
  z.strictObject({
    roll: z.strictObject({
      group: z.string(),
      share: z.int().min(1).max(100).exactOptional(),
      /** Of the launch template. */
      version: z.int().min(1).exactOptional(),
      /** Words of the refusal; without it there is to be none. */
      refused: z.string().exactOptional(),
      end: z.enum(['cancel', 'roll-back']).exactOptional(),
    }),
  }),
  /** `skep remove`, of the oldest instance. */
  z.strictObject({
    remove: z.strictObject({
      group: z.string(),
      replace: z.boolean().default(false),
      refused: z.string().exactOptional(),
    }),
  }),
] as const;

/** The last refresh of a group. */
export const refreshed = z.strictObject({
  group: z.string(),
  status: z.string().optional(),
  because: z.string().optional(),
});
