// Takes a stage away, in an order in which nothing is left that holds instances. Each step may be done twice.
import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import type { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { DetachRolePolicyCommand, paginateListEntitiesForPolicy } from '@aws-sdk/client-iam';
import type { IAMClient } from '@aws-sdk/client-iam';
import { StopExecutionCommand, paginateListExecutions, paginateListStateMachines } from '@aws-sdk/client-sfn';
import type { SFNClient } from '@aws-sdk/client-sfn';

import { errorName } from '../aws/errors.ts';
import { allGroupsWithHooks, deleteHook } from '../aws/group-setup.ts';
import { deleteStack, importersOf, readStack } from '../aws/stacks.ts';
import { MACHINES, launchHook, terminateHook } from '../core/names.ts';
import { planRemoval } from '../core/removal/removal.ts';
import type { Removal, ServiceStackFacts, RemovalStep } from '../core/removal/removal.ts';

export interface RemovalPorts {
  readonly stage: string;
  readonly autoScaling: AutoScalingClient;
  readonly cloudFormation: CloudFormationClient;
  readonly iam: IAMClient;
  readonly states: SFNClient;
  /** Between two looks. */
  readonly pause: () => Promise<void>;
}

export async function lookToRemove(ports: RemovalPorts): Promise<ServiceStackFacts> {
  const { stage, autoScaling, cloudFormation } = ports;
  const stack = await readStack(cloudFormation, `skep-${stage}`);
  const own = [launchHook(stage), terminateHook(stage)];
  const groups = await allGroupsWithHooks(autoScaling);
  return {
    status: stack?.status,
    importers: await importersOf(
      cloudFormation,
      ['worker', 'manager'].map((role) => `skep-${stage}-${role}-node-policy`),
    ),
    hooks: groups.flatMap(({ group, hooks }) =>
      hooks.filter((hook) => own.includes(hook)).map((hook) => ({ group, hook })),
    ),
    executions: await runningOf(ports),
    attached: await attachedTo(ports, [stack?.outputs['WorkerNodePolicyArn'], stack?.outputs['ManagerNodePolicyArn']]),
  };
}

async function runningOf({ stage, states }: RemovalPorts): Promise<ServiceStackFacts['executions']> {
  const running: { arn: string; machine: string }[] = [];
  for await (const machines of paginateListStateMachines({ client: states }, {})) {
    for (const { name: machine = '', stateMachineArn } of machines.stateMachines ?? []) {
      if (!isOfStage(machine, stage)) continue;
      const asked = { stateMachineArn, statusFilter: 'RUNNING' as const };
      for await (const page of paginateListExecutions({ client: states }, asked)) {
        running.push(...(page.executions ?? []).map(({ executionArn: arn = '' }) => ({ arn, machine })));
      }
    }
  }
  return running;
}

/** A stage may be called as another one with something behind it. */
const isOfStage = (machine: string, stage: string): boolean =>
  MACHINES.some((one) => machine === `skep-${stage}-${one}`);

async function attachedTo(
  { iam }: RemovalPorts,
  policies: readonly (string | undefined)[],
): Promise<ServiceStackFacts['attached']> {
  const attached: { role: string; policy: string }[] = [];
  for (const policy of policies.filter((one) => one !== undefined)) {
    try {
      for await (const page of paginateListEntitiesForPolicy({ client: iam }, { PolicyArn: policy })) {
        attached.push(...(page.PolicyRoles ?? []).map(({ RoleName: role = '' }) => ({ role, policy })));
      }
    } catch (error) {
      if (!/^NoSuchEntity/.test(errorName(error))) throw error;
    }
  }
  return attached;
}

/** How often it is looked again: what is stopped is taken over by one more run, which finds nothing to do and ends. */
const ROUNDS = 10;

/** @returns the status of the stack in the end; undefined where it is gone */
export async function carryOutRemoval(
  ports: RemovalPorts,
  planned: Removal,
  told: (step: RemovalStep) => void,
): Promise<{ readonly status: string | undefined; readonly because: string | undefined }> {
  let { steps } = planned;
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = steps.filter(({ kind }) => kind !== 'stack');
    if (before.length === 0) break;
    for (const step of before) {
      told(step);
      await take(ports, step);
    }
    await ports.pause();
    ({ steps } = planRemoval(await lookToRemove(ports), true));
  }
  for (const step of steps.filter(({ kind }) => kind === 'stack')) {
    told(step);
    await take(ports, step);
  }
  return gone(ports);
}

async function take(ports: RemovalPorts, step: RemovalStep): Promise<void> {
  const { stage, autoScaling, cloudFormation, iam, states } = ports;
  switch (step.kind) {
    case 'hook':
      return deleteHook(autoScaling, step.group, step.hook);
    case 'stop':
      await states.send(
        new StopExecutionCommand({ executionArn: step.arn, error: 'Removed', cause: `stage ${stage} is removed` }),
      );
      return;
    case 'detach':
      return detach(iam, step);
    case 'stack':
      return deleteStack(cloudFormation, `skep-${stage}`);
  }
}

async function detach(iam: IAMClient, { role, policy }: Extract<RemovalStep, { kind: 'detach' }>): Promise<void> {
  try {
    await iam.send(new DetachRolePolicyCommand({ RoleName: role, PolicyArn: policy }));
  } catch (error) {
    // Somebody else was faster.
    if (!/^NoSuchEntity/.test(errorName(error))) throw error;
  }
}

async function gone({
  stage,
  cloudFormation,
  pause,
}: RemovalPorts): Promise<{ readonly status: string | undefined; readonly because: string | undefined }> {
  for (;;) {
    const stack = await readStack(cloudFormation, `skep-${stage}`);
    if (stack?.status !== 'DELETE_IN_PROGRESS') {
      return { status: stack?.status, because: stack?.because };
    }
    await pause();
  }
}
