// `skep remove`: takes one instance out as a scale-in would, drained first, and follows it until it is gone.
import { setTimeout as sleep } from 'node:timers/promises';

import type { Command } from 'commander';

import { describeInstance } from '../../src/aws/auto-scaling.ts';
import { tableClient } from '../../src/aws/clients.ts';
import { removeInstance } from '../../src/aws/instance-refresh.ts';
import { oneLine } from '../../src/core/clean-text.ts';
import { removalOutcome, removalText, whyNotRemove } from '../../src/core/upgrade/remove.ts';
import type { RemovalOutcome } from '../../src/core/upgrade/remove.ts';
import { ownInstance, removalFacts } from '../../src/operations/upgrade.ts';
import type { UpgradePorts } from '../../src/operations/upgrade.ts';
import { readNodeStory } from '../../src/store/node-story.ts';
import { YES, confirm } from '../confirm.ts';
import { Failed, UsageError } from '../errors.ts';
import { explained } from '../aws-problems.ts';
import { checkInstance } from '../instance.ts';
import { leaves } from '../interruption.ts';
import { sayPlace } from '../place.ts';
import { reaching } from '../reach.ts';
import type { Reach } from '../reach.ts';
import { upgradePorts } from '../upgrade-ports.ts';
import { say } from '../output.ts';

interface Options extends Reach {
  readonly replace: boolean;
  readonly follow: boolean;
  readonly yes: boolean;
}

const LOOK_EVERY = 2000;
/** Auto Scaling's lists are eventually consistent: one that lacks it proves nothing. */
const LOOKS_WITHOUT = 3;

export function defineRemove(command: Command): Command {
  return reaching(command.argument('<instance>', 'its EC2 instance id'))
    .option('--replace', 'let its group launch another one; without it the group wants one less', false)
    .option('--no-follow', 'do not wait until it is gone')
    .option(...YES)
    .addHelpText(
      'after',
      '\nExample: skep remove i-0123456789abcdef0 --replace' +
        '\nExit codes: 0 it is gone, 1 wrong use or not confirmed, 2 refused, or it was kept.',
    )
    .action(remove);
}

async function remove(instance: string, { stage, replace, follow, yes }: Options): Promise<void> {
  checkInstance(instance);
  const ports = upgradePorts(stage);
  const own = await explained(ownInstance(ports, instance), stage);
  if (typeof own === 'string') {
    throw new UsageError(own);
  }
  const facts = await explained(removalFacts(ports, instance, own), stage);
  const because = whyNotRemove(facts, !replace);
  if (because !== undefined) {
    throw new Failed(`${because}\nnothing was done`);
  }
  const { cluster, name, desired } = own.group;
  const rest = replace ? 'and another one would be launched' : `and ${name} would want ${desired - 1}`;
  say(`${instance} of ${name} would be drained and terminated, ${rest}`);
  await sayPlace(`${instance} of ${cluster} is to be taken out`, stage);
  await confirm('', { cluster, yes });
  leaves(`${instance} leaves without this command, drained first: skep why ${instance} tells how far it is`);
  await removeInstance(ports.autoScaling, instance, !replace);
  if (follow) {
    await followOut(ports, { instance, cluster, wasKept: own.lifecycle.endsWith(':Retained') });
  }
}

interface Leaver {
  readonly instance: string;
  readonly cluster: string;
  /** It begins in the state Retained, which would otherwise mean that its removal has failed. */
  readonly wasKept: boolean;
}

async function followOut(ports: UpgradePorts, leaver: Leaver): Promise<void> {
  let told = '';
  let [begun, without] = [!leaver.wasKept, 0];
  for (;;) {
    const { lifecycle: shown, phase } = await readStanding(ports, leaver);
    without = shown === undefined ? without + 1 : 0;
    begun ||= isUnderWay(shown);
    const lifecycle = without >= LOOKS_WITHOUT ? undefined : (shown ?? 'Terminating');
    const text = oneLine(removalText(leaver.instance, lifecycle, phase));
    if (text !== told && (shown !== undefined || lifecycle === undefined)) {
      say(text);
      told = text;
    }
    if (isOver(leaver, removalOutcome(lifecycle, begun))) {
      return;
    }
    await sleep(LOOK_EVERY);
  }
}

const isUnderWay = (shown: string | undefined): boolean => shown !== undefined && !shown.endsWith(':Retained');

async function readStanding(
  { autoScaling, stage }: UpgradePorts,
  { instance, cluster }: Leaver,
): Promise<{ readonly lifecycle: string | undefined; readonly phase: string | undefined }> {
  const [shown, node] = await Promise.all([
    describeInstance(autoScaling, instance),
    readNodeStory(tableClient(), `skep-${stage}`, cluster, instance),
  ]);
  return { lifecycle: shown?.lifecycle, phase: node?.phase };
}

/** @throws {Failed} where it was kept */
function isOver({ instance }: Leaver, outcome: RemovalOutcome): boolean {
  if (outcome === 'kept') {
    throw new Failed(`${instance} was kept: its swarm could not do without it yet`);
  }
  return outcome === 'gone';
}
