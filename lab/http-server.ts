// Serves the endpoint on a port of this machine, for bundles, the aws command and the CLI.
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { DYNAMODB_REQUEST_LIMIT } from './protocols/requests.ts';

export interface Listening {
  readonly url: string;
  close(): Promise<void>;
}

/** @param port 0 for any that is free. @throws the error of listen, e.g. EADDRINUSE */
export async function listen(handle: (request: Request) => Promise<Response>, port: number): Promise<Listening> {
  const server = createServer((incoming, outgoing) => {
    void answer(handle, incoming, outgoing);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const { port: chosen } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${chosen}`, close: () => close(server) };
}

/** Whatever comes in, something goes out, and the server lives on. */
async function answer(
  handle: (request: Request) => Promise<Response>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  try {
    const body = await read(incoming);
    const response = body === undefined ? tooLarge() : await handle(requestOf(incoming, body));
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    outgoing.end(Buffer.from(await response.arrayBuffer()));
  } catch {
    // No HTTP that a Request can say (TRACE, an absolute URL), or a client that went away in the middle.
    if (!outgoing.headersSent) {
      outgoing.writeHead(400, { connection: 'close' });
    }
    outgoing.end();
  }
}

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

const tooLarge = (): Response =>
  new Response('{"__type":"RequestEntityTooLargeException"}', {
    status: 413,
    headers: { 'content-type': 'application/x-amz-json-1.0' },
  });

function requestOf(incoming: IncomingMessage, body: Buffer): Request {
  const method = incoming.method ?? 'GET';
  const headers = Object.entries(incoming.headers).map(([name, value]): [string, string] => [name, String(value)]);
  return new Request(`http://lab${incoming.url ?? '/'}`, {
    method,
    headers,
    ...(method === 'GET' || method === 'HEAD' ? {} : { body }),
  });
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });
}
