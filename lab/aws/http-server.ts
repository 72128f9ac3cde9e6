// Serves the endpoint on a port of this machine, for bundles, the aws command and the CLI.
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { HttpRequest, HttpResponse } from './protocols/http.ts';
import { DYNAMODB_REQUEST_LIMIT } from './protocols/requests.ts';

export interface Listening {
  readonly url: string;
  close(): Promise<void>;
}

export type Serve = (request: HttpRequest) => Promise<HttpResponse>;

/** @param port 0 for any that is free. @throws the error of listen, e.g. EADDRINUSE */
export async function listen(serve: Serve, port: number): Promise<Listening> {
  const server = createServer((incoming, outgoing) => {
    void answer(serve, incoming, outgoing);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const { port: chosen } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${chosen}`, close: () => close(server) };
}

/** Whatever comes in, something goes out, and the server lives on. */
async function answer(serve: Serve, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  try {
    const body = await read(incoming);
    const response = isOwn(incoming.headers.host) ? await answerOf(serve, incoming, body) : notHere();
    outgoing.writeHead(response.status, response.headers);
    outgoing.end(response.body);
  } catch {
    // A request that AWS takes from nobody (TRACE, an absolute URL), or a client that went away in the middle.
    if (!outgoing.headersSent) {
      outgoing.writeHead(400, { connection: 'close' });
    }
    outgoing.end();
  }
}

const answerOf = (serve: Serve, incoming: IncomingMessage, body: Buffer | undefined): Promise<HttpResponse> =>
  body === undefined ? Promise.resolve(tooLarge()) : serve(requestOf(incoming, body));

/**
 * Whether the request is for this machine by name. The lab's keys are known to everybody, so a page in a browser whose own name was made
 * to point here (DNS rebinding) would else have the whole account: its requests come with that name as their host.
 */
export function isOwn(host: string | undefined): boolean {
  const name = /^(.*?)(?::\d{1,5})?$/.exec(host ?? '')?.[1]?.toLowerCase() ?? '';
  return OWN_NAMES.has(name) || name.endsWith('.localhost');
}

/** Docker nodes reach it through a socket that asks as 127.0.0.1. */
const OWN_NAMES: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

const notHere = (): HttpResponse => ({
  status: 421,
  headers: { 'content-type': 'text/plain' },
  body: 'The lab answers requests for 127.0.0.1 and localhost only.\n',
});

/** Undefined where it is more than any service takes; the rest is read, and forgotten, so that the client can read the answer. */
async function read(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= DYNAMODB_REQUEST_LIMIT) {
      chunks.push(chunk);
    }
  }
  return size > DYNAMODB_REQUEST_LIMIT ? undefined : Buffer.concat(chunks);
}

const tooLarge = (): HttpResponse => ({
  status: 413,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: '{"__type":"RequestEntityTooLargeException"}',
});

/** @throws for what no client of AWS sends */
function requestOf({ method = 'GET', url = '/', headers }: IncomingMessage, body: Buffer): HttpRequest {
  if (!url.startsWith('/') || NEVER.has(method)) {
    throw new Error(`${method} ${url} is not for AWS`);
  }
  const given = Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]);
  return {
    method,
    url,
    headers: Object.fromEntries(given),
    body: method === 'GET' || method === 'HEAD' ? '' : body.toString(),
  };
}

const NEVER: ReadonlySet<string> = new Set(['CONNECT', 'TRACE']);

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });
}
