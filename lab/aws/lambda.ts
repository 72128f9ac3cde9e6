// Runs the deployed functions in this process, each in an execution environment of its own.
import { AsyncLocalStorage } from 'node:async_hooks';
import { devNull } from 'node:os';

import { Work } from '../time/clock.ts';
import type { Clock } from '../time/clock.ts';
import { ExecutionEnvironment } from './execution-environment.ts';
import type { Surroundings } from './execution-environment.ts';
import { FunctionDied } from './function-died.ts';
import type { Serve } from './http-server.ts';
import type { Credentials } from './iam/access-keys.ts';
import type { HttpRequest, HttpResponse } from './protocols/http.ts';
import type { Random } from '../time/random.ts';
import { QUOTAS } from './services/quotas.ts';
import type { StackFunction } from './stack/stack.ts';

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

/** One call of a function that has not ended. */
class Running {
  readonly work = new Work();
  isDead = false;
  /** Rejects when it dies. */
  readonly death: Promise<never>;
  readonly die: () => void;
  /** What the wall's clock would end it by. Those of a dead one would keep all that it knows for as long as a function may take. */
  #timers: NodeJS.Timeout[] = [];

  constructor() {
    const { promise, reject } = Promise.withResolvers<never>();
    // Most never die.
    promise.catch(() => undefined);
    this.death = promise;
    this.die = (): void => {
      this.isDead = true;
      for (const timer of this.#timers) {
        clearTimeout(timer);
      }
      this.#timers = [];
      reject(namedError('Runtime.ExitError', 'Error: Runtime exited with error: exit status 1'));
    };
  }

  onTimer(timer: NodeJS.Timeout): void {
    if (this.isDead) {
      clearTimeout(timer);
    } else {
      this.#timers.push(timer);
    }
  }
}

/** One of its own each time: what waits for a shared one would be kept for ever, with all that it knows. */
const never = (): Promise<never> => new Promise(() => undefined);

export class Lambda {
  readonly #options: LambdaOptions;
  /** By the name of the function. */
  readonly #environments = new Map<string, ExecutionEnvironment>();
  #functions: readonly StackFunction[];
  readonly #running = new AsyncLocalStorage<Running>();
  invocations = 0;

  constructor(options: LambdaOptions) {
    this.#options = options;
    this.#functions = options.functions;
  }

  /** From here on these are deployed: no client and nothing that a function knew of the account is kept. */
  deploy(functions: readonly StackFunction[]): void {
    this.#functions = functions;
    this.close();
  }

  /** Nothing is invoked any more, unless it is loaded anew. */
  close(): void {
    for (const environment of this.#environments.values()) {
      environment.leave();
    }
    this.#environments.clear();
  }

  has(arn: string): boolean {
    return this.#functions.some((one) => one.arn === arn || one.name === arn);
  }

  /** Virtual time stands still while a function runs: its own work takes none, save for the pauses that it makes on purpose. */
  async invoke(arn: string, event: unknown, mode: 'synchronous' | 'asynchronous' = 'synchronous'): Promise<Invocation> {
    const limit = QUOTAS[mode === 'synchronous' ? 'functionPayload' : 'asynchronousPayload'].value;
    const text = textOf(event);
    const size = Buffer.byteLength(text);
    if (size > limit) {
      const text = `${size} byte payload is too large for the ${mode} invoke limit of ${limit} bytes`;
      return { ok: false, errorType: 'Lambda.RequestTooLargeException', errorMessage: text };
    }
    const running = new Running();
    const run = this.#running.run(running, () => this.#invoke(arn, text, running));
    const outcome = await this.#options.clock.busy(run, running.work);
    this.#options.onEnd?.(arn.split(':').at(-1) ?? '', outcome.ok);
    return outcome;
  }

  /** @param event as text: a function gets what is its own, and what JSON has of it */
  async #invoke(arn: string, event: string, running: Running): Promise<Invocation> {
    const deployed = this.#functions.find((one) => one.arn === arn || one.name === arn);
    if (deployed === undefined) {
      throw new Error(`there is no function ${arn}`);
    }
    this.invocations += 1;
    try {
      const environment = this.#environmentOf(deployed);
      const run = environment.call(deployed.export, JSON.parse(event), this.#context(deployed));
      const payload = await inTime(deployed.timeout, Promise.race([run, running.death]));
      const text = textOf(payload);
      const size = Buffer.byteLength(text);
      if (size > QUOTAS.functionPayload.value) {
        throw namedError(
          'Function.ResponseSizeTooLarge',
          `Response payload size (${size} bytes) exceeded maximum allowed payload size (${QUOTAS.functionPayload.value} bytes).`,
        );
      }
      return { ok: true, payload: JSON.parse(text) as unknown };
    } catch (error) {
      if (running.isDead) {
        // The next call gets a new one. It is given to no other lab: what died in it is in its midst for ever.
        this.#environments.delete(deployed.name);
      }
      // Not `instanceof Error`: a function's errors come from its own bundle, and Lambda looks at the same two fields.
      const { name, message } = error as { name?: unknown; message?: unknown };
      return { ok: false, errorType: String(name), errorMessage: String(message) };
    }
  }

  #environmentOf(deployed: StackFunction): ExecutionEnvironment {
    const known = this.#environments.get(deployed.name);
    if (known !== undefined) {
      return known;
    }
    const { clock, endpoint, serve, onLog } = this.#options;
    const environment = ExecutionEnvironment.of(deployed.code, {
      ...{ clock, endpoint, serve: (request) => this.#serve(serve, request) },
      environment: this.#variablesOf(deployed),
      onLine: (line) => {
        onLog(deployed.name, line);
      },
      work: () => this.#work(),
      onTimer: (timer) => this.#running.getStore()?.onTimer(timer),
    });
    this.#environments.set(deployed.name, environment);
    return environment;
  }

  /** A call of a function that died waits for its answer for ever. */
  async #serve(serve: Serve, request: HttpRequest): Promise<HttpResponse> {
    const running = this.#running.getStore();
    if (running?.isDead === true) {
      return never();
    }
    try {
      return await serve(request);
    } catch (error) {
      if (running === undefined || !(error instanceof FunctionDied)) {
        throw error;
      }
      running.die();
      return never();
    }
  }

  /** Of which invocation a pause is. */
  #work(): Work {
    const running = this.#running.getStore();
    if (running === undefined) {
      throw new Error('a function pauses outside of its invocations');
    }
    return running.work;
  }

  #variablesOf({ name, environment, memory }: StackFunction): Surroundings['environment'] {
    const { region, endpoint, credentials } = this.#options;
    const { accessKeyId, secretAccessKey, sessionToken } = credentials(name);
    return {
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

const textOf = (value: unknown): string => JSON.stringify(value ?? null);

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
