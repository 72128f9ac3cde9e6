// How many events lie in the dead-letter queue.
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import type { SQSClient } from '@aws-sdk/client-sqs';

/** About as many: SQS counts in its own time. */
export async function countDeadLetters(client: SQSClient, queue: string): Promise<number> {
  const { Attributes: attributes = {} } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: queue, AttributeNames: ['ApproximateNumberOfMessages'] }),
  );
  return Number(attributes['ApproximateNumberOfMessages'] ?? 0);
}
