// The AWS endpoint: from HTTP request to HTTP response, over the real protocols. It counts calls, and fails them on demand.
import { z } from 'zod';

import type { Clock } from '../time/clock.ts';
import { unknownKey } from './iam/refusal.ts';
import { answerOf, refusalOf } from './protocols/answers.ts';
import { plainOf, webOf } from './protocols/http.ts';
import type { HttpRequest, HttpResponse } from './protocols/http.ts';
import { readRequest } from './protocols/requests.ts';
import { invalidInput } from './protocols/validation.ts';
import type { Random } from '../time/random.ts';
import type { DynamoDb } from './services/dynamodb.ts';
import { DYNAMODB_OPERATIONS } from './services/dynamodb-members.ts';
import { transactionConflict } from './services/dynamodb-transaction.ts';
import { FunctionDied } from './function-died.ts';
import { AwsError, ownName, UnknownOperation } from './services/service.ts';
import type { Caller, Service } from './services/service.ts';

/**
 * What a scenario makes of calls: throttled, failed, in conflict with a transaction, or carried out with the answer lost or not whole; or the function
 * that makes the call dies, before it or when it has been carried out.
 */
export interface CallFault {
  /** @example ssm.SendCommand */
  readonly operation: string;
  readonly effect: 'throttle' | 'fail' | 'lose-answer' | 'conflict' | 'leave-out' | 'die-before' | 'die-after';
  /** The instances that are left out of the answer. */
  readonly leavesOut?: (instanceId: string) => boolean;
  times: number;
}

/** A call and how it ended. */
export interface Exchange {
  readonly service: string;
  readonly operation: string;
  readonly input: Record<string, unknown>;
  readonly output?: unknown;
  readonly error?: unknown;
}

/** Who calls, and whether they may: IAM's part. */
export interface Gate {
  /** Undefined for a key that nobody was given. */
  callerOf(accessKeyId: string, sessionToken: string | null): Caller | undefined;
  /** @throws {AwsError} where the caller may not */
  authorize(caller: Caller, service: string, operation: string, input: Record<string, unknown>): void;
}

interface EndpointParts {
  readonly services: readonly Service[];
  readonly dynamodb: DynamoDb;
  readonly gate: Gate;
  readonly clock: Clock;
  readonly random: Random;
}

export class Endpoint {
  readonly faults: CallFault[] = [];
  /** Called for every call that was done or refused. */
  readonly observers: ((exchange: Exchange) => void)[] = [];
  /** Calls of skep's functions and machines: `ssm.SendCommand` -> count. */
  readonly calls = new Map<string, number>();
  readonly #services: readonly Service[];
  readonly #dynamodb: DynamoDb;
  readonly #gate: Gate;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #operations: ReadonlySet<string>;
  /** As it was last told: time stands still while calls are made. */
  #date = { at: NaN, text: '' };

