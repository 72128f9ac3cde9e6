// Lets no call to AWS last longer than the function that makes it: Lambda ends a function without a word, and its caller waits for nothing.
import { AsyncLocalStorage } from 'node:async_hooks';

/** Per invocation, since an environment serves one after the other, and the lab several at once. */
const current = new AsyncLocalStorage<AbortSignal>();

/** @param signal aborted when the time of the invocation is over; every call to AWS that `run` makes ends with it */
export const withinTime = <Result>(signal: AbortSignal, run: () => Promise<Result>): Promise<Result> =>
  current.run(signal, run);

type Send = (command: unknown, options?: unknown, ...rest: unknown[]) => unknown;

/** Gives each call of a client of AWS's SDK the signal of the invocation that makes it. Outside of one there is none, and no limit. */
export function bounded<Client extends object>(client: Client): Client {
  const send: Send = (Reflect.get(client, 'send') as Send).bind(client);
  const withSignal: Send = (command, options, ...rest) => {
    const abortSignal = current.getStore();
    return abortSignal === undefined || typeof options === 'function'
      ? send(command, options, ...rest)
      : send(command, { abortSignal, ...(options as object | undefined) }, ...rest);
  };
  Object.defineProperty(client, 'send', { value: withSignal, configurable: true });
  return client;
}
