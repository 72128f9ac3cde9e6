// What a scenario may make go wrong: calls, documents, events. docs/lab.md describes it for people; this is what is accepted.
import { z } from 'zod';

import { VERBS } from '../../src/core/names.ts';
import { duration } from './quantities.ts';

/** What DynamoDB refuses while a transaction is at the same item. */
const CONFLICTING = /^dynamodb\.(TransactWriteItems|PutItem|UpdateItem|DeleteItem)$/;

const times = z.int().min(1).max(10_000).default(1);

const callFault = z
  .strictObject({
    call: z.string(),
    effect: z.enum(['throttle', 'fail', 'lose-answer', 'conflict', 'leave-out']),
    group: z.string().optional(),
    times,
  })
  .refine(({ call, effect }) => effect !== 'conflict' || CONFLICTING.test(call), {
    path: ['effect'],
    message: 'only writes of DynamoDB conflict',
  })
  .refine(({ effect, group }) => (effect === 'leave-out') === (group !== undefined), {
    path: ['group'],
    message: 'leave-out, and nothing else, wants a group: its instances are left out of the answer',
  });
const commandFault = z.strictObject({
  document: z.enum(VERBS),
  exitCode: z.int().min(1).max(255).optional(),
  status: z.enum(['TimedOut', 'Undeliverable', 'DeliveryTimedOut']).optional(),
  times,
});
const eventFault = z.strictObject({
  event: z.record(z.string(), z.unknown()),
  effect: z.enum(['drop', 'delay', 'late', 'duplicate']),
  by: duration.optional(),
  times,
});

export const fault = z.union([callFault, commandFault, eventFault]);
