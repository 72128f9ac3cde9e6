// `skep release`: lets a cluster go. Its swarm, its groups and all that runs there stay as they are.
import type { Command } from 'commander';

import { autoScalingClient, ssmClient, statesClient, tableClient } from '../../src/aws/clients.ts';
import { ec2Client } from '../../src/aws/ec2-client.ts';
import { whyNotRelease } from '../../src/core/adopt/release.ts';
import { groupsToRelease, release as letGo } from '../../src/operations/release.ts';
import { Adoptions } from '../../src/store/adoptions.ts';
import { Holds } from '../../src/store/holds.ts';
import { aboutCluster, named, whichCluster } from '../cluster.ts';
import type { About } from '../cluster.ts';
import { YES, confirm } from '../confirm.ts';
import { Failed, UsageError } from '../errors.ts';
import { explained } from '../aws-problems.ts';
import { leaves } from '../interruption.ts';
import { placeText } from '../place.ts';
import { say } from '../output.ts';

interface Options extends About {
  readonly yes: boolean;
}

export function defineRelease(command: Command): Command {
  return aboutCluster(command, 'its name: what is released is never guessed')
    .option(...YES)
    .addHelpText(
      'after',
      '\nExample: skep release blue' +
        '\nNodes keep their labels, since services may be constrained by them. skep adopt takes the swarm in again.' +
        '\nExit codes: 0 done, 1 wrong use or not confirmed, 2 refused.',
    )
    .action(release);
}

async function release(argument: string | undefined, options: Options): Promise<void> {
  const { stage, yes } = options;
  if (named(argument, options) === undefined) {
    throw new UsageError('say which cluster: skep release CLUSTER');
  }
  const cluster = await whichCluster(argument, options);
  const [client, name] = [tableClient(), `skep-${stage}`];
  const ports = {
    ...{ stage, autoScaling: autoScalingClient(), ec2: ec2Client(), ssm: ssmClient() },
    holds: new Holds(client, name),
    adoptions: new Adoptions(client, name),
    now: () => Math.floor(Date.now() / 1000),
    say,
  };
  const groups = await explained(groupsToRelease(ports, cluster), stage);
  const because = whyNotRelease(groups);
  if (because !== undefined) {
    throw new Failed(`${because}: nothing was changed`);
  }
  const names = groups.map((group) => group.name).join(', ');
  process.stderr.write(
    `${cluster} would be released, with its groups ${names}: ${await placeText(statesClient(), stage)}\n`,
  );
  await confirm('', { cluster, yes });
  leaves(`${cluster} may be released in part: the same command goes on with it`);
  const refused = await letGo(ports, cluster);
  if (refused !== undefined) {
    throw new Failed(refused);
  }
  say(`${cluster} is released: its swarm and its groups are as they were, and nothing keeps them in step any more`);
}
