// `skep user-data`: what a node boots from, for people with templates of their own.
import type { Command } from 'commander';
import { parse } from 'yaml';

import { userDataOf } from '../../src/core/cluster/user-data.ts';
import { readClusterFile } from '../cluster-file/read.ts';
import { templateText } from '../cluster-stacks/present.ts';
import { UsageError } from '../errors.ts';

export function defineUserData(command: Command): Command {
  return command
    .requiredOption('--file <file>', 'the file that describes the cluster, such as skep.yaml')
    .requiredOption('--group <name>', 'a group of it')
    .addHelpText(
      'after',
      '\nExample: skep user-data --file skep.yaml --group workers\nExit codes: 0 it was printed, 1 wrong use.',
    )
    .action(userData);
}

function userData({ file: path, group: name }: { readonly file: string; readonly group: string }): void {
  const { groups } = readClusterFile(path, (line) => void process.stderr.write(`${line}\n`));
  const group = Object.hasOwn(groups, name) ? groups[name] : undefined;
  if (group === undefined) {
    throw new UsageError(`--group ${name}: ${path} has ${Object.keys(groups).join(', ')}`);
  }
  process.stdout.write(userDataOf(parse(templateText('group')), group));
}
