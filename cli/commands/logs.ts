// `skep logs`: what skep has sent to an instance, and what the scripts printed there, as SSM keeps it.
import type { Command } from 'commander';

import { ssmClient } from '../../src/aws/clients.ts';
import { commandsOn } from '../../src/aws/command-log.ts';
import type { LoggedCommand } from '../../src/aws/command-log.ts';
import { cleaned, oneLine } from '../../src/core/clean-text.ts';
import { timeText } from '../../src/core/verdict/time-text.ts';
import { checkInstance } from '../instance.ts';
import { wholeNumber } from '../numbers.ts';
import { reaching } from '../reach.ts';
import type { Reach } from '../reach.ts';

interface Options extends Reach {
  readonly last: number;
  readonly json: boolean;
}

export function defineLogs(command: Command): Command {
  return reaching(command.argument('<instance>', 'its EC2 instance id'))
    .option('--last <number>', 'how many commands, 1 to 100', wholeNumber(1, 100), 10)
    .option('--json', 'print them as JSON, and nothing else', false)
    .addHelpText(
      'after',
      '\nExample: skep logs i-0123456789abcdef0 --last 3' +
        '\nCommands that were sent to this very instance: what a manager was asked about it is in the logs of the manager.' +
        '\nExit codes: 0 they were told, 1 wrong use.',
    )
    .action(logs);
}

async function logs(instance: string, { stage, last, json }: Options): Promise<void> {
  checkInstance(instance);
  const found = await commandsOn(ssmClient(), stage, instance, last);
  process.stdout.write(`${json ? JSON.stringify(cleaned(found), null, 2) : textOf(found, instance, stage)}\n`);
}

function textOf(found: readonly LoggedCommand[], instance: string, stage: string): string {
  return found.length === 0
    ? `stage ${stage} has sent no command to ${instance} within 30 days: skep why ${instance} says what it waits for`
    : found.map(commandText).join('\n');
}

/** Each line of the script's own: what stands in there is the node's word. */
function commandText({ commandId, verb, sentAt, status, exitCode, stdout, stderr }: LoggedCommand): string {
  const code = exitCode === null ? '' : `, exit code ${exitCode}`;
  const lines = [...stdout.split('\n'), ...stderr.split('\n')].filter((line) => line.trim() !== '');
  return [
    oneLine(`${timeText(sentAt)}  ${verb}  ${status}${code}  (${commandId})`),
    ...lines.map((line) => `    ${oneLine(line)}`),
  ].join('\n');
}
