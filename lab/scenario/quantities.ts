// Of the scenario format: durations, counts, and bounds of counts.
import { z } from 'zod';

/** `45s`, `10m`, `1h30m`; in milliseconds. */
export const duration = z
  .string()
  .regex(/^(\d+h)?(\d+m)?(\d+s)?$/, 'a duration is written like 45s, 10m or 1h30m')
  .refine((text) => text !== '', 'a duration is written like 45s, 10m or 1h30m')
  .transform((text) => {
    const [, hours = '0', minutes = '0', seconds = '0'] = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text) ?? [];
    return (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
  });

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
