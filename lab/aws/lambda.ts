// Runs the deployed bundles in this process, each with an environment, a clock and a console of its own.
import { AsyncLocalStorage } from 'node:async_hooks';
import { Console } from 'node:console';
import fs from 'node:fs/promises';
import { createRequire } from 'node:module';
import { devNull } from 'node:os';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

import { Work } from '../time/clock.ts';
import type { Clock } from '../time/clock.ts';
import { loaderOf } from './bundle.ts';
import type { Serve } from './http-server.ts';
import type { Credentials } from './iam/access-keys.ts';
import { fetchTo, httpTo } from './in-process-http.ts';
import type { Random } from '../time/random.ts';
import { QUOTAS } from './services/quotas.ts';
import type { StackFunction } from './stack/stack.ts';
import { unsignedCrypto } from './unsigned-crypto.ts';

type Handler = (event: unknown, context: unknown) => Promise<unknown>;

/** What a function answered, or the error that it threw as Lambda reports it. */
export type Invocation =
  | { readonly ok: true; readonly payload: unknown }
  | { readonly ok: false; readonly errorType: string; readonly errorMessage: string };

export interface LambdaOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly functions: readonly StackFunction[];
  readonly endpoint: string;
  /** What answers there: functions reach it without a socket. */
  readonly serve: Serve;
  readonly region: string;
  /** Of the role of the function. */
  readonly credentials: (functionName: string) => Credentials;
  /** Called at the end of each call. */
  readonly onEnd?: (functionName: string, ok: boolean) => void;
  /** One line that a function printed. */
  readonly onLog: (name: string, line: string) => void;
}

/** From here on, milliseconds, it is not a pause any more, but a guard of the SDK's over a socket. */
const LONGEST_PAUSE = 3000;

export class Lambda {
  readonly #options: LambdaOptions;
  readonly #handlers = new Map<string, Handler>();
  #functions: readonly StackFunction[];
  readonly #works = new AsyncLocalStorage<Work>();
  invocations = 0;

  constructor(options: LambdaOptions) {
    this.#options = options;
    this.#functions = options.functions;
  }

  /** From here on these are deployed: nothing that one of them kept in memory is there any more. */
  deploy(functions: readonly StackFunction[]): void {
    this.#functions = functions;
    this.#handlers.clear();
  }

  has(arn: string): boolean {
    return this.#functions.some((one) => one.arn === arn || one.name === arn);
  }

  /** Virtual time stands still while a function runs: its own work takes none, save for the pauses that it makes on purpose. */
  async invoke(arn: string, event: unknown, mode: 'synchronous' | 'asynchronous' = 'synchronous'): Promise<Invocation> {
    const limit = QUOTAS[mode === 'synchronous' ? 'functionPayload' : 'asynchronousPayload'].value;
    const size = bytesOf(event);
    if (size > limit) {
      const text = `${size} byte payload is too large for the ${mode} invoke limit of ${limit} bytes`;
      return { ok: false, errorType: 'Lambda.RequestTooLargeException', errorMessage: text };
    }
    const work = new Work();
    const run = this.#works.run(work, () => this.#invoke(arn, event));
    const outcome = await this.#options.clock.busy(run, work);
    this.#options.onEnd?.(arn.split(':').at(-1) ?? '', outcome.ok);
    return outcome;
  }

  async #invoke(arn: string, event: unknown): Promise<Invocation> {
    const deployed = this.#functions.find((one) => one.arn === arn || one.name === arn);
    if (deployed === undefined) {
      throw new Error(`there is no function ${arn}`);
    }
    this.invocations += 1;
    try {
      const handler = this.#handlerOf(deployed);
      const payload = await inTime(deployed.timeout, handler(structuredClone(event), this.#context(deployed)));
      const size = bytesOf(payload);
      if (size > QUOTAS.functionPayload.value) {
        throw namedError(
          'Function.ResponseSizeTooLarge',
          `Response payload size (${size} bytes) exceeded maximum allowed payload size (${QUOTAS.functionPayload.value} bytes).`,
        );
      }
      return { ok: true, payload: payload === undefined ? null : (JSON.parse(JSON.stringify(payload)) as unknown) };
    } catch (error) {
      // Not `instanceof Error`: a function's errors come from its own bundle, and Lambda looks at the same two fields.
      const { name, message } = error as { name?: unknown; message?: unknown };
      return { ok: false, errorType: String(name), errorMessage: String(message) };
    }
  }

  #handlerOf(deployed: StackFunction): Handler {
    const known = this.#handlers.get(deployed.name);
    if (known !== undefined) {
      return known;
    }
    const handler = this.#load(deployed);
    this.#handlers.set(deployed.name, handler);
    return handler;
  }

