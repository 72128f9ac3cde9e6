// Steps of a scenario in which somebody's hand is at the table or at a hook: it is deleted, or something else is written there.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, DynamoDBDocumentClient, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';

import { keys, launchHook, terminateHook } from '../../src/core/names.ts';
import type { Key } from '../../src/core/names.ts';
import { PERSON } from '../aws/iam/access-keys.ts';
import { member } from './disturbances.ts';
import type { ScenarioRun } from './run.ts';
import type { PlainStep } from './schema.ts';

type Part<Kind extends string> = Extract<PlainStep, Readonly<Record<Kind, unknown>>>;

/** @param item null for none. `$group` stands for the oldest instance of that group, whose id nobody can know before */
export async function writeRecord(run: ScenarioRun, item: Readonly<Record<string, unknown>> | null): Promise<void> {
  const Key = keys.leader(run.scenario.cluster);
  const written = item === null ? undefined : (fillIn(run, item) as Record<string, unknown>);
  run.say(`the leader record is ${written === undefined ? 'deleted' : `made ${JSON.stringify(written)}`}`);
  const { client, TableName } = tableOf(run);
  await (written === undefined
    ? client.send(new DeleteCommand({ TableName, Key }))
    : client.send(new PutCommand({ TableName, Item: { ...written, ...Key } })));
}

/** An item of the cluster, by its sort key: some attributes of it are set, or it is deleted. */
export async function writeItem(run: ScenarioRun, { of, key, set }: Part<'item'>['item']): Promise<void> {
  const sk = key.replace(/\$([A-Za-z][A-Za-z0-9-]*)$/, (_, group: string) => member(run, group).instanceId);
  const Key: Key = { pk: of === 'clusters' ? keys.clusters() : keys.cluster(run.scenario.cluster), sk };
  const { client, TableName } = tableOf(run);
  if (set === null) {
    run.say(`the item ${sk} is deleted`);
    await client.send(new DeleteCommand({ TableName, Key }));
    return;
  }
  const written = Object.entries(fillIn(run, set) as Record<string, unknown>);
  run.say(`of the item ${sk} is set ${JSON.stringify(Object.fromEntries(written))}`);
  await client.send(
    new UpdateCommand({
      TableName,
      Key,
      UpdateExpression: `SET ${written.map((_, index) => `#n${index} = :v${index}`).join(', ')}`,
      ExpressionAttributeNames: Object.fromEntries(written.map(([name], index) => [`#n${index}`, name])),
      ExpressionAttributeValues: Object.fromEntries(written.map(([, value], index) => [`:v${index}`, value])),
    }),
  );
}

/** As in a console: the hook is deleted, or something of it is changed. */
export function changeHook(run: ScenarioRun, { group: name, of, change }: Part<'hook'>['hook']): void {
  const { lab, scenario } = run;
  const group = lab.autoScaling.group(name);
  const hookName = (of === 'launch' ? launchHook : terminateHook)(scenario.stage);
  const hook = group.hooks.get(hookName);
  run.say(`hook ${hookName} of ${name} is ${change === null ? 'deleted' : `changed: ${JSON.stringify(change)}`}`);
  if (change === null || hook === undefined) {
    group.hooks.delete(hookName);
    return;
  }
  const { timeout: heartbeatTimeout = hook.heartbeatTimeout, ...others } = change;
  group.hooks.set(hookName, { ...hook, ...others, heartbeatTimeout });
}

/** All of them: what is not said is taken away. */
export function changeTags(run: ScenarioRun, { group, tags }: Part<'tags'>['tags']): void {
  run.say(`${group} is tagged ${JSON.stringify(tags)}`);
  run.lab.autoScaling.setTags(group, tags);
}

function tableOf({ lab }: ScenarioRun): { readonly client: DynamoDBDocumentClient; readonly TableName: string } {
  const settings = { endpoint: lab.url, region: lab.stack.region, credentials: PERSON };
  return { client: DynamoDBDocumentClient.from(new DynamoDBClient(settings)), TableName: lab.stack.table.name };
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
