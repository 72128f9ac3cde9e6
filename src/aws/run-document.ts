// Runs a document for a person, who waits for its end. No execution is involved, and none hears of it.
import type { SSMClient } from '@aws-sdk/client-ssm';

import type { Outcome } from '../core/steps/rendezvous.ts';
import { outcomeOf } from '../core/steps/result.ts';
import type { Command } from '../core/steps/verbs.ts';
import { readInvocation, sendCommand } from './run-command.ts';

export interface DocumentPorts {
  readonly ssm: SSMClient;
  readonly stage: string;
  readonly sleep: (ms: number) => Promise<unknown>;
  /** Epoch seconds. */
  readonly now: () => number;
}

/** Not the form of a step's, so that its end wakes nobody. */
const COMMENT = 'skep by hand';
const LOOK_EVERY = 1000;
/** SSM shows the end of a command a moment later. Seconds. */
const MARGIN = 30;

export async function runDocument(ports: DocumentPorts, command: Command): Promise<Outcome> {
  const { ssm, stage, sleep, now } = ports;
  const sent = await sendCommand(ssm, stage, command, COMMENT);
  if (sent.kind === 'denied') {
    throw sent.error;
  }
  if (sent.kind !== 'sent') {
    const error = sent.kind === 'refused' ? 'InstanceUnreachable' : 'AwsUnavailable';
    return { ok: false, error, cause: sent.because, retryable: true };
  }
  const { executionTimeout = '60' } = command.parameters;
  const end = now() + command.deliveryTimeout + Number(executionTimeout) + MARGIN;
  for (;;) {
    await sleep(LOOK_EVERY);
    const invocation = await readInvocation(ssm, sent.commandId, command.target);
    const outcome = invocation === undefined ? undefined : outcomeOf(command.verb, invocation);
    if (outcome !== undefined) {
      return outcome;
    }
    if (now() > end) {
      const cause = `${command.verb} on ${command.target} has not ended`;
      return { ok: false, error: 'CommandUndelivered', cause, retryable: true };
    }
  }
}
