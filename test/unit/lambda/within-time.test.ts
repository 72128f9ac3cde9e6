import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { SSMClient, SendCommandCommand } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Context } from 'aws-lambda';
import { z } from 'zod';

import { bounded, withinTime } from '../../../src/aws/within-time.ts';
import { makeHandler } from '../../../src/lambda/handler.ts';

/** An AWS that takes every call and answers none; it notes which ones were aborted. */
let server: Server;
let calls = 0;
let aborted = 0;
let ssm: SSMClient;

beforeAll(async () => {
  server = createServer((request) => {
    calls += 1;
    request.socket.once('close', () => {
      aborted += 1;
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  ssm = bounded(
    new SSMClient({
      region: 'eu-west-1',
      endpoint: `http://127.0.0.1:${port}`,
      credentials: { accessKeyId: 'a', secretAccessKey: 's' },
      requestHandler: { httpAgent: { keepAlive: false } },
    }),
  );
});
/** Real time passes here: a connection is a connection. */
async function until(isSo: () => boolean): Promise<void> {
  for (let look = 0; !isSo() && look < 200; look += 1) {
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
}

/** The first call of a client takes longer than all others. */
beforeAll(async () => {
  const warm = new AbortController();
  const call = withinTime(warm.signal, send).catch((error: unknown) => error);
  await until(() => calls === 1);
  warm.abort();
  await call;
});
afterAll(() => {
  ssm.destroy();
  server.closeAllConnections();
  server.close();
});

const send = (): Promise<unknown> => ssm.send(new SendCommandCommand({ DocumentName: 'skep-dev-join' }));
const contextOf = (remaining: number): Context =>
  ({ getRemainingTimeInMillis: () => remaining, functionName: 'command', awsRequestId: 'one' }) as Context;

describe('a function whose call to AWS is not answered', () => {
  it('ends before Lambda ends it, with an error that is tried again, and its call with it', async () => {
    const handler = makeHandler(z.object({}), send);
    await until(() => aborted === calls);
    const before = calls;

    await expect(handler({}, contextOf(2000))).rejects.toMatchObject({ name: 'AwsUnavailable' });
    await until(() => aborted === before + 1);

    expect([calls, aborted]).toEqual([before + 1, before + 1]);
  });

  it('is not held up by what it does besides', async () => {
    const handler = makeHandler(z.object({}), () => new Promise(() => undefined));

    await expect(handler({}, contextOf(1020))).rejects.toMatchObject({ name: 'AwsUnavailable' });
  });
});

describe('a function that has time', () => {
  it('ends with what it makes of its input', async () => {
    const handler = makeHandler(z.object({ one: z.number() }), ({ one }) => Promise.resolve(one + 1));

    await expect(handler({ one: 1 }, contextOf(30_000))).resolves.toBe(2);
  });
});

describe('calls of invocations beside each other', () => {
  it('end each with its own', async () => {
    const [first, second] = [new AbortController(), new AbortController()];
    const ended: string[] = [];
    const call = (signal: AbortSignal, name: string): Promise<void> =>
      withinTime(signal, async () => {
        await send().catch((error: unknown) => {
          ended.push(`${name} ${(error as Error).name}`);
        });
      });
    const before = calls;
    const both = Promise.all([call(first.signal, 'first'), call(second.signal, 'second')]);
    await until(() => calls === before + 2);
    first.abort();
    await until(() => ended.length > 0);

    expect(ended).toEqual(['first AbortError']);
    second.abort();
    await both;
    expect(ended).toEqual(['first AbortError', 'second AbortError']);
  });
});
