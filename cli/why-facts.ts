// What is asked of one instance: EC2, Auto Scaling, SSM, the table and its execution.
import { DescribeExecutionCommand } from '@aws-sdk/client-sfn';

import { agentOf } from '../src/aws/agents.ts';
import { describeGroup, describeHooks, describeInstance } from '../src/aws/auto-scaling.ts';
import { autoScalingClient, ssmClient, statesClient, tableClient } from '../src/aws/clients.ts';
import { ec2Client } from '../src/aws/ec2-client.ts';
import { instanceStates } from '../src/aws/ec2.ts';
import { errorName } from '../src/aws/errors.ts';
import type { WhyFacts } from '../src/core/verdict/why.ts';
import { listClusters } from '../src/store/clusters.ts';
import { readNodeStory } from '../src/store/node-story.ts';
import { Refusals } from '../src/store/refusals.ts';
import { TidyStore } from '../src/store/tidy-store.ts';
import { Verdicts } from '../src/store/verdicts.ts';

export async function factsOf(instance: string, stage: string): Promise<WhyFacts> {
  const [group, states, declared, agent] = await Promise.all([
    groupOf(instance),
    instanceStates(ec2Client(), [instance]),
    listClusters(tableClient(), `skep-${stage}`),
    agentOf(ssmClient(), instance),
  ]);
  const cluster = group === undefined ? await clusterThatKnows(instance, declared, stage) : group.cluster;
  const node =
    cluster === undefined ? undefined : await readNodeStory(tableClient(), `skep-${stage}`, cluster, instance);
  return {
    instance,
    stage,
    ec2: states.get(instance),
    group,
    cluster,
    declared,
    node,
    agent,
    execution: node === undefined ? undefined : await executionOf(node.ownerArn),
    ...(await aroundOf(cluster, declared, group?.name, stage)),
    now: Math.floor(Date.now() / 1000),
  };
}

async function groupOf(instance: string): Promise<WhyFacts['group']> {
  const client = autoScalingClient();
  const shown = await describeInstance(client, instance);
  const found = shown === null ? undefined : await describeGroup(client, shown.group);
  if (shown === null || found === undefined) {
    return undefined;
  }
  const { name, cluster, role } = found;
  return {
    name,
    cluster,
    role,
    lifecycle: shown.lifecycle,
    zone: shown.zone,
    hooks: await describeHooks(client, name),
  };
}

/** Of what has left its group, or was never in one, only the table can know. */
async function clusterThatKnows(
  instance: string,
  declared: readonly string[],
  stage: string,
): Promise<string | undefined> {
  for (const cluster of declared) {
    if ((await readNodeStory(tableClient(), `skep-${stage}`, cluster, instance)) !== undefined) {
      return cluster;
    }
  }
  return undefined;
}

type ClusterRecords = Pick<WhyFacts, 'hold' | 'refused' | 'failed' | 'forced'>;

async function aroundOf(
  cluster: string | undefined,
  declared: readonly string[],
  group: string | undefined,
  stage: string,
): Promise<ClusterRecords> {
  const client = tableClient();
  const table = `skep-${stage}`;
  const nobodys = await new Refusals(client, table).ofNobody();
  if (cluster === undefined || !declared.includes(cluster)) {
    const refused = nobodys.find((one) => one.group === group);
    return { hold: undefined, failed: undefined, forced: undefined, refused };
  }
  const [{ hold, failed, forced }, { refused }] = await Promise.all([
    new Verdicts(client, table).readAround(cluster),
    new TidyStore(client, table).read(cluster),
  ]);
  return { hold, failed, forced, refused: [...refused, ...nobodys].find((one) => one.group === group) };
}

/** What the tidy has written is owned by no execution; and executions are kept for 90 days. */
async function executionOf(arn: string): Promise<WhyFacts['execution']> {
  if (!arn.startsWith('arn:')) {
    return undefined;
  }
  try {
    const { status, startDate, error, cause } = await statesClient().send(
      new DescribeExecutionCommand({ executionArn: arn }),
    );
    return {
      status: status ?? 'UNKNOWN',
      since: Math.floor((startDate?.getTime() ?? 0) / 1000),
      ...(error === undefined ? {} : { error }),
      ...(cause === undefined ? {} : { cause }),
    };
  } catch (error) {
    if (errorName(error) === 'ExecutionDoesNotExist') {
      return undefined;
    }
    throw error;
  }
}
