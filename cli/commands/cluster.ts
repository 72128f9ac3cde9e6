// `skep cluster`: a cluster from nothing, as its file describes it, and gone again.
import { Command } from 'commander';

import type { ClusterFile } from '../../src/core/cluster/file.ts';
import { kindOf } from '../../src/core/cluster/plan.ts';
import { readClusterFile } from '../cluster-file/read.ts';
import { carryOutPlan, followGroups, planOf } from '../cluster-stacks/bring-up.ts';
import type { Planned } from '../cluster-stacks/bring-up.ts';
import { driftLines } from '../cluster-stacks/drift.ts';
import { networkLines } from '../cluster-stacks/given-network.ts';
import { groupsOf, portsOf, stacksOf } from '../cluster-stacks/present.ts';
import type { Ports } from '../cluster-stacks/present.ts';
import { dataOf, refuseSharedNetwork, takeDown, whatGoes } from '../cluster-stacks/take-down.ts';
import { confirm } from '../confirm.ts';
import { UsageError } from '../errors.ts';
import { leaves } from '../interruption.ts';
import { reachingAws } from '../reach.ts';

interface Options {
  readonly every: string;
  readonly yes?: string;
  readonly drift?: boolean;
  readonly withData?: boolean;
}

const FILE = ['<file>', 'the file that describes the cluster, such as skep.yaml'] as const;
const EVERY = ['--every <seconds>', 'how often CloudFormation is asked', '5'] as const;
const YES = ['--yes <name>', "the cluster's name: do not ask"] as const;

const BEGUN =
  'what CloudFormation and Auto Scaling have begun goes on. The same command goes on from there, and `skep cluster status` shows what there is';

export function defineCluster(command: Command): Command {
  command
    .addCommand(
      new Command('plan')
        .description('Show what would be made, changed and replaced')
        .argument(...FILE)
        .option(...EVERY)
        .option('--no-drift', 'do not ask CloudFormation what somebody has changed by hand: quicker')
        .addHelpText(
          'after',
          '\nExample: skep cluster plan skep.yaml\nExit codes: 0 there is nothing to do, 1 wrong use, 2 something would change. What was changed by hand is shown, and `up` leaves it, but for the sizes of groups.',
        )
        .action(plan),
    )
    .addCommand(
      new Command('up')
        .description('Make the cluster as its file says, and wait until its nodes are in service')
        .argument(...FILE)
        .option(...EVERY)
        .option(...YES)
        .addHelpText(
          'after',
          '\nExample: skep cluster up skep.yaml\nExit codes: 0 it is up, 1 wrong use or not confirmed, 2 it is not.' +
            '\nIt asks only where something is replaced or ended. Ended half-way, it goes on when started again.',
        )
        .action(up),
    )
    .addCommand(
      new Command('status')
        .description('Show the stacks of the cluster and its instances')
        .argument(...FILE)
        .addHelpText(
          'after',
          '\nExample: skep cluster status skep.yaml\nExit codes: 0 all of it is there, 1 wrong use, 2 it is not. `skep status` tells how the swarm is.',
        )
        .action(status),
    )
    .addCommand(
      new Command('down')
        .description('Take the cluster away: its nodes, its swarm and its stacks')
        .argument(...FILE)
        .option(...EVERY)
        .option(...YES)
        .option('--with-data', 'delete the log group and the bucket of images too')
        .addHelpText(
          'after',
          '\nExample: skep cluster down skep.yaml\nExit codes: 0 it is gone, 1 wrong use or not confirmed, 2 it is not.' +
            '\nThe log group and the bucket of images are kept, unless you say otherwise. Ended half-way, it goes on when started again.',
        )
        .action(down),
    );
  for (const one of command.commands) {
    reachingAws(one);
  }
  return command;
}

async function begin(path: string, every: string): Promise<{ file: ClusterFile; ports: Ports }> {
  const seconds = Number(every);
  if (!Number.isFinite(seconds) || seconds < 0.05 || seconds > 60) {
    throw new UsageError(`--every ${every}: a number of seconds from 0.05 to 60 is wanted`);
  }
  const file = readClusterFile(path, (line) => void process.stderr.write(`${line}\n`));
  const ports = portsOf(file, seconds);
  refuseOtherRegion(path, file, await ports.stacks.config.region());
  return { file, ports };
}

