// `skep lab` with a lab that is up: what it shows, and what is done to it.
import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  SetDesiredCapacityCommand,
} from '@aws-sdk/client-auto-scaling';
import { Command } from 'commander';

import type { Dashboard } from '../../lab/console/console.ts';
import type { GroupResult } from '../../lab/scenario/result.ts';
import { cleaned } from '../../src/core/clean-text.ts';
import { columns } from '../columns.ts';
import { Failed, UsageError } from '../errors.ts';
import { checkInstance } from '../instance.ts';
import { leaves } from '../interruption.ts';
import { PORT } from '../lab-defaults.ts';
import { integer, portNumber } from '../numbers.ts';
import { layHands, swarmOfLab } from '../page/lab-hands.ts';
import { dashboardText, groupTable } from '../tables.ts';
import { say } from '../output.ts';

interface Flags {
  readonly port: number;
  readonly json: boolean;
}

/** A command with the options that all of these have. @param example what may stand after its name */
const up = (name: string, description: string, example = ''): Command =>
  new Command(name)
    .description(description)
    .option('--port <number>', 'where the lab answers', portNumber, PORT)
    .addHelpText(
      'after',
      `\nExample: npx skep lab ${name}${example}\nExit codes: 0 done, 1 wrong use, or no lab is up, 2 the lab refuses it.`,
    );
const shows = (name: string, description: string): Command =>
  up(name, description).option('--json', 'print it as JSON, and nothing else', false);

export function defineLabUp(command: Command): Command {
  return command
    .addCommand(
      up('scale', 'Set the desired capacity of a group of the running lab', ' workers 4')
        .argument('<group>')
        .argument('<number>', 'how many instances', integer)
        .action(scale),
    )
    .addCommand(
      up('kill', 'Kill an instance of the running lab, without a word to anybody', ' i-0123456789abcdef0')
        .argument('<instance>', 'its EC2 instance id')
        .action(kill),
    )
    .addCommand(up('stop', 'End the running lab, as Ctrl-C does where it was started').action(stop))
    .addCommand(
      shows('dashboard', 'Show the dashboard of the running lab: alarms, metrics, and what people were told').action(
        showDashboard,
      ),
    )
    .addCommand(shows('groups', 'Show the groups of the running lab').action(showGroups))
    .addCommand(
      shows('nodes', 'Show the nodes of a swarm of the running lab, as its managers see them')
        .argument('[cluster]', 'whose swarm (default: the only one that has groups)')
        .action(showNodes),
    );
}

const CLUSTER_TAG = 'skep:cluster';
const DONE_ALREADY = 'the lab may have done it already';

const urlOf = (port: number): string => `http://127.0.0.1:${port}`;

function client(port: number): AutoScalingClient {
  return new AutoScalingClient({
    endpoint: urlOf(port),
    region: 'eu-west-1',
    credentials: { accessKeyId: 'lab', secretAccessKey: 'lab' },
    maxAttempts: 1,
  });
}

async function ask<T>(port: number, question: Promise<T>): Promise<T> {
  try {
    return await question;
  } catch (error) {
    // What fetch itself says names no reason.
    const reason = error instanceof Error && error.cause !== undefined ? error.cause : error;
    if (
      reason instanceof Error &&
      (('code' in reason && reason.code === 'ECONNREFUSED') || reason.message === 'bad port')
    ) {
      throw new UsageError(`no lab answers on port ${port}: start one with npm start, or skep lab serve`);
    }
    if (error instanceof Error && error.name === 'ValidationError') {
      throw new UsageError(error.message);
    }
    throw error;
  }
}

async function scale(group: string, number: number, { port }: { port: number }): Promise<void> {
  const aws = client(port);
  const names = await ask(port, groupNames(aws));
  if (!names.includes(group)) {
    throw new UsageError(`the lab has no group ${group}: it has ${names.join(', ') || 'none'}`);
  }
  leaves(DONE_ALREADY);
  await ask(port, aws.send(new SetDesiredCapacityCommand({ AutoScalingGroupName: group, DesiredCapacity: number })));
  say(`${group} is to have ${number}`);
}

async function groupNames(aws: AutoScalingClient): Promise<string[]> {
  const { AutoScalingGroups: groups = [] } = await aws.send(new DescribeAutoScalingGroupsCommand({}));
  return groups.flatMap(({ AutoScalingGroupName: name }) => name ?? []);
}

async function kill(instance: string, { port }: { port: number }): Promise<void> {
  checkInstance(instance);
  say(await done(port, { do: 'kill', instance }));
}

async function stop({ port }: { port: number }): Promise<void> {
  say(await done(port, { do: 'stop' }));
}

async function done(port: number, act: Parameters<typeof layHands>[1]): Promise<string> {
  leaves(DONE_ALREADY);
  try {
    return await ask(port, layHands(urlOf(port), act));
  } catch (error) {
    throw error instanceof UsageError || !(error instanceof Error) ? error : new Failed(error.message);
  }
}

async function showDashboard({ port, json }: Flags): Promise<void> {
  const dashboard = await ask(port, readDashboard(port));
  say(json ? JSON.stringify(dashboard, null, 2) : dashboardText(dashboard));
}

async function readDashboard(port: number): Promise<Dashboard> {
  const response = await fetch(`${urlOf(port)}/lab/dashboard`);
  return (await response.json()) as Dashboard;
}

async function showNodes(named: string | undefined, { port, json }: Flags): Promise<void> {
  const cluster = named ?? (await ask(port, onlyCluster(client(port))));
  const { nodes } = await ask(port, swarmOfLab(urlOf(port), cluster)).catch((error: unknown) => {
    throw error instanceof UsageError || !(error instanceof Error)
      ? error
      : new Failed(`${cluster}: ${error.message}: has its swarm been founded?`);
  });
  const shown = cleaned(nodes) as typeof nodes;
  const rows = shown.map(({ nodeId, instance = '-', role, status, availability, reachability = '-' }) => [
    ...[instance, nodeId.slice(0, 12), role, status, availability, reachability],
  ]);
  say(
    json
      ? JSON.stringify(shown, null, 2)
      : columns(['instance', 'node', 'role', 'status', 'availability', 'manager'], rows),
  );
}

/** The lab that `npm start` brings up has another cluster than that of `lab serve`. */
async function onlyCluster(aws: AutoScalingClient): Promise<string> {
  const { AutoScalingGroups: groups = [] } = await aws.send(new DescribeAutoScalingGroupsCommand({}));
  const tags = groups.flatMap(({ Tags: some = [] }) => some);
  const [only, ...others] = new Set(tags.flatMap(({ Key, Value }) => (Key === CLUSTER_TAG ? (Value ?? []) : [])));
  if (only === undefined || others.length > 0) {
    const there = only === undefined ? 'no group of the lab is in one' : `there are ${[only, ...others].join(', ')}`;
    throw new UsageError(`say which cluster: ${there}`);
  }
  return only;
}

async function showGroups({ port, json }: Flags): Promise<void> {
  const { AutoScalingGroups: groups = [] } = await ask(
    port,
    client(port).send(new DescribeAutoScalingGroupsCommand({})),
  );
  const shown = groups.map(({ AutoScalingGroupName, DesiredCapacity, Instances }): GroupResult => ({
    group: AutoScalingGroupName ?? '',
    desired: DesiredCapacity ?? 0,
    instances: (Instances ?? []).map((it) => ({
      instance: it.InstanceId ?? '',
      zone: it.AvailabilityZone ?? '',
      lifecycle: it.LifecycleState ?? '',
    })),
  }));
  say(json ? JSON.stringify(shown, null, 2) : groupTable(shown));
}
