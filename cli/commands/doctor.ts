// `skep doctor`: checks a set-up from the command's side, before the first launch and after: what is missing, and what to do about each.
import { paginateListStateMachines } from '@aws-sdk/client-sfn';
import type { Command } from 'commander';

import { autoScalingClient, ssmClient, statesClient, tableClient } from '../../src/aws/clients.ts';
import { agentsOf } from '../../src/aws/agents.ts';
import { groupsOfCluster } from '../../src/aws/auto-scaling.ts';
import { ownGroups } from '../../src/operations/groups.ts';
import { cleaned, oneLine } from '../../src/core/clean-text.ts';
import { listClusters } from '../../src/store/clusters.ts';
import { Table } from '../../src/store/table.ts';
import { Verdicts } from '../../src/store/verdicts.ts';
import { aboutCluster, named } from '../cluster.ts';
import type { About } from '../cluster.ts';
import { examined } from '../doctor-checks.ts';
import type { Check, DoctorFacts } from '../doctor-checks.ts';
import { problemOf } from '../aws-problems.ts';
import { whereText } from '../reach.ts';

interface Options extends About {
  readonly json: boolean;
}

export function defineDoctor(command: Command): Command {
  return aboutCluster(command, 'this one only (default: all of the stage)')
    .option('--json', 'print the checks as JSON, and nothing else', false)
    .addHelpText(
      'after',
      '\nExample: skep doctor blue --region eu-west-1' +
        '\nIt changes nothing, and asks no node.\nExit codes: 0 all checks hold, 1 wrong use, 2 one does not.',
    )
    .action(doctor);
}

async function doctor(argument: string | undefined, options: Options): Promise<void> {
  const { stage, json } = options;
  const cluster = named(argument, options);
  process.stderr.write(`looking at ${whereText(stage, process.env)}\n`);
  const checks = examined(await read(stage, cluster));
  process.stdout.write(json ? `${JSON.stringify(cleaned(checks), null, 2)}\n` : textOf(checks));
  process.exitCode = checks.every(({ ok }) => ok) ? 0 : 2;
}

function textOf(checks: readonly Check[]): string {
  return checks
    .flatMap(({ ok, what, next }) => [
      oneLine(`${ok ? 'ok    ' : 'NOT OK'}  ${what}`),
      ...(next === undefined ? [] : [oneLine(`          what to do: ${next}`, 500).replace(/^/, '        ')]),
    ])
    .map((line) => `${line}\n`)
    .join('');
}

/** What cannot be asked is a check that does not hold: the others are made all the same. */
async function asked<T>(ask: Promise<T>): Promise<{ readonly value: T } | { readonly problem: string }> {
  try {
    return { value: await ask };
  } catch (error) {
    return { problem: problemOf(error) };
  }
}

async function read(stage: string, only: string | undefined): Promise<DoctorFacts> {
  const client = tableClient();
  const table = `skep-${stage}`;
  const [machines, clusters] = await Promise.all([asked(machinesOf()), asked(listClusters(client, table))]);
  const names = 'value' in clusters ? clusters.value.filter((one) => only === undefined || one === only) : [];
  return {
    ...{ stage, machines, clusters, only },
    now: Math.floor(Date.now() / 1000),
    details: await Promise.all(
      names.map(async (cluster) => {
        const around = await asked(new Verdicts(client, table).readAround(cluster));
        const leader = await asked(new Table(client, table).readLeader(cluster));
        const groups = await asked(
          groupsOfCluster(autoScalingClient(), cluster).then((tagged) => ownGroups(autoScalingClient(), stage, tagged)),
        );
        const instances = 'value' in groups ? groups.value.flatMap((group) => group.instances) : [];
        return {
          cluster,
          // A record that cannot be read is none that is empty.
          state: 'problem' in leader ? leader : 'value' in around ? { value: around.value.state?.status } : around,
          level: 'value' in around ? around.value.kept.verdict?.level : undefined,
          managers: 'value' in leader ? (leader.value.record?.managers.length ?? 0) : 0,
          groups,
          agents: await asked(
            agentsOf(
              ssmClient(),
              instances.map(({ instance }) => instance),
            ),
          ),
        };
      }),
    ),
  };
}

async function machinesOf(): Promise<string[]> {
  const names: string[] = [];
  for await (const page of paginateListStateMachines({ client: statesClient() }, {})) {
    names.push(...(page.stateMachines ?? []).flatMap(({ name }) => name ?? []));
  }
  return names;
}
