// `skep delete`: takes a declaration back. A cluster that has, or may have, a swarm is never removed by it: `skep erase` ends a swarm.
import type { Command } from 'commander';

import { autoScalingClient, statesClient, tableClient } from '../../src/aws/clients.ts';
import { ec2Client } from '../../src/aws/ec2-client.ts';
import { groupsOfStage } from '../../src/aws/auto-scaling.ts';
import { statesOf } from '../../src/aws/ec2-managers.ts';
import { launchHook } from '../../src/core/names.ts';
import { listClusters, readFounder } from '../../src/store/clusters.ts';
import { Declarations } from '../../src/store/declarations.ts';
import { Table } from '../../src/store/table.ts';
import { aboutCluster, named, noSuchCluster } from '../cluster.ts';
import type { About } from '../cluster.ts';
import { YES, confirm } from '../confirm.ts';
import { Failed, UsageError } from '../errors.ts';
import { explained } from '../aws-problems.ts';
import { leaves } from '../interruption.ts';
import { placeText } from '../place.ts';

interface Options extends About {
  readonly yes: boolean;
}

export function defineDelete(command: Command): Command {
  return aboutCluster(command, 'its name: what is removed is never guessed')
    .option(...YES)
    .addHelpText('after', '\nExample: skep delete blue\nExit codes: 0 done, 1 wrong use or not confirmed, 2 refused.')
    .action(remove);
}

async function remove(argument: string | undefined, options: Options): Promise<void> {
  const { stage, yes } = options;
  const cluster = named(argument, options);
  if (cluster === undefined) {
    throw new UsageError('say which cluster: skep delete CLUSTER');
  }
  const client = tableClient();
  const name = `skep-${stage}`;
  const state = await explained(new Table(client, name).readState(cluster), stage);
  if (state === undefined) {
    throw noSuchCluster(cluster, stage, await explained(listClusters(client, name), stage));
  }
  if (state.status !== 'new') {
    throw new Failed(`${cluster} has a swarm: nothing was removed. skep erase ${cluster} ends the swarm first`);
  }
  const groups = await groupsOfStage(autoScalingClient(), cluster, launchHook(stage));
  if (groups.length > 0) {
    const names = groups.map((group) => group.name).join(', ');
    throw new Failed(`groups are tagged with ${cluster}: ${names}\nremove their hooks or the groups first`);
  }
  const founder = await readFounder(client, name, cluster);
  await refuseLiving(founder);
  process.stderr.write(`${cluster} would be removed: ${await placeText(statesClient(), stage)}\n`);
  await confirm('', { cluster, yes });
  leaves(`${cluster} may have been removed: skep status says whether it is there`);
  if (!(await new Declarations(client, name).remove(cluster, founder))) {
    throw new Failed(`${cluster} changed at this moment: nothing was removed. Look again with skep status ${cluster}`);
  }
  process.stdout.write(`${cluster} is removed\n`);
}

/** An instance that has begun to found may still do so. */
async function refuseLiving(founder: string | undefined): Promise<void> {
  if (founder === undefined) {
    return;
  }
  const state = (await statesOf(ec2Client(), [founder])).get(founder) ?? 'terminated';
  if (state !== 'terminated') {
    throw new Failed(`${founder} (${state}) has begun to found it: nothing was removed. Terminate it first`);
  }
}
