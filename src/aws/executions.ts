// Step Functions: state machines by their names, how executions are started, and whether they still run.
import { DescribeExecutionCommand, paginateListStateMachines, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { SFNClient } from '@aws-sdk/client-sfn';

import { errorName } from './errors.ts';

/** DescribeExecution is throttled; what is not asked counts as running, and the next tidy asks again. */
const ASKED_AT_ONCE = 50;

/** Those of the executions that have ended, one way or the other. */
export async function endedExecutions(client: SFNClient, arns: readonly string[]): Promise<Set<string>> {
  const ended = new Set<string>();
  for (const executionArn of arns.slice(0, ASKED_AT_ONCE)) {
    if (await hasEnded(client, executionArn)) {
      ended.add(executionArn);
    }
  }
  return ended;
}

async function hasEnded(client: SFNClient, executionArn: string): Promise<boolean> {
  try {
    const { status } = await client.send(new DescribeExecutionCommand({ executionArn }));
    return status !== 'RUNNING';
  } catch (error) {
    // Executions are forgotten 90 days after their end; and what is no ARN was never one.
    if (errorName(error) === 'ExecutionDoesNotExist' || errorName(error) === 'InvalidArn') {
      return true;
    }
    throw error;
  }
}

/**
 * What comes twice starts one execution, since its name says what it is about.
 *
 * @returns its ARN; undefined where one of this name was started before with another input, or has ended
 */
export async function startOnce(
  client: SFNClient,
  stateMachineArn: string,
  name: string,
  input: unknown,
): Promise<string | undefined> {
  try {
    const started = await client.send(
      new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) }),
    );
    return started.executionArn;
  } catch (error) {
    if (errorName(error) !== 'ExecutionAlreadyExists') {
      throw error;
    }
    return undefined;
  }
}

/** Its ARN carries the account, which nobody should have to type. Undefined where there is no such machine. */
export async function machineNamed(client: SFNClient, name: string): Promise<string | undefined> {
  for await (const { stateMachines = [] } of paginateListStateMachines({ client }, {})) {
    const found = stateMachines.find((machine) => machine.name === name)?.stateMachineArn;
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}
