// A lab in this process: opened in words that a person understands, ended by Ctrl-C, and kept running for other terminals.
import { MachinesUnavailable } from '../lab/nodes/machines.ts';
import { BadScenario, readScenario } from '../lab/scenario/read.ts';
import { ScenarioRun } from '../lab/scenario/run.ts';
import type { RunOptions } from '../lab/scenario/run.ts';
import type { Scenario } from '../lab/scenario/schema.ts';
import { UsageError } from './errors.ts';
import { aborted, leaves } from './interruption.ts';
import { PORT } from './lab-defaults.ts';
import { labPage } from './page/lab-page.ts';
import { say } from './output.ts';

export async function openLab(scenario: Scenario, options: RunOptions): Promise<ScenarioRun> {
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

export function scenarioIn(file: string): Scenario {
  try {
    return readScenario(file);
  } catch (error) {
    if (error instanceof BadScenario) {
      throw new UsageError(error.message);
    }
    throw error;
  }
}

/** From here on the lab's time passes like the wall's. */
export async function stay(
  { lab, scenario }: ScenarioRun,
  ending: AbortController,
  { port, page }: { readonly port: number; readonly page: number | false },
): Promise<void> {
  const { cluster, stage } = scenario;
  const shown = page === false ? undefined : await labPage({ cluster, stage, url: lab.url, port: page });
  const at = port === PORT ? '' : ` --port ${port}`;
  const group = [...lab.autoScaling.groups.keys()].at(-1);
  say(`
The lab stays up on ${lab.url} until Ctrl-C. ${shown?.text ?? ''}From another terminal:
${group === undefined ? '' : `  npx skep lab scale ${group} 4${at}\n`}  npx skep status --lab${port === PORT ? '' : ` ${port}`}
  npx skep lab nodes${at}
  npx skep lab dashboard${at}
  npx skep lab stop${at}
  AWS_ACCESS_KEY_ID=lab AWS_SECRET_ACCESS_KEY=lab AWS_DEFAULT_REGION=${lab.stack.region} \\
    aws autoscaling describe-auto-scaling-groups --endpoint-url ${lab.url}
`);
  lab.console.stop = () => {
    ending.abort();
  };
  if (lab.clock.virtual) {
    lab.clock.follow();
  }
  leaves('the lab is ended, and nothing of it is left');
  await aborted(ending.signal);
  await shown?.close();
}
