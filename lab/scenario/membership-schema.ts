// What a scenario says of the members of a group by other ways than scaling. docs/lab.md describes it for people; this is what is accepted.
import { z } from 'zod';

import { choice } from './choice-schema.ts';
import { count, duration } from './quantities.ts';

/** AWS takes a day or more. */
const DAY = 86_400_000;
export const lifetime = duration.refine((ms) => ms >= DAY, 'AWS takes 24h or more');

/** Of a group. Without `prepared` it has `min` instances, since a group of a scenario may grow as far as AWS goes. */
export const warmPool = z.strictObject({
  state: z.enum(['Stopped', 'Running', 'Hibernated']).default('Stopped'),
  /** MinSize. */
  min: count.default(0),
  /** MaxGroupPreparedCapacity. */
  prepared: count.default(0),
  /** ReuseOnScaleIn. */
  reuse: z.boolean().default(false),
});

export const membershipSteps = [
  /** The instance runs on, and belongs to no group. */
  z.strictObject({ detach: z.strictObject({ ...choice, decrement: z.boolean().default(false) }) }),
  /** Those that were detached from the group are in it again. */
  z.strictObject({ attach: z.strictObject({ group: z.string() }) }),
  /** From scale-in. Off: none of the group is protected any more. */
  z.strictObject({ protect: z.strictObject({ ...choice, on: z.boolean() }) }),
  /** The group is in other zones from now on, and Auto Scaling evens its instances out over them. */
  z.strictObject({ zones: z.strictObject({ group: z.string(), to: z.array(z.string()).min(1) }) }),
  /** Of the oldest instance, on simulated nodes only. */
  z.strictObject({ rootVolume: z.strictObject(choice) }),
  /** The group has this warm pool from now on, or none. */
  z.strictObject({ warmPool: z.strictObject({ group: z.string(), to: warmPool.nullable() }) }),
] as const;

export type MembershipStep = z.output<(typeof membershipSteps)[number]>;

export const isMembershipStep = (step: object): step is MembershipStep =>
  ['detach', 'attach', 'protect', 'zones', 'rootVolume', 'warmPool'].some((kind) => kind in step);
