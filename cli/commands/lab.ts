// `skep lab`: AWS as far as skep can see it, on this machine.
import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  SetDesiredCapacityCommand,
} from '@aws-sdk/client-auto-scaling';
import { Command, InvalidArgumentError, Option } from 'commander';

import type { Dashboard } from '../../lab/console/console.ts';
import { UsageError } from '../errors.ts';
import { DEMO, PAGE_PORT, PORT } from '../lab-defaults.ts';
import { integer } from '../lab-options.ts';
import { defineSimulate } from './simulate.ts';
import { dashboardText, groupTable } from '../tables.ts';

type Runs = typeof import('../lab-runs.ts');
type Demo = typeof import('./demo.ts');

const runs = (): Promise<Runs> => import('../lab-runs.ts');

export function defineLab(command: Command): Command {
  const nodes = (): Option =>
    new Option('--nodes <kind>', 'simulated, or a real dockerd each (Linux, root)')
      .choices(['simulated', 'docker'])
      .default('simulated');
  return command
    .addCommand(
      new Command('run')
        .description('Run a scenario; exit 0 only if every expectation holds')
        .argument('<file>', 'a scenario (docs/lab.md)')
        .addOption(nodes())
        .option('--agent <which>', 'what runs the commands on docker nodes: own, or the path of amazon-ssm-agent')
        .option('--json', 'print the result as JSON, and nothing else')
        .option('--seed <number>', 'in place of the seed of the scenario', integer)
        .action(async (...given: Parameters<Runs['run']>) => (await runs()).run(...given)),
    )
    .addCommand(defineSimulate())
    .addCommand(
      new Command('serve')
        .description('Keep a lab running, for the aws command and for skep itself')
        .option('--port <number>', 'where it answers', portNumber, PORT)
        .addOption(new Option('--scenario <file>', 'whose cluster and groups it has').default(DEMO).conflicts('empty'))
        .option('--empty', 'an account with the service in it, and nothing else: no cluster, no group')
        .addOption(nodes())
        .option('--page <number>', 'where its page answers; 0 for any free port', portNumber, PAGE_PORT)
        .option('--no-page', 'without a page')
        .action(async (...given: Parameters<Runs['serve']>) => (await runs()).serve(...given)),
    )
    .addCommand(
      new Command('demo')
        .description('Make a cluster of a file, run the main job on it, then keep the lab running')
        .option('--once', 'end after the main job')
        .option('--port <number>', 'where the lab answers', portNumber, PORT)
        .option('--page <number>', 'where its page answers; 0 for any free port', portNumber, PAGE_PORT)
        .option('--no-page', 'without a page')
        .action(async (...given: Parameters<Demo['demo']>) => (await import('./demo.ts')).demo(...given)),
    )
    .addCommand(
      new Command('scale')
        .description('Set the desired capacity of a group of the running lab')
        .argument('<group>')
        .argument('<number>', 'how many instances', integer)
        .option('--port <number>', 'where the lab answers', portNumber, PORT)
        .action(scale),
    )
    .addCommand(
      new Command('dashboard')
        .description('Show the dashboard of the running lab: alarms, metrics, and what people were told')
        .option('--port <number>', 'where the lab answers', portNumber, PORT)
        .option('--json', 'print it as JSON, and nothing else')
        .action(showDashboard),
    )
    .addCommand(
      new Command('groups')
        .description('Show the groups of the running lab')
        .option('--port <number>', 'where the lab answers', portNumber, PORT)
        .action(showGroups),
    );
}

function portNumber(text: string): number {
  const value = integer(text);
  if (value > 65_535) {
    throw new InvalidArgumentError('a port is a number up to 65535.');
  }
  return value;
}

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

function client(port: number): AutoScalingClient {
  return new AutoScalingClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'lab', secretAccessKey: 'lab' },
    maxAttempts: 1,
  });
}

async function ask<T>(port: number, question: Promise<T>): Promise<T> {
  try {
    return await question;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED') {
      throw new UsageError(`no lab answers on port ${port}: start one with npm start, or npx skep lab serve`);
    }
    if (error instanceof Error && error.name === 'ValidationError') {
      throw new UsageError(error.message);
    }
    throw error;
  }
}

async function scale(group: string, number: number, { port }: { port: number }): Promise<void> {
  await ask(
    port,
    client(port).send(new SetDesiredCapacityCommand({ AutoScalingGroupName: group, DesiredCapacity: number })),
  );
  print(`${group} is to have ${number}`);
}

async function showDashboard({ port, json = false }: { port: number; json?: boolean }): Promise<void> {
  const dashboard = await ask(port, readDashboard(port));
  print(json ? JSON.stringify(dashboard, null, 2) : dashboardText(dashboard));
}

async function readDashboard(port: number): Promise<Dashboard> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/lab/dashboard`);
    return (await response.json()) as Dashboard;
  } catch (error) {
    // What fetch itself says names no reason.
    throw error instanceof Error && error.cause !== undefined ? error.cause : error;
  }
}

async function showGroups({ port }: { port: number }): Promise<void> {
  const { AutoScalingGroups: groups = [] } = await ask(
    port,
    client(port).send(new DescribeAutoScalingGroupsCommand({})),
  );
  print(
    groupTable(
      groups.map(({ AutoScalingGroupName, DesiredCapacity, Instances }) => ({
        group: AutoScalingGroupName ?? '',
        desired: DesiredCapacity ?? 0,
        instances: (Instances ?? []).map((it) => ({
          instance: it.InstanceId ?? '',
          zone: it.AvailabilityZone ?? '',
          lifecycle: it.LifecycleState ?? '',
        })),
      })),
    ),
  );
}
