// `skep rebalance`: moves surplus tasks to nodes that have fewer, without a gap. It starts the machine and reads its output; a dry run is
// the same machine, so that what is shown is what would be done.
import { setTimeout as sleep } from 'node:timers/promises';

import { Option } from 'commander';
import type { Command } from 'commander';

import { statesClient, tableClient } from '../../src/aws/clients.ts';
import { endedExecutions } from '../../src/aws/executions.ts';
import { RebalanceLock } from '../../src/store/rebalance-lock.ts';
import { MOVES } from '../../src/core/rebalance/run.ts';
import { aboutCluster, whichCluster } from '../cluster.ts';
import type { About } from '../cluster.ts';
import { YES } from '../confirm.ts';
import type { Approved } from '../confirm.ts';
import { Failed, UsageError } from '../errors.ts';
import { explained } from '../aws-problems.ts';
import { leaves } from '../interruption.ts';
import { rebalanceText, rebalanced } from '../rebalance-table.ts';
import type { Rebalanced } from '../rebalance-table.ts';
import { readable, runMachine } from '../run-machine.ts';
import { say } from '../output.ts';

interface Options extends About, Approved {
  readonly service: readonly string[];
  readonly maxMoves: string;
  readonly even: string;
  readonly dryRun: boolean;
  readonly cancel: boolean;
  readonly json: boolean;
}

export function defineRebalance(command: Command): Command {
  const gather = (text: string, before: readonly string[]): readonly string[] => [...before, ...text.split(',')];
  return aboutCluster(command)
    .option('--service <name>', 'only this service; may be repeated', gather, [])
    .option('--max-moves <n>', `at most so many moves, up to ${MOVES.most}`, String(MOVES.default))
    .addOption(
      new Option('--even <what>', 'services, or the cluster too: single tasks from full nodes to emptier ones')
        .choices(['services', 'cluster'])
        .default('services'),
    )
    .option('--dry-run', 'only show what would be moved, and what would not and why', false)
    .option('--cancel', 'end the one that is under way: it finishes the moves that it is at', false)
    .option('--json', 'print the report as JSON', false)
    .option(...YES)
    .addHelpText(
      'after',
      '\nExample: skep rebalance blue --service web --dry-run\nExit codes: 0 done or nothing to do, 1 wrong use, 2 refused, not all done, or a dry run that would move something.',
    )
    .action(rebalance);
}

async function rebalance(argument: string | undefined, options: Options): Promise<void> {
  const { stage, dryRun, even, yes } = options;
  const maxMoves = numberOf(options.maxMoves);
  const cluster = await whichCluster(argument, options);
  if (options.cancel) {
    await cancel(cluster, stage);
    return;
  }
  const input = { cluster, services: options.service, maxMoves, dryRun, even };
  const says = dryRun ? undefined : `tasks of ${cluster} are to be moved, ${maxMoves} moves at most`;
  const running = runMachine(statesClient(), { stage, machine: 'rebalance', input, says, yes }, (arn) => {
    leaves(`${arn} goes on without this command: skep rebalance ${cluster} --cancel ends it`);
  });
  const { succeeded, output, problem } = await explained(running, stage);
  if (!succeeded) {
    throw new Failed(`not rebalanced: ${readable(problem)}`);
  }
  const report = rebalanced.safeParse(output);
  if (!report.success) {
    throw new Failed('the rebalance of another version is deployed here');
  }
  say(options.json ? JSON.stringify(report.data, undefined, 2) : rebalanceText(report.data));
  process.exitCode = exitCode(report.data);
}

function exitCode({ dryRun, planned, made }: Rebalanced): number {
  if (dryRun) {
    return planned > 0 ? 2 : 0;
  }
  return made < planned ? 2 : 0;
}

function numberOf(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > MOVES.most) {
    throw new UsageError(`--max-moves ${text}: a number from 1 to ${MOVES.most} is wanted`);
  }
  return value;
}

const LOOK_EVERY = 2000;

async function cancel(cluster: string, stage: string): Promise<void> {
  leaves(`the rebalance of ${cluster} may have been told to end: it finishes the moves that it is at`);
  const lock = new RebalanceLock(tableClient(), `skep-${stage}`);
  const execution = await explained(lock.cancel(cluster), stage);
  if (execution === undefined) {
    say(`no rebalance of ${cluster} is under way`);
    return;
  }
  say(`${execution} is told to end: it finishes the moves that it is at`);
  const client = statesClient();
  // One that was stopped from outside gives nothing back: the next rebalance takes its place.
  while ((await endedExecutions(client, [execution])).size === 0) {
    await sleep(LOOK_EVERY);
  }
  say('it has ended');
}
