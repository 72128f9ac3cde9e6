// SQS as far as skep uses it: how many messages the dead-letter queue has.
import { z } from 'zod';

import { AwsError } from './service.ts';
import type { Service } from './service.ts';

const attributes = z.strictObject({ QueueUrl: z.string(), AttributeNames: z.array(z.string()).default([]) });

export interface LabQueue {
  readonly url: string;
  readonly arn: string;
  /** How many messages lie in it. */
  readonly count: () => number;
}

export function queuesApi(queues: readonly LabQueue[]): Service {
  return {
    name: 'sqs',
    operations: { GetQueueAttributes: (input) => attributesOf(queues, attributes.parse(input)) },
  };
}

function attributesOf(
  queues: readonly LabQueue[],
  { QueueUrl, AttributeNames }: z.infer<typeof attributes>,
): { Attributes?: Record<string, string> } {
  const queue = queues.find(({ url }) => url === QueueUrl);
  if (queue === undefined) {
    throw new AwsError('QueueDoesNotExist', 'The specified queue does not exist.');
  }
  const known: Readonly<Record<string, string>> = {
    ApproximateNumberOfMessages: String(queue.count()),
    QueueArn: queue.arn,
  };
  const unknown = AttributeNames.find((name) => name !== 'All' && !Object.hasOwn(known, name));
  if (unknown !== undefined) {
    throw new AwsError('InvalidAttributeName', `Unknown Attribute ${unknown}.`);
  }
  const all = AttributeNames.includes('All');
  const asked = Object.entries(known).filter(([name]) => all || AttributeNames.includes(name));
  // Without any it has no member, as SQS answers it.
  return asked.length === 0 ? {} : { Attributes: Object.fromEntries(asked) };
}
