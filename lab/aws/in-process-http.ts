// What a bundle gets for `node:http` and for `fetch`: its requests to the lab's endpoint arrive there without a socket, all others as ever.
//
// The bundle itself is the deployed one, byte for byte: its SDK signs, serializes, waits for the answer and reads it as it would
// over a socket. Half of the lab's time went into sockets and HTTP's own parsing, on both sides of a connection to itself.
import { EventEmitter } from 'node:events';
import http from 'node:http';

import type { Serve } from './http-server.ts';
import { plainOf, webOf } from './protocols/http.ts';
import type { HttpResponse } from './protocols/http.ts';

/** What the SDK asks of `http.request`; its other arguments are for real sockets. */
interface RequestOptions {
  readonly method?: string;
  readonly host?: string | null;
  readonly port?: number | string | null;
  readonly path?: string | null;
  readonly headers?: Readonly<Record<string, unknown>>;
}

type OnResponse = (response: InProcessResponse) => void;

/**
 * @param url of the endpoint at the moment
 * @param serve what answers there. Where it rejects, the connection breaks, as it does with an endpoint that was closed.
 */
export function httpTo(url: () => string, serve: Serve): typeof http {
  // Of one URL after the other: an endpoint is asked a thousand times before there is the next.
  let at = { url: '', hostname: '', port: '' };
  const addressOf = (now: string): typeof at => {
    if (at.url !== now) {
      const { hostname, port } = new URL(now);
      at = { url: now, hostname, port };
    }
    return at;
  };
  const request = (...given: Parameters<typeof http.request>): unknown => {
    const [options, onResponse] = given as unknown as [RequestOptions, OnResponse | undefined];
    const { hostname, port } = addressOf(url());
    return options.host === hostname && String(options.port) === port
      ? new InProcessRequest(options, serve, onResponse)
      : http.request(...given);
  };
  return { ...http, request: request as typeof http.request };
}

/**
 * What a bundle gets for `fetch`: the lab's own webhook is asked without a socket, whose answer would come at a moment of its own, before
 * or after whatever else happens then.
 *
 * @param url as for `httpTo`
 * @param serve as for `httpTo`
 */
export function fetchTo(url: () => string, serve: Serve): typeof fetch {
  return async (...given) => {
    const request = new Request(...given);
    if (new URL(request.url).origin !== new URL(url()).origin) {
      return fetch(request);
    }
    const plain = await plainOf(request);
    try {
      return webOf(await serve(plain));
    } catch (error) {
      throw fetchFailed(error);
    }
  };
}

const hungUp = (cause: unknown): Error => Object.assign(new Error('socket hang up', { cause }), { code: 'ECONNRESET' });

const fetchFailed = (cause: unknown): Error => new TypeError('fetch failed', { cause: hungUp(cause) });

/** Not by `Buffer.from(body)`: that asks the SDK's bodies whether they are text, and they print a warning. */
export const textOf = (body: string | Uint8Array): string =>
  typeof body === 'string' ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();

/** As much of a ClientRequest as the SDK's handler uses. It has no socket, so that no timeout of one ever begins. */
class InProcessRequest extends EventEmitter {
  readonly socket = null;
  readonly #options: RequestOptions;
  readonly #serve: Serve;
  #destroyed = false;

  constructor(options: RequestOptions, serve: Serve, onResponse: OnResponse | undefined) {
    super();
    this.#options = options;
    this.#serve = serve;
    if (onResponse !== undefined) {
      this.once('response', onResponse);
    }
  }

  end(body: string | Uint8Array = ''): void {
    void this.#exchange(textOf(body));
  }

  destroy(error?: Error): this {
    if (!this.#destroyed) {
      this.#destroyed = true;
      if (error !== undefined) this.emit('error', error);
      this.emit('close');
    }
    return this;
  }

  async #exchange(body: string): Promise<void> {
    const { method = 'GET', path, headers = {} } = this.#options;
    const named: Record<string, string> = {};
    for (const name of Object.keys(headers)) {
      named[name.toLowerCase()] = String(headers[name]);
    }
    let response: HttpResponse;
    try {
      response = await this.#serve({ method, url: path ?? '/', headers: named, body });
    } catch (error) {
      this.destroy(hungUp(error));
      return;
    }
    if (!this.#destroyed) {
      this.emit('response', new InProcessResponse(response));
    }
  }
}

/**
 * As much of an IncomingMessage. Its body is here already: the SDK takes bytes as they are, where it would have to collect a stream by way of
 * two streams of Node.
 */
class InProcessResponse extends Uint8Array {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor({ status, headers, body }: HttpResponse) {
    super(Buffer.from(body));
    this.statusCode = status;
    this.headers = headers;
  }
}