  constructor(parts: EndpointParts) {
    this.#services = parts.services;
    this.#dynamodb = parts.dynamodb;
    this.#gate = parts.gate;
    this.#clock = parts.clock;
    this.#random = parts.random;
    this.#operations = new Set([
      ...this.#services.flatMap(({ name, operations }) => Object.keys(operations).map((one) => `${name}.${one}`)),
      ...DYNAMODB_OPERATIONS.map((one) => `dynamodb.${one}`),
    ]);
  }

  /** What the lab answers, as `service.Operation`. */
  get operations(): readonly string[] {
    return [...this.#operations];
  }

  /** Whether `service.Operation` is something that the lab answers. */
  knows(call: string): boolean {
    const [service = '', operation = ''] = call.split('.');
    return this.#operations.has(`${ownName(service)}.${operation}`);
  }

  /** A call from within the lab: a state machine's integration. */
  async call(service: string, operation: string, input: Record<string, unknown>, caller: Caller): Promise<unknown> {
    const name = ownName(service);
    this.#count(`${name}.${operation}`, caller);
    if (!this.knows(`${name}.${operation}`)) {
      throw new UnknownOperation(name, operation);
    }
    this.#gate.authorize(caller, name, operation, input);
    const fault = this.#takeFault(`${name}.${operation}`, caller);
    const refusal = fault === undefined ? undefined : faultyAnswer(fault.effect, name, operation, input);
    if (refusal !== undefined) {
      throw refusal;
    }
    const answer = await this.#answer(name, operation, input, caller);
    failAfter(fault?.effect);
    return fault?.leavesOut === undefined ? answer : without(fault.leavesOut, answer);
  }

  async #answer(service: string, operation: string, input: Record<string, unknown>, caller: Caller): Promise<unknown> {
    try {
      const output = await this.#do(service, operation, input, caller);
      this.#tell({ service, operation, input, output });
      return output;
    } catch (error) {
      this.#tell({ service, operation, input, error });
      throw error;
    }
  }

  #tell(exchange: Exchange): void {
    for (const observer of this.observers) {
      observer(exchange);
    }
  }

  async #do(service: string, operation: string, input: Record<string, unknown>, caller: Caller): Promise<unknown> {
    if (service === 'dynamodb') {
      return this.#dynamodb.call(operation, input);
    }
    const found = this.#services.find((one) => one.name === service && Object.hasOwn(one.operations, operation));
    const run = found?.operations[operation];
    if (run === undefined) {
      throw new UnknownOperation(service, operation);
    }
    try {
      return await run(input, caller);
    } catch (error) {
      if (error instanceof z.ZodError) {
        throw invalidInput(error, service, `${service}.${operation}`);
      }
      throw error;
    }
  }

  #count(call: string, { kind }: Caller): void {
    if (kind === 'function' || kind === 'machine') {
      this.calls.set(call, (this.calls.get(call) ?? 0) + 1);
    }
  }

  #takeFault(call: string, { kind }: Caller): CallFault | undefined {
    const mayMeet = ({ effect }: CallFault): boolean => !effect.startsWith('die-') || kind === 'function';
    const fault = this.faults.find((one) => one.operation === call && one.times > 0 && mayMeet(one));
    if (fault === undefined || kind === 'person') {
      return undefined;
    }
    fault.times -= 1;
    return fault;
  }

  /** For those who are inside the lab. */
  async handle(request: Request): Promise<Response> {
    return webOf(await this.#clock.busy(plainOf(request).then((plain) => this.#serve(plain))));
  }

  serve(request: HttpRequest): Promise<HttpResponse> {
    return this.#clock.busy(this.#serve(request));
  }

  /** Signatures are not checked, only whose they claim to be: nobody but the lab's own processes can reach it. */
  #callerOf({ headers }: HttpRequest, service: string): Caller {
    const [, accessKeyId = ''] = ACCESS_KEY.exec(headers['authorization'] ?? '') ?? [];
    const caller = this.#gate.callerOf(accessKeyId, headers['x-amz-security-token'] ?? null);
    if (caller === undefined) {
      throw unknownKey(service);
    }
    return caller;
  }

  /** By the lab's time: a client may ask what time it is in AWS. */
  #dated(response: HttpResponse): HttpResponse {
    const now = this.#clock.now();
    if (this.#date.at !== now) {
      this.#date = { at: now, text: new Date(now).toUTCString() };
    }
    return { ...response, headers: { ...response.headers, date: this.#date.text } };
  }

  async #serve(request: HttpRequest): Promise<HttpResponse> {
    const asked = readRequest(request);
    const requestId = this.#random.uuid();
    try {
      const input = asked.input();
      const output = await this.call(asked.service, asked.operation, input, this.#callerOf(request, asked.service));
      return this.#dated(answerOf(asked, output, requestId));
    } catch (error) {
      if (error instanceof FunctionDied) {
        throw error;
      }
      return this.#dated(refusalOf(asked, asAwsError(error), requestId));
    }
  }
}

const ACCESS_KEY = /Credential=([^/,]*)\//;

/** What is answered in place of doing the call; undefined where it is done. */
function faultyAnswer(
  effect: CallFault['effect'],
  service: string,
  operation: string,
  input: Record<string, unknown>,
): Error | undefined {
  switch (effect) {
    case 'die-before':
      return new FunctionDied();
    case 'throttle':
      return new AwsError(
        ['autoscaling', 'route53'].includes(service) ? 'Throttling' : 'ThrottlingException',
        'Rate exceeded',
      );
    case 'fail':
      return new AwsError('InternalFailure', 'the lab was told to fail this call', 500);
    case 'conflict':
      return operation === 'TransactWriteItems'
        ? transactionConflict(input)
        : new AwsError('TransactionConflictException', 'Transaction is ongoing for the item');
    case 'lose-answer':
    case 'leave-out':
    case 'die-after':
      return undefined;
  }
}

/** Of a call that was carried out. */
function failAfter(effect: CallFault['effect'] | undefined): void {
  if (effect === 'lose-answer') {
    throw new AwsError('ServiceUnavailable', 'the lab was told to lose this answer', 503);
  }
  if (effect === 'die-after') {
    throw new FunctionDied();
  }
}

/** An answer from which instances are missing, as if it were one page less: in lists of whatever depth. */
function without(leavesOut: (instanceId: string) => boolean, answer: unknown): unknown {
  if (Array.isArray(answer)) {
    const instanceOf = (one: unknown): unknown => (one as { InstanceId?: unknown } | null)?.InstanceId;
    return answer.filter((one) => !leavesOut(String(instanceOf(one)))).map((one: unknown) => without(leavesOut, one));
  }
  return typeof answer === 'object' && answer !== null && !(answer instanceof Date)
    ? Object.fromEntries(Object.entries(answer).map(([key, value]) => [key, without(leavesOut, value)]))
    : answer;
}

function asAwsError(error: unknown): AwsError {
  if (error instanceof AwsError) {
    return error;
  }
  // A bug of the lab: loud, and not something that a client retries for long.
  return new AwsError('InternalFailure', error instanceof Error ? (error.stack ?? error.message) : String(error), 500);
}
