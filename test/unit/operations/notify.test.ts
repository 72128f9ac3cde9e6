// Who has got which notice: the topic in order, the webhook beside it, and what neither of them stops.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { Notice, Target } from '../../../src/core/verdict/notice.ts';
import { tell } from '../../../src/operations/notify.ts';
import { NOW } from '../support/examples.ts';
import { mockClient } from '../../support/mock-client.ts';

const sns = mockClient(SNSClient);
const ssm = mockClient(SSMClient);
let failures: string[] = [];
let close = (): void => undefined;

beforeEach(() => {
  sns.reset();
  ssm.reset();
  failures = [];
  sns.on(PublishCommand).resolves({});
  webhook(undefined);
});
afterEach(() => {
  close();
  close = () => undefined;
});

const notice = (id: string, ...due: Target[]): Notice => ({
  ...{ id, from: 'healthy', to: 'degraded', reasons: [], at: NOW, due, tries: 0 },
});
const published = () =>
  sns.commandCalls(PublishCommand).map(({ args }) => args[0].input.MessageAttributes?.['id']?.StringValue);

/** What its parameter says; undefined: there is none. */
function webhook(url: string | undefined): void {
  if (url === undefined) {
    ssm.on(GetParameterCommand).rejects(Object.assign(new Error('none'), { name: 'ParameterNotFound' }));
  } else {
    ssm.on(GetParameterCommand).resolves({ Parameter: { Value: url } });
  }
}

/** Answers with these, one after the other, and with 200 after them. @returns how often it was asked */
async function answers(...statuses: number[]): Promise<() => number> {
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    request.resume();
    response.writeHead(statuses.shift() ?? 200).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  close = () => {
    server.closeAllConnections();
    server.close();
  };
  webhook(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  return () => requests;
}

async function send(...notices: Notice[]): Promise<{ sent: object; error: string | undefined }> {
  const { sent, error } = await tell(
    {
      ...{ topics: new SNSClient({ region: 'eu-west-1' }), parameters: new SSMClient({ region: 'eu-west-1' }) },
      ...{ topic: 'arn:topic', webhook: '/skep/dev/webhook' },
      onFailure: (because) => failures.push(because),
      sleep: () => Promise.resolve(),
    },
    notices,
    { stage: 'dev', cluster: 'prod' },
  );
  return { sent: Object.fromEntries(sent), error: error?.message };
}

describe('the topic', () => {
  it('gets the notices that are due there, in their order', async () => {
    const { sent, error } = await send(notice('a', 'topic'), notice('b', 'webhook'), notice('c', 'topic'));

    expect([published(), error]).toEqual([['a', 'c'], undefined]);
    expect(sent).toMatchObject({ a: ['topic'], c: ['topic'] });
  });

  it('gets none after the one that it refused: a recovery is not told before the trouble', async () => {
    sns.on(PublishCommand).resolvesOnce({}).rejects(new Error('it refuses'));

    const { sent, error } = await send(notice('a', 'topic'), notice('b', 'topic'), notice('c', 'topic'));

    expect([published(), sent, error]).toEqual([['a', 'b'], { a: ['topic'] }, 'it refuses']);
  });
});

describe('the webhook', () => {
  it('is told also what the topic refused', async () => {
    await answers();
    sns.on(PublishCommand).rejects(new Error('it refuses'));

    expect(await send(notice('a', 'topic', 'webhook'))).toEqual({ sent: { a: ['webhook'] }, error: 'it refuses' });
  });

  it('has what it was told counted, beside the topic', async () => {
    const asked = await answers();

    expect(await send(notice('a', 'topic', 'webhook'), notice('b', 'topic'))).toMatchObject({
      sent: { a: ['topic', 'webhook'], b: ['topic'] },
    });
    expect(asked()).toBe(1);
  });

  it('is told no more after a notice that it refused, which stays due', async () => {
    const asked = await answers(200, 403);

    const { sent } = await send(notice('a', 'webhook'), notice('b', 'webhook'), notice('c', 'webhook'));

    expect([sent, asked(), failures]).toEqual([{ a: ['webhook'] }, 2, ['it answered 403']]);
  });

  it('that nobody has set up has nothing due: nothing is kept for it', async () => {
    expect(await send(notice('a', 'webhook'))).toEqual({ sent: { a: ['webhook'] }, error: undefined });
    expect(failures).toEqual([]);
  });

  it('of which the parameter cannot be read is told later', async () => {
    ssm.on(GetParameterCommand).rejects(Object.assign(new Error('no'), { name: 'AccessDeniedException' }));

    expect(await send(notice('a', 'webhook'))).toEqual({ sent: {}, error: undefined });
    expect(failures).toEqual(['its parameter /skep/dev/webhook cannot be read (AccessDeniedException)']);
  });

  it('costs no call where nothing is due there', async () => {
    await send(notice('a', 'topic'));

    expect(ssm.commandCalls(GetParameterCommand)).toEqual([]);
  });
});
