// What a scenario says of names in DNS. docs/lab.md describes it for people; this is what is accepted.
import { z } from 'zod';

import { bounds, duration } from './quantities.ts';

const record = z.strictObject({
  name: z.string().min(1),
  type: z.enum(['A', 'TXT', 'CNAME']).default('A'),
  /** Of a multivalue answer record; `$group` stands for the oldest instance of that group. */
  setId: z.string().exactOptional(),
  value: z.string().min(1),
});

export const dnsSteps = [
  /** Somebody makes a hosted zone. */
  z.strictObject({
    zone: z.strictObject({
      id: z.string().regex(/^Z[A-Z0-9]{1,31}$/),
      name: z.string().min(1),
      inSyncAfter: duration.exactOptional(),
      /** Of somebody else's account, which lets nobody in. */
      ofAnother: z.boolean().default(false),
      records: z.array(record).default([]),
    }),
  }),
  /** Somebody writes a record by hand, or takes all of a name away. */
  z.strictObject({
    records: z.strictObject({
      zone: z.string(),
      put: z.array(record).default([]),
      remove: z.string().exactOptional(),
    }),
  }),
  /** Somebody asks for the name each second, keeps the answer for its TTL, and calls an address of it; until the run ends. */
  z.strictObject({ resolve: z.strictObject({ name: z.string() }) }),
] as const;

/** Of a name. */
export const dns = z.strictObject({
  name: z.string(),
  /** Addresses that a resolver may get now, and records of any type that the zone has of the name. */
  answers: bounds.optional(),
  records: bounds.optional(),
  /** From when it is resolved: seconds in which an answer named a node that was not Ready, or the name was unknown while a node of it was Ready and active. */
  wrong: bounds.optional(),
  unknown: bounds.optional(),
  /** Calls of the one who keeps answers, and those of them that nobody answered. */
  called: bounds.optional(),
  failed: bounds.optional(),
  /** Requests that Route 53 has throttled, of the whole run. */
  throttled: bounds.optional(),
});
