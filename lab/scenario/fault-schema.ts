// What a scenario may make go wrong: calls, documents, events. docs/lab.md describes it for people; this is what is accepted.
import { z } from 'zod';

import { VERBS } from '../../src/core/names.ts';
import { duration } from './quantities.ts';

/** What DynamoDB refuses while a transaction is at the same item. */
const CONFLICTING = /^dynamodb\.(TransactWriteItems|PutItem|UpdateItem|DeleteItem)$/;

/** Effects that come at a time. */
const TIMED: ReadonlySet<string> = new Set(['late', 'begins-late', 'agent-restarts', 'agent-updates', 'reboot']);

const times = z.int().min(1).max(10_000).default(1);

const callFault = z
  .strictObject({
    call: z.string(),
    effect: z.enum(['throttle', 'fail', 'lose-answer', 'conflict', 'leave-out', 'die-before', 'die-after']),
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
const commandFault = z
  .strictObject({
    document: z.enum(VERBS),
    exitCode: z.int().min(-1).max(255).optional(),
    status: z.enum(['Failed', 'TimedOut', 'Cancelled', 'Undeliverable', 'DeliveryTimedOut']).optional(),
    effect: z
      .enum(['lost', 'agent-restarts', 'agent-updates', 'reboot', 'late', 'begins-late', 'cut-off', 'twice'])
      .optional(),
    /** Of `late` and `begins-late`: how much; of a start of the agent or the machine: how long after the script's. */
    by: duration.optional(),
    group: z.string().optional(),
    instance: z.enum(['oldest', 'youngest', 'leader']).optional(),
    times,
  })
  .refine(({ status, effect }) => status === undefined || effect === undefined, {
    path: ['effect'],
    message: 'a command ends by a status or with an effect, not both',
  })
  .refine(({ exitCode, effect }) => exitCode === undefined || effect === undefined, {
    path: ['exitCode'],
    message: 'with an effect the script runs, and has an exit code of its own',
  })
  .refine(({ exitCode = 1, status }) => (status === 'Failed' ? exitCode <= 1 : exitCode >= 1), {
    path: ['exitCode'],
    message: 'Failed without output has -1, 0 or 1; a script that failed has 1 to 255',
  })
  .refine(({ by, effect }) => by === undefined || (effect !== undefined && TIMED.has(effect)), {
    path: ['by'],
    message: `only ${[...TIMED].join(', ')} have a time`,
  })
  .refine(({ instance, group }) => instance === undefined || group !== undefined, {
    path: ['group'],
    message: 'the instance is one of a group',
  });
const eventFault = z.strictObject({
  event: z.record(z.string(), z.unknown()),
  effect: z.enum(['drop', 'delay', 'late', 'duplicate']),
  by: duration.optional(),
  times,
});

export const fault = z.union([callFault, commandFault, eventFault]);
