// What a person's command looks at by itself, beside the last verdict: the managers, the groups and their hooks, and AWS's clock.
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';

import { groupsOfCluster } from '../src/aws/auto-scaling.ts';
import { autoScalingClient } from '../src/aws/clients.ts';
import { ec2Client } from '../src/aws/ec2-client.ts';
import { instanceStates } from '../src/aws/ec2.ts';
import { ownGroups, refusedGroups } from '../src/operations/groups.ts';
import type { Refusals } from '../src/store/refusals.ts';
import type { Table } from '../src/store/table.ts';
import type { StatusFacts } from '../src/core/verdict/status.ts';
import { oneLine } from '../src/core/clean-text.ts';
import { explained, problemOf } from './aws-problems.ts';
import { GONE } from './page/facts.ts';

/** What the table has as managers, and EC2 says of them. If you may not ask EC2, you see what the last tidy saw, and are told so. */
export async function managersNow(table: Table, cluster: string): Promise<StatusFacts['managers']> {
  const { record } = await table.readLeader(cluster);
  const known = (record?.managers ?? []).map(({ instance }) => instance);
  if (known.length === 0) {
    return undefined;
  }
  try {
    const states = await instanceStates(ec2Client(), known);
    return { known, gone: known.filter((instance) => GONE.has(states.get(instance) ?? '')) };
  } catch (error) {
    tellOf(`the managers of ${cluster} are told as the last tidy saw them`, error);
    return undefined;
  }
}

/** Its groups and their hooks, as Auto Scaling shows them at this moment. */
export async function groupsNow(refusals: Refusals, cluster: string, stage: string): Promise<StatusFacts['groups']> {
  const refused = await explained(refusals.ofCluster(cluster), stage);
  try {
    const client = autoScalingClient();
    const tagged = await groupsOfCluster(client, cluster);
    return {
      stage,
      own: await ownGroups(client, stage, tagged),
      refused: await refusedGroups(client, tagged, refused),
    };
  } catch (error) {
    tellOf(`the groups of ${cluster} are told as the last tidy saw them`, error);
    return undefined;
  }
}

const tellOf = (what: string, error: unknown): void => {
  process.stderr.write(`${what}: ${oneLine(problemOf(error))}\n`);
};

const dated = z.object({ response: z.object({ headers: z.object({ date: z.string() }) }) });

/** AWS's own time, epoch seconds: by this machine's, a verdict could seem to be old, or never to grow old. */
export function timeOf(client: DynamoDBDocumentClient): () => number {
  let ahead = 0;
  client.middlewareStack.add(
    (next) => async (given) => {
      const result = await next(given);
      const told = Date.parse(dated.safeParse(result).data?.response.headers.date ?? '');
      ahead = Number.isNaN(told) ? ahead : told - Date.now();
      return result;
    },
    { step: 'deserialize', name: 'timeOfAws' },
  );
  return () => Math.floor((Date.now() + ahead) / 1000);
}
