// `skep drain` and `skep activate`: a person takes the tasks off a node, or lets them come again. By our own document, on a manager: no shell.
import { setTimeout as sleep } from 'node:timers/promises';

import type { Command } from 'commander';

import { statesClient, tableClient } from '../../src/aws/clients.ts';
import { listClusters } from '../../src/store/clusters.ts';
import { readNodeStory } from '../../src/store/node-story.ts';
import { nodeAt, readServices, shiftPage } from '../../src/swarm/services-page.ts';
import { ask, askingOf } from '../by-hand.ts';
import type { Asking } from '../by-hand.ts';
import { aboutCluster, whichCluster } from '../cluster.ts';
import type { About } from '../cluster.ts';
import { YES, confirm } from '../confirm.ts';
import { Failed, UsageError } from '../errors.ts';
import { explained } from '../aws-problems.ts';
import { checkInstance } from '../instance.ts';
import { leaves } from '../interruption.ts';
import { wholeNumber } from '../numbers.ts';
import { placeText } from '../place.ts';

interface Options extends About {
  readonly pause?: boolean;
  readonly wait?: number;
  readonly yes: boolean;
}

type Availability = 'active' | 'pause' | 'drain';

/** Between two looks at what still runs there, seconds. */
const LOOK_EVERY_SECONDS = 5;

export function defineDrain(command: Command): Command {
  return aboutNode(command)
    .option('--pause', 'let its tasks stay, and take no new ones', false)
    .option('--wait <seconds>', 'how long to wait until its tasks have left, 0 to 3600', wholeNumber(0, 3600), 300)
    .addHelpText(
      'after',
      '\nExample: skep drain i-0123456789abcdef0 blue' +
        '\nIts tasks are stopped, and started on other nodes: a service without a second replica has a gap. No tidy takes it back: skep activate does.' +
        '\nExit codes: 0 its tasks have left, 1 wrong use or not confirmed, 2 refused, or tasks are left.',
    )
    .action(async (instance: string, argument: string | undefined, options: Options) => {
      const { pause = false, wait = 0 } = options;
      const done = await change(instance, argument, options, pause ? 'pause' : 'drain');
      if (!pause && wait > 0) {
        await untilEmpty(done, wait);
      }
    });
}

export function defineActivate(command: Command): Command {
  return aboutNode(command)
    .addHelpText(
      'after',
      '\nExample: skep activate i-0123456789abcdef0 blue' +
        '\nTasks that run stay where they are: skep rebalance moves some to it.' +
        '\nExit codes: 0 done, 1 wrong use or not confirmed, 2 refused.',
    )
    .action(async (instance: string, argument: string | undefined, options: Options) => {
      await change(instance, argument, options, 'active');
    });
}

const aboutNode = (command: Command): Command =>
  aboutCluster(command.argument('<instance>', 'its EC2 instance id')).option(...YES);

interface Changed {
  readonly asking: Asking;
  readonly instance: string;
  readonly nodeId: string;
}

const WORDS = {
  active: 'takes tasks again',
  pause: 'keeps its tasks, and takes no new ones',
  drain: 'is drained: its tasks are stopped there, and started on other nodes',
} as const;

/** The verb that undoes a change. */
const BACK = { active: 'drain', pause: 'activate', drain: 'activate' } as const;

const STATES: Readonly<Partial<Record<string, string>>> = { active: 'active', pause: 'paused', drain: 'drained' };

async function change(
  instance: string,
  argument: string | undefined,
  options: Options,
  availability: Availability,
): Promise<Changed> {
  const { stage, yes } = options;
  checkInstance(instance);
  const cluster = await whichCluster(argument, options);
  const nodeId = await nodeOf(instance, cluster, stage);
  const asking = await askingOf(stage, cluster);
  process.stderr.write(
    `node ${nodeId} of ${instance} ${WORDS[availability]}: cluster ${cluster}, ${await placeText(statesClient(), stage)}\n`,
  );
  await confirm('', { cluster, yes });
  leaves(
    `${instance} may be ${STATES[availability] ?? availability} by now, and stays so: skep ${BACK[availability]} ${instance} takes it back`,
  );
  const { was } = await ask(asking, 'availability', { plan: { instance }, nodeId, parameters: { availability } });
  const before = STATES[String(was)] ?? 'something else';
  const text =
    was === availability ? `was ${before} before` : `is ${STATES[availability] ?? availability}, and was ${before}`;
  process.stdout.write(`${instance} ${text}\n`);
  return { asking, instance, nodeId };
}

/** @throws {UsageError} for an instance of another cluster, and for one that is no node */
async function nodeOf(instance: string, cluster: string, stage: string): Promise<string> {
  const [client, table] = [tableClient(), `skep-${stage}`];
  const story = await explained(readNodeStory(client, table, cluster, instance), stage);
  if (story?.nodeId !== undefined && story.phase !== 'gone') {
    return story.nodeId;
  }
  if (story === undefined) {
    for (const other of await explained(listClusters(client, table), stage)) {
      if ((await readNodeStory(client, table, other, instance)) !== undefined) {
        throw new UsageError(`${instance} is an instance of ${other}, and not of ${cluster}`);
      }
    }
  }
  throw new UsageError(`${instance} is no node of ${cluster}: skep why ${instance} says what it is`);
}

async function untilEmpty({ asking, instance, nodeId }: Changed, wait: number): Promise<void> {
  for (let waited = 0; ; waited += LOOK_EVERY_SECONDS) {
    const left = await tasksOn(asking, nodeId);
    if (left === 0) {
      process.stdout.write(`no task runs on ${instance} any more\n`);
      return;
    }
    if (waited >= wait) {
      throw new Failed(
        `${left} task(s) are left on ${instance} after ${wait} s: skep services says which services are short`,
      );
    }
    process.stderr.write(`${left} task(s) are left on ${instance}\n`);
    await sleep(LOOK_EVERY_SECONDS * 1000);
  }
}

async function tasksOn(asking: Asking, nodeId: string): Promise<number> {
  const page = shiftPage.safeParse(await ask(asking, 'shift', { plan: {}, tell: `on:${nodeId}` }));
  if (!page.success) {
    throw new Failed('what the manager tells is not what this version understands');
  }
  const { services } = readServices(page.data, nodeAt(page.data, [nodeId]));
  return services.reduce(
    (sum, { tasks }) => sum + (tasks.get(nodeId)?.running ?? 0) + (tasks.get(nodeId)?.others ?? 0),
    0,
  );
}
