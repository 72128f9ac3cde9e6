// What a scenario may make an instance answer to commands. docs/lab.md describes it for people; this is what is accepted.
import { z } from 'zod';

import { VERBS } from '../../src/core/names.ts';
import { duration } from './quantities.ts';

const answers = z.strictObject({
  exitCode: z.union([z.int().min(0).max(255), z.literal('random')]).optional(),
  output: z.string().optional(),
  repeat: z.int().min(1).max(100_000).default(1),
  stderr: z.string().optional(),
  merge: z.union([z.record(z.string(), z.unknown()), z.string().regex(/^\s*\{[^]*\}\s*$/, 'a JSON object')]).optional(),
  after: duration.prefault('0s'),
  replies: z.int().min(1).max(1000).default(1),
  commentOf: z.string().optional(),
});

export const rogue = z.strictObject({
  group: z.string(),
  /** Of those that are there: the oldest. Or whichever of the group is launched next, or all of it. */
  who: z.enum(['oldest', 'youngest', 'next', 'all']).default('oldest'),
  /** Of all documents where it is missing. */
  document: z.enum(VERBS).optional(),
  /** How many commands are answered so; all from now on where it is missing. */
  times: z.int().min(1).max(10_000).optional(),
  answers,
});
