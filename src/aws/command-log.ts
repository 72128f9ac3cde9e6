// The commands that skep has sent to an instance, and what their scripts printed: SSM keeps them for 30 days.
import { paginateListCommands } from '@aws-sdk/client-ssm';
import type { Command, SSMClient } from '@aws-sdk/client-ssm';

import { verbOf } from '../core/names.ts';
import type { Verb } from '../core/names.ts';
import { readInvocation } from './run-command.ts';
import type { ReadInvocation } from './run-command.ts';

export interface LoggedCommand {
  readonly commandId: string;
  readonly verb: Verb;
  /** When it was sent, epoch seconds. */
  readonly sentAt: number;
  readonly status: string;
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type LoggedSending = Pick<LoggedCommand, 'commandId' | 'verb' | 'sentAt'>;

/** The oldest first. Commands of others are left out. */
export async function commandsOn(
  client: SSMClient,
  stage: string,
  instance: string,
  most: number,
): Promise<LoggedCommand[]> {
  const found: LoggedSending[] = [];
  for await (const { Commands: commands = [] } of paginateListCommands(
    { client, pageSize: 50 },
    { InstanceId: instance },
  )) {
    found.push(...commands.flatMap((one) => sentBySkep(stage, one)));
  }
  const logged: LoggedCommand[] = [];
  // One after the other: GetCommandInvocation is shared by the whole account, and executions wait for it.
  for (const command of found.toSorted((a, b) => a.sentAt - b.sentAt).slice(-most)) {
    logged.push(shown(command, await readInvocation(client, command.commandId, instance)));
  }
  return logged;
}

function sentBySkep(stage: string, { CommandId, DocumentName = '', RequestedDateTime }: Command): LoggedSending[] {
  const verb = verbOf(stage, DocumentName);
  return CommandId === undefined || verb === undefined
    ? []
    : [{ commandId: CommandId, verb, sentAt: Math.floor((RequestedDateTime?.getTime() ?? 0) / 1000) }];
}

/** SSM may not show an invocation yet. */
function shown(command: LoggedSending, seen: ReadInvocation | undefined): LoggedCommand {
  if (seen === undefined) {
    return { ...command, status: 'Pending', exitCode: null, stdout: '', stderr: '' };
  }
  const { statusDetails, responseCode, stdout, stderr } = seen;
  return { ...command, status: statusDetails, exitCode: responseCode < 0 ? null : responseCode, stdout, stderr };
}