  /** `Date`, `process`, `console` and `require` are parameters of the bundle: its time, environment and network are the lab's. */
  #load(deployed: StackFunction): Handler {
    const exported: Record<string, unknown> = {};
    const bundle = { exports: exported };
    const load = loaderOf(deployed.code);
    const out = this.#output(deployed.name);
    load(
      exported,
      this.#require(deployed.code),
      bundle,
      deployed.code,
      '/var/task',
      this.#process(deployed, out),
      virtualDate(this.#options.clock),
      new Console(out, out),
      this.#setTimeout,
      fetchTo(this.#options.endpoint, this.#options.serve),
    );
    const handler = bundle.exports[deployed.export];
    if (typeof handler !== 'function') {
      throw new Error(`${deployed.code} exports no ${deployed.export}`);
    }
    return handler as Handler;
  }

  /** Of which invocation a pause is. */
  #work(): Work {
    const work = this.#works.getStore();
    if (work === undefined) {
      throw new Error('a function pauses outside of its invocations');
    }
    return work;
  }

  /** A pause of the function's own takes the lab's time: `setTimeout` of node:timers/promises, which the SDK does not use. */
  #require(file: string): (name: string) => unknown {
    const require: (name: string) => unknown = createRequire(file);
    const { clock, endpoint, serve } = this.#options;
    const pausing = {
      setTimeout: (delay: number) => (clock.virtual ? clock.pause(delay, this.#work()) : sleep(delay)),
    };
    const own: Readonly<Record<string, () => unknown>> = {
      'node:timers/promises': () => pausing,
      'node:http': () => httpTo(endpoint, serve),
      'node:crypto': () => unsignedCrypto,
      'node:fs/promises': () => withoutFiles,
    };
    return (name) => own[name]?.() ?? require(name);
  }

  /**
   * The SDK's pauses between two tries of a call pass at once, where time is virtual: a function's own work takes none of it. Not by a
   * timer of no milliseconds: Node makes one of it, and whether others get ahead meanwhile would be for the wall's clock to say.
   */
  readonly #setTimeout = (
    wake: (...given: unknown[]) => void,
    delay = 0,
    ...given: unknown[]
  ): NodeJS.Timeout | NodeJS.Immediate =>
    this.#options.clock.virtual && delay < LONGEST_PAUSE
      ? setImmediate(wake, ...given)
      : setTimeout(wake, delay, ...given);

  #output(name: string): Writable {
    const { onLog } = this.#options;
    return new Writable({
      write(chunk: Buffer, _encoding, done) {
        for (const line of chunk.toString().split('\n')) {
          if (line !== '') {
            onLog(name, line);
          }
        }
        done();
      },
    });
  }

  #process({ name, environment, memory }: StackFunction, out: Writable): NodeJS.Process {
    const { region, endpoint, credentials } = this.#options;
    const { accessKeyId, secretAccessKey, sessionToken } = credentials(name);
    const env = {
      ...environment,
      AWS_REGION: region,
      AWS_LAMBDA_FUNCTION_NAME: name,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memory),
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_SESSION_TOKEN: sessionToken,
      AWS_ENDPOINT_URL: endpoint,
      // The developer's own files must not reach in.
      AWS_CONFIG_FILE: devNull,
      AWS_SHARED_CREDENTIALS_FILE: devNull,
    };
    return Object.create(process, {
      env: { value: env, writable: true },
      stdout: { value: out },
      stderr: { value: out },
    }) as NodeJS.Process;
  }

  #context({ name, arn, timeout, memory }: StackFunction): unknown {
    return {
      functionName: name,
      invokedFunctionArn: arn,
      functionVersion: '$LATEST',
      memoryLimitInMB: String(memory),
      awsRequestId: this.#options.random.uuid(),
      logGroupName: `/aws/lambda/${name}`,
      logStreamName: 'lab',
      callbackWaitsForEmptyEventLoop: true,
      getRemainingTimeInMillis: () => timeout * 1000,
    };
  }
}

/**
 * What a bundle gets for `node:fs/promises`: the SDK looks for the developer's own files at each start of a function. They are empty here, and
 * are so at once: a read by the system ends at a moment of its own, before or after whatever else happens then.
 */
const withoutFiles = {
  ...fs,
  readFile: (...given: Parameters<typeof fs.readFile>) =>
    given[0] === devNull ? Promise.resolve('') : fs.readFile(...given),
};

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value ?? null));

const namedError = (name: string, message: string): Error => Object.assign(new Error(message), { name });

/** By the wall's clock, since a function's own work takes none of the lab's. */
async function inTime<T>(seconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(namedError('Sandbox.Timedout', `Task timed out after ${seconds.toFixed(2)} seconds`));
    }, seconds * 1000);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function virtualDate(clock: Clock): DateConstructor {
  return class LabDate extends Date {
    constructor(...given: [] | [string | number | Date]) {
      super(given.length === 0 ? clock.now() : given[0]);
    }

    static override now(): number {
      return clock.now();
    }
  } as unknown as DateConstructor;
}
