// `skep plan` and `skep tidy`: what a tidy would do, and doing it. Both start the tidy machine and read its output, so that there is one
// plan whoever asks, and a person needs no more permissions than to start it: it is the machine that may read EC2 and the swarm.
import type { Command } from 'commander';

import { statesClient } from '../../src/aws/clients.ts';
import { aboutCluster, whichCluster } from '../cluster.ts';
import type { About } from '../cluster.ts';
import { YES } from '../confirm.ts';
import { Failed } from '../errors.ts';
import { explained } from '../aws-problems.ts';
import { readable, runMachine } from '../run-machine.ts';
import { tidied, whom } from '../tidy-output.ts';
import type { Tidied } from '../tidy-output.ts';
import { say } from '../output.ts';

interface Options extends About {
  readonly json?: boolean;
  readonly dryRun?: boolean;
  readonly repairHooks?: boolean;
  /** Of the verb that only plans there is none. */
  readonly yes?: boolean;
}

export function definePlan(command: Command): Command {
  return aboutCluster(command)
    .option('--repair-hooks', 'plan lifecycle hooks that are missing or changed, too')
    .option('--json', 'print the plan itself')
    .addHelpText(
      'after',
      '\nExample: skep plan blue\nExit codes: 0 nothing is to do, 1 wrong use, 2 something is, or somebody has to look.',
    )
    .action(plan);
}

export function defineTidy(command: Command): Command {
  return aboutCluster(command)
    .option('--dry-run', 'change nothing: the same as skep plan')
    .option('--repair-hooks', 'make lifecycle hooks anew that are missing or were changed by hand')
    .option('--json', 'print what was planned and done as JSON')
    .option(...YES)
    .addHelpText(
      'after',
      '\nExample: skep tidy blue --repair-hooks\nExit codes: 0 done or nothing to do, 1 wrong use, 2 a repair failed, or nothing is known.',
    )
    .action(tidy);
}

async function plan(argument: string | undefined, options: Options): Promise<void> {
  const cluster = await whichCluster(argument, options);
  const { plan: planned } = await run(cluster, options, true);
  say(options.json === true ? JSON.stringify(planned, undefined, 2) : planText(planned, cluster));
  if (planned.repairs.length > 0 || needsAPerson(planned)) {
    process.exitCode = 2;
  }
}

async function tidy(argument: string | undefined, options: Options): Promise<void> {
  if (options.dryRun === true) {
    await plan(argument, options);
    return;
  }
  const cluster = await whichCluster(argument, options);
  const outcome = await run(cluster, options, false);
  say(options.json === true ? JSON.stringify(outcome, undefined, 2) : planText(outcome.plan, cluster));
  const failed = outcome.done.filter((one) => one.failed !== undefined);
  if (failed.length > 0) {
    const lines = failed.map(({ kind, because, failed: why }) => `${kind} (${because}): ${JSON.stringify(why)}`);
    throw new Failed(`${failed.length} of ${outcome.done.length} repairs failed:\n${lines.join('\n')}`);
  }
}

async function run(
  cluster: string,
  { stage, repairHooks = false, yes = false }: Options,
  dryRun: boolean,
): Promise<Tidied> {
  const says = dryRun ? undefined : `${cluster} is to be compared, and what differs repaired`;
  const input = { cluster, dryRun, repairHooks };
  const running = runMachine(statesClient(), { stage, machine: 'tidy', input, says, yes });
  const { succeeded, output, problem } = await explained(running, stage);
  if (!succeeded) {
    throw new Failed(`nothing is known, and nothing was changed: ${readable(problem)}`);
  }
  const read = tidied.safeParse(output);
  if (!read.success) {
    throw new Failed('the tidy of another version is deployed here');
  }
  return read.data;
}

/** A report with a name counts in the verdict, and a hold keeps all from being repaired: `nothing to do` would be no answer. */
const needsAPerson = ({ reports, held }: Tidied['plan']): boolean =>
  held || reports.some(({ name }) => name !== undefined);

function planText(plan: Tidied['plan'], cluster: string): string {
  const { repairs, reports } = plan;
  const lines = repairs.map((one) => `${one.kind} ${whom(one)}\n    ${one.because}`);
  const told = reports.map(
    (one) => `  ${[one.instance, one.group, one.nodeId].filter(Boolean).join(' ') || cluster}: ${one.because}`,
  );
  return [
    ...(repairs.length > 0
      ? lines
      : [needsAPerson(plan) ? 'nothing is repaired, and a person has to look:' : 'nothing to do']),
    ...(reports.length === 0 ? [] : ['', 'not touched:', ...told]),
  ].join('\n');
}
