// Where something is about to be changed: the account, the region and the endpoint, in one line, before a person is asked.
import type { SFNClient } from '@aws-sdk/client-sfn';

import { statesClient } from '../src/aws/clients.ts';
import { isDenied } from '../src/aws/errors.ts';
import { UsageError } from './errors.ts';
import { placeBeside, whereText } from './reach.ts';
import { machineArn } from './run-machine.ts';

export const placeText = async (states: SFNClient, stage: string): Promise<string> =>
  placeBeside(await machineArn(states, `skep-${stage}-tidy`), stage);

/** Says it on stderr. If you may not ask for the account, or nothing here names it, you are told the rest: that is no reason to do nothing. */
export async function sayPlace(what: string, stage: string): Promise<void> {
  process.stderr.write(`${what}: ${await asFarAsKnown(stage)}\n`);
}

async function asFarAsKnown(stage: string): Promise<string> {
  try {
    return await placeText(statesClient(), stage);
  } catch (error) {
    if (error instanceof UsageError || isDenied(error)) {
      return whereText(stage, process.env);
    }
    throw error;
  }
}
