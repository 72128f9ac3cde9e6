// `skep create`: declares a cluster. Its first manager then founds the swarm. Only a person does this, never a default.
import { Option } from 'commander';
import type { Command } from 'commander';

import { tableClient } from '../../src/aws/clients.ts';
import { Declarations } from '../../src/store/declarations.ts';
import type { TidyPolicy } from '../../src/store/declarations.ts';
import { Table } from '../../src/store/table.ts';
import { DEFAULT_CONFIG } from '../../src/core/steps/verbs.ts';
import type { ClusterConfig } from '../../src/core/steps/verbs.ts';
import { aboutCluster, named } from '../cluster.ts';
import type { About } from '../cluster.ts';
import {
  choosePool,
  dataPathPortProblem,
  networkText,
  parseNetwork,
  poolProblem,
} from '../../src/core/managers/networks.ts';
import type { Network } from '../../src/core/managers/networks.ts';
import { REBALANCE_WHEN } from '../../src/core/tidy/facts.ts';
import { TIDY_EVERY } from '../../src/core/tidy/schedule.ts';
import { YES, approve } from '../confirm.ts';
import type { Approved } from '../confirm.ts';
import { UsageError } from '../errors.ts';
import { explained } from '../aws-problems.ts';
import { leaves } from '../interruption.ts';
import { sayPlace } from '../place.ts';

interface Options extends About, Approved {
  readonly vpcCidr: readonly string[];
  readonly addressPool?: string;
  readonly subnetSize: string;
  readonly dataPathPort: string;
  readonly tidyEvery?: string;
  readonly downAfter?: string;
  readonly rebalance?: string;
}

const FOUNDING_OPTIONS = ['vpcCidr', 'addressPool', 'subnetSize', 'dataPathPort'];

export function defineCreate(command: Command): Command {
  const gather = (text: string, before: readonly string[]): readonly string[] => [...before, ...text.split(',')];
  return aboutCluster(command)
    .option('--vpc-cidr <cidr>', "the VPC's networks, for the pool to keep away from", gather, [])
    .option('--address-pool <cidr>', 'for overlay networks (default: one away from --vpc-cidr)')
    .option('--subnet-size <bits>', 'of each overlay network', String(DEFAULT_CONFIG.subnetSize))
    .option('--data-path-port <port>', 'for VXLAN', String(DEFAULT_CONFIG.dataPathPort))
    .option(
      '--tidy-every <minutes>',
      'how often the tidy comes: a multiple of 10, or off; also of a cluster that was declared before',
    )
    .option('--down-after <minutes>', 'how long a node may be down before its instance is reported; as above')
    .addOption(
      new Option('--rebalance <when>', 'whether the tidy rebalances when workers have come; as above').choices(
        REBALANCE_WHEN,
      ),
    )
    .option(...YES)
    .addHelpText(
      'after',
      '\nExample: skep create blue --vpc-cidr 10.0.0.0/16\nExit codes: 0 it is declared, 1 wrong use.',
    )
    .action(create);
}

async function create(argument: string | undefined, options: Options, command: Command): Promise<void> {
  const { stage } = options;
  const cluster = named(argument, options);
  if (cluster === undefined) {
    throw new UsageError('say which cluster: skep create CLUSTER. It is the tag skep:cluster of its groups');
  }
  const wanted = checkConfig(options);
  const policy = checkPolicy(options);
  const [client, table] = [tableClient(), `skep-${stage}`];
  const declarations = new Declarations(client, table);
  await sayPlace(`${cluster} is to be declared`, stage);
  await approve(options);
  leaves(`${cluster} may have been declared: the same command again changes nothing twice`);
  const isNew = await explained(declarations.declare(cluster, wanted), stage);
  await explained(declarations.writePolicy(cluster, policy), stage);
  tellPolicy(policy);
  if (isNew) {
    process.stdout.write(
      `${cluster} is declared: the first manager that launches founds its swarm\nit will have ${described(wanted)}\n` +
        `none of that can be changed once it is founded; until then: skep delete ${cluster}${stage === 'dev' ? '' : ` --stage ${stage}`}\n`,
    );
    return;
  }
  const kept = await explained(new Table(client, table).readConfig(cluster), stage);
  process.stdout.write(`${cluster} was declared before: nothing is changed\nit has ${described(kept)}\n`);
  const asked = FOUNDING_OPTIONS.some((option) => command.getOptionValueSource(option) === 'cli');
  if (asked && described(wanted) !== described(kept)) {
    process.stdout.write(`it does not get ${described(wanted)}\n`);
  }
}

