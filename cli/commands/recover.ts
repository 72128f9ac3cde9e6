// `skep recover`: a swarm that has lost its quorum for good goes on from one of its managers. Only a person does this, and is asked.
import type { SFNClient } from '@aws-sdk/client-sfn';
import type { Command } from 'commander';
import { z } from 'zod';

import { statesClient } from '../../src/aws/clients.ts';
import { instanceId } from '../../src/core/names.ts';
import { answer, candidate } from '../../src/core/managers/recovery.ts';
import type { RecoveryPlan } from '../../src/core/managers/recovery.ts';
import { YES, confirm } from '../confirm.ts';
import { aboutCluster, named, whichCluster } from '../cluster.ts';
import type { About } from '../cluster.ts';
import { Failed, UsageError } from '../errors.ts';
import { explained } from '../aws-problems.ts';
import { placeBeside } from '../reach.ts';
import { recoveryTable } from '../recovery-table.ts';
import { TELL_EVERY, machineArn, runExecution } from '../run-machine.ts';

interface Options extends About {
  readonly from?: string;
  readonly terminate: readonly string[];
  readonly yes: boolean;
  readonly json: boolean;
}

const found = z.object({
  candidates: z.array(candidate),
  answers: z.array(answer),
  plan: z.custom<RecoveryPlan>((value) => typeof value === 'object' && value !== null && 'kind' in value),
});

const recovered = z.object({
  recovered: z.object({ nodeId: z.string(), address: z.string(), epoch: z.number(), removed: z.number() }),
});

/** The recovery was refused, or failed. */
class NotRecovered extends Failed {
  override readonly name = 'NotRecovered';
}

export function defineRecover(command: Command): Command {
  const gather = (text: string, before: readonly string[]): readonly string[] => [...before, ...text.split(',')];
  return aboutCluster(command, 'its name: what cannot be undone is never guessed')
    .option('--from <instance>', 'the manager to recover from (default: the one whose raft was written last)')
    .option(
      '--terminate <instance>',
      'a manager to end, where its Docker cannot be stopped; may be repeated',
      gather,
      [],
    )
    .option(...YES)
    .option('--json', 'print one JSON object', false)
    .addHelpText(
      'after',
      '\nExample: skep recover blue' +
        '\nExit codes: 0 recovered, 1 wrong use or not confirmed, 2 refused or failed, 130 ended by Ctrl-C.',
    )
    .action(recover);
}

async function recover(argument: string | undefined, options: Options): Promise<void> {
  check(options);
  const { from, terminate, json, stage, yes } = options;
  if (named(argument, options) === undefined) {
    throw new UsageError('say which cluster: skep recover CLUSTER');
  }
  const cluster = await whichCluster(argument, options);
  const client = statesClient();
  const machine = await explained(machineArn(client, `skep-${stage}-recover`), stage);
  const say = (text: string): void => {
    (json ? process.stderr : process.stdout).write(`${text}\n`);
  };
  follow(`asking every known manager of ${cluster}: one that does not answer takes up to three minutes`);
  const wish = { cluster, ...(from === undefined ? {} : { from }), terminate };
  const seen = found.parse(await run(client, machine, { ...wish, dry: true }));
  say(recoveryTable(seen));
  const { plan } = seen;
  if (plan.kind === 'refused') {
    tell(options, { found: seen });
    throw new NotRecovered(`not recovered: ${plan.because} (${plan.reason})`);
  }
  say(intentions(plan));
  process.stderr.write(`this is ${placeBeside(machine, stage)}\n`);
  await confirm(`recover ${cluster} from ${plan.survivor}? `, { cluster, yes });
  // What was shown is what is done: another survivor would be refused.
  const done = recovered.parse(await run(client, machine, { ...wish, from: plan.survivor })).recovered;
  tell(options, { found: seen, recovered: done });
  say(`recovered: ${plan.survivor} (node ${done.nodeId}) is the only manager, in epoch ${done.epoch}`);
  for (const instance of plan.fence) {
    say(`${instance} stays fenced: end it, its group launches another manager in its place`);
  }
}

/** What is under way is no result. */
function follow(text: string): void {
  process.stderr.write(`${text}\n`);
}

function check({ from, terminate }: Options): void {
  for (const [option, values] of [
    ['--from', from === undefined ? [] : [from]] as const,
    ['--terminate', terminate] as const,
  ]) {
    const wrong = values.find((value) => !instanceId.safeParse(value).success);
    if (wrong !== undefined) {
      throw new UsageError(`${option} ${wrong}: not an EC2 instance id`);
    }
  }
  if (from !== undefined && terminate.includes(from)) {
    throw new UsageError(`${from} cannot be both recovered from and terminated`);
  }
}

function tell({ json }: Options, result: unknown): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(result)}\n`);
  }
}

function intentions(plan: Extract<RecoveryPlan, { kind: 'recover' }>): string {
  const { survivor, fence, terminate, epoch, because } = plan;
  const lines = [
    ...terminate.map((one) => `  terminate ${one}`),
    ...fence.map((one) => `  stop and disable Docker on ${one}, for good`),
    `  make ${survivor} the only manager (${because})`,
    '  remove the records of all other managers, which can never come back as such',
    `  raise the epoch from ${epoch} to ${epoch + 1}; new managers then join one by one`,
  ];
  return `this is what would be done:\n${lines.join('\n')}\nwhat only the other managers knew of the last seconds is lost`;
}

/** @throws {NotRecovered} where the execution fails */
async function run(client: SFNClient, machine: string, input: unknown): Promise<unknown> {
  const { succeeded, output, problem } = await runExecution(client, machine, input, {
    started: (arn) => {
      follow(`execution ${arn}`);
    },
    goesOn: (seconds) => {
      if (seconds % TELL_EVERY === 0) {
        follow(`... ${seconds} s`);
      }
    },
  });
  if (!succeeded) {
    throw new NotRecovered(`the execution ended: ${problem}; started again, it goes on`);
  }
  return output;
}
