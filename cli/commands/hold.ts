// `skep hold` and `skep unhold`: a person freezes what skep would change in a cluster, and lets it go on.
import { setTimeout as sleep } from 'node:timers/promises';

import type { Command } from 'commander';

import { statesClient, tableClient } from '../../src/aws/clients.ts';
import { Holds } from '../../src/store/holds.ts';
import { holdCluster, unholdCluster } from '../../src/operations/hold.ts';
import { aboutCluster, whichCluster } from '../cluster.ts';
import type { About } from '../cluster.ts';
import { YES, approve } from '../confirm.ts';
import type { Approved } from '../confirm.ts';
import { UsageError } from '../errors.ts';
import { explained } from '../aws-problems.ts';
import { leaves } from '../interruption.ts';
import { sayPlace } from '../place.ts';
import { say } from '../output.ts';

interface Options extends About, Approved {
  readonly because: string;
  readonly again: string;
}

/** A claim that has read the table just before the hold writes within this time: its function ends then. Seconds. */
const CLAIM_TIMEOUT = '30';

export function defineHold(command: Command): Command {
  return aboutCluster(command)
    .option('--because <text>', 'why, for all who meet it', '')
    .option('--again <seconds>', 'when to look once more for what began at the same moment', CLAIM_TIMEOUT)
    .option(...YES)
    .addHelpText(
      'after',
      '\nExample: skep hold blue --because "a look at the network"\nExit codes: 0 it is held, 1 wrong use.\nAWS ends a hook after 100 of its timeouts, at most 48 hours: nobody can hold it longer.',
    )
    .action(hold);
}

export function defineUnhold(command: Command): Command {
  return aboutCluster(command)
    .option(...YES)
    .addHelpText('after', '\nExample: skep unhold blue\nExit codes: 0 it is held no more, 1 wrong use.')
    .action(unhold);
}

async function hold(argument: string | undefined, options: Options): Promise<void> {
  const { stage, because, again } = options;
  checkReason(because);
  const pause = seconds(again);
  const cluster = await whichCluster(argument, options);
  const holds = new Holds(tableClient(), `skep-${stage}`);
  const before = await explained(holds.read(cluster), stage);
  await sayPlace(`${cluster} is to be held`, stage);
  await approve(options);
  leaves(
    `${cluster} may be held by now, and what began at the same moment was not looked for: ` +
      `the same command again does, and skep unhold ${cluster} ends the hold`,
  );
  const done = await explained(holdCluster({ holds }, cluster, because, now()), stage);
  if (done === undefined) {
    throw gone(cluster, stage);
  }
  const since = new Date(done.hold.since * 1000).toISOString();
  say(before === undefined ? `${cluster} is held since ${since}` : `${cluster} was held before, since ${since}`);
  if (done.hold.because !== '') {
    say(`because: ${done.hold.because}`);
  }
  say(`${done.underWay} node(s) on their way: each finishes the command that it is at, and stops before the next`);
  if (pause > 0) {
    say(`looking once more in ${pause} s, for what began at this very moment`);
    await sleep(pause * 1000);
    await explained(holds.mark(cluster, done.hold), stage);
  }
  say(`nothing of ${cluster} is changed until: skep unhold ${cluster}${stage === 'dev' ? '' : ` --stage ${stage}`}`);
}

/** It was there a moment ago. */
const gone = (cluster: string, stage: string): UsageError =>
  new UsageError(`stage ${stage} has no cluster ${cluster} any more: nothing was changed`);

function checkReason(because: string): void {
  if (because.length > 200 || /[\n\r]/.test(because)) {
    throw new UsageError('--because: one line of at most 200 characters is wanted');
  }
}

function seconds(again: string): number {
  const pause = Number(again);
  if (!Number.isInteger(pause) || pause < 0 || pause > 3600) {
    throw new UsageError(`--again ${again}: a number from 0 to 3600 is wanted`);
  }
  return pause;
}

async function unhold(argument: string | undefined, options: About & Approved): Promise<void> {
  const { stage } = options;
  const cluster = await whichCluster(argument, options);
  const holds = new Holds(tableClient(), `skep-${stage}`);
  const before = await explained(holds.read(cluster), stage);
  await sayPlace(`${cluster} is to be held no more`, stage);
  await approve(options);
  leaves(`${cluster} may be held no more, with somebody still waiting: the same command again wakes the rest`);
  // Also where there is no hold: a first try may have died half-way.
  const done = await explained(unholdCluster({ holds, states: statesClient() }, cluster, now()), stage);
  if (done === undefined) {
    throw gone(cluster, stage);
  }
  say(before === undefined ? `${cluster} was not held` : `${cluster} is held no more`);
  say(`${done.woken} execution(s) go on, and the next tidy repairs what was left`);
}

const now = (): number => Math.floor(Date.now() / 1000);
