// EC2 thinks that a spot instance is more likely than others to be taken back soon. It may come with the notice, or be all that ever comes.
import * as z from 'zod';

import { instanceId } from '../names.ts';
import { defineEvent } from './event.ts';

export const rebalanceRecommendation = defineEvent({
  source: 'aws.ec2',
  type: 'EC2 Instance Rebalance Recommendation',
  detail: z.object({ 'instance-id': instanceId }),
  example: {
    version: '0',
    id: '12345678-1234-1234-1234-123456789012',
    'detail-type': 'EC2 Instance Rebalance Recommendation',
    source: 'aws.ec2',
    account: '123456789012',
    time: '2026-11-20T10:00:00Z',
    region: 'us-east-2',
    resources: ['arn:aws:ec2:us-east-2:123456789012:instance/i-1234567890abcdef0'],
    detail: { 'instance-id': 'i-1234567890abcdef0' },
  },
  means: ({ 'instance-id': instance }) => [{ kind: 'recommended', instance }],
});
