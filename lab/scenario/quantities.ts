// Of the scenario format: durations, counts, and bounds of counts.
import { z } from 'zod';

/** `45s`, `10m`, `1h30m`, `500ms`; in milliseconds. */
export const duration = z
  .string()
  .regex(/^(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$/, 'a duration is written like 45s, 10m or 1h30m')
  .refine((text) => text !== '', 'a duration is written like 45s, 10m or 1h30m')
  .transform((text) => {
    const parts = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/.exec(text) ?? [];
    const [, hours = '0', minutes = '0', seconds = '0', milliseconds = '0'] = parts;
    return (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000 + Number(milliseconds);
  });

/** AWS refuses what is signed at a time that differs by more: such an agent could not even make itself known. */
const WRONGEST_CLOCK = 300_000;
const difference = duration.refine(
  (ms) => ms <= WRONGEST_CLOCK,
  'AWS does not talk to a machine whose clock differs by more than 5m',
);
/** Of machines; in ms, below 0 where it is behind. */
export const clock = z
  .union([z.strictObject({ ahead: difference }), z.strictObject({ behind: difference })])
  .transform((given) => ('ahead' in given ? given.ahead : -given.behind));

export const count = z.int().min(0).max(5000);
/** A number, or bounds of one. */
const boundsOf = (number: typeof count) =>
  z.union([
    number,
    z
      .strictObject({ min: number.optional(), max: number.optional() })
      .refine(({ min, max }) => min !== undefined || max !== undefined, 'min, max or both are wanted'),
  ]);
export const bounds = boundsOf(count);
/** Of what a whole burst costs. */
export const manyBounds = boundsOf(z.int().min(0).max(1_000_000));
export type Bounds = z.infer<typeof bounds>;
