// SQS as far as skep uses it: the dead-letter queue, how many messages it has, and for a person the messages themselves.
import { createHash } from 'node:crypto';

import { z } from 'zod';

import type { DeadLetter } from '../events/bus.ts';
import { AwsError } from './service.ts';
import type { Service } from './service.ts';

const attributes = z.strictObject({ QueueUrl: z.string(), AttributeNames: z.array(z.string()).default([]) });
const named = z.strictObject({ QueueName: z.string().min(1).max(80) });
const receiving = z.strictObject({
  QueueUrl: z.string(),
  MaxNumberOfMessages: z.number().int().min(1).max(10).default(1),
  VisibilityTimeout: z.number().int().min(0).max(43_200).default(30),
  WaitTimeSeconds: z.number().int().min(0).max(20).default(0),
});
const deleting = z.strictObject({ QueueUrl: z.string(), ReceiptHandle: z.string().min(1) });

export interface LabQueue {
  readonly url: string;
  readonly arn: string;
  readonly letters: () => readonly DeadLetter[];
  readonly remove: (letter: DeadLetter) => void;
}

interface QueueWorld {
  readonly queues: readonly LabQueue[];
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly uuid: () => string;
}

interface Held {
  readonly messageId: string;
  /** How often it was received: each time it has another receipt. */
  received: number;
  hiddenUntil: number;
}

export function queuesApi({ queues, now, uuid }: QueueWorld): Service {
  const held = new Map<DeadLetter, Held>();

  const queueAt = (url: string): LabQueue => {
    const queue = queues.find((one) => one.url === url);
    if (queue === undefined) {
      throw noQueue();
    }
    return queue;
  };

  const heldOf = (letter: DeadLetter): Held => {
    const known = held.get(letter) ?? { messageId: uuid(), received: 0, hiddenUntil: 0 };
    held.set(letter, known);
    return known;
  };

  const receive = (input: z.infer<typeof receiving>): unknown => {
    const { QueueUrl, MaxNumberOfMessages, VisibilityTimeout } = input;
    const visible = queueAt(QueueUrl)
      .letters()
      .filter((letter) => heldOf(letter).hiddenUntil <= now())
      .slice(0, MaxNumberOfMessages);
    const Messages = visible.map((letter) => {
      const message = heldOf(letter);
      message.received += 1;
      message.hiddenUntil = now() + VisibilityTimeout * 1000;
      const Body = bodyOf(letter);
      return {
        MessageId: message.messageId,
        ReceiptHandle: receiptOf(message),
        MD5OfBody: createHash('md5').update(Body).digest('hex'),
        Body,
      };
    });
    // Of an empty queue it tells no list, as SQS does.
    return Messages.length === 0 ? {} : { Messages };
  };

  const remove = ({ QueueUrl, ReceiptHandle }: z.infer<typeof deleting>): unknown => {
    const queue = queueAt(QueueUrl);
    if (![...held.values()].some((one) => ReceiptHandle.startsWith(`${one.messageId}#`))) {
      throw new AwsError('ReceiptHandleIsInvalid', 'The input receipt handle is invalid.');
    }
    // That of an earlier receipt deletes nothing, and is no error.
    const letter = queue.letters().find((one) => receiptOf(heldOf(one)) === ReceiptHandle);
    if (letter !== undefined) {
      queue.remove(letter);
    }
    return {};
  };

  return {
    name: 'sqs',
    operations: {
      GetQueueAttributes: (input) => attributesOf(queueAt, attributes.parse(input)),
      GetQueueUrl: (input) => urlOf(queues, named.parse(input)),
      ReceiveMessage: (input) => receive(receiving.parse(input)),
      DeleteMessage: (input) => remove(deleting.parse(input)),
    },
  };
}

const noQueue = (): AwsError => new AwsError('QueueDoesNotExist', 'The specified queue does not exist.');
const receiptOf = ({ messageId, received }: Held): string => `${messageId}#${received}`;

/** Of what a function failed on Lambda tells in which request; EventBridge sends the event as it is. */
const bodyOf = ({ event, failed, target, error }: DeadLetter): string =>
  JSON.stringify(
    failed
      ? {
          version: '1.0',
          requestContext: { functionArn: target, condition: 'RetriesExhausted' },
          requestPayload: event,
          responsePayload: { errorMessage: error },
        }
      : event,
  );

function urlOf(queues: readonly LabQueue[], { QueueName }: z.infer<typeof named>): unknown {
  const queue = queues.find(({ url }) => url.endsWith(`/${QueueName}`));
  if (queue === undefined) {
    throw noQueue();
  }
  return { QueueUrl: queue.url };
}

function attributesOf(
  queueAt: (url: string) => LabQueue,
  { QueueUrl, AttributeNames }: z.infer<typeof attributes>,
): { Attributes?: Record<string, string> } {
  const queue = queueAt(QueueUrl);
  const known: Readonly<Record<string, string>> = {
    ApproximateNumberOfMessages: String(queue.letters().length),
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
