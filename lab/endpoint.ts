// The AWS endpoint: from HTTP request to HTTP response, over the real protocols. It counts calls, and fails them on demand.
import { z } from 'zod';

import type { Clock } from './clock.ts';
import { ec2Error, ec2Response, parseForm, queryError, queryResponse } from './protocols/query.ts';
import type { Random } from './random.ts';
import type { DynamoDb } from './services/dynamodb.ts';
import { transactionConflict } from './services/dynamodb-transaction.ts';
import { describeForEc2 } from './services/ec2-wire.ts';
import { AwsError, UnknownOperation } from './services/service.ts';
import type { Caller, Service } from './services/service.ts';

/** What a scenario makes of calls: throttled, failed, carried out with the answer lost, or in conflict with a transaction. */
export interface CallFault {
  /** @example ssm.SendCommand */
  readonly operation: string;
  readonly effect: 'throttle' | 'fail' | 'lose-answer' | 'conflict';
  times: number;
}

// Made once: a schema costs more than what it checks here.
const anyInput = z.record(z.string(), z.unknown());
const callerKind = z.enum(['function', 'machine', 'instance', 'person']);

const TARGETS: Readonly<Record<string, string>> = {
  AmazonSSM: 'ssm',
  AWSStepFunctions: 'states',
  DynamoDB_20120810: 'dynamodb',
};

/** The SDK's name of a service in an integration, where it is not that of its ARNs. */
const ALIASES: Readonly<Record<string, string>> = { sfn: 'states' };

export class Endpoint {
  readonly faults: CallFault[] = [];
  /** Calls of skep's functions and machines: `ssm.SendCommand` -> count. */
  readonly calls = new Map<string, number>();
  readonly #services: readonly Service[];
  readonly #dynamodb: DynamoDb;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(parts: { services: readonly Service[]; dynamodb: DynamoDb; clock: Clock; random: Random }) {
    this.#services = parts.services;
    this.#dynamodb = parts.dynamodb;
    this.#clock = parts.clock;
    this.#random = parts.random;
  }

  /** Whether `service.Operation` is something that the lab answers. DynamoDB's operations are dynalite's to know. */
  knows(call: string): boolean {
    const [service = '', operation = ''] = call.split('.');
    return (
      service === 'dynamodb' ||
      this.#services.some(({ name, operations }) => name === service && Object.hasOwn(operations, operation))
    );
  }

  /** A call from within the lab: a state machine's integration. */
  async call(service: string, operation: string, input: Record<string, unknown>, caller: Caller): Promise<unknown> {
    const name = ALIASES[service] ?? service;
    this.#count(`${name}.${operation}`, caller);
    const fault = this.#takeFault(`${name}.${operation}`, caller);
    const refusal = fault === undefined ? undefined : refusalOf(fault, name, operation, input);
    if (refusal !== undefined) {
      throw refusal;
    }
    const answer = await this.#answer(name, operation, input, caller);
    if (fault === 'lose-answer') {
      throw new AwsError('ServiceUnavailable', 'the lab was told to lose this answer', 503);
    }
    return answer;
  }

  async #answer(service: string, operation: string, input: Record<string, unknown>, caller: Caller): Promise<unknown> {
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
        throw new AwsError(
          service === 'states' || service === 'ssm' ? 'ValidationException' : 'ValidationError',
          z.prettifyError(error),
        );
      }
      throw error;
    }
  }

  #count(call: string, { kind }: Caller): void {
    if (kind === 'function' || kind === 'machine') {
      this.calls.set(call, (this.calls.get(call) ?? 0) + 1);
    }
  }

  #takeFault(call: string, { kind }: Caller): CallFault['effect'] | undefined {
    const fault = this.faults.find(({ operation, times }) => operation === call && times > 0);
    if (fault === undefined || kind === 'person') {
      return undefined;
    }
    fault.times -= 1;
    return fault.effect;
  }

  handle(request: Request): Promise<Response> {
    return this.#clock.busy(this.#handle(request));
  }

  async #handle(request: Request): Promise<Response> {
    const body = await request.text();
    const { service, caller } = signature(request.headers.get('authorization') ?? '');
    const target = request.headers.get('x-amz-target');
    const requestId = this.#random.uuid();
    if (target !== null) {
      return this.#json(target, body, caller, requestId);
    }
    if (service === 'ec2' || service === 'autoscaling' || service === 'sts') {
      return this.#query(service, body, caller, requestId);
    }
    return jsonError(new UnknownOperation(service, `${request.method} ${new URL(request.url).pathname}`), requestId);
  }

  async #json(target: string, body: string, caller: Caller, requestId: string): Promise<Response> {
    const [prefix, operation] = target.split('.');
    const service = TARGETS[prefix ?? ''] ?? prefix ?? '';
    try {
      const input = anyInput.parse(JSON.parse(body === '' ? '{}' : body));
      const output = await this.call(service, operation ?? '', input, caller);
      return new Response(JSON.stringify(output), {
        headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': requestId },
      });
    } catch (error) {
      return jsonError(asAwsError(error), requestId);
    }
  }

  async #query(service: string, body: string, caller: Caller, requestId: string): Promise<Response> {
    const form = parseForm(body);
    const operation = String(form['Action']);
    const headers = { 'content-type': 'text/xml', 'x-amzn-requestid': requestId };
    try {
      const input = service === 'ec2' ? fromEc2Form(form) : form;
      const output = await this.call(service, operation, input, caller);
      const xml =
        service === 'ec2'
          ? ec2Response(operation, describeForEc2(output), requestId)
          : queryResponse(operation, output, requestId);
      return new Response(xml, { headers });
    } catch (error) {
      const { code, message, status } = asAwsError(error);
      const xml = service === 'ec2' ? ec2Error(code, message, requestId) : queryError(code, message, status, requestId);
      return new Response(xml, { status, headers });
    }
  }
}

