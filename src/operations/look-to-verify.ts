// Reads what `skep verify` judges. Nothing is changed: what AWS must refuse is asked in ways that would do nothing if it did not.
import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { CompleteLifecycleActionCommand } from '@aws-sdk/client-auto-scaling';
import type { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import type { EC2Client } from '@aws-sdk/client-ec2';
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import {
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  SendTaskSuccessCommand,
  ValidateStateMachineDefinitionCommand,
  paginateListStateMachines,
} from '@aws-sdk/client-sfn';
import type { SFNClient } from '@aws-sdk/client-sfn';
import type { SQSClient } from '@aws-sdk/client-sqs';
import {
  DescribeDocumentCommand,
  GetCommandInvocationCommand,
  GetParameterCommand,
  ListCommandsCommand,
  SendCommandCommand,
  paginateDescribeInstanceInformation,
} from '@aws-sdk/client-ssm';
import type { SSMClient } from '@aws-sdk/client-ssm';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

import { countDeadLetters } from '../aws/dead-letters.ts';
import { errorName, messageOf } from '../aws/errors.ts';
import { setupOf, setupOfCluster } from '../aws/group-setup.ts';
import { listExports, readStack, stackParts } from '../aws/stacks.ts';
import { launchHook, nodeRole, VERBS, documentName, joinTokenName } from '../core/names.ts';
import { isOfAnotherStage } from '../core/lifecycle/hooks.ts';
import type { FoundGroup } from '../core/adopt/facts.ts';
import type {
  DeployedDocument,
  DeployedMachine,
  Probe,
  Reading,
  Readings,
  VerifiedGroup,
  VerifyFacts,
} from '../core/verify/facts.ts';
import { listClusters } from '../store/clusters.ts';

export interface VerifyPorts {
  readonly stage: string;
  readonly autoScaling: AutoScalingClient;
  readonly cloudFormation: CloudFormationClient;
  readonly ec2: EC2Client;
  readonly queues: SQSClient;
  readonly ssm: SSMClient;
  readonly states: SFNClient;
  readonly table: DynamoDBDocumentClient;
  readonly now: () => number;
  readonly uuid: () => string;
}

/** @param group the only one that is looked at; without it those of all clusters of the stage */
export async function lookToVerify(ports: VerifyPorts, group: string | undefined): Promise<Readings> {
  const groups = await reading(() => groupsOf(ports, group));
  const some = 'seen' in groups ? groups.seen[0] : undefined;
  const machines = await reading(() => machinesOf(ports));
  return {
    stack: await reading(() => stackOf(ports)),
    exports: await reading(() => listExports(ports.cloudFormation)),
    table: await reading(() => tableOf(ports)),
    documents: await reading(() => documentsOf(ports)),
    machines,
    diagnoses: 'seen' in machines ? await reading(() => diagnosesOf(ports, machines.seen.all)) : machines,
    probes: await reading(() => probesOf(ports)),
    deadLetters: await reading(() => deadLettersOf(ports)),
    groups: 'seen' in groups && groups.seen.length === 0 ? NO_GROUP : groups,
    noSuchAction: some === undefined ? NO_GROUP : await reading(() => completeNothing(ports, some.name)),
    sinceMilliseconds: await reading(() => listSince(ports, some?.agents[0]?.instance)),
    joinTokens: await reading(() => joinTokensOf(ports)),
  };
}

const NO_GROUP = { problem: 'there is no group to look at: say --group NAME' } as const;

async function reading<T>(look: () => Promise<T>): Promise<Reading<T>> {
  try {
    return { seen: await look() };
  } catch (error) {
    if (error instanceof NotThere) {
      return { problem: error.message };
    }
    return { problem: `it could not be read (${errorName(error)}: ${messageOf(error)})` };
  }
}

class NotThere extends Error {}

/** The name of the error with which a call is refused; `nothing` if it is not. */
async function refusalOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'nothing';
  } catch (error) {
    return errorName(error);
  }
}

async function stackOf({ stage, cloudFormation }: VerifyPorts): Promise<VerifyFacts['stack']> {
  const name = `skep-${stage}`;
  const stack = await readStack(cloudFormation, name);
  if (stack === undefined) {
    throw new NotThere(`there is no stack ${name} in this account and region`);
  }
  return { status: stack.status, parts: await stackParts(cloudFormation, name) };
}

