// What a function runs in: its bundle, evaluated in this process, with a clock, an environment, a console and a network of an account's.
//
// To evaluate a bundle costs as much as dozens of calls of it, and classes that are made anew for each lab keep V8 from ever knowing
// them: so one that a lab has done with serves the next one, whose handler is made anew (`make`, src/lambda/handler.ts).
import { Console } from 'node:console';
import fs from 'node:fs/promises';
import { createRequire } from 'node:module';
import { devNull } from 'node:os';
import { Writable } from 'node:stream';
import timers from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';
import { format } from 'node:util';

import type { Clock, Work } from '../time/clock.ts';
import { loaderOf } from './bundle.ts';
import type { Serve } from './http-server.ts';
import { fetchTo, httpTo } from './in-process-http.ts';
import { unsignedCrypto } from './unsigned-crypto.ts';

type Handler = (event: unknown, context: unknown) => Promise<unknown>;

/** Whose function it is at the moment: all that reaches in from outside. */
export interface Surroundings {
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly endpoint: string;
  /** What answers at the endpoint: functions reach it without a socket. */
  readonly serve: Serve;
  /** One line that it printed. */
  readonly onLine: (line: string) => void;
  /** Of which invocation a pause is. */
  readonly work: () => Work;
  /** One by the wall's clock was set. */
  readonly onTimer: (timer: NodeJS.Timeout) => void;
}

/** From here on, milliseconds, it is not a pause any more, but a guard of the SDK's over a socket. */
const LONGEST_PAUSE = 3000;

const nobodys = (): never => {
  throw new Error('a function pauses after its lab was closed');
};

const closed: Serve = () => Promise.reject(new Error('the lab is closed'));

/** Of bundles by their path: those that no lab has at the moment. */
const idle = new Map<string, ExecutionEnvironment[]>();

export class ExecutionEnvironment {
  readonly #file: string;
  readonly #exports: Record<string, unknown> = {};
  #surroundings: Surroundings;
  /** Calls that have not ended. */
  #running = 0;

  private constructor(file: string, surroundings: Surroundings) {
    this.#file = file;
    this.#surroundings = surroundings;
    this.#evaluate();
  }

  /** One in which nothing is known of any account but this one's. */
  static of(file: string, surroundings: Surroundings): ExecutionEnvironment {
    const waiting = idle.get(file)?.pop();
    if (waiting === undefined) {
      return new ExecutionEnvironment(file, surroundings);
    }
    waiting.#surroundings = surroundings;
    waiting.#exports['handler'] = (waiting.#exports['make'] as () => Handler)();
    return waiting;
  }

  /** @throws {Error} where the bundle exports no such function */
  async call(name: string, event: unknown, context: unknown): Promise<unknown> {
    const handler = this.#exports[name];
    if (typeof handler !== 'function') {
      throw new Error(`${this.#file} exports no ${name}`);
    }
    this.#running += 1;
    try {
      return await (handler as Handler)(event, context);
    } finally {
      this.#running -= 1;
    }
  }

  /**
   * Nobody calls it any more. Where a call has not ended, which may go on at any time, nobody else gets it; neither where the bundle knows
   * only the account that it was loaded for, as those of other people do.
   */
  leave(): void {
    const { clock, endpoint } = this.#surroundings;
    // What was begun and not waited for meets a connection that breaks, and the lab that is closed is kept by nobody.
    const nothing = (): void => undefined;
    const unheard = { environment: {}, serve: closed, onLine: nothing, work: nobodys, onTimer: nothing };
    this.#surroundings = { clock, endpoint, ...unheard };
    if (this.#running === 0 && typeof this.#exports['make'] === 'function') {
      idle.set(this.#file, [...(idle.get(this.#file) ?? []), this]);
    }
  }

  /** `Date`, `process`, `console` and `require` are parameters of the bundle: its time, environment and network are the lab's. */
  #evaluate(): void {
    const tell = (text: string): void => {
      this.#tell(text);
    };
    const out = outputTo(tell);
    const makeConsole = (): Console => consoleTo(out, tell);
    const module = { exports: this.#exports };
    const serve: Serve = (request) => this.#surroundings.serve(request);
    const endpoint = (): string => this.#surroundings.endpoint;
    loaderOf(this.#file)(
      module.exports,
      this.#require(httpTo(endpoint, serve), makeConsole),
      module,
      this.#file,
      '/var/task',
      this.#process(out),
      virtualDate(() => this.#surroundings.clock.now()),
      makeConsole(),
      this.#setTimeout,
      fetchTo(endpoint, serve),
    );
    Object.assign(this.#exports, module.exports);
  }

  /** A pause of the function's own takes the lab's time: `setTimeout` of node:timers/promises, which the SDK does not use. */
  #require(http: unknown, makeConsole: () => Console): (name: string) => unknown {
    const require: (name: string) => unknown = createRequire(this.#file);
    const pausing = {
      setTimeout: (delay: number) => {
        const { clock, work } = this.#surroundings;
        return clock.virtual ? clock.pause(delay, work()) : sleep(delay);
      },
    };
    const own: Readonly<Record<string, unknown>> = {
      'node:timers': { ...timers, setTimeout: this.#setTimeout },
      'node:timers/promises': pausing,
      'node:http': http,
      // No arrow: it is called by `new`.
      'node:console': {
        Console: function () {
          return makeConsole();
        },
      },
      'node:crypto': unsignedCrypto,
      'node:fs/promises': withoutFiles,
    };
    return (name) => own[name] ?? require(name);
  }

  /**
   * The SDK's pauses between two tries of a call pass at once, where time is virtual: a function's own work takes none of it. Not by a
   * timer of no milliseconds: Node makes one of it, and whether others get ahead meanwhile would be for the wall's clock to say.
   */
  readonly #setTimeout = (
    wake: (...given: unknown[]) => void,
    delay = 0,
    ...given: unknown[]
  ): NodeJS.Timeout | NodeJS.Immediate => {
    if (this.#surroundings.clock.virtual && delay < LONGEST_PAUSE) {
      return setImmediate(wake, ...given);
    }
    const timer = setTimeout(wake, delay, ...given);
    this.#surroundings.onTimer(timer);
    return timer;
  };

  #tell(text: string): void {
    for (const line of text.split('\n')) {
      if (line !== '') {
        this.#surroundings.onLine(line);
      }
    }
  }

  #process(out: Writable): NodeJS.Process {
    return Object.create(process, {
      env: { get: () => this.#surroundings.environment },
      stdout: { value: out },
      stderr: { value: out },
    }) as NodeJS.Process;
  }
}

/** Its standard output and its standard error. */
const outputTo = (tell: (text: string) => void): Writable =>
  new Writable({
    write(chunk: Buffer, _encoding, done) {
      tell(chunk.toString());
      done();
    },
  });

/** What it prints with. The ways that loggers take do not go through a stream, which costs as much as the logger. */
function consoleTo(out: Writable, tell: (text: string) => void): Console {
  const print = (...given: unknown[]): void => {
    tell(format(...given));
  };
  return Object.assign(new Console(out, out), { debug: print, error: print, info: print, log: print, warn: print });
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

function virtualDate(now: () => number): DateConstructor {
  return class LabDate extends Date {
    constructor(...given: [] | [string | number | Date]) {
      super(given.length === 0 ? now() : given[0]);
    }

    static override now(): number {
      return now();
    }
  } as unknown as DateConstructor;
}
