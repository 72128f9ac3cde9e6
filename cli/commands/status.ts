// `skep status`: how the clusters of a stage are, as the last tidy of each found them, and as the table, EC2 and Auto Scaling
// say at this moment.
import type { Command } from 'commander';

import { tableClient } from '../../src/aws/clients.ts';
import { listClusters } from '../../src/store/clusters.ts';
import { readNodeStories } from '../../src/store/node-story.ts';
import { Refusals } from '../../src/store/refusals.ts';
import type { Refused } from '../../src/store/refusals.ts';
import { Table } from '../../src/store/table.ts';
import { Verdicts } from '../../src/store/verdicts.ts';
import { oneLine } from '../../src/core/clean-text.ts';
import { statusOf } from '../../src/core/verdict/status.ts';
import { timeText } from '../../src/core/verdict/time-text.ts';
import type { Status } from '../../src/core/verdict/status.ts';
import { aboutCluster, named, noSuchCluster } from '../cluster.ts';
import type { About } from '../cluster.ts';
import { columns } from '../columns.ts';
import { explained } from '../aws-problems.ts';
import { groupsNow, managersNow, timeOf } from '../look.ts';
import { watchable, watching } from '../watching.ts';
import type { Watched } from '../watching.ts';

interface Options extends About, Watched {
  readonly json?: boolean;
}

export function defineStatus(command: Command): Command {
  return watchable(aboutCluster(command, 'this one only (default: all of the stage)'))
    .option('--json', 'print it as JSON, and nothing else')
    .addHelpText(
      'after',
      '\nExample: skep status blue --watch' +
        '\nExit codes: 0 all are healthy, 1 wrong use, 2 one is not, or is changing, or nobody has looked for half an hour.',
    )
    .action(status);
}

async function status(argument: string | undefined, options: Options): Promise<void> {
  const cluster = named(argument, options);
  await watching(options, () => showStatus(cluster, options));
}

async function showStatus(cluster: string | undefined, { stage, json = false }: Options): Promise<void> {
  const client = tableClient();
  const clock = timeOf(client);
  const table = `skep-${stage}`;
  const verdicts = new Verdicts(client, table);
  const found: Status[] = [];
  for (const name of chosen(await explained(listClusters(client, table), stage), stage, cluster)) {
    const { kept, forced, failed, hold, state } = await explained(verdicts.readAround(name), stage);
    const managers = await managersNow(new Table(client, table), name);
    const groups = await groupsNow(new Refusals(client, table), name, stage);
    const recorded = await explained(readNodeStories(client, table, name), stage);
    const looked = { forced, lastFailure: failed, hold, state, managers, groups, recorded };
    found.push(statusOf(name, kept.verdict, clock(), looked));
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

function textOf(found: readonly Status[], refused: readonly Refused[], stage: string, now: number): string {
  if (found.length === 0) {
    return `stage ${stage} has no clusters: skep create`;
  }
  const head = ['cluster', 'verdict', 'since', 'looked at'];
  const rows = found.map(({ cluster, level, since, asOf }) => [cluster, level, time(since), aged(asOf, now)]);
  const reasons = found.flatMap(({ cluster, reasons: some }) =>
    some.flatMap(({ name, what, next }) => [oneLine(`${cluster}: ${name}: ${what}`), `  what to do: ${oneLine(next)}`]),
  );
  const nobodys = refused.flatMap(({ group, because, at }) => [
    oneLine(`group ${group}: refused at ${time(at)}: ${because}`),
    '  what to do: declare its cluster, or mend its tags skep:cluster and skep:role and the metadata of its hooks',
  ]);
  return [columns(head, rows), ...reasons, ...nobodys].join('\n');
}

const time = (seconds: number | null): string => (seconds === null ? '-' : timeText(seconds));

function aged(seconds: number | null, now: number): string {
  const minutes = Math.max(0, Math.floor((now - (seconds ?? now)) / 60));
  return seconds === null ? '-' : `${time(seconds)} (${minutes} min ago)`;
}
