// `skep rollback`: a service goes back to what its owner would have gone back to, had skep not updated it. Needed only where skep could not
// put its history back: `docker service rollback` does it everywhere else.
import { Command } from 'commander';

import { statesClient } from '../../src/aws/clients.ts';
import { stateOf } from '../cluster.ts';
import { UsageError } from '../errors.ts';
import { explained } from '../explained.ts';
import { readable, runMachine } from '../run-machine.ts';

interface Options {
  readonly cluster: string;
  readonly stage: string;
}

export function rollbackCommand(): Command {
  return new Command('rollback')
    .description('Take a service back to the spec before skep moved its tasks, where docker service rollback cannot')
    .argument('<service>', 'its name, or its id')
    .requiredOption('--cluster <name>', 'the cluster')
    .option('--stage <stage>', 'the stage that skep was deployed as', 'dev')
    .addHelpText('after', '\nExit codes: 0 its rollback has begun, 1 wrong use or refused.')
    .action(rollBack);
}

async function rollBack(service: string, { cluster, stage }: Options): Promise<void> {
  await stateOf(cluster, stage);
  const input = { cluster, services: [service], rollback: true };
  const running = runMachine(statesClient(), `skep-${stage}-rebalance`, input, (arn) => {
    process.stderr.write(`started ${arn}\n`);
  });
  const { succeeded, problem } = await explained(running, stage);
  if (!succeeded) {
    throw new UsageError(`not rolled back: ${readable(problem)}`);
  }
  process.stdout.write(`${service} goes back to what it was before, by its own update policy\n`);
}
