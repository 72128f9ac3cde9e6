// `skep lab simulate`: bad days made out of seeds, and the rules that must hold all the same.
import { availableParallelism } from 'node:os';

import { Command } from 'commander';

import { integer, wholeNumber } from '../numbers.ts';

type Simulate = typeof import('../lab-simulate.ts');

/** Runs that may be spent on making a scenario shorter. */
const TRIES = 60;

export const defineSimulate = (): Command =>
  new Command('simulate')
    .description('Play random clusters on bad days; exit 0 only if every rule holds in each')
    .option('--seeds <number>', 'how many', integer, 10)
    .option('--from <number>', 'the first seed', integer, 1)
    .option('--minutes <number>', 'begin no seed after so many', integer)
    .option('--folder <path>', 'where scenarios of broken rules are written', '.build/simulated')
    .option('--tries <number>', 'runs that may be spent on making such a scenario shorter', integer, TRIES)
    .option('--jobs <number>', 'how many are played at once', wholeNumber(1, 256), availableParallelism())
    .option('--first', 'end with the first seed that breaks a rule')
    .option('--print', 'print the scenario of the first seed, and play nothing')
    .option('--json', 'print the result as JSON, and nothing else')
    .addHelpText(
      'after',
      '\nExample: npx skep lab simulate --seeds 100' +
        '\nExit codes: 0 every rule held, 1 wrong use, 2 one was broken, 130 you have ended it.',
    )
    .action(async (...given: Parameters<Simulate['simulate']>) =>
      (await import('../lab-simulate.ts')).simulate(...given),
    );
