// What every service of the lab is: operations by name, from input to output, as the SDK shapes them.

/** Who calls: the lab counts what skep's own functions and machines call, apart from instances and people. */
export interface Caller {
  readonly kind: 'function' | 'machine' | 'instance' | 'person';
  readonly name: string;
}

export type Operation = (input: Record<string, unknown>, caller: Caller) => unknown;

export interface Service {
  /** As in an ARN and in a signature: autoscaling, ssm, states, ... */
  readonly name: string;
  readonly operations: Readonly<Record<string, Operation>>;
}

/** The SDK's names of services in integrations, where they are not those of their ARNs. */
const OWN_NAMES: Readonly<Record<string, string>> = { sfn: 'states' };

/** @example ownName('sfn') // states */
export const ownName = (service: string): string => OWN_NAMES[service] ?? service;

/** An error as AWS would answer it. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;
  /** More members of the error, as its shape has them. */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, status = 400, members: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = code;
    this.code = code;
    this.status = status;
    this.members = members;
  }
}

/** For operations that skep does not use: refused loudly, and in the log, never answered with a guess. */
export class UnknownOperation extends AwsError {
  constructor(service: string, operation: string) {
    super('UnknownOperationException', `the lab does not know ${service}:${operation}`);
  }
}