/** What can be changed at any time. */
function checkPolicy({ tidyEvery, downAfter, rebalance }: Options): TidyPolicy {
  const when = REBALANCE_WHEN.find((one) => one === rebalance);
  return {
    ...(tidyEvery === undefined ? {} : { tidyEvery: tidyEvery === 'off' ? 0 : slots('--tidy-every', tidyEvery) }),
    ...(downAfter === undefined ? {} : { downAfter: number('--down-after', downAfter, 1, 10_080) * 60 }),
    ...(when === undefined ? {} : { rebalance: when }),
  };
}

/** In steps of the schedule. */
function slots(option: string, text: string): number {
  const step = TIDY_EVERY / 60;
  const minutes = number(option, text, step, 1440);
  if (minutes % step !== 0) {
    throw new UsageError(`${option} ${text}: a multiple of ${step} is wanted, or off`);
  }
  return minutes / step;
}

function tellPolicy({ tidyEvery, downAfter, rebalance }: TidyPolicy): void {
  if (tidyEvery !== undefined) {
    process.stdout.write(
      tidyEvery === 0 ? 'no tidy comes by itself\n' : `the tidy comes every ${(tidyEvery * TIDY_EVERY) / 60} minutes\n`,
    );
  }
  if (downAfter !== undefined) {
    process.stdout.write(`a node that is down for ${downAfter / 60} minutes is reported\n`);
  }
  if (rebalance !== undefined) {
    process.stdout.write(
      rebalance === 'off' ? 'only a person rebalances it\n' : 'it is rebalanced when workers have come\n',
    );
  }
}

/** What can only be set when a swarm is founded is checked before anybody founds one. */
function checkConfig({ addressPool, vpcCidr, subnetSize, dataPathPort }: Options): ClusterConfig {
  const taken = vpcCidr.map((cidr) => checkNetwork('--vpc-cidr', cidr, '10.0.0.0/16'));
  const subnetBits = number('--subnet-size', subnetSize, 16, 29);
  const pool =
    addressPool === undefined ? choosePool(taken) : checkNetwork('--address-pool', addressPool, '172.30.0.0/16');
  if (pool === undefined) {
    throw new UsageError(`--vpc-cidr ${vpcCidr.join(',')}: no usual pool is free beside it: say --address-pool`);
  }
  const problem = poolProblem(pool, subnetBits, taken);
  if (problem !== undefined) {
    throw new UsageError(`--address-pool ${networkText(pool)} ${problem}`);
  }
  return {
    addressPool: networkText(pool),
    subnetSize: subnetBits,
    dataPathPort: checkPort(dataPathPort),
  };
}

function checkPort(text: string): number {
  const port = number('--data-path-port', text, 1024, 49_151);
  const taken = dataPathPortProblem(port);
  if (taken !== undefined) {
    throw new UsageError(`--data-path-port ${text}: ${taken}`);
  }
  return port;
}

function described({ addressPool, subnetSize, dataPathPort }: ClusterConfig): string {
  return `address pool ${addressPool}, networks of /${subnetSize}, data path port ${dataPathPort}`;
}

function checkNetwork(option: string, text: string, example: string): Network {
  const network = parseNetwork(text);
  if (network === undefined) {
    throw new UsageError(`${option} ${text}: a network like ${example} is wanted`);
  }
  if (networkText(network) !== text) {
    throw new UsageError(`${option} ${text}: the network is ${networkText(network)}`);
  }
  return network;
}

function number(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new UsageError(`${option} ${text}: a number from ${min} to ${max} is wanted`);
  }
  return value;
}
