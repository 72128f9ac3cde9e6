// What a simulation may name: the states of the machines as they are deployed, the calls that skep makes, the verbs of its documents.
import { VERBS } from '../../../src/core/names.ts';
import type { JsonObject, Stack } from '../../aws/stack/stack.ts';
import { statesWithin } from '../../scenario/machine.ts';

/** Machines that run by themselves, or that a person starts every day. A recovery is begun where the quorum is gone, and by nobody else. */
export type SimulatedMachine = 'scale-out' | 'scale-in' | 'tidy' | 'rebalance' | 'rotate-tokens';

export interface World {
  readonly states: Readonly<Record<SimulatedMachine, readonly string[]>>;
  /** @example ssm.SendCommand */
  readonly calls: readonly string[];
  readonly verbs: readonly string[];
  /** What the rules of the stack listen to, by detail type. */
  readonly events: readonly string[];
}

/** What functions and machines of skep call while clusters are kept: each may fail. */
const CALLS = [
  ...['PutItem', 'GetItem', 'Query', 'UpdateItem', 'DeleteItem', 'TransactWriteItems'].map((one) => `dynamodb.${one}`),
  'dynamodb.BatchGetItem',
  ...['SendCommand', 'GetCommandInvocation', 'DescribeInstanceInformation', 'ListCommands'].map((one) => `ssm.${one}`),
  ...['CancelCommand', 'GetParameter'].map((one) => `ssm.${one}`),
  ...['DescribeAutoScalingGroups', 'DescribeAutoScalingInstances', 'DescribeLifecycleHooks'].map(
    (one) => `autoscaling.${one}`,
  ),
  ...['CompleteLifecycleAction', 'RecordLifecycleActionHeartbeat', 'SetInstanceHealth', 'PutLifecycleHook'].map(
    (one) => `autoscaling.${one}`,
  ),
  ...['SendTaskSuccess', 'SendTaskFailure', 'StartExecution', 'DescribeExecution'].map((one) => `states.${one}`),
  ...['DescribeInstances', 'DescribeInstanceStatus'].map((one) => `ec2.${one}`),
  ...['sns.Publish', 'sqs.GetQueueAttributes'],
];

export function worldOf(stack: Stack): World {
  const definition = (machine: string): JsonObject =>
    stack.stateMachines.find(({ name }) => name === `skep-${stack.stage}-${machine}`)?.definition ?? {};
  const states = (machine: SimulatedMachine): string[] => statesWithin(definition(machine));
  return {
    states: {
      'scale-out': states('scale-out'),
      'scale-in': states('scale-in'),
      tidy: states('tidy'),
      rebalance: states('rebalance'),
      'rotate-tokens': states('rotate-tokens'),
    },
    calls: CALLS,
    verbs: VERBS,
    events: [...new Set(stack.rules.flatMap(({ pattern }) => typesOf(pattern)))],
  };
}

const typesOf = (pattern: JsonObject | undefined): string[] => {
  const types = pattern?.['detail-type'];
  return Array.isArray(types) ? types.filter((one) => typeof one === 'string') : [];
};
