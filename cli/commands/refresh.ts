// `skep refresh`: replaces the instances of a group, as is safe for its role, and follows that. AWS does it: it goes on without this command.
import { setTimeout as sleep } from 'node:timers/promises';

import type { Command } from 'commander';

import { errorName } from '../../src/aws/errors.ts';
import { cancelRefresh, lastRefresh, rollBackRefresh } from '../../src/aws/instance-refresh.ts';
import { oneLine } from '../../src/core/clean-text.ts';
import { beforehand, isUnderWay, outcomeOf, standText } from '../../src/core/upgrade/refresh.ts';
import type { RefreshOptions } from '../../src/core/upgrade/refresh.ts';
import { beginRefresh, ownGroup, planRefresh } from '../../src/operations/upgrade.ts';
import type { OwnGroup, UpgradePorts } from '../../src/operations/upgrade.ts';
import { Verdicts } from '../../src/store/verdicts.ts';
import { tableClient } from '../../src/aws/clients.ts';
import { YES, confirm } from '../confirm.ts';
import { Failed, UsageError } from '../errors.ts';
import { explained } from '../aws-problems.ts';
import { leaves } from '../interruption.ts';
import { sayPlace } from '../place.ts';
import { reaching } from '../reach.ts';
import type { Reach } from '../reach.ts';
import { upgradePorts } from '../upgrade-ports.ts';
import { say } from '../output.ts';

interface Options extends Reach {
  readonly share?: string;
  readonly templateVersion?: string;
  readonly cancel: boolean;
  readonly rollBack: boolean;
  readonly dryRun: boolean;
  readonly follow: boolean;
  readonly yes: boolean;
}

const LOOK_EVERY = 2000;

export function defineRefresh(command: Command): Command {
  return reaching(command.argument('<group>', 'its Auto Scaling group'))
    .option('--share <percent>', 'of workers: so many percent of the group at once (default: 10, one at least)')
    .option('--template-version <n>', 'launch this version of its launch template; AWS goes back if it fails')
    .option('--cancel', 'end the one that is under way: what was replaced stays', false)
    .option('--roll-back', 'end the one that is under way, and replace what it has launched', false)
    .option('--dry-run', 'only say what would be done', false)
    .option('--no-follow', 'do not wait for its end')
    .option(...YES)
    .addHelpText(
      'after',
      '\nExample: skep refresh blue-workers --template-version 7 --share 20' +
        '\nExit codes: 0 done, 1 wrong use or not confirmed, 2 refused, or it ended before all were replaced.',
    )
    .action(refresh);
}

async function refresh(name: string, options: Options): Promise<void> {
  const wanted = refreshOptionsOf(options);
  const ports = upgradePorts(options.stage);
  const group = await explained(ownGroup(ports, name), options.stage);
  if (typeof group === 'string') {
    throw new UsageError(group);
  }
  if (options.cancel || options.rollBack) {
    await end(ports, group, options);
    return;
  }
  const plan = await explained(planRefresh(ports, group, wanted), options.stage);
  if (plan.refused !== undefined) {
    throw new Failed(`${plan.refused}\nnothing was done`);
  }
  say(beforehand(plan.facts, plan.order).join('\n'));
  if (options.dryRun) {
    return;
  }
  await sayPlace(`${name} of ${group.cluster} is to be refreshed`, options.stage);
  await confirm('', { cluster: group.cluster, yes: options.yes });
  leaves(`the refresh of ${name} goes on without this command: skep refresh ${name} --cancel ends it`);
  const id = await begun(beginRefresh(ports, plan), name);
  say(`started ${id}: it goes on without this command; skep refresh ${name} --cancel ends it`);
  if (options.follow) {
    await follow(ports, group, id);
  }
}

