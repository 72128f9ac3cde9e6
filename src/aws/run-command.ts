// SSM Run Command: sends our documents, and reads how they ended.
import {
  CancelCommandCommand,
  GetCommandInvocationCommand,
  ListCommandsCommand,
  SendCommandCommand,
  paginateListCommands,
} from '@aws-sdk/client-ssm';
import type { SSMClient } from '@aws-sdk/client-ssm';

import type { Invocation } from '../core/steps/result.ts';
import type { Command } from '../core/steps/verbs.ts';
import { documentName } from '../core/names.ts';
import { errorName, isUnavailable } from './errors.ts';

/** What waits longer for an agent is undeliverable: the delivery timeout of documents on managers. Seconds. */
const LONGEST_QUEUE = 600;

export type SendAnswer =
  | { readonly kind: 'sent'; readonly commandId: string }
  /** Not registered, shutting down, or gone: SSM has one error for all three. */
  | { readonly kind: 'refused'; readonly because: string }
  /** The role may not: or the instance's tags do not count yet. */
  | { readonly kind: 'denied'; readonly error: Error }
  /** No answer: there may be a command. */
  | { readonly kind: 'uncertain'; readonly because: string };

export async function sendCommand(
  client: SSMClient,
  stage: string,
  command: Command,
  comment: string,
): Promise<SendAnswer> {
  try {
    const { Command: sent } = await client.send(
      new SendCommandCommand({
        InstanceIds: [command.target],
        // By name: the status event carries what was given here, and the rules filter on it.
        DocumentName: documentName(stage, command.verb),
        // A deployment may make a new version without making it the default one (CloudFormation's coverage roadmap, 2539).
        DocumentVersion: '$LATEST',
        TimeoutSeconds: command.deliveryTimeout,
        Comment: comment,
        Parameters: Object.fromEntries(Object.entries(command.parameters).map(([key, value]) => [key, [value]])),
      }),
    );
    return { kind: 'sent', commandId: sent?.CommandId ?? '' };
  } catch (error) {
    const because = error instanceof Error ? error.message : String(error);
    if (errorName(error) === 'InvalidInstanceId') {
      return { kind: 'refused', because };
    }
    if (errorName(error) === 'AccessDeniedException' && error instanceof Error) {
      return { kind: 'denied', error };
    }
    if (isUnavailable(error)) {
      return { kind: 'uncertain', because };
    }
    throw error;
  }
}

/**
 * A command that was sent with this comment to this instance, if SSM knows one.
 *
 * @param since epoch seconds; a minute is added for clocks that differ
 */
export async function findCommand(
  client: SSMClient,
  instance: string,
  comment: string,
  since: number,
): Promise<string | undefined> {
  const Filters = [{ key: 'InvokedAfter' as const, value: new Date((since - 60) * 1000).toISOString() }];
  const pages = paginateListCommands({ client, pageSize: 50 }, { InstanceId: instance, Filters });
  for await (const { Commands: commands } of pages) {
    const found = commands?.find((command) => command.Comment === comment);
    if (found !== undefined) {
      return found.CommandId;
    }
  }
  return undefined;
}

/** When a command ended is told by the clock of its instance, which may differ from ours by as much. Seconds. */
const CLOCKS_DIFFER = 30;

/**
 * Whether the agent has carried out any command since then: one that is busy has, one that is away has not. Of the
 * commands that succeeded the youngest is looked at, since an agent takes its commands one after the other. In doubt the answer is no: an agent
 * that went away right after a command would count as busy for ever, while one that is really busy has done more by the next look.
 *
 * @param since epoch seconds
 */
export async function hasWorkedSince(client: SSMClient, instance: string, since: number): Promise<boolean> {
  const Filters = [
    { key: 'Status' as const, value: 'Success' },
    { key: 'InvokedAfter' as const, value: new Date((since - LONGEST_QUEUE) * 1000).toISOString() },
  ];
  const { Commands: commands = [] } = await client.send(
    new ListCommandsCommand({ InstanceId: instance, Filters, MaxResults: 50 }),
  );
  const [youngest] = commands.toSorted(
    (a, b) => (b.RequestedDateTime?.getTime() ?? 0) - (a.RequestedDateTime?.getTime() ?? 0),
  );
  if (youngest?.CommandId === undefined) {
    return false;
  }
  const { endedAt = 0 } = (await readInvocation(client, youngest.CommandId, instance)) ?? {};
  return endedAt - CLOCKS_DIFFER >= since;
}

export interface ReadInvocation extends Invocation {
  readonly comment: string;
  /** When the script ended, epoch seconds, by the clock of the instance. */
  readonly endedAt: number | undefined;
}

/** Undefined while SSM does not show the invocation yet: it is eventually consistent. */
export async function readInvocation(
  client: SSMClient,
  commandId: string,
  instance: string,
): Promise<ReadInvocation | undefined> {
  try {
    const answer = await client.send(new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: instance }));
    return {
      comment: answer.Comment ?? '',
      status: answer.Status ?? 'Pending',
      statusDetails: answer.StatusDetails ?? '',
      responseCode: answer.ResponseCode ?? -1,
      stdout: answer.StandardOutputContent ?? '',
      stderr: answer.StandardErrorContent ?? '',
      endedAt: epochSeconds(answer.ExecutionEndDateTime),
    };
  } catch (error) {
    if (errorName(error) === 'InvocationDoesNotExist') {
      return undefined;
    }
    throw error;
  }
}

/** ISO 8601, empty while the command runs. */
function epochSeconds(time: string | undefined): number | undefined {
  const ms = Date.parse(time ?? '');
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000);
}

/** No guarantee that it stops (the documents' notAfter is): best effort, so errors are the caller's to ignore. */
export async function cancelCommand(client: SSMClient, commandId: string, instance: string): Promise<void> {
  await client.send(new CancelCommandCommand({ CommandId: commandId, InstanceIds: [instance] }));
}