/** CloudFormation would say it of the first zone, after it has begun. */
function refuseOtherRegion(path: string, { network }: ClusterFile, region: string): void {
  const [zone] = network.new?.zones ?? [];
  const wanted = zone?.slice(0, -1);
  if (wanted !== undefined && wanted !== region) {
    throw new UsageError(
      `${path}: network.new.zones: ${zone ?? ''} is not in ${region}, where this command works: say --region ${wanted}`,
    );
  }
}

async function plan(path: string, { every, drift = true }: Options): Promise<void> {
  const { file, ports } = await begin(path, every);
  const planned = await planOf(ports, file);
  const drifted = drift ? await driftLines(ports, planned) : [];
  show(ports, planned, [...(await networkLines(file)), ...drifted]);
  process.exitCode = planned.some(({ changes }) => changes) ? 2 : 0;
}

function show({ say }: Ports, planned: readonly Planned[], besides: readonly string[]): void {
  for (const { lines } of planned) {
    lines.forEach(say);
  }
  besides.forEach(say);
  const count = planned.filter(({ changes }) => changes).length;
  say(count === 0 ? 'nothing to do' : `${count} thing(s) to do`);
}

async function up(path: string, { every, yes }: Options): Promise<void> {
  const { file, ports } = await begin(path, every);
  const isSaid = saidYes(file.cluster, yes);
  const planned = await planOf(ports, file);
  show(ports, planned, await networkLines(file));
  if (planned.some(({ isGrave }) => isGrave)) {
    await confirm('Something is replaced or ended. ', { cluster: file.cluster, yes: isSaid });
  }
  leaves(BEGUN);
  await carryOutPlan(ports, file, planned);
  await followGroups(ports, file);
  ports.say(`${file.cluster} is as ${path} says`);
}

/** A name, and no switch: it is typed by whoever means this cluster. */
function saidYes(cluster: string, yes: string | undefined): boolean {
  if (yes !== undefined && yes !== cluster) {
    throw new UsageError(`--yes ${yes}: the file is about ${cluster}; nothing was done`);
  }
  return yes !== undefined;
}

async function status(path: string): Promise<void> {
  const { file, ports } = await begin(path, '5');
  const stacks = await stacksOf(ports, file);
  const groups = await groupsOf(ports, stacks);
  for (const { name, status: now, because } of stacks) {
    ports.say(`${name} ${now}${because === undefined ? '' : `: ${because}`}`);
  }
  for (const { name, role, desired, instances } of groups) {
    const shown = instances.map(({ instance, lifecycle }) => `${instance} ${lifecycle}`).join(', ');
    ports.say(`${role ?? 'group'} ${name}, ${instances.length} of ${desired}: ${shown}`);
  }
  if (stacks.length === 0) {
    ports.say(`${file.cluster} has no stacks in stage ${file.stage}`);
  }
  const isWhole =
    stacks.length > 0 &&
    stacks.every((stack) => kindOf(stack.status) === 'settled') &&
    groups.every(
      ({ desired, instances }) => instances.filter(({ lifecycle }) => lifecycle === 'InService').length === desired,
    );
  process.exitCode = isWhole ? 0 : 2;
}

async function down(path: string, { every, yes, withData = false }: Options): Promise<void> {
  const { file, ports } = await begin(path, every);
  const isSaid = saidYes(file.cluster, yes);
  const stacks = await stacksOf(ports, file);
  if (stacks.length === 0) {
    ports.say(`${file.cluster} has no stacks in stage ${file.stage}: nothing to do`);
    return;
  }
  await refuseSharedNetwork(ports, file);
  ports.say('This goes for good:');
  (await whatGoes(ports, file)).forEach((line) => {
    ports.say(`  ${line}`);
  });
  const data = dataOf(stacks);
  ports.say(dataWords(data, withData));
  await confirm('', { cluster: file.cluster, yes: isSaid });
  leaves(BEGUN);
  await takeDown(ports, file, withData);
  ports.say(`${file.cluster} is gone. It stays declared, so that \`skep cluster up\` may make it anew`);
}

function dataWords(data: readonly string[], withData: boolean): string {
  if (data.length === 0) {
    return 'Nothing is kept.';
  }
  const names = data.join(', ');
  return withData ? `Its data go with it: ${names}` : `This is kept: ${names} (--with-data deletes it too)`;
}
