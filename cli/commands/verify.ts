// `skep verify`: what skep takes for granted of AWS, asked of the account in which it is deployed.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import type { Command } from 'commander';

import { autoScalingClient, queueClient, ssmClient, statesClient, tableClient } from '../../src/aws/clients.ts';
import { ec2Client } from '../../src/aws/ec2-client.ts';
import { setupOf } from '../../src/aws/group-setup.ts';
import { lastRefresh } from '../../src/aws/instance-refresh.ts';
import { manyLines, oneLine } from '../../src/core/clean-text.ts';
import { findings } from '../../src/core/verify/assumptions.ts';
import type { AssumptionFinding } from '../../src/core/verify/assumptions.ts';
import { LAUNCH_COSTS, launchFindings } from '../../src/core/verify/launch.ts';
import { whyNotLaunch } from '../../src/core/verify/may-launch.ts';
import type { LaunchFacts } from '../../src/core/verify/may-launch.ts';
import { NotLaunched, launchToVerify } from '../../src/operations/launch-to-verify.ts';
import type { LaunchOutcome } from '../../src/operations/launch-to-verify.ts';
import { lookToVerify } from '../../src/operations/look-to-verify.ts';
import { ownGroup } from '../../src/operations/upgrade.ts';
import type { OwnGroup } from '../../src/operations/upgrade.ts';
import { Holds } from '../../src/store/holds.ts';
import { explained } from '../aws-problems.ts';
import { columns } from '../columns.ts';
import { YES, agree } from '../confirm.ts';
import { Failed, UsageError } from '../errors.ts';
import { interruption, leaves } from '../interruption.ts';
import { sayPlace } from '../place.ts';
import { reaching, whereText } from '../reach.ts';
import type { Reach } from '../reach.ts';

interface Options extends Reach {
  readonly group?: string;
  readonly json: boolean;
  readonly launch: boolean;
  readonly yes: boolean;
}

export function defineVerify(command: Command): Command {
  return reaching(command)
    .option('--group <name>', 'look at this group (default: all groups of the clusters of the stage)')
    .option('--launch', 'start one instance in the group, follow it, and remove it again', false)
    .option('--json', 'print the findings as JSON, and nothing else', false)
    .option(...YES)
    .addHelpText(
      'after',
      '\nExample: skep verify --stage prod --group workers\nWithout --launch nothing is changed, and nothing costs more than a few hundred calls of AWS: some of them ask for what AWS must refuse.' +
        '\nWith --launch the group of --group, which must be one of workers, wants one instance more until all is seen.' +
        '\nExit codes: 0 nothing is wrong, 1 wrong use or not confirmed, 2 an assumption is wrong: what rests on it is said.',
    )
    .action(verify);
}

async function verify({ stage, group, json, launch, yes }: Options): Promise<void> {
  process.stderr.write(`reading: ${whereText(stage, process.env)}\n`);
  const ports = {
    ...{ stage, autoScaling: autoScalingClient(), cloudFormation: new CloudFormationClient({}), ec2: ec2Client() },
    ...{ queues: queueClient(), ssm: ssmClient(), states: statesClient(), table: tableClient() },
    now: () => Date.now(),
    uuid: randomUUID,
  };
  const own = launch ? await groupToLaunchIn(ports, group) : undefined;
  const read = findings(await lookToVerify(ports, group), stage);
  const outcome = own === undefined ? undefined : await launchIn(ports, own, yes);
  const found = outcome === undefined ? read : [...read, ...launchFindings(outcome.seen, outcome.reading)];
  process.stdout.write(`${json ? JSON.stringify(found, undefined, 2) : report(found)}\n`);
  if (outcome?.left !== undefined) {
    throw new Failed(`not removed: ${outcome.left}`);
  }
  const wrong = found.filter(({ verdict }) => verdict === 'wrong');
  if (wrong.length > 0) {
    throw new Failed(`wrong: ${wrong.map(({ id }) => id).join(', ')}`);
  }
}

type Clients = Pick<Parameters<typeof lookToVerify>[0], 'stage' | 'autoScaling' | 'ssm' | 'states' | 'now' | 'table'>;

async function groupToLaunchIn(ports: Clients, name: string | undefined): Promise<OwnGroup> {
  if (name === undefined) {
    throw new UsageError('--launch starts an instance in one group: say which by --group NAME');
  }
  const own = await explained(ownGroup(ports, name), ports.stage);
  if (typeof own === 'string') {
    throw new UsageError(own);
  }
  if (own.role === 'manager') {
    throw new UsageError(
      `${name} is a group of managers: --launch takes a group of workers, where one more disturbs no quorum`,
    );
  }
  const because = whyNotLaunch(await explained(launchFacts(ports, own), ports.stage));
  if (because !== undefined) {
    throw new Failed(`${because}\nnothing was changed`);
  }
  return own;
}

async function launchFacts({ autoScaling, table, stage }: Clients, { name, cluster }: OwnGroup): Promise<LaunchFacts> {
  const [hold, last, setups] = await Promise.all([
    new Holds(table, `skep-${stage}`).read(cluster),
    lastRefresh(autoScaling, name),
    setupOf(autoScaling, [name]),
  ]);
  return { group: name, hold, last, suspended: setups.get(name)?.suspended ?? [] };
}

async function launchIn(ports: Clients, group: OwnGroup, yes: boolean): Promise<LaunchOutcome> {
  process.stderr.write(`${costs(group)}\n`);
  await sayPlace(`one instance is to be started in ${group.name}, and removed again`, ports.stage);
  await agree({ yes });
  // From here on Ctrl-C ends the looking, and not the removal; a second one ends both, and says what is left.
  const { signal } = interruption();
  const launching = {
    ...ports,
    pause: (ms: number) => sleep(ms, undefined, { signal }),
    pauseAnyway: (ms: number) => sleep(ms),
    say: (text: string) => process.stderr.write(`${text}\n`),
    leaves,
  };
  try {
    return await launchToVerify(launching, group);
  } catch (error) {
    throw error instanceof NotLaunched ? new Failed(`${error.message}\nnothing was changed`) : error;
  }
}

function costs({ name }: OwnGroup): string {
  const rows = LAUNCH_COSTS.map(({ id, assumption, cost }) => [id, assumption, cost]);
  return [
    columns(['', 'what is looked at', 'what it costs'], rows),
    '',
    `In all one instance as ${name} launches them, for as long as it takes to join and to leave: about five minutes, and up to an hour if something`,
    'hangs. AWS charges for it by the second, and for at least a minute; transitions and calls are less than a cent.',
  ].join('\n');
}

function report(found: readonly AssumptionFinding[]): string {
  const table = columns(
    ['', 'assumption', 'expected', 'seen'],
    found.map((one) => [one.verdict, one.assumption, one.expected, oneLine(one.seen)]),
  );
  const wrong = found.filter(({ verdict }) => verdict === 'wrong');
  const open = found.filter(({ verdict }) => verdict === 'not settled').length;
  const told = wrong.map((one) => manyLines(`${one.id}: ${one.seen}\n  what rests on it: ${one.rests}`));
  const held = found.length - wrong.length - open;
  return [table, '', ...told, `${held} hold, ${wrong.length} wrong, ${open} not settled`].join('\n');
}
