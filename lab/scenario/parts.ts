// What a run of a scenario is made of: the packaged stack, and a client of the lab's table.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

import { PERSON } from '../aws/iam/access-keys.ts';
import type { Lab } from '../lab.ts';
import { loadStack } from '../aws/stack/load-stack.ts';
import { BadRelease, readKeptRelease } from '../aws/stack/kept-release.ts';
import { packageService } from '../aws/stack/package-service.ts';
import type { PackagedService } from '../aws/stack/package-service.ts';
import type { Stack } from '../aws/stack/stack.ts';
import { handlerTo } from './in-process-client.ts';

/** By stage and by the hash of what it was packaged of. A stack is frozen, so that no lab can change it for the next one. */
const loaded = new Map<string, Stack>();

export async function stackOf(stage: string): Promise<Stack> {
  return load(await packageService({ stage }));
}

/** @throws {BadRelease} */
export function releaseOf(folder: string, stage: string): Stack {
  const packaged = readKeptRelease(folder);
  if (packaged.stage !== stage) {
    throw new BadRelease(`${folder} is a release of the stage ${packaged.stage}, and the scenario has ${stage}`);
  }
  return load(packaged);
}

function load(packaged: PackagedService): Stack {
  const key = `${packaged.stage} ${packaged.hash}`;
  const stack =
    loaded.get(key) ?? loadStack(packaged, { account: '123456789012', region: 'eu-west-1', partition: 'aws' });
  loaded.set(key, stack);
  return stack;
}

export function tableClient(lab: Lab): DynamoDBDocumentClient {
  const client = new DynamoDBClient({
    endpoint: lab.url,
    region: lab.stack.region,
    credentials: PERSON,
    requestHandler: handlerTo(lab.serve),
  });
  return DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
}
