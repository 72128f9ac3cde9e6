// The requests of SSM Run Command, as far as the lab plays them: anything else is refused.
import { z } from 'zod';

import { QUOTAS } from './quotas.ts';

const instanceId = z.string().regex(/^i-(\w{8}|\w{17})$|^mi-\w{17}$/);
const commandId = z.string().length(36);
const instanceIds = z.array(instanceId).max(QUOTAS.commandInstances.value);
const page = { MaxResults: z.number().int().min(1).max(50).optional(), NextToken: z.string().optional() };
export const sendCommand = z.strictObject({
  // Targets, the other way to say where, are not played.
  InstanceIds: instanceIds.min(1),
  DocumentName: z.string().regex(/^[a-zA-Z0-9_\-.:/]{3,128}$/),
  DocumentVersion: z
    .string()
    .regex(/^(\$LATEST|\$DEFAULT|[1-9][0-9]*)$/)
    .default('$DEFAULT'),
  TimeoutSeconds: z.number().int().min(QUOTAS.deliveryTimeout.min).max(QUOTAS.deliveryTimeout.value).default(3600),
  Comment: z.string().max(QUOTAS.comment.value).default(''),
  Parameters: z.record(z.string(), z.array(z.string())).default({}),
});
export const oneInvocation = z.strictObject({ CommandId: commandId, InstanceId: instanceId });
export const listing = z.strictObject({
  InstanceId: instanceId.optional(),
  CommandId: commandId.optional(),
  Filters: z
    .array(
      z.union([
        z.strictObject({ key: z.literal('InvokedAfter'), value: z.iso.datetime() }),
        z.strictObject({ key: z.literal('Status'), value: z.literal('Success') }),
      ]),
    )
    .min(1)
    .max(5)
    .default([]),
  ...page,
});
export const cancelling = z.strictObject({ CommandId: commandId, InstanceIds: instanceIds.default([]) });
export const documentAsked = z.strictObject({ Name: z.string().min(3).max(128) });
export const agentsAsked = z.strictObject({
  Filters: z
    .array(z.strictObject({ Key: z.literal('InstanceIds'), Values: z.array(instanceId).min(1).max(100) }))
    .default([]),
  ...page,
  MaxResults: z.number().int().min(5).max(50).optional(),
});

/** Seconds. What the agent cannot read, or takes for too short or too long, it replaces without a word. */
export function executionTimeoutOf(text = ''): number {
  const { min, value: max } = QUOTAS.executionTimeout;
  const seconds = Number(text);
  return text !== '' && seconds >= min && seconds <= max ? seconds : 3600;
}
