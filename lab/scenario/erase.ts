// A step of a scenario in which a person gives the word to erase a swarm, or takes it back. The same code as the command's.
import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

import { Erasures } from '../../src/store/erasures.ts';
import { allowErasure } from '../../src/operations/erase.ts';
import { PERSON } from '../aws/iam/access-keys.ts';
import type { ScenarioRun } from './run.ts';
import type { PlainStep } from './schema.ts';
import { StepFailed } from './step-failed.ts';

type Word = Extract<PlainStep, { readonly erase: unknown }>['erase'];

export async function erase({ lab, scenario, say }: ScenarioRun, word: Word): Promise<void> {
  const settings = { endpoint: lab.url, region: lab.stack.region, credentials: PERSON };
  const table = DynamoDBDocumentClient.from(new DynamoDBClient(settings));
  const erasures = new Erasures(table, lab.stack.table.name);
  const { cluster } = scenario;
  if (word.takeBack) {
    say(`the word to erase ${cluster} is taken back: ${String(await erasures.takeBack(cluster))}`);
    return;
  }
  const ports = { erasures, autoScaling: new AutoScalingClient(settings), stage: lab.stack.stage };
  const given = await allowErasure(ports, cluster, word.for / 1000, Math.floor(lab.clock.now() / 1000));
  if (given.kind !== 'given') {
    throw new StepFailed(`the word to erase ${cluster} was not taken: ${given.kind}`);
  }
  say(`${cluster} may be erased`);
}