async function tableOf({ stage, table }: VerifyPorts): Promise<VerifyFacts['table']> {
  const { Table: found } = await table.send(new DescribeTableCommand({ TableName: `skep-${stage}` }));
  return {
    status: found?.TableStatus ?? '',
    keys: (found?.KeySchema ?? []).map(({ AttributeName }) => AttributeName ?? ''),
    isProtected: found?.DeletionProtectionEnabled === true,
  };
}

async function documentsOf({ stage, ssm }: VerifyPorts): Promise<VerifyFacts['documents']> {
  const found: DeployedDocument[] = [];
  for (const verb of VERBS) {
    try {
      const { Document: it } = await ssm.send(new DescribeDocumentCommand({ Name: documentName(stage, verb) }));
      found.push({
        ...{ verb, status: String(it?.Status), platforms: it?.PlatformTypes ?? [] },
        ...{ defaultVersion: String(it?.DefaultVersion), latestVersion: String(it?.LatestVersion) },
      });
    } catch (error) {
      if (errorName(error) !== 'InvalidDocument') {
        throw error;
      }
    }
  }
  return found;
}

async function machinesOf(ports: VerifyPorts): Promise<VerifyFacts['machines']> {
  const all: DeployedMachine[] = [];
  const own = await ownMachines(ports);
  for (const { name, arn } of own) {
    const it = await ports.states.send(new DescribeStateMachineCommand({ stateMachineArn: arn }));
    all.push({ name, status: String(it.status), kind: String(it.type), definition: it.definition ?? '' });
  }
  return { partition: own[0]?.arn.split(':')[1] ?? '', all };
}

async function ownMachines({
  stage,
  states,
}: VerifyPorts): Promise<readonly { readonly name: string; readonly arn: string }[]> {
  const own: { name: string; arn: string }[] = [];
  for await (const page of paginateListStateMachines({ client: states }, {})) {
    const found = (page.stateMachines ?? []).map(({ name = '', stateMachineArn: arn = '' }) => ({ name, arn }));
    own.push(...found.filter(({ name }) => name.startsWith(`skep-${stage}-`)));
  }
  return own;
}

async function diagnosesOf(
  { states }: VerifyPorts,
  machines: readonly DeployedMachine[],
): Promise<VerifyFacts['diagnoses']> {
  const found: string[] = [];
  for (const { name, definition } of machines) {
    const { diagnostics = [] } = await states.send(new ValidateStateMachineDefinitionCommand({ definition }));
    const errors = diagnostics.filter(({ severity }) => severity === 'ERROR');
    found.push(
      ...errors.map(({ code, message, location }) => `${name}: ${code ?? ''} ${location ?? ''} ${message ?? ''}`),
    );
  }
  return found;
}

/** An instance that there cannot be: the ids that AWS gives away are random. */
const NOBODY = 'i-00000000000000000';

async function probesOf(ports: VerifyPorts): Promise<VerifyFacts['probes']> {
  const { stage, ssm, states, ec2, table, uuid } = ports;
  const [some] = await ownMachines(ports);
  if (some === undefined) {
    throw new NotThere(`stage ${stage} has no state machine in this account and region`);
  }
  const arn = some.arn.replace(':stateMachine:', ':execution:');
  const probes: Readonly<Record<Probe, () => Promise<unknown>>> = {
    'unknown-command': () => ssm.send(new GetCommandInvocationCommand({ CommandId: uuid(), InstanceId: NOBODY })),
    'unknown-node': () =>
      ssm.send(
        new SendCommandCommand({
          DocumentName: documentName(stage, 'confirm'),
          InstanceIds: [NOBODY],
          Comment: 'skep verify: no such instance',
        }),
      ),
    'unknown-token': () =>
      states.send(new SendTaskSuccessCommand({ taskToken: `skep-verify-${uuid()}`, output: '{}' })),
    'unknown-execution': () =>
      states.send(new DescribeExecutionCommand({ executionArn: `${arn}:skep-verify-${uuid()}` })),
    'unknown-instance': () => ec2.send(new DescribeInstancesCommand({ InstanceIds: [NOBODY] })),
    'unknown-parameter': () => ssm.send(new GetParameterCommand({ Name: `/skep/${stage}/verify-${uuid()}` })),
    'unmet-condition': () =>
      table.send(
        new UpdateCommand({
          TableName: `skep-${stage}`,
          Key: { pk: 'VERIFY', sk: uuid() },
          UpdateExpression: 'SET #it = :it',
          ConditionExpression: 'attribute_exists(pk)',
          ExpressionAttributeNames: { '#it': 'it' },
          ExpressionAttributeValues: { ':it': 'skep verify' },
        }),
      ),
  };
  const answers = await Promise.all(
    Object.entries(probes).map(async ([name, ask]) => [name, await refusalOf(ask())] as const),
  );
  return Object.fromEntries(answers) as Record<Probe, string>;
}

