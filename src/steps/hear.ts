// Reads how a command ended, once the event of its end has come. The event may come before SSM shows the end.
import type { SSMClient } from '@aws-sdk/client-ssm';

import { readInvocation } from '../aws/run-command.ts';
import type { ReadInvocation } from '../aws/run-command.ts';
import { outcomeOf } from '../core/steps/result.ts';
import { FlowError } from '../core/errors.ts';
import type { Verb } from '../core/names.ts';
import type { Outcome } from '../core/steps/rendezvous.ts';

/**
 * The pauses before further reads, milliseconds: five seconds in all. GetCommandInvocation is eventually consistent, and AWS does not say for
 * how long it may lag. Without these reads the end would be noticed by the execution's next look, a minute later.
 */
const PAUSES = [1000, 1500, 2500];

export interface Ended {
  readonly invocation: ReadInvocation;
  readonly outcome: Outcome;
}

/** @throws {FlowError} AwsUnavailable if SSM still does not show the end: Lambda then tries the event again, after one minute and after two */
export async function hearEnd(
  ssm: SSMClient,
  { commandId, instance, verb }: { readonly commandId: string; readonly instance: string; readonly verb: Verb },
  pause: (ms: number) => Promise<unknown>,
): Promise<Ended> {
  for (const ms of [0, ...PAUSES]) {
    if (ms > 0) {
      await pause(ms);
    }
    const invocation = await readInvocation(ssm, commandId, instance);
    const outcome = invocation === undefined ? undefined : outcomeOf(verb, invocation);
    if (invocation !== undefined && outcome !== undefined) {
      return { invocation, outcome };
    }
  }
  throw new FlowError('AwsUnavailable', `SSM does not show yet that ${commandId} has ended`);
}
