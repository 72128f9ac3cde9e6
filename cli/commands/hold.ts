// `skep hold` and `skep unhold`: a person freezes what skep would change in a cluster, and lets it go on.
import { setTimeout as sleep } from 'node:timers/promises';

import { Command } from 'commander';

import { statesClient, tableClient } from '../../src/aws/clients.ts';
import { Holds } from '../../src/store/holds.ts';
import { holdCluster, unholdCluster } from '../../src/steps/hold.ts';
import { checkCluster, unknownCluster } from '../cluster.ts';
import { UsageError } from '../errors.ts';
import { explained } from '../explained.ts';

interface Options {
  readonly stage: string;
  readonly because: string;
  readonly again: string;
}

const STAGE = ['--stage <stage>', 'the stage that skep was deployed as', 'dev'] as const;
/** A claim that has read the table just before the hold writes within this time: its function ends then. Seconds. */
const CLAIM_TIMEOUT = '30';

export function holdCommand(): Command {
  return new Command('hold')
    .description('Freeze what skep would change in a cluster: joins, drains, repairs. Hooks are kept alive')
    .argument('<cluster>', 'the cluster')
    .option(...STAGE)
    .option('--because <text>', 'why, for all who meet it', '')
    .option('--again <seconds>', 'when to look once more for what began at the same moment', CLAIM_TIMEOUT)
    .addHelpText('after', '\nAWS ends a hook after 100 of its timeouts, at most 48 hours: nobody can hold it longer.')
    .action(hold);
}

export function unholdCommand(): Command {
  return new Command('unhold')
    .description('End a hold: what waited goes on at once')
    .argument('<cluster>', 'the cluster')
    .option(...STAGE)
    .action(unhold);
}

async function hold(cluster: string, { stage, because, again }: Options): Promise<void> {
  checkCluster(cluster);
  checkReason(because);
  const pause = seconds(again);
  const holds = new Holds(tableClient(), `skep-${stage}`);
  const before = await explained(holds.read(cluster), stage);
  const done = await explained(holdCluster({ holds }, cluster, because, now()), stage);
  if (done === undefined) {
    throw await unknownCluster(cluster, stage);
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
  say(
    `nothing of ${cluster} is changed until: npx skep unhold ${cluster}${stage === 'dev' ? '' : ` --stage ${stage}`}`,
  );
}

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

async function unhold(cluster: string, { stage }: Pick<Options, 'stage'>): Promise<void> {
  checkCluster(cluster);
  const holds = new Holds(tableClient(), `skep-${stage}`);
  const before = await explained(holds.read(cluster), stage);
  // Also where there is no hold: a first try may have died half-way.
  const done = await explained(unholdCluster({ holds, states: statesClient() }, cluster, now()), stage);
  if (done === undefined) {
    throw await unknownCluster(cluster, stage);
  }
  say(before === undefined ? `${cluster} was not held` : `${cluster} is held no more`);
  say(`${done.woken} execution(s) go on, and the next tidy repairs what was left`);
}

const now = (): number => Math.floor(Date.now() / 1000);

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
