// Executions sleep in what is deployed for days, and a name that is given can be given once: what is there stays what it is.
import { readFileSync } from 'node:fs';

import { beforeAll, expect, it } from '@jest/globals';

import type { Template } from '../../lab/aws/stack/template.ts';
import { keptOf } from './kept-names.ts';
import { packaged, PACKAGING_TIMEOUT } from './packaged.ts';

const kept = JSON.parse(readFileSync('test/fixtures/kept-names.json', 'utf8')) as Readonly<Record<string, unknown>>;
let template: Template;
beforeAll(async () => {
  ({ template } = await packaged('dev'));
}, PACKAGING_TIMEOUT);

it('keeps each logical id, and of each resource the properties that cannot change without a new one', () => {
  const there = keptOf(template);
  expect(Object.fromEntries(Object.keys(kept).map((id) => [id, there[id]]))).toEqual(kept);
});

it('has no resource that is not in test/fixtures/kept-names.json yet', () => {
  expect(Object.keys(keptOf(template)).filter((id) => kept[id] === undefined)).toEqual([]);
});

it('holds the names of functions, machines, documents and rules, the keys of the table, and the words about node policies', () => {
  expect(kept).toMatchObject({
    ScaleIn: { StateMachineName: 'skep-dev-scale-in' },
    ClaimLambdaFunction: { FunctionName: 'skep-dev-claim' },
    JoinDocument: { Name: 'skep-dev-join' },
    LaunchRule: { Name: 'skep-dev-launch' },
    Table: { TableName: 'skep-dev', KeySchema: expect.anything() },
    WorkerNodePolicy: { Description: expect.stringContaining('workers') },
  });
});
