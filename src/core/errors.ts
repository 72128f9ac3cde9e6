// Errors that the state machines match by name. What a document ends with stands in exit-codes.ts; this is the rest.
import { EXIT_CODES } from './exit-codes.ts';

/** Thrown by functions. The state machines see `name` as the error and match on it, so the names are an API. */
export class FlowError extends Error {
  override readonly name: string;

  /** @param name ClusterUndeclared closes actions; a rebalance that is asked for an undeclared cluster ends with it as well */
  constructor(name: FlowErrorName | 'ClusterUndeclared', message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = name;
  }
}

const FLOW_ERRORS = {
  AgentNotRegistered: 'the SSM agent of the instance has not registered yet',
  HeardTooLate: 'a founding ended a while ago: whether its swarm still is there is asked again',
  LeaderFound: 'the cluster was founded meanwhile: go on',
  ManagersChanged: 'a manager has joined meanwhile: perhaps this one may go now',
  OnlyManager: 'no other manager is on record by now, and nobody else could demote it',
  LockTaken: 'another manager is joining or leaving: one change at a time',
  Held: 'a person holds the cluster: nothing is changed until skep unhold',
  HoldLifted: 'the cluster is held no more: go on',
  HeldTooLong: 'the cluster is held still, and AWS ends the hook now',
  Throttled: 'AWS asked to slow down',
  AwsUnavailable: 'AWS failed, or did not answer',
  CommandTimedOut: 'the document ran longer than it may',
  CommandUndelivered: 'the command did not reach the agent',
  CommandCancelled: 'somebody cancelled the command',
  CommandFailed: 'the document ended with a code that is not one of its own',
  PageUnreadable: 'what a manager told of the swarm cannot be read: skep asks another manager',
  ScriptLost: 'the agent failed, or lost the script: it may have run in part, whole, or not at all',
  InstanceUnreachable: 'SSM does not take commands for the instance',
  NodeUnresponsive: 'the command was never picked up: the agent is away',
  InstanceGone: 'the instance is not in any group any more',
  Superseded: 'another execution took the instance over',
  DeadlineReached: 'the time for this action is over',
  Unconfirmed: 'the time for this action is over, and no manager with a leader has said how the node stands',
  NodeOfAnother: 'the node that the instance has named is not its own, as EC2 and the managers say',
  MissedRecovery: 'the manager joined before the cluster was recovered, and missed that',
  NotFounded: 'the cluster was declared, and has no swarm yet',
  NotAsExpected: 'the swarm is not what the table has: the tidy asks for all of its nodes',
  RecoveryUnderWay: 'another recovery of the cluster is under way',
  NothingKept: 'no earlier spec of the service is kept: its own history is as its owner left it',
  RollbackRefused: 'the service was changed meanwhile, or an update of it is under way',
  RecoveryRefused: 'the cluster is not to be recovered, or not yet, as the cause says: nothing was changed',
  RebalanceUnderWay: 'another rebalance of the cluster is under way',
  ServiceUnknown: 'a service that was to be rebalanced is not in the swarm',
  NodesChanged: 'nodes came or went while they were read: they are read again',
  BadInput: 'the input is not what this version understands',
} as const satisfies Record<string, string>;

export type FlowErrorName = keyof typeof FLOW_ERRORS;

/** Errors of executions that have ended their action themselves: nothing is left to settle. */
export const CLOSED_ERRORS = {
  LaunchAbandoned: 'the launch failed, was undone and abandoned: the group launches another instance',
  LaunchContinued: 'the launch failed three times in a row: the instance stays outside the swarm, the tidy tries again',
  ManagerKept: 'the launch of a manager failed, and it could not be demoted: it stays, since it counts in the quorum',
  JoinUnfinished:
    'an instance in service did not get in before the deadline: nothing was undone, the tidy goes on with it',
  SwarmLeftAlone:
    'the instance is in a swarm that nobody declared: it goes on outside the cluster, and its swarm as it is',
  Forced: 'the instance was ended without a clean goodbye: the tidy removes its node',
  ManagerRetained:
    'a manager could not go before its deadline, and was abandoned: the group retains it, if it is set up so',
  BadEvent: 'the event is not one that skep understands',
  BadMetadata: 'the notification metadata of the hook is missing or wrong',
  MetadataMismatch: 'the metadata of the hook and the tags of the group disagree',
  ClusterUndeclared: 'nobody declared the cluster',
} as const;

export type ClosedError = keyof typeof CLOSED_ERRORS;

/** What every error means that a state machine may name. Whether it is tried again stands in final-errors.ts. */
export const ERRORS: ReadonlyMap<string, string> = new Map([
  ...EXIT_CODES.map(({ error, meaning }) => [error, meaning] as const),
  ...Object.entries(FLOW_ERRORS),
  ...Object.entries(CLOSED_ERRORS),
]);
