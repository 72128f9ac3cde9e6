// Ends the token wait of an execution. A token that is no longer waited for is no error: events come twice.
import { SendTaskFailureCommand, SendTaskSuccessCommand } from '@aws-sdk/client-sfn';
import type { SFNClient } from '@aws-sdk/client-sfn';

import type { Outcome } from '../core/steps/rendezvous.ts';
import { errorName } from './errors.ts';

const NOT_WAITED_FOR = new Set(['TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken']);

/** AWS: error at most 256 characters, cause at most 32,768. */
const CAUSE_LIMIT = 2000;

/** @returns false if nobody waits on the task token any more */
export function succeedTask(client: SFNClient, taskToken: string, output: unknown): Promise<boolean> {
  return isOpen(client.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify(output) })));
}

/** @returns false if nobody waits on the task token any more */
export function failTask(client: SFNClient, taskToken: string, error: string, cause: string): Promise<boolean> {
  return isOpen(client.send(new SendTaskFailureCommand({ taskToken, error, cause: cause.slice(0, CAUSE_LIMIT) })));
}

export async function endTask(client: SFNClient, taskToken: string, outcome: Outcome): Promise<void> {
  await (outcome.ok
    ? succeedTask(client, taskToken, outcome.output)
    : failTask(client, taskToken, outcome.error, outcome.cause));
}

async function isOpen(sent: Promise<unknown>): Promise<boolean> {
  try {
    await sent;
    return true;
  } catch (error) {
    if (!NOT_WAITED_FOR.has(errorName(error))) {
      throw error;
    }
    return false;
  }
}