async function deadLettersOf({ stage, cloudFormation, queues }: VerifyPorts): Promise<number> {
  const stack = await readStack(cloudFormation, `skep-${stage}`);
  const url = stack?.outputs['DeadLettersUrl'];
  if (url === undefined) {
    throw new NotThere(`the stack skep-${stage} does not say where its dead letters are`);
  }
  return countDeadLetters(queues, url);
}

async function groupsOf(ports: VerifyPorts, only: string | undefined): Promise<readonly VerifiedGroup[]> {
  const { stage, autoScaling, table } = ports;
  if (only !== undefined) {
    const [found] = await setupOf(autoScaling, [only]);
    if (found === undefined) {
      throw new NotThere(`there is no group ${only} in this account and region`);
    }
    return verified(ports, [found]);
  }
  const found: [string, FoundGroup][] = [];
  for (const cluster of await listClusters(table, `skep-${stage}`)) {
    const tagged = await setupOfCluster(autoScaling, cluster);
    found.push(...[...tagged].filter(([, group]) => !isOfAnotherStage(stage, group)));
  }
  return verified(ports, found);
}

async function verified(
  { ssm }: VerifyPorts,
  groups: readonly (readonly [string, FoundGroup])[],
): Promise<readonly VerifiedGroup[]> {
  const all: VerifiedGroup[] = [];
  for (const [name, { cluster = '', roleTag, hooks, retains, instances }] of groups) {
    const role = nodeRole.safeParse(roleTag);
    if (!role.success) {
      throw new NotThere(`the group ${name} has no tag skep:role that says manager or worker`);
    }
    const inService = instances.filter(({ lifecycle }) => lifecycle === 'InService').map(({ instance }) => instance);
    const pings = await pingsOf(ssm, inService);
    const agents = inService.map((instance) => ({ instance, ping: pings.get(instance) }));
    all.push({ name, cluster, role: role.data, hooks, retains, agents });
  }
  return all;
}

const FILTERED_AT_ONCE = 50;

async function pingsOf(ssm: SSMClient, instances: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const pings = new Map<string, string>();
  for (let at = 0; at < instances.length; at += FILTERED_AT_ONCE) {
    const Filters = [{ Key: 'InstanceIds', Values: instances.slice(at, at + FILTERED_AT_ONCE) }];
    for await (const page of paginateDescribeInstanceInformation({ client: ssm }, { Filters })) {
      for (const one of page.InstanceInformationList ?? []) pings.set(one.InstanceId ?? '', one.PingStatus ?? '');
    }
  }
  return pings;
}

async function completeNothing(
  { stage, autoScaling, uuid }: VerifyPorts,
  group: string,
): Promise<VerifyFacts['noSuchAction']> {
  try {
    await autoScaling.send(
      new CompleteLifecycleActionCommand({
        AutoScalingGroupName: group,
        LifecycleHookName: launchHook(stage),
        LifecycleActionToken: uuid(),
        LifecycleActionResult: 'CONTINUE',
      }),
    );
    return { name: 'nothing', message: '' };
  } catch (error) {
    return { name: errorName(error), message: error instanceof Error ? error.message : '' };
  }
}

async function listSince({ ssm, now }: VerifyPorts, instance: string | undefined): Promise<string> {
  if (instance === undefined) {
    throw new NotThere('there is no instance in service to ask about');
  }
  const value = new Date(now() - 60_000).toISOString();
  return refusalOf(
    ssm.send(new ListCommandsCommand({ InstanceId: instance, Filters: [{ key: 'InvokedAfter', value }] })),
  );
}

async function joinTokensOf({ stage, table, ssm }: VerifyPorts): Promise<VerifyFacts['joinTokens']> {
  const answers: Record<string, string> = {};
  for (const cluster of await listClusters(table, `skep-${stage}`)) {
    for (const role of ['worker', 'manager'] as const) {
      const Name = joinTokenName(stage, cluster, role);
      const answer = await refusalOf(ssm.send(new GetParameterCommand({ Name, WithDecryption: true })));
      if (answer !== 'ParameterNotFound') answers[Name] = answer;
    }
  }
  if (Object.keys(answers).length === 0) {
    throw new NotThere('no cluster of this stage has published join tokens');
  }
  return answers;
}
