// The commands of `skep lab` that open a lab in this process. Apart from the others: those ask a lab that runs, and need not wait until all
// that a lab is made of is loaded.
import path from 'node:path';

import { MachinesUnavailable } from '../lab/nodes/machines.ts';
import { play } from '../lab/scenario/play.ts';
import { progressLine } from '../lab/scenario/progress.ts';
import { BadScenario, parseScenario, readScenario } from '../lab/scenario/read.ts';
import { ScenarioRun } from '../lab/scenario/run.ts';
import type { RunOptions } from '../lab/scenario/run.ts';
import type { Scenario } from '../lab/scenario/schema.ts';
import { UsageError } from './errors.ts';
import { DEMO, PORT } from './lab-defaults.ts';
import { interruption } from './lab-options.ts';
import { labPage } from './page/lab-page.ts';
import { resultText } from './tables.ts';

interface RunFlags {
  readonly nodes: RunOptions['nodes'];
  readonly agent?: string;
  readonly json?: boolean;
  readonly seed?: number;
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

export async function run(file: string, { nodes, agent, json = false, seed }: RunFlags): Promise<void> {
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

export async function demo({ once = false, port, page }: DemoFlags): Promise<void> {
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

export async function serve({ port, page, nodes, scenario, empty = false }: ServeFlags): Promise<void> {
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
