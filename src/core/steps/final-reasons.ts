// What is not tried again, and why. Every error that is not in this table is tried until the action's deadline, whoever made it: a
// document, a function of skep, AWS, or nobody that we know. Which steps an error ends stands with each verb, and in final-errors.ts for
// the steps that send no document.

interface Reason {
  /** `ends`: the action has failed, or its time is over. `turns`: nothing has failed, the action goes on another way. */
  readonly then: 'ends' | 'turns';
  /** Why a new try could not help, or would do harm. */
  readonly why: string;
}

const ends = (why: string): Reason => ({ then: 'ends', why });
const turns = (why: string): Reason => ({ then: 'turns', why });

export const REASONS = {
  DeadlineReached: ends('the time of the action is over: AWS ends the hook now, with or without us'),
  Unconfirmed: ends('as DeadlineReached; what has joined is not ended for it, and the tidy confirms it'),
  HeldTooLong: ends('AWS ends the hook now, and a person holds the cluster'),
  Superseded: ends('another execution acts on the instance: two must not'),
  InstanceGone: ends('there is no instance that could join'),
  DockerMissing: ends('cloud-init has ended: the image brings no Docker, and will bring none'),
  CloudInitFailed: ends('cloud-init runs once in the life of an instance'),
  ToolMissing: ends('cloud-init has ended: the image lacks the tool, and will lack it'),
  CurlTooOld: ends('cloud-init has ended: the image brings an old curl, and will bring no other'),
  ForeignSwarm: ends('skep takes no engine out of a swarm that it does not know'),
  FormerManager: ends('the engine was fenced when the cluster was recovered, for good'),
  InitFailed: ends('Docker has said why it founds no swarm: options and addresses stay as they are'),
  AddressPoolOverlap: ends('a pool is chosen once, at the founding: a person must choose another'),
  FoundedOtherwise: ends('a swarm keeps the options that it was founded with'),
  Autolocked: ends('only a person can unlock the swarm, or have it lock no more'),
  UnknownNode: ends(
    'managers that have a leader know no such node: it was taken out since it joined; a worker joins once more, as another node',
  ),
  LeavingNode: ends('the node is taken out of the swarm by somebody else: a launch must not bring it back'),
  NodeOfAnother: ends(
    'EC2 and the managers say that the node is not the one of the instance: what it says of itself is not believed',
  ),
  MissedRecovery: ends('the node stays one of the old epoch, of whom no document takes a command'),
  QuorumNotLost: ends('there is nothing to recover, and a recovery would make a second swarm'),
  NotFenced: ends('to go on beside a manager that still runs would make a second swarm'),
  Held: turns('a person holds the cluster: nothing is changed until that ends'),
  NotFounded: turns('there is no swarm yet: the founder is looked for, or nothing is to be done'),
  HeardTooLate: turns('whether the swarm is still there is asked at once, and looked at more often'),
  LockTaken: turns('it queues for its turn again'),
  OnlyManager: turns('nobody else could demote it: it waits for another manager'),
  QuorumWouldBreak: turns('nothing was done: it waits without the lock for another manager'),
  StillManager: turns('the node is a manager after all, and is demoted first'),
  NotLast: turns('the swarm has other nodes: it waits for them as any last manager does'),
  NodeUnresponsive: turns('the instance does not answer: EC2 and the managers are asked instead'),
  InstanceUnreachable: turns('the instance does not answer: others are asked instead'),
} as const satisfies Readonly<Record<string, Reason>>;

export type FinalName = keyof typeof REASONS;

/** What ends every step of a lifecycle action. */
export const OF_AN_ACTION: readonly FinalName[] = ['DeadlineReached', 'Superseded', 'Held'];

/** What runs on the instance that is to become a node: what is wrong there is wrong at the next try. */
export const OF_A_NEW_INSTANCE: readonly FinalName[] = [
  ...OF_AN_ACTION,
  'InstanceGone',
  'DockerMissing',
  'CloudInitFailed',
  'ToolMissing',
  'CurlTooOld',
  'ForeignSwarm',
  'FormerManager',
  'Autolocked',
];
