// `skep nodes`: the instances of a cluster, beside what skep knows of their nodes. It reads Auto Scaling, EC2 and the table, and asks no node.
import type { Command } from 'commander';

import { autoScalingClient, tableClient } from '../../src/aws/clients.ts';
import { ec2Client } from '../../src/aws/ec2-client.ts';
import { groupsOfStage } from '../../src/aws/auto-scaling.ts';
import { instanceStates } from '../../src/aws/ec2.ts';
import { cleaned, oneLine } from '../../src/core/clean-text.ts';
import { standings } from '../../src/core/lifecycle/standing.ts';
import type { Standing } from '../../src/core/lifecycle/standing.ts';
import { launchHook } from '../../src/core/names.ts';
import { withPools } from '../../src/operations/groups.ts';
import { TidyStore } from '../../src/store/tidy-store.ts';
import { aboutCluster, whichCluster } from '../cluster.ts';
import type { About } from '../cluster.ts';
import { columns } from '../columns.ts';
import { UsageError } from '../errors.ts';
import { explained } from '../aws-problems.ts';
import { watchable, watching } from '../watching.ts';
import type { Watched } from '../watching.ts';

interface Options extends About, Watched {
  readonly group?: string;
  readonly json: boolean;
}

export function defineNodes(command: Command): Command {
  return watchable(aboutCluster(command))
    .option('--group <name>', 'only those of this Auto Scaling group')
    .option('--json', 'print them as JSON, and nothing else', false)
    .addHelpText(
      'after',
      '\nExample: skep nodes blue --group blue-workers --watch' +
        '\nExit codes: 0 all is settled, 1 wrong use, 2 something is on its way, or differs.',
    )
    .action(nodes);
}

async function nodes(argument: string | undefined, options: Options): Promise<void> {
  const cluster = await whichCluster(argument, options);
  await watching(options, () => showNodes(cluster, options));
}

async function showNodes(cluster: string, { stage, group, json }: Options): Promise<void> {
  const all = await explained(read(cluster, stage), stage);
  const shown = all.filter((one) => group === undefined || one.group === group);
  if (group !== undefined && shown.length === 0) {
    const names = [...new Set(all.map((one) => one.group))];
    throw new UsageError(
      `${cluster} has nothing in a group ${group}: its groups with instances are ${names.join(', ')}`,
    );
  }
  process.stdout.write(`${json ? JSON.stringify(cleaned(shown), null, 2) : textOf(shown)}\n`);
  process.exitCode = shown.every(({ settled }) => settled) ? 0 : 2;
}

async function read(cluster: string, stage: string): Promise<Standing[]> {
  const [listed, { known }] = await Promise.all([
    groupsOfStage(autoScalingClient(), cluster, launchHook(stage)),
    new TidyStore(tableClient(), `skep-${stage}`).read(cluster),
  ]);
  // An instance that has left the swarm is no node, also where it rests in a warm pool.
  const nodes = known.filter(({ phase }) => phase !== 'gone');
  const groups = await withPools(autoScalingClient(), listed, nodes);
  const ids = [...groups.flatMap(({ instances }) => instances), ...known].map(({ instance }) => instance);
  const states = await instanceStates(ec2Client(), [...new Set(ids)]);
  return standings({ groups, known, states, now: Math.floor(Date.now() / 1000) });
}

function textOf(shown: readonly Standing[]): string {
  if (shown.length === 0) {
    return 'no instances';
  }
  const head = ['instance', 'group', 'zone', 'lifecycle', 'ec2', 'role', 'node', 'phase'];
  const rows = shown.map(({ instance, group, zone, lifecycle, state, role, nodeId, phase }) => [
    instance,
    group,
    zone,
    lifecycle,
    state,
    role,
    nodeId?.slice(0, 12) ?? '-',
    phase,
  ]);
  // A reason may quote what an engine said.
  const open = shown.filter(({ settled }) => !settled).map(({ instance, why }) => oneLine(`${instance}: ${why}`));
  return [columns(head, rows), ...open].join('\n');
}
