// How a scenario itself asks the lab: the SDK's own client, over a handler that ends in the endpoint without a socket. One that waits looks
// at the table every second of its time.
import type { Serve } from '../aws/http-server.ts';
import { textOf } from '../aws/in-process-http.ts';

/** As much of the SDK's request as its JSON protocols fill in. */
interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** As much of its answer: of a body that is bytes already it makes no stream. */
interface Answer {
  readonly response: {
    readonly statusCode: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Uint8Array;
  };
}

type Handler = Readonly<Record<string, unknown>> & { handle(request: Request): Promise<Answer> };

/** For `requestHandler` of a client. */
export function handlerTo(serve: Serve): Handler {
  return {
    async handle({ method, path, headers, body = '' }) {
      const named = Object.entries(headers).map(([name, value]): [string, string] => [name.toLowerCase(), value]);
      const request = { method, url: path, headers: Object.fromEntries(named), body: textOf(body) };
      const answer = await serve(request);
      return { response: { statusCode: answer.status, headers: answer.headers, body: Buffer.from(answer.body) } };
    },
  };
}
