// `skep redrive`: events that nobody could handle are handled again. Each starts the execution that it would have started.
import type { SFNClient } from '@aws-sdk/client-sfn';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { Command } from 'commander';

import { queueClient, statesClient } from '../../src/aws/clients.ts';
import { errorName } from '../../src/aws/errors.ts';
import { startOnce } from '../../src/aws/executions.ts';
import { deleteLetter, queueUrlOf, receiveLetters } from '../../src/aws/letters.ts';
import type { ReceivedLetter } from '../../src/aws/letters.ts';
import { cleaned, oneLine } from '../../src/core/clean-text.ts';
import { redriveName, redriveOf } from '../../src/core/lifecycle/redrive.ts';
import type { Redrive } from '../../src/core/lifecycle/redrive.ts';
import { YES, confirm } from '../confirm.ts';
import { UsageError } from '../errors.ts';
import { leaves } from '../interruption.ts';
import { placeText } from '../place.ts';
import { reaching } from '../reach.ts';
import type { Reach } from '../reach.ts';
import { machineArn } from '../run-machine.ts';

interface Options extends Reach {
  readonly dryRun: boolean;
  readonly discard: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

interface Sorted {
  readonly letter: ReceivedLetter;
  readonly redrive: Redrive;
}

export function defineRedrive(command: Command): Command {
  return reaching(command)
    .option('--dry-run', 'only show what lies in the dead-letter queue, and what would be done', false)
    .option('--discard', 'delete those that start nothing, too: the tidy repairs what they were about', false)
    .option(...YES)
    .option('--json', 'print what lies there and what is done with it as JSON, and nothing else', false)
    .addHelpText(
      'after',
      '\nExample: skep redrive --stage prod --dry-run' +
        '\nAn event whose action is over closes it again by itself. A letter that was looked at is hidden from others for two minutes.' +
        '\nExit codes: 0 nothing is left, 1 wrong use or not confirmed, 2 some are left, or a dry run that found any.',
    )
    .action(redrive);
}

async function redrive(options: Options): Promise<void> {
  const { stage, dryRun, discard, yes, json } = options;
  const [sqs, states] = [queueClient(), statesClient()];
  const queue = await urlOf(sqs, stage);
  const sorted = (await receiveLetters(sqs, queue)).map((letter) => ({ letter, redrive: redriveOf(stage, letter) }));
  process.stdout.write(json ? `${JSON.stringify(cleaned(sorted.map(shown)), null, 2)}\n` : textOf(sorted));
  const taken = sorted.filter(({ redrive: { kind } }) => kind === 'start' || discard);
  if (dryRun || taken.length === 0) {
    process.exitCode = sorted.length === 0 ? 0 : 2;
    return;
  }
  const starts = taken.filter(({ redrive: { kind } }) => kind === 'start').length;
  process.stderr.write(
    `${starts} execution(s) would be started, and ${taken.length} letter(s) deleted: ${await placeText(states, stage)}\n`,
  );
  await confirm('', { cluster: stage, yes, what: 'stage' });
  for (const [index, one] of taken.entries()) {
    leaves(
      `${index} of ${taken.length} are done, and one may have been started: the same command goes on with the rest`,
    );
    await carryOut(states, stage, one);
    await deleteLetter(sqs, queue, one.letter);
  }
  process.stderr.write(`${starts} started, ${taken.length} deleted, ${sorted.length - taken.length} left\n`);
  process.exitCode = taken.length === sorted.length ? 0 : 2;
}

async function urlOf(sqs: SQSClient, stage: string): Promise<string> {
  try {
    return await queueUrlOf(sqs, stage);
  } catch (error) {
    if (/QueueDoesNotExist|NonExistentQueue/.test(errorName(error))) {
      throw new UsageError(
        `there is no queue skep-${stage}-dead-letters here: is stage ${stage} deployed in this account and region?`,
      );
    }
    throw error;
  }
}

/** Started before, by a first try that died half-way, it is the same execution. */
async function carryOut(states: SFNClient, stage: string, { letter, redrive: what }: Sorted): Promise<void> {
  if (what.kind === 'leave') {
    return;
  }
  const stateMachineArn = await machineArn(states, `skep-${stage}-${what.machine}`);
  const started = await startOnce(states, stateMachineArn, redriveName(letter), what.event);
  if (started !== undefined) {
    process.stderr.write(`started ${started}\n`);
  }
}

function shown({ letter: { messageId }, redrive: what }: Sorted): Readonly<Record<string, string>> {
  return what.kind === 'start'
    ? { messageId, starts: what.machine, instance: what.instance, group: what.group }
    : { messageId, left: what.what, because: what.because };
}

function textOf(sorted: readonly Sorted[]): string {
  const lines = sorted.map(({ redrive: what }) =>
    what.kind === 'start'
      ? `${what.machine} of ${what.instance} (${what.group})`
      : `left: ${what.what}: ${what.because}`,
  );
  return lines.length === 0 ? 'no dead letters\n' : lines.map((line) => `${oneLine(line)}\n`).join('');
}
