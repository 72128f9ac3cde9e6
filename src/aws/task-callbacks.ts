// Ends the token wait of an execution. A token that is no longer waited for is no error: events come twice.
import { SendTaskFailureCommand, SendTaskSuccessCommand } from '@aws-sdk/client-sfn';
import type { SFNClient } from '@aws-sdk/client-sfn';

import type { Outcome } from '../core/rendezvous.ts';
import { errorName } from './errors.ts';

const NOT_WAITED_FOR = new Set(['TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken']);

/** AWS: error at most 256 characters, cause at most 32,768. */
const CAUSE_LIMIT = 2000;

export async function succeedTask(client: SFNClient, taskToken: string, output: unknown): Promise<void> {
  await ignoreClosed(client.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify(output) })));
}

export async function failTask(client: SFNClient, taskToken: string, error: string, cause: string): Promise<void> {
  await ignoreClosed(client.send(new SendTaskFailureCommand({ taskToken, error, cause: cause.slice(0, CAUSE_LIMIT) })));
}

export async function endTask(client: SFNClient, taskToken: string, outcome: Outcome): Promise<void> {
  await (outcome.ok
    ? succeedTask(client, taskToken, outcome.output)
    : failTask(client, taskToken, outcome.error, outcome.cause));
}

async function ignoreClosed(sent: Promise<unknown>): Promise<void> {
  try {
    await sent;
  } catch (error) {
    if (!NOT_WAITED_FOR.has(errorName(error))) {
      throw error;
    }
  }
}
