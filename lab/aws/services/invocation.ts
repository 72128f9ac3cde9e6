// A command as SSM keeps it, and what its calls tell of it.

export type Status = 'Pending' | 'InProgress' | 'Success' | 'Failed' | 'TimedOut' | 'Cancelled';

/** A command, and when it was where; milliseconds on the lab's clock. */
export interface CommandRecord {
  readonly verb: string;
  /** Where it ran. */
  readonly instanceId: string;
  /** What it was sent with, or what a rogue has made of that. */
  comment: string;
  readonly parameters: Readonly<Record<string, string[]>>;
  readonly requestedAt: number;
  /** The agent took it, and the script began. */
  acceptedAt: number | undefined;
  startedAt: number | undefined;
  endedAt: number | undefined;
  /** Whether the script ended with success on the node. SSM may have been told otherwise. */
  didItsWork?: boolean;
}

/** What GetCommandInvocation tells of a command before it has heard of its end. */
const UNHEARD = { responseCode: -1, status: 'InProgress', statusDetails: 'InProgress', stdout: '', stderr: '' };

export interface Invocation extends CommandRecord {
  readonly commandId: string;
  readonly document: string;
  /** After this nobody picks it up any more. */
  readonly deliverBefore: number;
  status: Status;
  statusDetails: string;
  responseCode: number;
  stdout: string;
  stderr: string;
  /** How late GetCommandInvocation is to tell of its end, ms. */
  readonly lag: number;
  /** Of its instance, whose agent says when the script ended, ms. */
  readonly clockAhead: number;
  /** Forgets the end that it comes to when nobody answers. */
  cancelTimeout: () => void;
}

/** As GetCommandInvocation tells it: eventually consistent, since nothing says that the event of an end comes later than it can be read. */
export function showInvocation(invocation: Invocation, now: number): Record<string, unknown> {
  const { endedAt, lag } = invocation;
  const isHeard = endedAt !== undefined && now >= endedAt + lag;
  const shown = endedAt === undefined || isHeard ? invocation : UNHEARD;
  return {
    CommandId: invocation.commandId,
    InstanceId: invocation.instanceId,
    Comment: invocation.comment,
    DocumentName: invocation.document,
    ResponseCode: shown.responseCode,
    Status: shown.status,
    StatusDetails: shown.statusDetails,
    StandardOutputContent: shown.stdout,
    StandardErrorContent: shown.stderr,
    ExecutionEndDateTime: isHeard ? new Date(endedAt + invocation.clockAhead).toISOString() : '',
  };
}

export function describeCommand(invocation: Invocation): Record<string, unknown> {
  return {
    CommandId: invocation.commandId,
    DocumentName: invocation.document,
    Comment: invocation.comment,
    Parameters: invocation.parameters,
    InstanceIds: [invocation.instanceId],
    RequestedDateTime: invocation.requestedAt / 1000,
    Status: invocation.status,
    StatusDetails: invocation.statusDetails,
  };
}
