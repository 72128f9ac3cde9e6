// The letters of the dead-letter queue themselves, for a person.
import { DeleteMessageCommand, GetQueueUrlCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import type { SQSClient } from '@aws-sdk/client-sqs';

import type { Letter } from '../core/lifecycle/redrive.ts';

export interface ReceivedLetter extends Letter {
  /** By which it is deleted. */
  readonly receipt: string;
}

/** A letter that was read is hidden for so long; then it lies in the queue as before. Seconds. */
const HIDDEN = 120;
const MOST_LETTERS = 1000;

export async function queueUrlOf(client: SQSClient, stage: string): Promise<string> {
  const { QueueUrl: url = '' } = await client.send(new GetQueueUrlCommand({ QueueName: `skep-${stage}-dead-letters` }));
  return url;
}

/** All that SQS gives: it may hold some back, and a second look finds those. */
export async function receiveLetters(client: SQSClient, queue: string): Promise<ReceivedLetter[]> {
  const letters: ReceivedLetter[] = [];
  while (letters.length < MOST_LETTERS) {
    const { Messages: messages = [] } = await client.send(
      new ReceiveMessageCommand({
        ...{ QueueUrl: queue, MaxNumberOfMessages: 10, VisibilityTimeout: HIDDEN },
        // All its hosts are asked, and not only some of them.
        WaitTimeSeconds: 1,
      }),
    );
    if (messages.length === 0) {
      return letters;
    }
    for (const { MessageId: messageId = '', Body: body = '', ReceiptHandle: receipt = '' } of messages) {
      letters.push({ messageId, body, receipt });
    }
  }
  return letters;
}

export async function deleteLetter(client: SQSClient, queue: string, { receipt }: ReceivedLetter): Promise<void> {
  await client.send(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle: receipt }));
}
