// `skep events` and `skep executions`: what has happened to a cluster, and what is at work on it, by skep's table. Nothing of Step Functions is
// listed: ListExecutions is 5 calls a second for a whole account.
import { setTimeout as sleep } from 'node:timers/promises';

import type { Command } from 'commander';

import { tableClient } from '../../src/aws/clients.ts';
import { cleaned, oneLine } from '../../src/core/clean-text.ts';
import { timeText } from '../../src/core/verdict/time-text.ts';
import { readNodeStories } from '../../src/store/node-story.ts';
import { Refusals } from '../../src/store/refusals.ts';
import { Verdicts } from '../../src/store/verdicts.ts';
import { aboutCluster, whichCluster } from '../cluster.ts';
import type { About } from '../cluster.ts';
import { columns } from '../columns.ts';
import { explained } from '../aws-problems.ts';
import { timeOf } from '../look.ts';
import { changesOf } from '../page/changes.ts';
import { PageReader } from '../page/read.ts';
import { viewOf } from '../page/view.ts';
import type { PageView } from '../page/view.ts';
import { datedOf, ownedOf } from '../history-lists.ts';
import { say } from '../output.ts';

interface Options extends About {
  readonly follow: boolean;
  readonly json: boolean;
}

/** Between two looks, ms: as the page's. */
const EVERY = 5000;
const EVERY_OF_LAB = 1000;

export function defineEvents(command: Command): Command {
  return aboutCluster(command)
    .option('--follow', 'then go on with what changes, until Ctrl-C', false)
    .option('--json', 'print one JSON object a line: at (epoch seconds), about, what', false)
    .addHelpText(
      'after',
      '\nExample: skep events blue --follow' +
        '\nThe table keeps the last of each kind, not a journal: CloudTrail and the log groups of the functions have the rest.' +
        '\nExit codes: 0 they were told, 1 wrong use.',
    )
    .action(events);
}

export function defineExecutions(command: Command): Command {
  return aboutCluster(command)
    .option('--follow', 'then go on with those that change, until Ctrl-C', false)
    .option('--json', 'print them as JSON; with --follow one object a line', false)
    .addHelpText(
      'after',
      '\nExample: skep executions blue --follow' +
        '\nThe last execution of each instance, as the table has it. `skep page` shows the way of one through its machine.' +
        '\nExit codes: 0 they were told, 1 wrong use.',
    )
    .action(executions);
}

async function events(argument: string | undefined, options: Options): Promise<void> {
  const { stage, json } = options;
  const cluster = await whichCluster(argument, options);
  const client = tableClient();
  const table = `skep-${stage}`;
  const [{ kept, hold, forced, failed }, refused, nodes] = await explained(
    Promise.all([
      new Verdicts(client, table).readAround(cluster),
      new Refusals(client, table).ofCluster(cluster),
      readNodeStories(client, table, cluster),
    ]),
    stage,
  );
  const show = (one: { readonly at: number; readonly about: string; readonly what: string }): void => {
    const { at, about, what } = cleaned(one) as typeof one;
    say(json ? JSON.stringify({ at, about, what }) : oneLine(`${timeText(at)}  ${about || cluster}  ${what}`));
  };
  datedOf({ cluster, hold, forced, failed, refused, verdict: kept.verdict, nodes }).forEach(show);
  if (options.follow) {
    await follow(cluster, stage, (before, after) => {
      changesOf(before, after).forEach(show);
    });
  }
}

/** Ctrl-C ends it, and there is nothing to be undone. */
async function follow(
  cluster: string,
  stage: string,
  told: (before: PageView, after: PageView) => void,
): Promise<never> {
  const every = process.env['AWS_ENDPOINT_URL']?.startsWith('http://127.0.0.1') === true ? EVERY_OF_LAB : EVERY;
  const reader = new PageReader({ cluster, stage, where: '', swarm: undefined, every });
  let before = viewOf(await reader.look());
  for (;;) {
    await sleep(every);
    const after = viewOf(await reader.look());
    told(before, after);
    before = after;
  }
}

async function executions(argument: string | undefined, options: Options): Promise<void> {
  const { stage, json } = options;
  const cluster = await whichCluster(argument, options);
  const client = tableClient();
  const clock = timeOf(client);
  const nodes = await explained(readNodeStories(client, `skep-${stage}`, cluster), stage);
  const owned = ownedOf(nodes, clock());
  if (json && !options.follow) {
    say(JSON.stringify(cleaned(owned), null, 2));
  } else if (json) {
    owned.forEach((one) => {
      say(JSON.stringify(cleaned(one)));
    });
  } else {
    say(tableOf(cleaned(owned) as typeof owned));
  }
  if (options.follow) {
    await follow(cluster, stage, (before, after) => {
      const old = new Map(before.instances.map((one) => [one.id, one]));
      for (const one of after.instances) {
        const was = old.get(one.id);
        if (one.execution !== null && (was?.waitsFor !== one.waitsFor || was.execution !== one.execution)) {
          const line = { at: after.at, instance: one.id, execution: one.execution, waitsFor: one.waitsFor };
          say(
            json
              ? JSON.stringify(line)
              : oneLine(`${timeText(after.at)}  ${one.id}  ${one.waitsFor ?? 'nothing: done'}  ${one.execution}`),
          );
        }
      }
    });
  }
}

function tableOf(owned: ReturnType<typeof ownedOf>): string {
  if (owned.length === 0) {
    return 'no executions';
  }
  const head = ['instance', 'machine', 'node', 'at work', 'last step', 'sent', 'execution'];
  return columns(
    head,
    owned.map(({ instance, machine, phase, atWork, step, sentAt, execution }) => [
      instance,
      machine,
      phase,
      atWork ? 'yes' : 'no',
      step ?? '-',
      sentAt === null ? '-' : timeText(sentAt),
      execution.split(':').at(-1) ?? execution,
    ]),
  );
}
