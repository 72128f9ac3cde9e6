// The dead-letter queue as SQS has it: who has received a message has it for a while, and only the last receipt deletes it.
import { describe, expect, it } from '@jest/globals';

import type { DeadLetter } from '../../../../lab/aws/events/bus.ts';
import { queuesApi } from '../../../../lab/aws/services/queues.ts';

const URL_ = 'https://sqs.eu-west-1.amazonaws.com/123456789012/skep-dev-dead-letters';
const letter = (name: string, failed = false): DeadLetter => ({
  ...{ at: 0, rule: 'r', target: 'arn:function', error: 'Error: no' },
  event: { name },
  failed,
});

interface Message {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly Body: string;
}

class Scene {
  readonly letters = [letter('first'), letter('second', true)];
  now = 0;
  #ids = 0;
  readonly #api = queuesApi({
    queues: [
      {
        url: URL_,
        arn: 'arn',
        letters: () => this.letters,
        remove: (one) => void this.letters.splice(this.letters.indexOf(one), 1),
      },
    ],
    now: () => this.now,
    uuid: () => `id-${(this.#ids += 1)}`,
  });

  async ask(operation: string, input: Record<string, unknown>): Promise<unknown> {
    return await this.#api.operations[operation]?.(input, { kind: 'person', name: 'test' });
  }

  call(operation: string, input: Record<string, unknown>): Promise<unknown> {
    return this.ask(operation, { QueueUrl: URL_, ...input });
  }

  async receive(more: Record<string, unknown> = {}): Promise<readonly Message[]> {
    const { Messages = [] } = (await this.call('ReceiveMessage', { MaxNumberOfMessages: 10, ...more })) as {
      readonly Messages?: readonly Message[];
    };
    return Messages;
  }
}

describe('the dead-letter queue', () => {
  it('hides what was received, and shows it again when its time is over', async () => {
    const scene = new Scene();
    expect(await scene.receive({ VisibilityTimeout: 60 })).toHaveLength(2);
    expect(await scene.call('ReceiveMessage', {})).toEqual({});
    scene.now = 60_000;
    expect(await scene.receive()).toHaveLength(2);
  });

  it('gives one message where nobody asks for more', async () => {
    const scene = new Scene();
    const { Messages } = (await scene.call('ReceiveMessage', {})) as { readonly Messages: readonly Message[] };
    expect(Messages).toHaveLength(1);
  });

  it('tells an event as it was, and of what a function failed on its request', async () => {
    const [first, second] = await new Scene().receive();
    expect(JSON.parse(first?.Body ?? '')).toEqual({ name: 'first' });
    expect(JSON.parse(second?.Body ?? '')).toMatchObject({
      requestPayload: { name: 'second' },
      requestContext: { functionArn: 'arn:function', condition: 'RetriesExhausted' },
    });
  });

  it('deletes by the last receipt only, and refuses one that is none', async () => {
    const scene = new Scene();
    const [old] = await scene.receive({ VisibilityTimeout: 0 });
    const [last] = await scene.receive();
    await scene.call('DeleteMessage', { ReceiptHandle: old?.ReceiptHandle });
    expect(scene.letters).toHaveLength(2);
    await scene.call('DeleteMessage', { ReceiptHandle: last?.ReceiptHandle });
    expect(scene.letters.map(({ event }) => event)).toEqual([{ name: 'second' }]);
    await expect(scene.call('DeleteMessage', { ReceiptHandle: 'nobody' })).rejects.toMatchObject({
      name: 'ReceiptHandleIsInvalid',
    });
  });

  it('is found by its name', async () => {
    const scene = new Scene();
    const call = (QueueName: string): Promise<unknown> => scene.ask('GetQueueUrl', { QueueName });
    expect(await call('skep-dev-dead-letters')).toEqual({ QueueUrl: URL_ });
    await expect(call('dead-letters-of-nobody')).rejects.toMatchObject({ name: 'QueueDoesNotExist' });
  });
});
