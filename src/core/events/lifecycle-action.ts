// What the two events of lifecycle hooks have in common: an Auto Scaling group waits, until somebody completes the action.
import * as z from 'zod';

import { instanceId } from '../names.ts';

export const LAUNCHING = 'autoscaling:EC2_INSTANCE_LAUNCHING';
export const TERMINATING = 'autoscaling:EC2_INSTANCE_TERMINATING';

/**
 * `NotificationMetadata`, `Origin`, `Destination` and `Action` may be absent; `LifecycleActionToken` is absent only in the events that
 * skep makes itself, since no Auto Scaling call returns it (docs: Amazon EC2 Auto Scaling event reference).
 */
export const lifecycleDetail = z.object({
  LifecycleActionToken: z.string().optional(),
  AutoScalingGroupName: z.string().min(1),
  LifecycleHookName: z.string().min(1),
  EC2InstanceId: instanceId,
  LifecycleTransition: z.enum([LAUNCHING, TERMINATING]),
  NotificationMetadata: z.string().optional(),
  Origin: z.string().optional(),
  Destination: z.string().optional(),
  Action: z.string().optional(),
});

export const lifecycleExample = (transition: 'launch' | 'terminate'): Readonly<Record<string, unknown>> => ({
  version: '0',
  id: '12345678-1234-1234-1234-123456789012',
  source: 'aws.autoscaling',
  'detail-type': `EC2 Instance-${transition} Lifecycle Action`,
  account: '123456789012',
  time: '2026-11-20T10:00:00Z',
  region: 'us-west-2',
  resources: ['auto-scaling-group-arn'],
  detail: {
    LifecycleActionToken: '87654321-4321-4321-4321-210987654321',
    AutoScalingGroupName: 'workers',
    LifecycleHookName: `skep-dev-${transition}`,
    EC2InstanceId: 'i-1234567890abcdef0',
    LifecycleTransition: transition === 'launch' ? LAUNCHING : TERMINATING,
    NotificationMetadata: '{"cluster":"prod","role":"worker","timeout":1800}',
    Origin: transition === 'launch' ? 'EC2' : 'AutoScalingGroup',
    Destination: transition === 'launch' ? 'AutoScalingGroup' : 'EC2',
  },
});
