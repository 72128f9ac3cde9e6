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
    this.#add({ service, operation, input, output, error: error instanceof Error ? error.message : error });
  };

  #add(what: unknown): void {
    this.events += 1;
    this.#hash.update(`${JSON.stringify(what, decided)}\n`);
  }

  digest(): string {
    return this.#hash.copy().digest('hex').slice(0, 16);
  }
}

/**
 * Without the token that the SDK of DynamoDB draws for itself, and with the answers of a batch in one order: DynamoDB promises none, and
 * nothing is decided by it.
 */
function decided(key: string, value: unknown): unknown {
  if (key === 'ClientRequestToken') {
    return undefined;
  }
  return key === 'Responses' ? sortedLists(value) : value;
}

const sortedLists = (value: unknown): unknown =>
  typeof value !== 'object' || value === null || Array.isArray(value)
    ? value
    : Object.fromEntries(
        Object.entries(value).map(([table, items]: [string, unknown]) => [
          table,
          Array.isArray(items) ? items.map((item) => JSON.stringify(item)).toSorted() : items,
        ]),
      );
