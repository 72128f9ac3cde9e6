// What becomes of a dead letter that a person redrives: its event starts the execution that it would have started, or it stays in the queue.
// What it was about may be over, which the execution finds out by itself, as with every event that comes late.
import * as z from 'zod';

import { awsName, instanceId, launchHook, terminateHook } from '../names.ts';

export interface Letter {
  readonly messageId: string;
  readonly body: string;
}

export type Redrive =
  | {
      readonly kind: 'start';
      readonly machine: 'scale-out' | 'scale-in';
      readonly instance: string;
      readonly group: string;
      readonly event: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: 'leave'; readonly what: string; readonly because: string };

/** What Lambda wraps the event in that a function failed on. */
const failed = z.object({ requestPayload: z.unknown() });
const typed = z.looseObject({ 'detail-type': z.string() });
const lifecycle = z.looseObject({
  source: z.literal('aws.autoscaling'),
  'detail-type': z.enum(['EC2 Instance-launch Lifecycle Action', 'EC2 Instance-terminate Lifecycle Action']),
  detail: z.looseObject({
    AutoScalingGroupName: awsName,
    LifecycleHookName: z.string(),
    EC2InstanceId: instanceId,
  }),
});

export function redriveOf(stage: string, { body }: Letter): Redrive {
  const event = eventIn(body);
  const read = lifecycle.safeParse(event);
  if (!read.success) {
    const what = typed.safeParse(event).data?.['detail-type'] ?? 'no event';
    return { kind: 'leave', what, because: 'it starts no execution: what it was about is repaired by the next tidy' };
  }
  const { AutoScalingGroupName: group, LifecycleHookName: hook, EC2InstanceId: instance } = read.data.detail;
  const machine = MACHINES.find(([, hookOf]) => hookOf(stage) === hook)?.[0];
  return machine === undefined
    ? { kind: 'leave', what: `a lifecycle action of ${group}`, because: `its hook ${hook} is none of stage ${stage}` }
    : { kind: 'start', machine, instance, group, event: read.data };
}

const MACHINES = [
  ['scale-out', launchHook],
  ['scale-in', terminateHook],
] as const;

function eventIn(body: string): unknown {
  try {
    const told: unknown = JSON.parse(body);
    return failed.safeParse(told).data?.requestPayload ?? told;
  } catch {
    return undefined;
  }
}

/** By the letter: started twice, it is the same execution. */
export const redriveName = ({ messageId }: Letter): string => `redrive-${messageId}`;
