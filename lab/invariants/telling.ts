// What calls and executions tell: whose they are, whether their errors have names, and whether a secret is in them.
import { ERRORS } from '../../src/core/errors.ts';
import type { Exchange } from '../aws/endpoint.ts';
import type { Execution } from '../aws/states/execution.ts';

const TOKEN = 'SWMTKN-';
/** Where join tokens belong, with what is told of them. */
const TOKENS_BELONG: ReadonlySet<string> = new Set(['ssm.PutParameter', 'ssm.GetParameter']);

export function leaksToken({ service, operation, input, output, error }: Exchange): boolean {
  return !TOKENS_BELONG.has(`${service}.${operation}`) && JSON.stringify([input, output, error]).includes(TOKEN);
}

/** Errors of executions: skep's own, and those that AWS has for what stops or outlasts one. */
export const isNamed = (error: string | undefined): boolean =>
  error !== undefined &&
  (ERRORS.has(error) || error === 'Stopped' || error === 'States.Timeout' || OF_LAMBDA.test(error));

/** Of a function, more often than it is tried. */
const OF_LAMBDA = /^(Lambda\.[A-Za-z]+|Sandbox\.Timedout|Runtime\.ExitError)$/;

export function instanceOf({ input }: Execution): string | undefined {
  const detail = (input as { readonly detail?: { readonly EC2InstanceId?: unknown } } | null)?.detail;
  return typeof detail?.EC2InstanceId === 'string' ? detail.EC2InstanceId : undefined;
}
