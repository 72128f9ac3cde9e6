// `skep adopt`: takes a swarm in that exists, with its groups. No task of it is started anew.
import { setTimeout as sleep } from 'node:timers/promises';

import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { IAMClient } from '@aws-sdk/client-iam';
import type { Command } from 'commander';

import { autoScalingClient, sendingClient, statesClient, tableClient } from '../../src/aws/clients.ts';
import { ec2Client } from '../../src/aws/ec2-client.ts';
import { FINDINGS, isStop } from '../../src/core/adopt/findings.ts';
import type { AdoptFinding } from '../../src/core/adopt/findings.ts';
import { stepText } from '../../src/core/adopt/plan.ts';
import type { Adoption } from '../../src/core/adopt/plan.ts';
import { oneLine } from '../../src/core/clean-text.ts';
import { FlowError } from '../../src/core/errors.ts';
import { nodeRole, tokenKeyArn } from '../../src/core/names.ts';
import { AdoptionStopped, carryOutAdoption, planOfAdoption } from '../../src/operations/adopt.ts';
import type { AdoptPorts } from '../../src/operations/adopt.ts';
import type { AdoptWish } from '../../src/operations/look-to-adopt.ts';
import { Adoptions } from '../../src/store/adoptions.ts';
import { readFounder } from '../../src/store/clusters.ts';
import { Holds } from '../../src/store/holds.ts';
import { Declarations } from '../../src/store/declarations.ts';
import { Table } from '../../src/store/table.ts';
import { TidyStore } from '../../src/store/tidy-store.ts';
import { aboutCluster, named } from '../cluster.ts';
import type { About } from '../cluster.ts';
import { Failed, UsageError } from '../errors.ts';
import { explained } from '../aws-problems.ts';
import { leaves } from '../interruption.ts';
import { sayPlace } from '../place.ts';
import { whereText } from '../reach.ts';
import { machineArn } from '../run-machine.ts';
import { say } from '../output.ts';

interface Options extends About {
  readonly group: readonly string[];
  readonly check: boolean;
  readonly json: boolean;
}

export function defineAdopt(command: Command): Command {
  const gather = (text: string, before: readonly string[]): readonly string[] => [...before, ...text.split(',')];
  return aboutCluster(command, 'the name that it is to have')
    .option('--group <name=role>', 'a group and what its instances are: manager or worker; say all of them', gather, [])
    .option('--check', 'change nothing, and say what is in the way and what would be done', false)
    .option('--json', 'print what was found and what is to be done as JSON', false)
    .addHelpText(
      'after',
      '\nExample: skep adopt blue --group blue-managers=manager --group blue-workers=worker --check' +
        '\nStopped anywhere, it goes on when you run it again. Services are not touched, and no task is started anew.' +
        '\nExit codes: 0 it is taken in, or --check found nothing in the way; 1 wrong use; 2 something is in the way, or a node refused.',
    )
    .action(adopt);
}

async function adopt(argument: string | undefined, options: Options): Promise<void> {
  const { stage, check, json } = options;
  const cluster = named(argument, options);
  if (cluster === undefined) {
    throw new UsageError('say which name the cluster is to have: skep adopt CLUSTER --group NAME=ROLE');
  }
  const wish: AdoptWish = { cluster, groups: groupsOf(options.group) };
  const ports = await portsOf(stage);
  process.stderr.write(`asking every instance of ${wish.groups.length} group(s): ${whereText(stage, process.env)}\n`);
  const planned = await explained(planOfAdoption(ports, wish), stage);
  say(
    json
      ? JSON.stringify({ ...planned, steps: planned.steps.map(stepText) }, undefined, 2)
      : planText(planned, cluster),
  );
  const stops = planned.findings.filter(isStop);
  if (stops.length > 0) {
    throw new Failed(`${stops.length} of these are in the way: nothing was changed`);
  }
  if (!check && planned.steps.length > 0) {
    await carryOut(ports, cluster, planned);
  }
}

/** @throws {UsageError} */
function groupsOf(texts: readonly string[]): AdoptWish['groups'] {
  if (texts.length === 0) {
    throw new UsageError('say which groups it has: --group NAME=manager --group NAME=worker');
  }
  const groups = texts.map((text) => {
    const [, name = '', said] = /^(.{1,255})=([a-z]+)$/.exec(text) ?? [];
    const role = nodeRole.safeParse(said);
    if (!role.success) {
      throw new UsageError(`--group ${text}: a group's name, = and manager or worker are wanted`);
    }
    return { name, role: role.data };
  });
  const twice = groups.find(({ name }, index) => groups.findIndex((one) => one.name === name) !== index);
  if (twice !== undefined) {
    throw new UsageError(`--group ${twice.name} is said twice`);
  }
  return groups;
}

async function portsOf(stage: string): Promise<AdoptPorts> {
  const [client, name] = [tableClient(), `skep-${stage}`];
  const states = statesClient();
  const machine = await explained(machineArn(states, `${name}-tidy`), stage);
  return {
    ...{ stage, states, autoScaling: autoScalingClient(), ec2: ec2Client(), ssm: sendingClient() },
    ...{ iam: new IAMClient({}), cloudFormation: new CloudFormationClient({}) },
    table: new Table(client, name),
    declarations: new Declarations(client, name),
    tidyStore: new TidyStore(client, name),
    holds: new Holds(client, name),
    adoptions: new Adoptions(client, name),
    founderOf: (cluster) => readFounder(client, name, cluster),
    tokenKey: tokenKeyArn(machine, stage),
    sleep,
    now: () => Math.floor(Date.now() / 1000),
    say,
  };
}

async function carryOut(ports: AdoptPorts, cluster: string, { steps }: Adoption): Promise<void> {
  await sayPlace(`${cluster} is to be taken in`, ports.stage);
  leaves(`${cluster} is held until it is taken in: the same command goes on with it`);
  try {
    await carryOutAdoption(ports, cluster, steps);
  } catch (error) {
    if (error instanceof AdoptionStopped || error instanceof FlowError) {
      throw new Failed(
        `${oneLine(error.message)}\n${cluster} is held until it is taken in: run it again, and it goes on`,
      );
    }
    throw error;
  }
  say(`${cluster} is taken in. Look at it: skep tidy ${cluster} && skep status ${cluster}`);
}

function planText({ findings, members, steps }: Adoption, cluster: string): string {
  const lines = findings.flatMap((one) => [
    `${isStop(one) ? 'in the way' : 'warning'}: ${told(one)}`,
    `    ${FINDINGS[one.name].remedy}`,
  ]);
  const done = steps.length === 0 && !findings.some(isStop);
  return [
    ...lines,
    `${members.length} instance(s) are nodes of the swarm, by their own word, their certificates and EC2`,
    ...(done ? [`${cluster} is taken in already: nothing to do`] : []),
    ...(steps.length === 0 ? [] : ['this is to be done:', ...steps.map((step) => `  ${stepText(step)}`)]),
  ].join('\n');
}

const told = ({ name, about, because }: AdoptFinding): string => `${name} ${about}: ${oneLine(because)}`;
