// Errors that the state machines match by name. What a document ends with stands in exit-codes.ts; this is the rest.
import { EXIT_CODES } from './exit-codes.ts';

/** Thrown by functions. The state machines see `name` as the error and match on it, so the names are an API. */
export class FlowError extends Error {
  override readonly name: string;

  /**
   * @param name FormerManager is what documents end with; the confirmation of one that joined too late ends with it as well. Who asks
   *   for a rebalance may name a cluster that nobody declared
   */
  constructor(
    name: FlowErrorName | 'FormerManager' | 'ClusterUndeclared',
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = name;
  }
}

const FLOW_ERRORS = {
  AgentNotRegistered: { retryable: true, meaning: 'the SSM agent of the instance has not registered yet' },
  HeardTooLate: {
    retryable: true,
    meaning: 'a founding ended a while ago: whether its swarm still is there is asked again',
  },
  LeaderFound: { retryable: true, meaning: 'the cluster was founded meanwhile: go on' },
  ManagersChanged: { retryable: true, meaning: 'a manager has joined meanwhile: perhaps this one may go now' },
  OnlyManager: { retryable: false, meaning: 'no other manager is on record by now, and nobody else could demote it' },
  LockTaken: { retryable: true, meaning: 'another manager is joining or leaving: one change at a time' },
  Held: { retryable: false, meaning: 'a person holds the cluster: nothing is changed until npx skep unhold' },
  HoldLifted: { retryable: true, meaning: 'the cluster is held no more: go on' },
  HeldTooLong: { retryable: false, meaning: 'the cluster is held still, and AWS ends the hook now' },
  Throttled: { retryable: true, meaning: 'AWS asked to slow down' },
  AwsUnavailable: { retryable: true, meaning: 'AWS failed, or did not answer' },
  CommandTimedOut: { retryable: true, meaning: 'the document ran longer than it may' },
  CommandUndelivered: { retryable: true, meaning: 'the command did not reach the agent' },
  CommandCancelled: { retryable: false, meaning: 'somebody cancelled the command' },
  CommandFailed: { retryable: false, meaning: 'the document ended with a code that is not one of its own' },
  InstanceUnreachable: { retryable: false, meaning: 'SSM does not take commands for the instance' },
  NodeUnresponsive: { retryable: false, meaning: 'the command was never picked up: the agent is away' },
  InstanceGone: { retryable: false, meaning: 'the instance is not in any group any more' },
  Superseded: { retryable: false, meaning: 'another execution took the instance over' },
  DeadlineReached: { retryable: false, meaning: 'the time for this action is over' },
  NotFounded: { retryable: false, meaning: 'the cluster was declared, and has no swarm yet' },
  NotAsExpected: {
    retryable: false,
    meaning: 'the swarm is not what the table has: the tidy asks for all of its nodes',
  },
  RecoveryUnderWay: { retryable: false, meaning: 'another recovery of the cluster is under way' },
  NothingKept: {
    retryable: false,
    meaning: 'no earlier spec of the service is kept: its own history is as its owner left it',
  },
  RollbackRefused: { retryable: false, meaning: 'the service was changed meanwhile, or an update of it is under way' },
  RebalanceUnderWay: { retryable: false, meaning: 'another rebalance of the cluster is under way' },
  ServiceUnknown: { retryable: false, meaning: 'a service that was to be rebalanced is not in the swarm' },
  NodesChanged: { retryable: false, meaning: 'nodes came or went while they were read: they are read again' },
  BadInput: { retryable: false, meaning: 'the input is not what this version understands' },
} as const satisfies Record<string, { retryable: boolean; meaning: string }>;

export type FlowErrorName = keyof typeof FLOW_ERRORS;

/** Errors of executions that have ended their action themselves: nothing is left to settle. */
export const CLOSED_ERRORS = {
  LaunchAbandoned: 'the launch failed, was undone and abandoned: the group launches another instance',
  LaunchContinued: 'the launch failed three times in a row: the instance stays outside the swarm, the tidy tries again',
  ManagerKept: 'the launch of a manager failed, and it could not be demoted: it stays, since it counts in the quorum',
  Forced: 'the instance was let go without a clean goodbye: the tidy forgets its node',
  ManagerRetained:
    'a manager could not go before its deadline, and was abandoned: the group retains it, if it is set up so',
  BadEvent: 'the event is not one that skep understands',
  BadMetadata: 'the notification metadata of the hook is missing or wrong',
  MetadataMismatch: 'the metadata of the hook and the tags of the group disagree',
  ClusterUndeclared: 'nobody declared the cluster',
} as const;

export type ClosedError = keyof typeof CLOSED_ERRORS;

/** Every error that a state machine may name, with whether a retry can help. */
export const ERRORS: ReadonlyMap<string, { retryable: boolean; meaning: string }> = new Map([
  ...EXIT_CODES.map(({ error, retryable, meaning }) => [error, { retryable, meaning }] as const),
  ...Object.entries(FLOW_ERRORS),
  ...Object.entries(CLOSED_ERRORS).map(([error, meaning]) => [error, { retryable: false, meaning }] as const),
]);

export function isRetryable(error: string): boolean {
  return ERRORS.get(error)?.retryable ?? false;
}
