// Steps of a scenario that a person takes with the command: hold, unhold. The same code, over the lab's endpoint.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient } from '@aws-sdk/client-sfn';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

import { Holds } from '../../src/store/holds.ts';
import { holdCluster, unholdCluster } from '../../src/operations/hold.ts';
import { PERSON } from '../aws/iam/access-keys.ts';
import type { ScenarioRun } from './run.ts';
import { StepFailed } from './step-failed.ts';

interface Person {
  readonly holds: Holds;
  readonly states: SFNClient;
  readonly now: number;
}

function personOf({ lab }: ScenarioRun): Person {
  const settings = {
    endpoint: lab.url,
    region: lab.stack.region,
    credentials: PERSON,
  };
  const table = DynamoDBDocumentClient.from(new DynamoDBClient(settings));
  return {
    holds: new Holds(table, lab.stack.table.name),
    states: new SFNClient(settings),
    now: Math.floor(lab.clock.now() / 1000),
  };
}

export async function hold(run: ScenarioRun, because: string): Promise<void> {
  const person = personOf(run);
  const done = await holdCluster(person, run.scenario.cluster, because, person.now);
  if (done === undefined) {
    throw new StepFailed(`there is no cluster ${run.scenario.cluster} to hold`);
  }
  run.say(`${run.scenario.cluster} is held, ${done.underWay} node(s) on their way`);
}

export async function unhold(run: ScenarioRun): Promise<void> {
  const person = personOf(run);
  const done = await unholdCluster(person, run.scenario.cluster, person.now);
  if (done === undefined) {
    throw new StepFailed(`there is no cluster ${run.scenario.cluster} to hold`);
  }
  run.say(`${run.scenario.cluster} is held no more, ${done.woken} execution(s) go on`);
}
