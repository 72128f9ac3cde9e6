// `skep rotate-tokens`: makes the join tokens of a cluster anew, now, and waits until they are published.
import { Command } from 'commander';
import { z } from 'zod';

import { statesClient } from '../../src/aws/clients.ts';
import { stateOf } from '../cluster.ts';
import { Failed } from '../errors.ts';
import { explained } from '../explained.ts';
import { runMachine } from '../run-machine.ts';

const rotated = z.object({ cluster: z.string(), worker: z.string(), manager: z.string() });

export function rotateTokensCommand(): Command {
  return new Command('rotate-tokens')
    .description('Make the join tokens of a cluster anew, and publish them. Nodes that are in the swarm stay in it')
    .requiredOption('--cluster <name>', 'the cluster')
    .option('--stage <stage>', 'the stage that skep was deployed as', 'dev')
    .action(rotateTokens);
}

async function rotateTokens({ cluster, stage }: { readonly cluster: string; readonly stage: string }): Promise<void> {
  await stateOf(cluster, stage);
  const running = runMachine(statesClient(), `skep-${stage}-rotate-tokens`, { cluster }, (arn) => {
    process.stdout.write(`started ${arn}\n`);
  });
  const { succeeded, output, problem } = await explained(running, stage);
  if (!succeeded) {
    throw new Failed(
      `not rotated: ${problem}\nrun it again: as long as it has not succeeded, nobody may be able to join`,
    );
  }
  const done = rotated.safeParse(output);
  if (!done.success) {
    throw new Failed(`nothing rotated: ${String(output)}`);
  }
  process.stdout.write(
    `rotated and published, as SHA-256:\n  worker  ${done.data.worker}\n  manager ${done.data.manager}\n`,
  );
}