function refreshOptionsOf({ share, templateVersion, cancel, rollBack }: Options): RefreshOptions {
  if (cancel && rollBack) {
    throw new UsageError('--cancel leaves what was replaced, and --roll-back replaces it: say one of them');
  }
  if (share !== undefined && !/^(?:[1-9]\d?|100)$/.test(share)) {
    throw new UsageError(`--share ${share}: a number from 1 to 100 is wanted`);
  }
  if (templateVersion !== undefined && !/^[1-9]\d{0,8}$/.test(templateVersion)) {
    throw new UsageError(`--template-version ${templateVersion}: the number of a version is wanted`);
  }
  return { share: share === undefined ? undefined : Number(share), templateVersion };
}

/** Between the look and the call somebody else may have begun one. */
async function begun(starting: Promise<string>, group: string): Promise<string> {
  try {
    return await starting;
  } catch (error) {
    if (errorName(error) === 'InstanceRefreshInProgressFault' || errorName(error) === 'InstanceRefreshInProgress') {
      throw new Failed(`a refresh of ${group} has begun at this moment: nothing was done`);
    }
    throw error;
  }
}

async function end(
  ports: UpgradePorts,
  { name, ...group }: OwnGroup,
  { rollBack, follow: waits }: Options,
): Promise<void> {
  const last = await lastRefresh(ports.autoScaling, name);
  if (last === undefined || !isUnderWay(last)) {
    throw new Failed(`no refresh of ${name} is under way: nothing was done`);
  }
  leaves(
    `${name} may have been told to ${rollBack ? 'roll back' : 'cancel its refresh'}: AWS ends it without this command`,
  );
  await (rollBack ? rolledBack(ports, name) : cancelRefresh(ports.autoScaling, name));
  say(`${name}: ${rollBack ? 'it is rolled back' : 'it is cancelled; what was replaced stays'}`);
  for (let seen = last; waits && isUnderWay(seen);) {
    await sleep(LOOK_EVERY);
    seen = (await lastRefresh(ports.autoScaling, name, last.id)) ?? seen;
    if (!isUnderWay(seen)) {
      say(oneLine(standText(name, seen)));
      await tellWhy(ports, group.cluster, seen.status === 'RollbackFailed');
    }
  }
}

async function rolledBack({ autoScaling }: UpgradePorts, group: string): Promise<void> {
  try {
    await rollBackRefresh(autoScaling, group);
  } catch (error) {
    if (errorName(error).startsWith('IrreversibleInstanceRefresh')) {
      throw new Failed(
        `AWS cannot go back: the refresh of ${group} began without --template-version. --cancel leaves it as it is now`,
      );
    }
    throw error;
  }
}

async function follow(ports: UpgradePorts, { name, cluster }: OwnGroup, id: string): Promise<void> {
  let told = '';
  for (;;) {
    const seen = await lastRefresh(ports.autoScaling, name, id);
    const text = seen === undefined ? told : oneLine(standText(name, seen));
    if (text !== told) {
      say(text);
      told = text;
    }
    const outcome = seen === undefined ? 'goes-on' : outcomeOf(seen);
    if (outcome !== 'goes-on') {
      await tellWhy(ports, cluster, outcome === 'undone');
      return;
    }
    await sleep(LOOK_EVERY);
  }
}

/** What AWS says is which alarm rang; what went wrong with an instance the table knows. */
async function tellWhy({ stage }: UpgradePorts, cluster: string, failed: boolean): Promise<void> {
  if (!failed) {
    return;
  }
  const { failed: last } = await new Verdicts(tableClient(), `skep-${stage}`).readAround(cluster);
  const why =
    last === undefined
      ? ''
      : `\nthe last action that failed: ${last.error} of ${last.instance}, at ${new Date(last.at * 1000).toISOString()}: skep why ${last.instance}`;
  throw new Failed(oneLineEach(`not all of it is new: skep nodes ${cluster} shows what is there${why}`));
}

const oneLineEach = (text: string): string =>
  text
    .split('\n')
    .map((line) => oneLine(line))
    .join('\n');