/** What is answered in place of doing the call; undefined where it is done. */
function refusalOf(
  effect: CallFault['effect'],
  service: string,
  operation: string,
  input: Record<string, unknown>,
): AwsError | undefined {
  switch (effect) {
    case 'throttle':
      return new AwsError(service === 'autoscaling' ? 'Throttling' : 'ThrottlingException', 'Rate exceeded');
    case 'fail':
      return new AwsError('InternalFailure', 'the lab was told to fail this call', 500);
    case 'conflict':
      return operation === 'TransactWriteItems'
        ? transactionConflict(input)
        : new AwsError('TransactionConflictException', 'Transaction is ongoing for the item');
    case 'lose-answer':
      return undefined;
  }
}

/** EC2's form names lists in the singular. */
function fromEc2Form({
  InstanceId: InstanceIds,
  Filter: filters,
  ...rest
}: Record<string, unknown>): Record<string, unknown> {
  const Filters = Array.isArray(filters)
    ? filters.map((one: unknown) => {
        const { Name, Value } = z.object({ Name: z.string(), Value: z.array(z.string()) }).parse(one);
        return { Name, Values: Value };
      })
    : undefined;
  return { ...rest, InstanceIds, Filters };
}

/** Signatures are not checked: who signs is told by the access key id, and what for by the scope. */
function signature(authorization: string): { service: string; caller: Caller } {
  const [, accessKey = '', service = ''] = /Credential=([^/,]*)\/[^/]*\/[^/]*\/([^/]*)\//.exec(authorization) ?? [];
  const [lab, kind, ...name] = accessKey.split('_');
  const known = callerKind.safeParse(kind);
  const caller: Caller =
    lab === 'LAB' && known.success ? { kind: known.data, name: name.join('_') } : { kind: 'person', name: accessKey };
  return { service, caller };
}

function asAwsError(error: unknown): AwsError {
  if (error instanceof AwsError) {
    return error;
  }
  // A bug of the lab: loud, and not something that a client retries for long.
  return new AwsError('InternalFailure', error instanceof Error ? (error.stack ?? error.message) : String(error), 500);
}

function jsonError({ code, message, status, members }: AwsError, requestId: string): Response {
  return new Response(JSON.stringify({ __type: code, message, ...members }), {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-errortype': code, 'x-amzn-requestid': requestId },
  });
}
