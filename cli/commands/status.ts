// `skep status`: how the clusters of a stage are, as the last tidy of each found them, and as the table, EC2 and Auto Scaling
// say at this moment.
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import CliTable from 'cli-table3';
import type { Command } from 'commander';
import { z } from 'zod';

import { groupsOfCluster } from '../../src/aws/auto-scaling.ts';
import { autoScalingClient, tableClient } from '../../src/aws/clients.ts';
import { ec2Client } from '../../src/aws/ec2-client.ts';
import { listClusters } from '../../src/store/clusters.ts';
import { instanceStates } from '../../src/aws/ec2.ts';
import { errorName } from '../../src/aws/errors.ts';
import { ownGroups, refusedGroups } from '../../src/operations/groups.ts';
import { Refusals } from '../../src/store/refusals.ts';
import type { Refused } from '../../src/store/refusals.ts';
import { Table } from '../../src/store/table.ts';
import { Verdicts } from '../../src/store/verdicts.ts';
import { oneLine } from '../../src/core/clean-text.ts';
import { statusOf } from '../../src/core/verdict/status.ts';
import { timeText } from '../../src/core/verdict/time-text.ts';
import type { Looked, Status } from '../../src/core/verdict/status.ts';
import { aboutCluster, named, noSuchCluster } from '../cluster.ts';
import type { About } from '../cluster.ts';
import { explained } from '../explained.ts';

interface Options extends About {
  readonly json?: boolean;
}

export function defineStatus(command: Command): Command {
  return aboutCluster(command, 'this one only (default: all of the stage)')
    .option('--json', 'print it as JSON, and nothing else')
    .addHelpText(
      'after',
      '\nExit codes: 0 all are healthy, 1 wrong use, 2 one is not, or nobody has looked for half an hour.',
    )
    .action(status);
}

async function status(argument: string | undefined, options: Options): Promise<void> {
  const { stage, json = false } = options;
  const cluster = named(argument, options);
  const client = tableClient();
  const clock = timeOf(client);
  const table = `skep-${stage}`;
  const verdicts = new Verdicts(client, table);
  const found: Status[] = [];
  for (const name of chosen(await explained(listClusters(client, table), stage), stage, cluster)) {
    const { kept, forced, failed, hold, state } = await explained(verdicts.readAround(name), stage);
    const managers = await managersNow(new Table(client, table), name);
    const groups = await groupsNow(new Refusals(client, table), name, stage);
    found.push(statusOf(name, kept.verdict, clock(), { forced, lastFailure: failed, hold, state, managers, groups }));
  }
  const refused = cluster === undefined ? await explained(new Refusals(client, table).ofNobody(), stage) : [];
  process.stdout.write(`${json ? JSON.stringify(found, null, 2) : textOf(found, refused, stage, clock())}\n`);
  process.exitCode = found.every(({ ok }) => ok) && refused.length === 0 ? 0 : 2;
}

function chosen(all: readonly string[], stage: string, cluster: string | undefined): readonly string[] {
  if (cluster === undefined) {
    return all;
  }
  if (!all.includes(cluster)) {
    throw noSuchCluster(cluster, stage, all);
  }
  return [cluster];
}

/** What the table has as managers, and EC2 says of them. Whoever may not ask EC2 sees what the last tidy saw, and is told so. */
async function managersNow(table: Table, cluster: string): Promise<Looked['managers']> {
  const { record } = await table.readLeader(cluster);
  const known = (record?.managers ?? []).map(({ instance }) => instance);
  if (known.length === 0) {
    return undefined;
  }
  try {
    const states = await instanceStates(ec2Client(), known);
    return { known, gone: known.filter((instance) => GONE.has(states.get(instance) ?? '')) };
  } catch (error) {
    process.stderr.write(`EC2 was not asked for the managers of ${cluster} (${errorName(error)}): see "looked at"\n`);
    return undefined;
  }
}

/** Its groups and their hooks, as Auto Scaling shows them at this moment. */
async function groupsNow(refusals: Refusals, cluster: string, stage: string): Promise<Looked['groups']> {
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
    process.stderr.write(
      `Auto Scaling was not asked for the groups of ${cluster} (${errorName(error)}): see "looked at"\n`,
    );
    return undefined;
  }
}

const GONE: ReadonlySet<string> = new Set(['shutting-down', 'terminated', 'stopping', 'stopped']);

function textOf(found: readonly Status[], refused: readonly Refused[], stage: string, now: number): string {
  if (found.length === 0) {
    return `stage ${stage} has no clusters: npx skep create`;
  }
  const table = new CliTable({ head: ['cluster', 'verdict', 'since', 'looked at'], style: { head: [], border: [] } });
  table.push(...found.map(({ cluster, level, since, asOf }) => [cluster, level, time(since), aged(asOf, now)]));
  const reasons = found.flatMap(({ cluster, reasons: some }) =>
    some.flatMap(({ name, what, next }) => [oneLine(`${cluster}: ${name}: ${what}`), `  what to do: ${oneLine(next)}`]),
  );
  const nobodys = refused.flatMap(({ group, because, at }) => [
    oneLine(`group ${group}: refused at ${time(at)}: ${because}`),
    '  what to do: declare its cluster, or mend its tags skep:cluster and skep:role and the metadata of its hooks',
  ]);
  return [table.toString(), ...reasons, ...nobodys].join('\n');
}

const time = (seconds: number | null): string => (seconds === null ? '-' : timeText(seconds));

function aged(seconds: number | null, now: number): string {
  const minutes = Math.max(0, Math.floor((now - (seconds ?? now)) / 60));
  return seconds === null ? '-' : `${time(seconds)} (${minutes} min ago)`;
}

const dated = z.object({ response: z.object({ headers: z.object({ date: z.string() }) }) });

/** AWS's own time, epoch seconds: by this machine's, a verdict could seem to be old, or never to grow old. */
function timeOf(client: DynamoDBDocumentClient): () => number {
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
