// What the steps take in which AWS says something: any event, or that EC2 takes spot instances back.
import { z } from 'zod';

import { count, duration } from './quantities.ts';

export const event = z.strictObject({
  'detail-type': z.string(),
  source: z.string().default('aws.autoscaling'),
  detail: z.record(z.string(), z.unknown()),
  /** The lab's own, where nothing is said. */
  region: z.string().exactOptional(),
  times: count.min(1).default(1),
});

/** Of the oldest of a group. */
export const announce = z.strictObject({
  group: z.string(),
  count: count.min(1).default(1),
  code: z
    .enum(['instance-retirement', 'instance-stop', 'instance-reboot', 'system-reboot', 'system-maintenance'])
    .default('instance-retirement'),
  in: duration.prefault('72h'),
  /** AWS Health says so, in this many events of the same; none: they are lost. */
  events: count.default(1),
  /** EC2 has called it off since, and still lists it. */
  canceled: z.boolean().default(false),
});

/** The status checks of the oldest of a group fail from now on. */
export const impair = z.strictObject({
  group: z.string(),
  count: count.min(1).default(1),
  of: z.enum(['instance', 'system']).default('system'),
});

/** The oldest of a group, and two minutes later they are gone. */
export const interrupt = z
  .strictObject({
    group: z.string(),
    /** So many, or such a share of the group; one where nothing is said. */
    count: count.min(1).exactOptional(),
    share: z.number().gt(0).max(1).exactOptional(),
    /** One that runs a task of this service. */
    running: z.string().exactOptional(),
    /** The youngest, also where they have not joined yet. */
    youngest: z.boolean().default(false),
    /** Of those that their group ends already. */
    leaving: z.boolean().default(false),
    /** False: EC2 sends no notice, as it may happen. */
    notice: z.boolean().default(true),
    /** What becomes of them. */
    action: z.enum(['terminate', 'stop', 'hibernate']).default('terminate'),
  })
  .refine(({ count: number, share }) => number === undefined || share === undefined, 'a count or a share');
