// The command. Exit codes: 0 done, 1 wrong use, 2 it was done and did not turn out well, 130 ended by Ctrl-C.
import { readFileSync } from 'node:fs';

import { Command, CommanderError } from 'commander';
import { z } from 'zod';

import { clusterCommand } from './commands/cluster.ts';
import { createCommand } from './commands/create.ts';
import { eraseCommand } from './commands/erase.ts';
import { holdCommand, unholdCommand } from './commands/hold.ts';
import { NotRecovered, recoverCommand } from './commands/recover.ts';
import { labCommand } from './commands/lab.ts';
import { rebalanceCommand } from './commands/rebalance.ts';
import { rollbackCommand } from './commands/rollback.ts';
import { rotateTokensCommand } from './commands/rotate-tokens.ts';
import { statusCommand } from './commands/status.ts';
import { planCommand, tidyCommand } from './commands/tidy.ts';
import { userDataCommand } from './commands/user-data.ts';
import { manyLines } from '../src/core/clean-text.ts';
import { Interrupted } from '../lab/scenario/interrupted.ts';
import { Failed, UsageError } from './errors.ts';

const manifest = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')));

const program = new Command('skep')
  .description('Keeps Docker Swarm clusters in step with their EC2 Auto Scaling groups')
  .version(manifest.version)
  .addCommand(createCommand())
  .addCommand(holdCommand())
  .addCommand(unholdCommand())
  .addCommand(rotateTokensCommand())
  .addCommand(eraseCommand())
  .addCommand(recoverCommand())
  .addCommand(statusCommand())
  .addCommand(planCommand())
  .addCommand(tidyCommand())
  .addCommand(rebalanceCommand())
  .addCommand(rollbackCommand())
  .addCommand(clusterCommand())
  .addCommand(userDataCommand())
  .addCommand(labCommand())
  .exitOverride();

for (const command of allCommands(program)) {
  command.exitOverride();
}

// The aws command reads this variable, the SDK for JavaScript does not: one set of variables is to serve both.
const { AWS_REGION, AWS_DEFAULT_REGION } = process.env;
// Not by assignment alone: an environment turns undefined into the text of it.
if (AWS_REGION === undefined && AWS_DEFAULT_REGION !== undefined) {
  process.env['AWS_REGION'] = AWS_DEFAULT_REGION;
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Help and version are no errors; commander has printed what there is to say.
    process.exitCode = error.exitCode === 0 ? 0 : 1;
  } else if (error instanceof UsageError) {
    process.stderr.write(`${manyLines(error.message)}\n`);
    process.exitCode = 1;
  } else if (error instanceof NotRecovered || error instanceof Failed) {
    process.stderr.write(`${manyLines(error.message)}\n`);
    process.exitCode = 2;
  } else if (error instanceof Interrupted) {
    process.stderr.write(`${manyLines(error.message)}\n`);
    process.exitCode = 130;
  } else {
    process.stderr.write(`${manyLines(error instanceof Error ? `${error.name}: ${error.message}` : String(error))}\n`);
    process.exitCode = 2;
  }
}

function allCommands(command: Command): Command[] {
  return command.commands.flatMap((one) => [one, ...allCommands(one)]);
}
