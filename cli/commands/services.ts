// `skep services`: the services of a swarm, as a manager tells them now: how many tasks run of those that are wanted, and on how many nodes.
import type { Command } from 'commander';

import { cleaned, oneLine } from '../../src/core/clean-text.ts';
import { allServices } from '../all-services.ts';
import { askingOf } from '../by-hand.ts';
import { aboutCluster, whichCluster } from '../cluster.ts';
import type { About } from '../cluster.ts';
import { columns } from '../columns.ts';
import { servicesShown } from '../services-table.ts';
import type { ServiceShown } from '../services-table.ts';

interface Options extends About {
  readonly json: boolean;
}

export function defineServices(command: Command): Command {
  return aboutCluster(command)
    .option('--json', 'print them as JSON, and nothing else', false)
    .addHelpText(
      'after',
      '\nExample: skep services blue' +
        '\nA manager is asked, by the document that a rebalance asks with. It changes nothing.' +
        '\nExit codes: 0 all run as wanted, 1 wrong use, 2 one does not, or no manager answered.',
    )
    .action(services);
}

async function services(argument: string | undefined, options: Options): Promise<void> {
  const { stage, json } = options;
  const cluster = await whichCluster(argument, options);
  const { services: read, unreadable } = await allServices(await askingOf(stage, cluster));
  const shown = servicesShown(read, unreadable);
  process.stdout.write(`${json ? JSON.stringify(cleaned(shown), null, 2) : textOf(shown)}\n`);
  process.exitCode = shown.every(({ ok }) => ok) ? 0 : 2;
}

function textOf(shown: readonly ServiceShown[]): string {
  if (shown.length === 0) {
    return 'no services';
  }
  const head = ['service', 'mode', 'running', 'wanted', 'nodes', 'update', 'image'];
  const rows = shown.map(({ service, mode, running, wanted, nodes, update, image }) =>
    [service, mode, running, wanted ?? '-', nodes, update === '' ? '-' : update, image].map((cell) =>
      oneLine(String(cell)),
    ),
  );
  const open = shown.filter(({ ok }) => !ok).map(({ service, why }) => oneLine(`${service}: ${why}`));
  return [columns(head, rows), ...open].join('\n');
}
