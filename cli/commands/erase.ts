// `skep erase`: the word without which the last manager of a cluster never goes, since its swarm goes with it.
import type { Command } from 'commander';

import { autoScalingClient, ssmClient, statesClient, tableClient } from '../../src/aws/clients.ts';
import { ec2Client } from '../../src/aws/ec2-client.ts';
import { findManagers, statesOf } from '../../src/aws/ec2-managers.ts';
import { listClusters } from '../../src/store/clusters.ts';
import { Erasures } from '../../src/store/erasures.ts';
import { Table } from '../../src/store/table.ts';
import { endSwarm } from '../../src/coordination/end-swarm.ts';
import { allowErasure, whatIsLeft } from '../../src/operations/erase.ts';
import { ERASE_WITHIN } from '../../src/core/managers/erasure.ts';
import { aboutCluster, named, noSuchCluster } from '../cluster.ts';
import type { About } from '../cluster.ts';
import { YES, confirm } from '../confirm.ts';
import { Failed, UsageError } from '../errors.ts';
import { explained } from '../aws-problems.ts';
import { leaves } from '../interruption.ts';
import { placeText } from '../place.ts';
import { say } from '../output.ts';

interface Options extends About {
  readonly for: string;
  readonly takeBack: boolean;
  readonly yes: boolean;
}

interface Ports {
  readonly erasures: Erasures;
  readonly autoScaling: ReturnType<typeof autoScalingClient>;
  readonly ssm: ReturnType<typeof ssmClient>;
  readonly table: Table;
  readonly stage: string;
}

const MINUTE = 60;

export function defineErase(command: Command): Command {
  return aboutCluster(command, 'its name: what cannot be undone is never guessed')
    .option('--for <minutes>', 'for how long that holds', String(ERASE_WITHIN.default / MINUTE))
    .option('--take-back', 'it is not to go after all', false)
    .option(...YES)
    .addHelpText(
      'after',
      '\nExample: skep erase blue --for 30' +
        '\nThen scale the manager groups to 0. Workers go before it. Afterwards the cluster is as `skep create` made it.' +
        '\nExit codes: 0 done, 1 wrong use or not confirmed, 2 refused.',
    )
    .action(erase);
}

async function erase(argument: string | undefined, options: Options): Promise<void> {
  const { stage, yes, takeBack } = options;
  const cluster = named(argument, options);
  if (cluster === undefined) {
    throw new UsageError('say which cluster: skep erase CLUSTER');
  }
  const seconds = secondsOf(options.for);
  const ports: Ports = {
    erasures: new Erasures(tableClient(), `skep-${stage}`),
    autoScaling: autoScalingClient(),
    ssm: ssmClient(),
    table: new Table(tableClient(), `skep-${stage}`),
    stage,
  };
  const seen = await explained(ports.erasures.read(cluster), stage);
  if (seen === undefined) {
    throw noSuchCluster(cluster, stage, await explained(listClusters(tableClient(), `skep-${stage}`), stage));
  }
  if (takeBack) {
    await withdraw(ports, cluster, seen.erase?.begun);
  } else if (seen.swarmId === undefined) {
    say(`${cluster} has no swarm: nothing to erase`);
  } else {
    await allow(ports, { cluster, swarmId: seen.swarmId, seconds, yes });
  }
}

function secondsOf(text: string): number {
  const minutes = Number(text);
  const most = ERASE_WITHIN.most / MINUTE;
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > most) {
    throw new UsageError(`--for ${text}: a number of minutes from 1 to ${most} is wanted`);
  }
  return minutes * MINUTE;
}

async function withdraw({ erasures }: Ports, cluster: string, begun: string | undefined): Promise<void> {
  leaves(`whether the swarm of ${cluster} may still be erased, the same command says again`);
  if (!(await erasures.takeBack(cluster))) {
    say(`nobody had said that the swarm of ${cluster} may be erased`);
    return;
  }
  say(`the swarm of ${cluster} may not be erased any more`);
  if (begun !== undefined) {
    say(`${begun} was told to go already: what it has done by now is done`);
  }
}

async function allow(
  ports: Ports,
  { cluster, swarmId, seconds, yes }: { cluster: string; swarmId: string; seconds: number; yes: boolean },
): Promise<void> {
  const { managers, workers } = await whatIsLeft(ports.autoScaling, cluster, ports.stage);
  refuseWorkers(cluster, workers);
  say(
    `the swarm ${swarmId} of ${cluster} would be erased: its services, networks, secrets and configs, for good\n` +
      `its managers: ${managers.length === 0 ? 'none' : managers.join(', ')}`,
  );
  if (managers.length === 0) {
    await refuseIfAlive(ports, cluster);
  }
  process.stderr.write(`this is ${await placeText(statesClient(), ports.stage)}\n`);
  await confirm('', { cluster, yes });
  leaves(`the last manager of ${cluster} may be allowed to go: skep erase ${cluster} --take-back takes that back`);
  if (managers.length === 0) {
    await endNow(ports, cluster, swarmId);
    return;
  }
  const given = await allowErasure(ports, cluster, seconds, now());
  if (given.kind === 'workers') {
    refuseWorkers(cluster, given.workers);
  }
  if (given.kind !== 'given') {
    throw new Failed(`the swarm of ${cluster} has gone meanwhile`);
  }
  const until = new Date(given.erasure.until * 1000).toISOString();
  say(
    `until ${until} the last manager of ${cluster} may go: scale its manager groups to 0\n` +
      `one that waits already goes within two minutes. To take it back: skep erase ${cluster} --take-back`,
  );
}

/** Only a manager can drain and forget them. */
function refuseWorkers(cluster: string, workers: readonly string[]): void {
  if (workers.length > 0) {
    const shown = workers.slice(0, 5).join(', ');
    const more = workers.length > 5 ? ` and ${workers.length - 5} more` : '';
    throw new Failed(`${cluster} has workers: ${shown}${more}\nscale their groups to 0 first: nothing was changed`);
  }
}

/** No group has a manager any more. One that was detached, or is only stopped, may lead the swarm all the same. */
async function refuseIfAlive({ table }: Ports, cluster: string): Promise<void> {
  const ec2 = ec2Client();
  const known = (await table.managerNodes(cluster)).map(({ instance }) => instance);
  const states = new Map([...(await statesOf(ec2, known)), ...(await findManagers(ec2, cluster))]);
  const alive = [...states].filter(([, state]) => state !== 'terminated').map(([one, state]) => `${one} (${state})`);
  if (alive.length > 0) {
    throw new Failed(`in no group, and a manager perhaps: ${alive.join(', ')}\nend it first: nothing was changed`);
  }
}

/** Nothing is left that could go. */
async function endNow(ports: Ports, cluster: string, swarmId: string): Promise<void> {
  await endSwarm(ports, { cluster, swarmId, last: undefined, now: now() });
  say(`nothing was left of it: ${cluster} is as it was before its founding, and its next manager founds a swarm`);
}

const now = (): number => Math.floor(Date.now() / 1000);
