// Starts a state machine of a stage, and waits for its end.
import { setTimeout as sleep } from 'node:timers/promises';

import { DescribeExecutionCommand, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { SFNClient } from '@aws-sdk/client-sfn';
import { z } from 'zod';

import { machineNamed } from '../src/aws/executions.ts';
import { cleaned, oneLine } from '../src/core/clean-text.ts';
import { approve } from './confirm.ts';
import { UsageError } from './errors.ts';
import { leaves } from './interruption.ts';
import { placeBeside } from './reach.ts';

const LOOK_EVERY = 1000;

export interface Ended {
  readonly arn: string;
  readonly succeeded: boolean;
  /** Parsed, and each text in it clean: names, causes and labels in it are others'. Undefined where it failed. */
  readonly output: unknown;
  /** Error and cause, where it failed. */
  readonly problem: string;
}

interface Run {
  readonly stage: string;
  /** After its prefix. */
  readonly machine: string;
  readonly input: unknown;
  /** What it does, for a person to read beside where, and to confirm; undefined where it changes nothing. */
  readonly says?: string | undefined;
  readonly yes?: boolean;
}

interface Watcher {
  /** Is told the execution's ARN before it ends. */
  readonly started: (arn: string) => void;
  /** Is told, after each look, for how many seconds it has been waited for. */
  readonly goesOn?: (seconds: number) => void;
}

/** How often a person who waits is told that it goes on, seconds. */
export const TELL_EVERY = 30;

/** Every half a minute it says that it still waits. @param started gets the execution's ARN before the execution ends */
export async function runMachine(
  client: SFNClient,
  { stage, machine, input, says, yes = false }: Run,
  started: (arn: string) => void = () => undefined,
): Promise<Ended> {
  const arn = await machineArn(client, `skep-${stage}-${machine}`);
  if (says !== undefined) {
    process.stderr.write(`${says}: ${placeBeside(arn, stage)}\n`);
    await approve({ yes });
  }
  return runExecution(client, arn, input, {
    started: (execution) => {
      process.stderr.write(`started ${execution}\n`);
      started(execution);
    },
    goesOn: (seconds) => {
      if (seconds % TELL_EVERY === 0) {
        process.stderr.write(`at work for ${seconds} s: Ctrl-C ends the waiting, and not the execution\n`);
      }
    },
  });
}

/** It goes on without this command, too. */
export async function runExecution(
  client: SFNClient,
  stateMachineArn: string,
  input: unknown,
  { started, goesOn = () => undefined }: Watcher,
): Promise<Ended> {
  leaves('the execution may have begun: it then goes on without this command');
  const { executionArn } = await client.send(
    new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
  );
  const arn = executionArn ?? '';
  leaves(`${arn} goes on without this command`);
  started(arn);
  for (let looks = 1; ; looks += 1) {
    const { status, output, error, cause } = await client.send(new DescribeExecutionCommand({ executionArn: arn }));
    if (status !== 'RUNNING') {
      const problem = [error ?? status, cause].filter((part) => part !== undefined && part !== '').join(': ');
      return {
        arn,
        succeeded: status === 'SUCCEEDED',
        output: output === undefined ? undefined : cleaned(JSON.parse(output)),
        problem,
      };
    }
    goesOn((looks * LOOK_EVERY) / 1000);
    await sleep(LOOK_EVERY);
  }
}

/** @throws {UsageError} where there is none */
export async function machineArn(client: SFNClient, name: string): Promise<string> {
  const found = await machineNamed(client, name);
  if (found === undefined) {
    throw new UsageError(`there is no state machine ${name} here: is its stage deployed in this account and region?`);
  }
  return found;
}

/** What a function throws comes as JSON. */
export function readable(problem: string): string {
  const [, error = '', cause = ''] = /^([^:]*): (\{.*\})$/s.exec(problem) ?? [];
  if (cause === '') {
    return oneLine(problem);
  }
  const parsed = z.object({ errorMessage: z.string() }).safeParse(JSON.parse(cause));
  return parsed.success ? oneLine(`${error}: ${parsed.data.errorMessage}`) : oneLine(problem);
}
