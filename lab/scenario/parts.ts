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

/** By stage: a process plays what it has packaged first, so that all its runs are of one state, and no run looks at the sources again. */
const packaged = new Map<string, Promise<PackagedService>>();

export async function stackOf(stage: string): Promise<Stack> {
  const known = packaged.get(stage) ?? packageService({ stage });
  packaged.set(stage, known);
  try {
    return load(await known);
  } catch (error) {
    packaged.delete(stage);
    throw error;
  }
}

/** @throws {BadRelease} */
export function releaseOf(folder: string, stage: string): Stack {
  const kept = readKeptRelease(folder);
  if (kept.stage !== stage) {
    throw new BadRelease(`${folder} is a release of the stage ${kept.stage}, and the scenario has ${stage}`);
  }
  return load(kept);
}

function load(service: PackagedService): Stack {
  const key = `${service.stage} ${service.hash}`;
  const stack =
    loaded.get(key) ?? loadStack(service, { account: '123456789012', region: 'eu-west-1', partition: 'aws' });
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
