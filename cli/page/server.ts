// The page's server: its files, its frames (server-sent events), and what is asked for by a click. On this machine only.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { fileOf } from './files.ts';
import { cookieName, ofAddress, refusalOf } from './guard.ts';
import type { ReceivedRequest, Own } from './guard.ts';
import type { Watch } from './watch.ts';

/** What a click asks for; each answer is JSON for the page. */
export interface Answers {
  act(body: unknown): Promise<unknown>;
  why(instance: string): Promise<unknown>;
  execution(arn: string): Promise<unknown>;
  /** The table of all instances, for a browser without JavaScript. */
  table(): Promise<string>;
  /** What the page may do, for its buttons. */
  readonly settings: Readonly<Record<string, unknown>>;
}

export interface ServedPage {
  /** With the key in it: for the person at this terminal. */
  readonly url: string;
  close(): Promise<void>;
}

/** Nothing from anywhere else, and nothing that another page could frame or call. */
const HEADERS = {
  'content-security-policy':
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
} as const;

const LARGEST = 10_000;

/** @param port 0 for any that is free. @throws the error of listen, as EADDRINUSE */
export async function servePage(port: number, watch: Watch, answers: Answers): Promise<ServedPage> {
  const key = randomBytes(24).toString('base64url');
  const own = { port: 0, key };
  const server = createServer((request, response) => {
    answer(request, response, own, { watch, answers }).catch(() => {
      // A browser that went away in the middle, or a request that is none.
      response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  own.port = (server.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${own.port}/?key=${key}`,
    close: async () => {
      watch.close();
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

interface Parts {
  readonly watch: Watch;
  readonly answers: Answers;
}

async function answer(request: IncomingMessage, response: ServerResponse, own: Own, parts: Parts): Promise<void> {
  const { method = 'GET', headers, url = '/' } = request;
  const { host, origin, cookie } = headers;
  const received: ReceivedRequest = { method, host, origin, cookie, contentType: headers['content-type'] };
  const refusal = ofAddress(received, own);
  if (refusal !== undefined) {
    tell(response, refusal.status, refusal.because);
    return;
  }
  const { pathname, searchParams } = new URL(`http://page${url}`);
  // The address that a person opens: its key becomes a cookie, and does not stay in the bar, the history or a screenshot.
  if (pathname === '/' && searchParams.get('key') === own.key) {
    const kept = `${cookieName(own.port)}=${own.key}; HttpOnly; SameSite=Strict; Path=/`;
    response.writeHead(303, { ...HEADERS, location: '/', 'set-cookie': kept }).end();
    return;
  }
  const unknown = refusalOf(received, own);
  if (unknown !== undefined) {
    tell(response, unknown.status, unknown.because);
    return;
  }
  if (method === 'POST') {
    await change(request, response, pathname, parts.answers);
    return;
  }
  await show(pathname, searchParams, response, parts);
}

async function show(pathname: string, query: URLSearchParams, response: ServerResponse, parts: Parts): Promise<void> {
  const { watch, answers } = parts;
  switch (pathname) {
    case '/frames':
      response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream; charset=utf-8' });
      watch.join(response);
      return;
    case '/settings':
      json(response, 200, answers.settings);
      return;
    case '/why':
      await told(response, () => answers.why(query.get('instance') ?? ''));
      return;
    case '/execution':
      await told(response, () => answers.execution(query.get('arn') ?? ''));
      return;
    case '/table':
      send(response, 200, 'text/html; charset=utf-8', await answers.table());
      return;
    default: {
      const file = fileOf(pathname);
      if (file === undefined) {
        tell(response, 404, 'There is nothing here.');
      } else {
        send(response, 200, file.type, file.body);
      }
    }
  }
}

async function change(
  request: IncomingMessage,
  response: ServerResponse,
  pathname: string,
  answers: Answers,
): Promise<void> {
  const body = await bodyOf(request);
  if (pathname !== '/act' || body === undefined) {
    tell(response, pathname === '/act' ? 413 : 404, 'There is nothing here.');
    return;
  }
  await told(response, () => answers.act(JSON.parse(body)));
}

/** What goes wrong is told by its message: the page shows it, and goes on. */
async function told(response: ServerResponse, ask: () => Promise<unknown>): Promise<void> {
  try {
    json(response, 200, await ask());
  } catch (error) {
    json(response, 422, { problem: error instanceof Error ? error.message : String(error) });
  }
}

async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= LARGEST) {
      chunks.push(chunk);
    }
  }
  return size > LARGEST ? undefined : Buffer.concat(chunks).toString();
}

const json = (response: ServerResponse, status: number, body: unknown): void => {
  send(response, status, 'application/json', JSON.stringify(body));
};

const tell = (response: ServerResponse, status: number, text: string): void => {
  send(response, status, 'text/plain; charset=utf-8', `${text}\n`);
};

function send(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  response.writeHead(status, { ...HEADERS, 'content-type': type }).end(body);
}
