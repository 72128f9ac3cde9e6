// The commands of `skep lab` that open a lab in this process. Apart from the others: those ask a lab that runs, and need not wait until all
// that a lab is made of is loaded.
import path from 'node:path';

import { play } from '../lab/scenario/play.ts';
import { progressLine } from '../lab/scenario/progress.ts';
import { parseScenario } from '../lab/scenario/read.ts';
import type { RunOptions } from '../lab/scenario/run.ts';
import { UsageError } from './errors.ts';
import { interruption } from './interruption.ts';
import { openLab, scenarioIn, stay } from './lab-session.ts';
import { resultText } from './tables.ts';
import { say } from './output.ts';

interface RunFlags {
  readonly nodes: RunOptions['nodes'];
  readonly agent?: string;
  readonly json?: boolean;
  readonly seed?: number;
}

export async function run(file: string, { nodes, agent, json = false, seed }: RunFlags): Promise<void> {
  if (agent !== undefined && nodes !== 'docker') {
    throw new UsageError('--agent is for docker nodes: add --nodes docker');
  }
  const scenario = scenarioIn(file);
  const lab = await openLab(scenario, {
    nodes,
    agent: agent === undefined || agent === 'own' ? agent : path.resolve(agent),
    signal: interruption().signal,
    ...(seed === undefined ? {} : { seed }),
    ...(json
      ? {}
      : {
          onProgress: (progress) => {
            say(progressLine(progress));
          },
        }),
  });
  try {
    await play(lab);
    const result = await lab.result();
    say(json ? JSON.stringify(result, null, 2) : resultText(result));
    process.exitCode = result.ok ? 0 : 2;
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
  const ending = interruption();
  const lab = await openLab(empty ? parseScenario(EMPTY, '--empty') : scenarioIn(scenario), {
    nodes,
    port,
    signal: ending.signal,
    onProgress: (progress) => {
      say(progressLine(progress));
    },
  });
  try {
    await stay(lab, ending, { port, page: empty ? false : page });
  } finally {
    await lab.close();
  }
}
