// `skep rotate-tokens`: makes the join tokens of a cluster anew, now, and waits until they are published.
import type { Command } from 'commander';
import { z } from 'zod';

import { statesClient } from '../../src/aws/clients.ts';
import { aboutCluster, whichCluster } from '../cluster.ts';
import type { About } from '../cluster.ts';
import { YES } from '../confirm.ts';
import type { Approved } from '../confirm.ts';
import { Failed } from '../errors.ts';
import { explained } from '../aws-problems.ts';
import { runMachine } from '../run-machine.ts';

const rotated = z.object({ cluster: z.string(), worker: z.string(), manager: z.string() });

export function defineRotateTokens(command: Command): Command {
  return aboutCluster(command)
    .option(...YES)
    .addHelpText(
      'after',
      '\nExample: skep rotate-tokens blue\nExit codes: 0 they are published, 1 wrong use, 2 they are not.',
    )
    .action(rotateTokens);
}

async function rotateTokens(argument: string | undefined, options: About & Approved): Promise<void> {
  const { stage, yes } = options;
  const cluster = await whichCluster(argument, options);
  const says = `the join tokens of ${cluster} are to be made anew`;
  const running = runMachine(statesClient(), { stage, machine: 'rotate-tokens', input: { cluster }, says, yes });
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
