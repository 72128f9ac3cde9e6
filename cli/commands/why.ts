// `skep why`: one instance's story across EC2, its group, the table, its execution and its agent. The cause stands in the first line.
import type { Command } from 'commander';

import { cleaned, oneLine } from '../../src/core/clean-text.ts';
import { whyOf } from '../../src/core/verdict/why.ts';
import { explained } from '../aws-problems.ts';
import { checkInstance } from '../instance.ts';
import { reaching } from '../reach.ts';
import type { Reach } from '../reach.ts';
import { factsOf } from '../why-facts.ts';

interface Options extends Reach {
  readonly json: boolean;
}

export function defineWhy(command: Command): Command {
  return reaching(command.argument('<instance>', 'its EC2 instance id'))
    .option('--json', 'print cause, next and story as JSON, and nothing else', false)
    .addHelpText('after', '\nExample: skep why i-0123456789abcdef0\nExit codes: 0 it was told, 1 wrong use.')
    .action(why);
}

async function why(instance: string, { stage, json }: Options): Promise<void> {
  checkInstance(instance);
  const told = whyOf(await explained(factsOf(instance, stage), stage));
  // Causes and reasons in it are others' words.
  const lines = [told.cause, `what to do: ${told.next}`, '', ...told.story];
  process.stdout.write(
    `${json ? JSON.stringify(cleaned(told), null, 2) : lines.map((line) => oneLine(line)).join('\n')}\n`,
  );
}
