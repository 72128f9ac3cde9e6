// `skep rollback`: a service goes back to what its owner would have gone back to, had skep not updated it. Needed only where skep could not
// put its history back: `docker service rollback` does it everywhere else.
import type { Command } from 'commander';

import { statesClient } from '../../src/aws/clients.ts';
import { aboutCluster, whichCluster } from '../cluster.ts';
import type { About } from '../cluster.ts';
import { YES } from '../confirm.ts';
import type { Approved } from '../confirm.ts';
import { Failed } from '../errors.ts';
import { explained } from '../aws-problems.ts';
import { readable, runMachine } from '../run-machine.ts';

export function defineRollback(command: Command): Command {
  return aboutCluster(command.argument('<service>', 'its name, or its id'))
    .option(...YES)
    .addHelpText(
      'after',
      '\nExample: skep rollback web blue\nExit codes: 0 its rollback has begun, 1 wrong use, 2 refused.',
    )
    .action(rollBack);
}

async function rollBack(service: string, argument: string | undefined, options: About & Approved): Promise<void> {
  const { stage, yes } = options;
  const cluster = await whichCluster(argument, options);
  const input = { cluster, services: [service], rollback: true };
  const says = `service ${service} of ${cluster} is to be taken back`;
  const running = runMachine(statesClient(), { stage, machine: 'rebalance', input, says, yes });
  const { succeeded, problem } = await explained(running, stage);
  if (!succeeded) {
    throw new Failed(`not rolled back: ${readable(problem)}`);
  }
  process.stdout.write(`${service} goes back to what it was before, by its own update policy\n`);
}
