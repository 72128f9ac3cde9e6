// The cluster that a command is about: `skep VERB [CLUSTER]`. Where none is named, it is the only one that the stage has.
import { Option } from 'commander';
import type { Command } from 'commander';

import { tableClient } from '../src/aws/clients.ts';
import { listClusters } from '../src/store/clusters.ts';
import { clusterName } from '../src/core/names.ts';
import { UsageError } from './errors.ts';
import { explained } from './aws-problems.ts';
import { reaching } from './reach.ts';
import type { Reach } from './reach.ts';

export interface About extends Reach {
  /** As an option: what scripts of the first releases say. */
  readonly cluster?: string;
}

/** Adds the argument and the options of a command that is about one cluster. */
export function aboutCluster(command: Command, which = 'its name (default: the only one of the stage)'): Command {
  return reaching(
    command
      .argument('[cluster]', which)
      .addOption(new Option('--cluster <name>', 'the same as the argument').hideHelp()),
  );
}

/** What was named, checked. @throws {UsageError} for what is no name, and for two that differ */
export function named(argument: string | undefined, { cluster }: About): string | undefined {
  if (argument !== undefined && cluster !== undefined && argument !== cluster) {
    throw new UsageError(`one cluster is wanted, and two are named: ${argument} and ${cluster}`);
  }
  if (argument !== undefined) {
    checkCluster(argument);
  } else if (cluster !== undefined) {
    checkCluster(cluster, `--cluster ${cluster}`);
  }
  return argument ?? cluster;
}

/** @throws {UsageError} if the stage has no such cluster, or if it has several and you name none */
export async function whichCluster(argument: string | undefined, about: About): Promise<string> {
  const { stage } = about;
  const name = named(argument, about);
  const names = await explained(listClusters(tableClient(), `skep-${stage}`), stage);
  if (name !== undefined) {
    if (!names.includes(name)) {
      throw noSuchCluster(name, stage, names);
    }
    return name;
  }
  const [only, another] = names;
  if (only === undefined) {
    throw new UsageError(`stage ${stage} has no clusters: declare one with skep create CLUSTER`);
  }
  if (another !== undefined) {
    throw new UsageError(`say which cluster: stage ${stage} has ${names.join(', ')}`);
  }
  process.stderr.write(`cluster ${only}, the only one of stage ${stage}\n`);
  return only;
}

/** @param typed what stands on the command line, with its option where it has one */
function checkCluster(cluster: string, typed = cluster): void {
  const name = clusterName.safeParse(cluster);
  if (!name.success) {
    throw new UsageError(`${typed}: ${name.error.issues[0]?.message ?? 'not a cluster name'}`);
  }
}

/** Names those that there are: it may have been mistyped. */
export function noSuchCluster(cluster: string, stage: string, names: readonly string[]): UsageError {
  const there = names.length === 0 ? 'none was ever declared' : `it has ${names.join(', ')}`;
  return new UsageError(`stage ${stage} has no cluster ${cluster}: ${there}`);
}
