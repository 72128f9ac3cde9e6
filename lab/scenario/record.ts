// A step of a scenario in which somebody's hand is at the leader record: it is deleted, or something else is written there.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';

import { keys } from '../../src/core/names.ts';
import { PERSON } from '../iam/access-keys.ts';
import { member } from './befall.ts';
import type { ScenarioRun } from './run.ts';

/** @param item null for none. `$group` stands for the oldest instance of that group, whose id nobody can know before */
export async function writeRecord(run: ScenarioRun, item: Readonly<Record<string, unknown>> | null): Promise<void> {
  const { lab, scenario } = run;
  const settings = { endpoint: lab.url, region: lab.stack.region, credentials: PERSON };
  const client = DynamoDBDocumentClient.from(new DynamoDBClient(settings));
  const TableName = lab.stack.table.name;
  const Key = keys.leader(scenario.cluster);
  const written = item === null ? undefined : (fillIn(run, item) as Record<string, unknown>);
  run.say(`the leader record is ${written === undefined ? 'deleted' : `made ${JSON.stringify(written)}`}`);
  await (written === undefined
    ? client.send(new DeleteCommand({ TableName, Key }))
    : client.send(new PutCommand({ TableName, Item: { ...written, ...Key } })));
}

function fillIn(run: ScenarioRun, value: unknown): unknown {
  if (typeof value === 'string') {
    return value.startsWith('$') ? member(run, value.slice(1)).instanceId : value;
  }
  if (Array.isArray(value)) {
    return value.map((one) => fillIn(run, one));
  }
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fillIn(run, one)]))
    : value;
}
