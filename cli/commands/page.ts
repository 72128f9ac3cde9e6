// `skep page`: a picture of a cluster in a browser on this machine. It reads the table, Auto Scaling and EC2 while somebody looks.
import type { Command } from 'commander';

import { aboutCluster, whichCluster } from '../cluster.ts';
import type { About } from '../cluster.ts';
import { UsageError } from '../errors.ts';
import { aborted, interruption, leaves } from '../interruption.ts';
import { openPage } from '../page/open.ts';
import { portNumber, wholeNumber } from '../numbers.ts';
import { whereText } from '../reach.ts';

interface Options extends About {
  readonly port: number;
  readonly every?: number;
  readonly allowChanges: boolean;
  readonly lab?: string;
}

/** Of AWS a look every five seconds is three to five calls, and one more where a node is in no group; of a lab it costs nothing. Seconds. */
const EVERY = { aws: 5, lab: 1 } as const;

export function definePage(command: Command): Command {
  return aboutCluster(command)
    .option('--port <number>', 'where it answers, on 127.0.0.1 only', portNumber, 4567)
    .option(
      '--every <seconds>',
      'how long from one look to the next, 1 to 60 (default: 5, in a lab 1)',
      wholeNumber(1, 60),
    )
    .option('--allow-changes', 'show buttons that change something: without it the page only shows', false)
    .addHelpText(
      'after',
      '\nExample: skep page blue --region eu-west-1' +
        '\nThe address that it prints has a key in it: whoever has it sees the page. Ctrl-C ends it.' +
        '\nExit codes: 0 it was told to end (SIGTERM), 1 wrong use, 130 you have ended it (Ctrl-C).',
    )
    .action(page);
}

async function page(argument: string | undefined, options: Options): Promise<void> {
  const { stage, port, allowChanges } = options;
  const cluster = await whichCluster(argument, options);
  const lab = options.lab === undefined ? undefined : process.env['AWS_ENDPOINT_URL'];
  const every = options.every ?? (lab === undefined ? EVERY.aws : EVERY.lab);
  const where = whereText(stage, process.env);
  const served = await portTaken(
    openPage({ cluster, stage, where, port, lab, every: every * 1000, changes: allowChanges }),
    port,
  );
  process.stdout.write(`${served.url}\n`);
  process.stderr.write(
    `the page of ${cluster} (${where}), ${allowChanges ? 'with buttons that change it' : 'which changes nothing'}, until Ctrl-C\n`,
  );
  leaves('the page is closed, and nothing else has ended');
  await aborted(interruption().signal);
  await served.close();
}

async function portTaken<T>(opening: Promise<T>, port: number): Promise<T> {
  try {
    return await opening;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
      throw new UsageError(`port ${port} is taken: is a page open already? --port chooses another`);
    }
    throw error;
  }
}
