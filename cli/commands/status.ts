// `skep status`: how the clusters of a stage are, as the last tidy of each found them.
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import CliTable from 'cli-table3';
import { Command } from 'commander';
import { z } from 'zod';

import { tableClient } from '../../src/aws/clients.ts';
import { listClusters } from '../../src/aws/clusters.ts';
import { Verdicts } from '../../src/aws/verdicts.ts';
import { clusterName } from '../../src/core/names.ts';
import { statusOf } from '../../src/core/status.ts';
import type { Status } from '../../src/core/status.ts';
import { UsageError } from '../errors.ts';
import { explained } from '../explained.ts';

interface Options {
  readonly stage: string;
  readonly cluster?: string;
  readonly json?: boolean;
}

export function statusCommand(): Command {
  return new Command('status')
    .description('Show how the clusters are: the verdict of the last tidy, with what to do')
    .option('--stage <stage>', 'the stage that skep was deployed as', 'dev')
    .option('--cluster <name>', 'this one only')
    .option('--json', 'print it as JSON, and nothing else')
    .addHelpText(
      'after',
      '\nExit codes: 0 all are healthy, 1 wrong use, 2 one is not, or nobody has looked for half an hour.',
    )
    .action(status);
}

async function status({ stage, cluster, json = false }: Options): Promise<void> {
  checkName(cluster);
  const client = tableClient();
  const clock = timeOf(client);
  const table = `skep-${stage}`;
  const verdicts = new Verdicts(client, table);
  const found: Status[] = [];
  for (const name of chosen(await explained(listClusters(client, table), stage), stage, cluster)) {
    const { verdict } = await explained(verdicts.read(name), stage);
    found.push(statusOf(name, verdict, clock()));
  }
  process.stdout.write(`${json ? JSON.stringify(found, null, 2) : textOf(found, stage)}\n`);
  process.exitCode = found.every(({ ok }) => ok) ? 0 : 2;
}

function checkName(cluster: string | undefined): void {
  const name = clusterName.optional().safeParse(cluster);
  if (!name.success) {
    throw new UsageError(`${cluster ?? ''}: ${name.error.issues[0]?.message ?? 'not a cluster name'}`);
  }
}

function chosen(all: readonly string[], stage: string, cluster: string | undefined): readonly string[] {
  if (cluster === undefined) {
    return all;
  }
  if (!all.includes(cluster)) {
    const there = all.length === 0 ? 'none was ever declared' : `it has ${all.join(', ')}`;
    throw new UsageError(`stage ${stage} has no cluster ${cluster}: ${there}`);
  }
  return [cluster];
}

function textOf(found: readonly Status[], stage: string): string {
  if (found.length === 0) {
    return `stage ${stage} has no clusters: npx skep create`;
  }
  const table = new CliTable({ head: ['cluster', 'verdict', 'since', 'looked at'], style: { head: [], border: [] } });
  table.push(...found.map(({ cluster, level, since, asOf }) => [cluster, level, time(since), time(asOf)]));
  const reasons = found.flatMap(({ cluster, reasons: some }) =>
    some.flatMap(({ name, what, next }) => [`${cluster}: ${name}: ${what}`, `  what to do: ${next}`]),
  );
  return [table.toString(), ...reasons].join('\n');
}

const time = (seconds: number | null): string =>
  seconds === null ? '-' : new Date(seconds * 1000).toISOString().replace('.000', '');

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
