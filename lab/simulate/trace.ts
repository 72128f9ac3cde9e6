// The trace of a run as one number: everything that happened, in its order. The same seed has the same one in every process.
import { createHash } from 'node:crypto';

import type { Exchange } from '../aws/endpoint.ts';
import type { Progress } from '../scenario/progress.ts';

export class Trace {
  readonly #hash = createHash('sha256');
  events = 0;

  readonly onProgress = (progress: Progress): void => {
    this.#add(progress);
  };

  readonly onExchange = ({ service, operation, input, output, error }: Exchange): void => {
    this.#add({
      service,
      operation,
      input: operation === 'TransactWriteItems' ? { ...input, ClientRequestToken: undefined } : input,
      output: operation === 'BatchGetItem' ? inOneOrder(output) : output,
      error: error instanceof Error ? error.message : error,
    });
  };

  #add(what: unknown): void {
    this.events += 1;
    const text = JSON.stringify(what);
    this.#hash.update(`${text.includes(HOST) ? text.replaceAll(ADDRESS, 'http://lab') : text}\n`);
  }

  digest(): string {
    return this.#hash.copy().digest('hex').slice(0, 16);
  }
}

/** Of the endpoint, which listens on any port that is free: the URL of the webhook has it. */
const ADDRESS = /http:\/\/127\.0\.0\.1:\d+/g;
const HOST = 'http://127.0.0.1:';

/** DynamoDB promises no order of the answers of a batch, and nothing is decided by it. The token above is one that its SDK draws for itself. */
function inOneOrder(output: unknown): unknown {
  const answer = output as { readonly Responses?: Readonly<Record<string, readonly unknown[]>> } | undefined;
  if (answer?.Responses === undefined) {
    return output;
  }
  const lists = Object.entries(answer.Responses).map(([table, items]) => [
    table,
    items.map((item) => JSON.stringify(item)).toSorted(),
  ]);
  return { ...answer, Responses: Object.fromEntries(lists) as unknown };
}
