// `skep recover`: a swarm that has lost its quorum for good goes on from one of its managers. Only a person does this, and is asked.
import { setTimeout as sleep } from 'node:timers/promises';

import { DescribeExecutionCommand, StartExecutionCommand, paginateListStateMachines } from '@aws-sdk/client-sfn';
import type { SFNClient } from '@aws-sdk/client-sfn';
import { Command } from 'commander';
import { z } from 'zod';

import { statesClient } from '../../src/aws/clients.ts';
import { clusterName, instanceId } from '../../src/core/names.ts';
import { answer, candidate } from '../../src/core/managers/recovery.ts';
import type { RecoveryPlan } from '../../src/core/managers/recovery.ts';
import { confirm } from '../confirm.ts';
import { UsageError } from '../errors.ts';
import { explained } from '../explained.ts';
import { recoveryTable } from '../recovery-table.ts';

interface Options {
  readonly cluster: string;
  readonly stage: string;
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

const LOOK_EVERY = 2000;

/** The recovery was refused, or failed: exit code 2. */
export class NotRecovered extends Error {
  override readonly name = 'NotRecovered';
}

export function recoverCommand(): Command {
  const gather = (text: string, before: readonly string[]): readonly string[] => [...before, ...text.split(',')];
  return new Command('recover')
    .description('Recover a swarm that has lost its quorum for good, from one of its managers')
    .requiredOption('--cluster <name>', 'the cluster')
    .option('--stage <stage>', 'the stage that skep was deployed as', 'dev')
    .option('--from <instance>', 'the manager to recover from (default: the one whose raft was written last)')
    .option(
      '--terminate <instance>',
      'a manager to end, where its Docker cannot be stopped; may be repeated',
      gather,
      [],
    )
    .option('--yes', 'do not ask', false)
    .option('--json', 'print one JSON object', false)
    .addHelpText(
      'after',
      '\nExit codes: 0 recovered, 1 wrong use or not confirmed, 2 refused or failed, 130 ended by Ctrl-C.',
    )
    .action(recover);
}

async function recover(options: Options): Promise<void> {
  check(options);
  const { cluster, from, terminate, json, stage } = options;
  const client = statesClient();
  const machine = await explained(machineOf(client, stage), stage);
  const say = (text: string): void => {
    (json ? process.stderr : process.stdout).write(`${text}\n`);
  };
  say(`asking every known manager of ${cluster}: one that does not answer takes up to three minutes`);
  const wish = { cluster, ...(from === undefined ? {} : { from }), terminate };
  const seen = found.parse(await run(client, machine, { ...wish, dry: true }, say));
  say(recoveryTable(seen));
  const { plan } = seen;
  if (plan.kind === 'refused') {
    tell(options, { found: seen });
    throw new NotRecovered(`not recovered: ${plan.because} (${plan.reason})`);
  }
  say(intentions(plan));
  await confirm(`recover ${options.cluster} from ${plan.survivor}? `, options);
  // What was shown is what is done: another survivor would be refused.
  const done = recovered.parse(await run(client, machine, { ...wish, from: plan.survivor }, say)).recovered;
  tell(options, { found: seen, recovered: done });
  say(`recovered: ${plan.survivor} (node ${done.nodeId}) is the only manager, in epoch ${done.epoch}`);
  for (const instance of plan.fence) {
    say(`${instance} stays fenced: end it, its group launches another manager in its place`);
  }
}

function check({ cluster, from, terminate }: Options): void {
  if (!clusterName.safeParse(cluster).success) {
    throw new UsageError(`--cluster ${cluster}: not a cluster name`);
  }
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

async function machineOf(client: SFNClient, stage: string): Promise<string> {
  const name = `skep-${stage}-recover`;
  for await (const { stateMachines = [] } of paginateListStateMachines({ client }, {})) {
    const arn = stateMachines.find((one) => one.name === name)?.stateMachineArn;
    if (arn !== undefined) {
      return arn;
    }
  }
  throw new UsageError(
    `there is no state machine ${name} here: is stage ${stage} deployed in this account and region?`,
  );
}

/** Starts an execution and waits for its end. It goes on without this command, too. */
async function run(
  client: SFNClient,
  stateMachineArn: string,
  input: unknown,
  say: (text: string) => void,
): Promise<unknown> {
  const { executionArn } = await client.send(
    new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
  );
  say(`execution ${executionArn ?? ''}`);
  for (let looks = 1; ; looks += 1) {
    const { status, output, error, cause } = await client.send(new DescribeExecutionCommand({ executionArn }));
    if (status === 'SUCCEEDED') {
      return JSON.parse(output ?? 'null') as unknown;
    }
    if (status !== 'RUNNING') {
      throw new NotRecovered(
        `the execution ended: ${error ?? status ?? 'unknown'}: ${cause ?? 'no cause'}; started again, it goes on`,
      );
    }
    if (looks % 15 === 0) {
      say(`... ${(looks * LOOK_EVERY) / 1000} s`);
    }
    await sleep(LOOK_EVERY);
  }
}
