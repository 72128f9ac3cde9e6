// Where something is about to be changed: the account, the region and the endpoint, in one line, before a person is asked.
import type { SFNClient } from '@aws-sdk/client-sfn';

import { whereText } from './reach.ts';
import { machineArn } from './run-machine.ts';

/** @param arn any of the stage, which names the account: nothing else of AWS has to be asked, or allowed */
export const placeBeside = (arn: string, stage: string): string =>
  `account ${arn.split(':')[4] ?? 'unknown'}, ${whereText(stage, process.env)}`;

export const placeText = async (states: SFNClient, stage: string): Promise<string> =>
  placeBeside(await machineArn(states, `skep-${stage}-tidy`), stage);
