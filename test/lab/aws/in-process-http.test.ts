// What bundles get for `node:http` and `fetch`: the endpoint is reached without a socket, by the SDK's own handler, and anything else with one.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { describe, expect, it } from '@jest/globals';

import { fetchTo, httpTo } from '../../../lab/aws/in-process-http.ts';
import type { HttpRequest } from '../../../lab/aws/protocols/http.ts';

const ENDPOINT = 'http://127.0.0.1:4566';

interface Told {
  readonly status?: number | undefined;
  readonly type?: string | undefined;
  readonly body?: string;
  readonly error?: string | undefined;
}

/** Asks as the SDK does: options and a callback, a body in one piece, the answer as bytes where it is that, else as a stream. */
function ask(http: ReturnType<typeof httpTo>, port: number, body: string | Uint8Array): Promise<Told> {
  return new Promise((resolve) => {
    const headers = { 'X-Amz-Target': 'AmazonSSM.SendCommand', host: 'lab' };
    const request = http.request({ host: '127.0.0.1', port, method: 'POST', path: '/?a=1', headers }, (response) => {
      const { statusCode: status, headers: given } = response;
      const tell = (bytes: Uint8Array): void => {
        resolve({ status, type: given['content-type'], body: Buffer.from(bytes).toString() });
      };
      const whole: unknown = response;
      if (whole instanceof Uint8Array) {
        tell(whole);
        return;
      }
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        tell(Buffer.concat(chunks));
      });
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      resolve({ error: error.code });
    });
    request.end(body);
  });
}

describe('a request of a bundle', () => {
  it.each([
    ['text', 'käse'],
    ['bytes', new TextEncoder().encode('käse')],
  ])('to the endpoint arrives as it was sent, with its body as %s', async (_, body) => {
    const seen: HttpRequest[] = [];
    const http = httpTo(
      () => ENDPOINT,
      (request) => {
        seen.push(request);
        return Promise.resolve({ status: 400, headers: { 'content-type': 'text/xml' }, body: '<Grüße/>' });
      },
    );

    expect(await ask(http, 4566, body)).toEqual({ status: 400, type: 'text/xml', body: '<Grüße/>' });
    const headers = { 'x-amz-target': 'AmazonSSM.SendCommand', host: 'lab' };
    expect(seen).toEqual([{ method: 'POST', url: '/?a=1', headers, body: 'käse' }]);
  });

  it('gets an empty answer as one', async () => {
    const http = httpTo(
      () => ENDPOINT,
      () => Promise.resolve({ status: 200, headers: {}, body: '' }),
    );

    expect(await ask(http, 4566, '')).toEqual({ status: 200, type: undefined, body: '' });
  });

  it('breaks where the endpoint is gone', async () => {
    const http = httpTo(
      () => ENDPOINT,
      () => Promise.reject(new Error('the lab is closed')),
    );

    expect(await ask(http, 4566, '')).toEqual({ error: 'ECONNRESET' });
  });

  it('to anywhere else takes a socket', async () => {
    const server = createServer((_, response) => response.end('over a socket'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const http = httpTo(
      () => ENDPOINT,
      () => Promise.reject(new Error('not for the endpoint')),
    );

    const told = await ask(http, (server.address() as AddressInfo).port, '');
    server.closeAllConnections();
    server.close();

    expect(told).toMatchObject({ status: 200, body: 'over a socket' });
  });
});

describe('fetch in a bundle', () => {
  it('reaches the endpoint without a socket, and gets its answer', async () => {
    const seen: HttpRequest[] = [];
    const ask = fetchTo(
      () => ENDPOINT,
      (request) => {
        seen.push(request);
        return Promise.resolve({ status: 404, headers: {}, body: 'no_service' });
      },
    );

    const answer = await ask(`${ENDPOINT}/lab/webhook/a?b=1`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{"text":"käse"}',
    });
    expect([answer.status, await answer.text()]).toEqual([404, 'no_service']);
    const headers = { 'content-type': 'application/json' };
    expect(seen).toEqual([{ method: 'POST', url: '/lab/webhook/a?b=1', headers, body: '{"text":"käse"}' }]);
  });

  it('fails as ever where the endpoint is gone', async () => {
    const ask = fetchTo(
      () => ENDPOINT,
      () => Promise.reject(new Error('the lab is closed')),
    );

    await expect(ask(ENDPOINT)).rejects.toMatchObject({ message: 'fetch failed', cause: { code: 'ECONNRESET' } });
  });

  it('takes a socket to anywhere else', async () => {
    const server = createServer((_, response) => response.end('over a socket'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const ask = fetchTo(
      () => ENDPOINT,
      () => Promise.reject(new Error('not for the endpoint')),
    );

    const answer = await ask(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    expect(await answer.text()).toBe('over a socket');
    server.closeAllConnections();
    server.close();
  });
});
