// `skep lab`: AWS as far as skep can see it, on this machine.
import { Command, Option } from 'commander';

import { DEMO, PAGE_PORT, PORT } from '../lab-defaults.ts';
import { integer, portNumber } from '../numbers.ts';
import { defineLabUp } from './lab-up.ts';
import { defineSimulate } from './simulate.ts';

type Runs = typeof import('../lab-runs.ts');
type Demo = typeof import('./demo.ts');

const runs = (): Promise<Runs> => import('../lab-runs.ts');

export function defineLab(command: Command): Command {
  const nodes = (): Option =>
    new Option('--nodes <kind>', 'simulated, or a real dockerd each (Linux, root)')
      .choices(['simulated', 'docker'])
      .default('simulated');
  return defineLabUp(command)
    .addCommand(
      new Command('run')
        .description('Run a scenario; exit 0 only if every expectation holds')
        .argument('<file>', 'a scenario (docs/lab.md)')
        .addOption(nodes())
        .option('--agent <which>', 'what runs the commands on docker nodes: own, or the path of amazon-ssm-agent')
        .option('--json', 'print the result as JSON, and nothing else')
        .option('--seed <number>', 'in place of the seed of the scenario', integer)
        .addHelpText(
          'after',
          '\nExample: npx skep lab run examples/scale-out-in/scenario.yaml' +
            '\nExit codes: 0 every expectation holds, 1 wrong use, 2 one does not, 130 you have ended it.',
        )
        .action(async (...given: Parameters<Runs['run']>) => (await runs()).run(...given)),
    )
    .addCommand(defineSimulate())
    .addCommand(
      new Command('serve')
        .description('Keep a lab running, for the aws command and for skep itself')
        .option('--port <number>', 'where it answers', portNumber, PORT)
        .addOption(new Option('--scenario <file>', 'whose cluster and groups it has').default(DEMO).conflicts('empty'))
        .option('--empty', 'an account with the service in it, and nothing else: no cluster, no group')
        .addOption(nodes())
        .option('--page <number>', 'where its page answers; 0 for any free port', portNumber, PAGE_PORT)
        .option('--no-page', 'without a page')
        .addHelpText(
          'after',
          '\nExample: npx skep lab serve --empty\nExit codes: 0 skep lab stop has ended it, 1 wrong use, 130 you have ended it.',
        )
        .action(async (...given: Parameters<Runs['serve']>) => (await runs()).serve(...given)),
    )
    .addCommand(
      new Command('demo')
        .description('Make a cluster of a file, run the main job on it, then keep the lab running')
        .option('--once', 'end after the main job')
        .option('--port <number>', 'where the lab answers', portNumber, PORT)
        .option('--page <number>', 'where its page answers; 0 for any free port', portNumber, PAGE_PORT)
        .option('--no-page', 'without a page')
        .addHelpText(
          'after',
          '\nExample: npx skep lab demo --once\nExit codes: 0 all went well, 1 wrong use, 2 it did not, 130 you have ended it.',
        )
        .action(async (...given: Parameters<Demo['demo']>) => (await import('./demo.ts')).demo(...given)),
    );
}
