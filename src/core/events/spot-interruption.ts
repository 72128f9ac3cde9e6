// EC2 takes a spot instance back, two minutes after it says so. Nothing stretches that: a lifecycle hook does not, either.
import * as z from 'zod';

import { instanceId } from '../names.ts';
import { defineEvent } from './event.ts';

/** Seconds from the notice. One that is hibernated gets a notice as well, and no time at all. */
const NOTICE = 120;

export const spotInterruption = defineEvent({
  source: 'aws.ec2',
  type: 'EC2 Spot Instance Interruption Warning',
  // The instance is taken from here: in `resources` real events have an ARN that is none.
  detail: z.object({ 'instance-id': instanceId, 'instance-action': z.enum(['terminate', 'stop', 'hibernate']) }),
  example: {
    version: '0',
    id: '12345678-1234-1234-1234-123456789012',
    'detail-type': 'EC2 Spot Instance Interruption Warning',
    source: 'aws.ec2',
    account: '123456789012',
    time: '2026-11-20T10:00:00Z',
    region: 'us-east-1',
    resources: ['arn:aws:ec2:us-east-1b:instance/i-1234567890abcdef0'],
    detail: { 'instance-id': 'i-1234567890abcdef0', 'instance-action': 'terminate' },
  },
  means: ({ 'instance-id': instance }, time) => [{ kind: 'interruption', instance, at: time + NOTICE }],
});
