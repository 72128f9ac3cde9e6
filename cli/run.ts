// One command, from what was typed to its exit code (exit-codes.ts).
import { readFileSync } from 'node:fs';

import { Command, CommanderError } from 'commander';

import { manyLines } from '../src/core/clean-text.ts';
import { Interrupted } from '../lab/scenario/interrupted.ts';
import { Failed, UsageError } from './errors.ts';
import { DONE, INTERRUPTED, NOT_WELL, USAGE } from './exit-codes.ts';
import { inWords } from './aws-problems.ts';
import { interruptedText } from './interruption.ts';
import { ROOT } from './root.ts';
import { addVerbs } from './verbs.ts';

/** @param typed what follows `skep` on the command line */
export async function runSkep(typed: readonly string[]): Promise<number> {
  try {
    const program = await programFor(typed);
    await program.parseAsync([...typed], { from: 'user' });
  } catch (error) {
    return exitCode(error);
  }
  const text = interruptedText();
  if (text !== undefined) {
    process.stderr.write(`${text}\n`);
    return INTERRUPTED;
  }
  return Number(process.exitCode ?? DONE);
}

async function programFor(typed: readonly string[]): Promise<Command> {
  // Our own file: no schema is loaded for it, which would be a third of the time in which `skep version` answers.
  const { version } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as { readonly version: string };
  const program = new Command('skep')
    .description('Keeps Docker Swarm clusters in step with their EC2 Auto Scaling groups')
    .version(version, '-v, --version', 'print the version')
    .addHelpText('after', '\nExample: skep status blue --region eu-west-1\nA verb’s own options: skep VERB --help')
    .exitOverride();
  program.addCommand(
    new Command('version').description('Print the version').action(() => {
      process.stdout.write(`${version}\n`);
    }),
  );
  await addVerbs(program, typed);
  for (const command of allCommands(program)) {
    command.exitOverride();
  }
  return program;
}

function exitCode(error: unknown): number {
  if (error instanceof CommanderError) {
    // Help and version are no errors; commander has printed what there is to say.
    return error.exitCode === 0 ? DONE : USAGE;
  }
  if (error instanceof UsageError || error instanceof Failed || error instanceof Interrupted) {
    process.stderr.write(`${manyLines(error.message)}\n`);
    return error instanceof Interrupted ? INTERRUPTED : error.exitCode;
  }
  const words = inWords(error);
  const told = words ?? (error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  process.stderr.write(`${manyLines(told)}\n`);
  return words === undefined ? NOT_WELL : USAGE;
}

function allCommands(command: Command): Command[] {
  return command.commands.flatMap((one) => [one, ...allCommands(one)]);
}
