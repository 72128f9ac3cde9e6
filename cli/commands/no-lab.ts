// What an installed command has in place of the lab.
import type { Command } from 'commander';

import { UsageError } from '../errors.ts';

export function defineLab(command: Command): Command {
  return command
    .argument('[words...]')
    .allowUnknownOption()
    .action(() => {
      throw new UsageError(
        'the lab is not part of the installed command: it packages the service from its sources. ' +
          'In a clone of skep, run npm ci, and then npx skep lab',
      );
    });
}
