// `skep lab`: AWS as far as skep can see it, on this machine.
import path from 'node:path';

import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  SetDesiredCapacityCommand,
} from '@aws-sdk/client-auto-scaling';
import { Command, InvalidArgumentError, Option } from 'commander';

import type { Dashboard } from '../../lab/console/console.ts';
import { PROJECT } from '../../lab/lab.ts';
import { MachinesUnavailable } from '../../lab/nodes/machines.ts';
import { progressLine } from '../../lab/scenario/progress.ts';
import { BadScenario, parseScenario, readScenario } from '../../lab/scenario/read.ts';
import { play } from '../../lab/scenario/play.ts';
import { ScenarioRun } from '../../lab/scenario/run.ts';
import type { RunOptions } from '../../lab/scenario/run.ts';
import type { Scenario } from '../../lab/scenario/schema.ts';
import { UsageError } from '../errors.ts';
import { labPage } from '../page/lab-page.ts';
import { dashboardText, groupTable, resultText } from '../tables.ts';

const PORT = 4566;
const PAGE_PORT = 4567;
const DEMO = path.join(PROJECT, 'examples/scale-out-in/scenario.yaml');

interface RunFlags {
  readonly nodes: RunOptions['nodes'];
  readonly agent?: string;
  readonly json?: boolean;
  readonly seed?: number;
}

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
        .action(run),
    )
    .addCommand(
      new Command('serve')
        .description('Keep a lab running, for the aws command and for skep itself')
        .option('--port <number>', 'where it answers', portNumber, PORT)
        .addOption(new Option('--scenario <file>', 'whose cluster and groups it has').default(DEMO).conflicts('empty'))
        .option('--empty', 'an account with the service in it, and nothing else: no cluster, no group')
        .addOption(nodes())
        .option('--page <number>', 'where its page answers; 0 for any free port', portNumber, PAGE_PORT)
        .option('--no-page', 'without a page')
        .action(serve),
    )
    .addCommand(
      new Command('demo')
        .description('Run the main job, then keep the lab running')
        .option('--once', 'end after the main job')
        .option('--port <number>', 'where the lab answers', portNumber, PORT)
        .option('--page <number>', 'where its page answers; 0 for any free port', portNumber, PAGE_PORT)
        .option('--no-page', 'without a page')
        .action(demo),
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

function integer(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) {
    throw new InvalidArgumentError('a whole number is wanted.');
  }
  return value;
}

function portNumber(text: string): number {
  const value = integer(text);
  if (value > 65_535) {
    throw new InvalidArgumentError('a port is a number up to 65535.');
  }
  return value;
}

/** Ctrl-C and a polite kill end what the lab has started before the process ends. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      controller.abort();
    });
  }
  return controller.signal;
}

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

async function open(scenario: Scenario, options: RunOptions): Promise<ScenarioRun> {
  try {
    return await ScenarioRun.open(scenario, options);
  } catch (error) {
    if (error instanceof MachinesUnavailable) {
      throw new UsageError(error.message);
    }
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
      throw new UsageError(`port ${options.port ?? 0} is taken: is a lab running already? --port chooses another`);
    }
    throw error;
  }
}

function read(file: string): Scenario {
  try {
    return readScenario(file);
  } catch (error) {
    if (error instanceof BadScenario) {
      throw new UsageError(error.message);
    }
    throw error;
  }
}

async function run(file: string, { nodes, agent, json = false, seed }: RunFlags): Promise<void> {
  if (agent !== undefined && nodes !== 'docker') {
    throw new UsageError('--agent is for docker nodes: add --nodes docker');
  }
  const scenario = read(file);
  const lab = await open(scenario, {
    nodes,
    agent: agent === undefined || agent === 'own' ? agent : path.resolve(agent),
    signal: interruption(),
    ...(seed === undefined ? {} : { seed }),
    ...(json
      ? {}
      : {
          onProgress: (progress) => {
            print(progressLine(progress));
          },
        }),
  });
  try {
    await play(lab);
    const result = await lab.result();
    print(json ? JSON.stringify(result, null, 2) : resultText(result));
    process.exitCode = result.ok ? 0 : 2;
  } finally {
    await lab.close();
  }
}

interface DemoFlags {
  readonly once?: boolean;
  readonly port: number;
  /** False: without one. */
  readonly page: number | false;
}

async function demo({ once = false, port, page }: DemoFlags): Promise<void> {
  const signal = interruption();
  const lab = await open(read(DEMO), {
    nodes: 'simulated',
    signal,
    ...(once ? {} : { port }),
    onProgress: (progress) => {
      print(progressLine(progress));
    },
  });
  try {
    await play(lab);
    const result = await lab.result();
    print(resultText(result));
    process.exitCode = result.ok ? 0 : 2;
    if (!once) {
      await stay(lab, signal, { port, page });
    }
  } finally {
    await lab.close();
  }
}

/** The scenario of `--empty`: the service is deployed, and there is no cluster and no group. */
const EMPTY = '{ name: an empty account, declared: false, groups: {}, steps: [] }';

interface ServeFlags {
  readonly port: number;
  readonly scenario: string;
  readonly empty?: boolean;
  readonly page: number | false;
  readonly nodes: RunOptions['nodes'];
}

async function serve({ port, page, nodes, scenario, empty = false }: ServeFlags): Promise<void> {
  const signal = interruption();
  const lab = await open(empty ? parseScenario(EMPTY, '--empty') : read(scenario), {
    nodes,
    port,
    signal,
    onProgress: (progress) => {
      print(progressLine(progress));
    },
  });
  try {
    await stay(lab, signal, { port, page: empty ? false : page });
  } finally {
    await lab.close();
  }
}

/** From here on the lab's time passes like the wall's. */
async function stay(
  { lab, scenario }: ScenarioRun,
  signal: AbortSignal,
  { port, page }: { readonly port: number; readonly page: number | false },
): Promise<void> {
  const { cluster, stage } = scenario;
  const shown = page === false ? undefined : await labPage({ cluster, stage, url: lab.url, port: page });
  const at = port === PORT ? '' : ` --port ${port}`;
  const group = Object.keys(scenario.groups).at(-1);
  print(`
The lab stays up on ${lab.url} until Ctrl-C. ${shown?.text ?? ''}From another terminal:
${group === undefined ? '' : `  npx skep lab scale ${group} 4${at}\n`}  npx skep lab groups${at}
  npx skep lab dashboard${at}
  AWS_ACCESS_KEY_ID=lab AWS_SECRET_ACCESS_KEY=lab AWS_DEFAULT_REGION=${lab.stack.region} \\
    aws autoscaling describe-auto-scaling-groups --endpoint-url ${lab.url}
`);
  if (lab.clock.virtual) {
    lab.clock.follow();
  }
  await new Promise<void>((resolve) => {
    if (signal.aborted) {
      resolve();
    }
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
  await shown?.close();
}

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
