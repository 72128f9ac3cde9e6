// SNS as far as skep uses it: Publish on the topics of the stack. Nobody is subscribed; what was published is kept, to be looked at.
import { z } from 'zod';

import type { Clock } from '../../time/clock.ts';
import type { Random } from '../../time/random.ts';
import { QUOTAS } from './quotas.ts';
import { AwsError } from './service.ts';
import type { Service } from './service.ts';

const attribute = z.strictObject({
  DataType: z.string().regex(/^(String|String\.Array|Number|Binary)(\.[\w.]+)?$/),
  StringValue: z.string().min(1).optional(),
});
const publish = z.strictObject({
  TopicArn: z.string(),
  Message: z.string(),
  Subject: z.string().optional(),
  MessageAttributes: z.record(z.string().regex(/^[A-Za-z0-9_.-]{1,256}$/), attribute).optional(),
});

export interface Published {
  readonly at: number;
  readonly topic: string;
  readonly subject: string;
  readonly message: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** SNS takes ASCII that begins with a letter, a number or a mark, and no line breaks. */
const SUBJECT = /^[\x21-\x7e][\x20-\x7e]*$/;

export class Topics implements Service {
  readonly name = 'sns';
  readonly operations = { Publish: (input: Record<string, unknown>) => this.#publish(publish.parse(input)) };
  readonly published: Published[] = [];
  readonly #clock: Pick<Clock, 'now'>;
  readonly #random: Pick<Random, 'uuid'>;
  readonly #arns: readonly string[];

  /** @param arns of the topics that exist */
  constructor(clock: Pick<Clock, 'now'>, random: Pick<Random, 'uuid'>, arns: readonly string[]) {
    this.#clock = clock;
    this.#random = random;
    this.#arns = arns;
  }

  #publish({ TopicArn, Message, Subject, MessageAttributes = {} }: z.infer<typeof publish>): unknown {
    if (!/^arn:[^:]+:sns:[^:]+:\d{12}:[\w-]{1,256}$/.test(TopicArn)) {
      throw new AwsError('InvalidParameter', 'Invalid parameter: TopicArn');
    }
    if (!this.#arns.includes(TopicArn)) {
      throw new AwsError('NotFound', 'Topic does not exist', 404);
    }
    checkTexts(Message, Subject);
    const attributes = Object.fromEntries(
      Object.entries(MessageAttributes).map(([name, { StringValue = '' }]) => [name, StringValue]),
    );
    const size = Buffer.byteLength([Message, ...Object.entries(attributes).flat()].join(''));
    if (size > QUOTAS.topicMessage.value) {
      throw new AwsError('InvalidParameter', 'Invalid parameter: Message too long');
    }
    this.published.push({
      at: this.#clock.now(),
      topic: TopicArn,
      subject: Subject ?? '',
      message: Message,
      attributes,
    });
    return { MessageId: this.#random.uuid() };
  }
}

function checkTexts(message: string, subject: string | undefined): void {
  if (message === '') {
    throw new AwsError('InvalidParameter', 'Invalid parameter: Empty message');
  }
  if (subject !== undefined && (!SUBJECT.test(subject) || subject.length > QUOTAS.topicSubject.value)) {
    throw new AwsError('InvalidParameter', 'Invalid parameter: Subject');
  }
}
