import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, describe, expect, it } from '@jest/globals';

import { postTo, webhookUrl } from '../../../src/aws/webhook.ts';
import { mockClient } from '../../support/mock-client.ts';

const SECRET = 'nobody-may-read-this';
let server: Server | undefined;

/** Answers with these, one after the other. */
async function hook(statuses: readonly number[], asked: IncomingMessage[] = []): Promise<string> {
  const left = [...statuses];
  server = createServer((request, response) => {
    asked.push(request);
    request.resume();
    response.writeHead(left.shift() ?? 200, { location: 'http://127.0.0.1:1/elsewhere' }).end('said');
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/${SECRET}`;
}

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

async function post(url: string): Promise<{ said: string; slept: number[] }> {
  const slept: number[] = [];
  const posted = await postTo(url, { text: 'x' }, (ms) => {
    slept.push(ms);
    return Promise.resolve();
  });
  return { said: posted.ok ? 'ok' : posted.because, slept };
}

describe('the webhook', () => {
  it.each<[string, number[], string, number]>([
    ['takes it', [200], 'ok', 1],
    ['takes it the second time', [503, 200], 'ok', 2],
    ['has too many at once', [429, 200], 'ok', 2],
    ['refuses it for good: it is not asked again', [403, 200], 'it answered 403', 1],
    ['redirects: that is not followed', [302, 200], 'it answered 302', 1],
    ['is down: it is asked three times', [500, 500, 500, 200], 'it answered 500', 3],
  ])('%s', async (_what, statuses, wanted, tries) => {
    const asked: IncomingMessage[] = [];
    const { said } = await post(await hook(statuses, asked));
    expect([said, asked.length]).toEqual([wanted, tries]);
  });

  it('waits longer each time', async () => {
    expect((await post(await hook([500, 500, 500]))).slept).toEqual([0, 500, 1500]);
  });

  it('that nobody answers for is no error, and its URL is not told', async () => {
    const { said } = await post(`http://127.0.0.1:1/${SECRET}`);
    expect(said).toMatch(/^it does not answer \([\w ]+\)$/);
    expect(said).not.toContain(SECRET);
  });

  it.each([`http://example.com/${SECRET}`, `file:///${SECRET}`, SECRET, ''])(
    'is not asked where its URL is not https: %#',
    async (url) => {
      expect(await post(url)).toEqual({ said: 'its parameter holds no https URL', slept: [] });
    },
  );
});

describe('its URL', () => {
  const ssm = mockClient(SSMClient);
  const named = (name: string): Error => Object.assign(new Error(name), { name });
  const read = (): Promise<string | undefined> => webhookUrl(ssm as unknown as SSMClient, '/skep/dev/webhook');

  it('is read decrypted, without the line break that an editor leaves', async () => {
    ssm.reset();
    ssm
      .on(GetParameterCommand, { Name: '/skep/dev/webhook', WithDecryption: true })
      .resolves({ Parameter: { Value: 'https://x/y\n' } });
    expect(await read()).toBe('https://x/y');
  });

  it('is none where nobody has set one up; another error is one', async () => {
    ssm.reset();
    ssm.on(GetParameterCommand).rejectsOnce(named('ParameterNotFound')).rejectsOnce(named('AccessDeniedException'));
    expect(await read()).toBeUndefined();
    await expect(read()).rejects.toThrow('AccessDeniedException');
  });
});
