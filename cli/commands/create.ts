// `skep create`: declares a cluster. Its first manager then founds the swarm. Only a person does this, never a default.
import { isIPv4 } from 'node:net';

import { Command } from 'commander';

import { tableClient } from '../../src/aws/clients.ts';
import { errorName } from '../../src/aws/errors.ts';
import { Table } from '../../src/aws/table.ts';
import { DEFAULT_CONFIG } from '../../src/core/commands.ts';
import { clusterName } from '../../src/core/names.ts';
import { UsageError } from '../errors.ts';

interface Options {
  readonly cluster: string;
  readonly stage: string;
  readonly addressPool: string;
  readonly subnetSize: string;
  readonly dataPathPort: string;
}

export function createCommand(): Command {
  return new Command('create')
    .description('Declare a cluster, so that its first manager may found the swarm')
    .requiredOption('--cluster <name>', 'its name: the tag skep:cluster of its groups')
    .option('--stage <stage>', 'the stage that skep was deployed as', 'dev')
    .option('--address-pool <cidr>', 'for overlay networks; away from the VPC', DEFAULT_CONFIG.addressPool)
    .option('--subnet-size <bits>', 'of each overlay network', String(DEFAULT_CONFIG.subnetSize))
    .option('--data-path-port <port>', 'for VXLAN', String(DEFAULT_CONFIG.dataPathPort))
    .action(create);
}

async function create({ cluster, stage, addressPool, subnetSize, dataPathPort }: Options): Promise<void> {
  const name = clusterName.safeParse(cluster);
  if (!name.success) {
    throw new UsageError(`--cluster ${cluster}: ${name.error.issues[0]?.message ?? 'not a cluster name'}`);
  }
  const config = {
    addressPool: checkPool(addressPool),
    subnetSize: number('--subnet-size', subnetSize, Math.max(16, Number(addressPool.split('/')[1])), 29),
    dataPathPort: number('--data-path-port', dataPathPort, 1024, 49_151),
  };
  const table = new Table(tableClient(), `skep-${stage}`);
  const created = await explained(table.declareCluster(cluster, config), stage);
  process.stdout.write(
    created
      ? `${cluster} is declared: the first manager that launches founds its swarm\n`
      : `${cluster} was declared before: nothing is changed\n`,
  );
}

/** What a person can do about it, where the SDK's own words do not say. */
async function explained<T>(asked: Promise<T>, stage: string): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (errorName(error) === 'ResourceNotFoundException') {
      throw new UsageError(
        `there is no table skep-${stage} here: is stage ${stage} deployed in this account and region?`,
      );
    }
    if (errorName(error) === 'CredentialsProviderError') {
      throw new UsageError(
        `no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (${message})`,
      );
    }
    if (message === 'Region is missing') {
      throw new UsageError('no AWS region: set AWS_REGION, or region in ~/.aws/config');
    }
    throw error;
  }
}

function checkPool(pool: string): string {
  const [address = '', bits = '', ...more] = pool.split('/');
  if (more.length > 0 || !isIPv4(address) || !/^\d+$/.test(bits) || Number(bits) < 8 || Number(bits) > 28) {
    throw new UsageError(`--address-pool ${pool}: a network like ${DEFAULT_CONFIG.addressPool} is wanted`);
  }
  return pool;
}

function number(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new UsageError(`${option} ${text}: a number from ${min} to ${max} is wanted`);
  }
  return value;
}
