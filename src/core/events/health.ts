// AWS Health announces what it will do to instances, usually days before: it retires, stops or restarts them.
import * as z from 'zod';

import { instanceId } from '../names.ts';
import { defineEvent } from './event.ts';

/** Longer lists come in pages, an event each. */
const MOST_ENTITIES = 1000;

const detail = z.object({
  service: z.string(),
  eventTypeCategory: z.string(),
  eventTypeCode: z.string(),
  /** `Thu, 27 Aug 2026 13:19:03 GMT` */
  startTime: z.string(),
  statusCode: z.string().optional(),
  affectedEntities: z
    .array(z.object({ entityValue: z.string(), status: z.string().optional() }))
    .max(MOST_ENTITIES)
    .default([]),
});

/** By a part of Health's code, EC2's own code of the same, as DescribeInstanceStatus has it. The first that fits. */
const CODES: readonly (readonly [part: string, code: string])[] = [
  ['_RETIREMENT_', 'instance-retirement'],
  ['_TERMINATION_', 'instance-retirement'],
  ['_INSTANCE_STOP_', 'instance-stop'],
  ['_INSTANCE_REBOOT_', 'instance-reboot'],
  ['_SYSTEM_REBOOT_', 'system-reboot'],
  ['_MAINTENANCE_', 'system-maintenance'],
];

/** An ARN, or the id alone, as older events have it. What is no instance, such as a volume, is none. */
const instanceOf = (entity: string): string | undefined => instanceId.safeParse(entity.split('/').at(-1)).data;

export const healthEvent = defineEvent({
  source: 'aws.health',
  type: 'AWS Health Event',
  detail: detail.refine(({ startTime }) => !Number.isNaN(Date.parse(startTime)), 'startTime is no time'),
  example: {
    version: '0',
    id: '7bf73129-1428-4cd3-a780-95db273d1602',
    'detail-type': 'AWS Health Event',
    source: 'aws.health',
    account: '123456789012',
    time: '2026-01-27T01:43:21Z',
    region: 'us-east-1',
    detail: {
      eventArn: 'arn:aws:health:us-east-1::event/AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED_90353408594353983',
      service: 'EC2',
      eventTypeCode: 'AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED',
      eventTypeCategory: 'scheduledChange',
      eventScopeCode: 'ACCOUNT_SPECIFIC',
      communicationId: '1234abc01232a4012345678-1',
      startTime: 'Thu, 27 Aug 2026 13:19:03 GMT',
      lastUpdatedTime: 'Thu, 27 Jan 2026 13:44:13 GMT',
      statusCode: 'open',
      eventRegion: 'us-east-1',
      affectedEntities: [
        {
          entityValue: 'arn:aws:ec2:us-east-1:123456789012:instance/i-1234567890abcdef0',
          lastUpdatedTime: 'Thu, 26 Jan 2026 19:01:55 GMT',
          status: 'PENDING',
        },
      ],
      affectedAccount: '123456789012',
      page: '1',
      totalPages: '1',
      backupEvent: 'false',
    },
  },
  // Of other services and kinds there are many events in an account, and they mean nothing here. So does one that says it is over: the tidy
  // asks EC2 whether it is.
  means: ({ service, eventTypeCategory, eventTypeCode, startTime, statusCode, affectedEntities }) => {
    const code = CODES.find(([part]) => `${eventTypeCode}_`.includes(part))?.[1];
    if (service !== 'EC2' || eventTypeCategory !== 'scheduledChange' || statusCode === 'closed' || code === undefined) {
      return [];
    }
    const at = Math.floor(Date.parse(startTime) / 1000);
    return affectedEntities
      .filter(({ status }) => status !== 'RESOLVED')
      .flatMap(({ entityValue }) => {
        const instance = instanceOf(entityValue);
        return instance === undefined ? [] : [{ kind: 'announced' as const, instance, code, at }];
      });
  },
});
