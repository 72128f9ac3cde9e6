// What is not tried again. Every error that is not in this table is tried until the action's deadline, whoever made it: a document, a
// function of skep, AWS, or nobody that we know. The state machines have these names where they stop retrying, and a test compares them.
import type { Verb } from '../names.ts';

/** What a state of a machine waits for: the end of a document, a turn, the end of a hold, or the end of a cluster. */
export type StepKind = Verb | 'lock' | 'hold' | 'erase';

export interface FinalError {
  readonly error: string;
  /** The steps that it ends. Of all others it is an error like any other. */
  readonly of: readonly StepKind[];
  /**
   * `ends`: the action has failed, or its time is over. `turns`: nothing has failed, the action goes on another way.
   */
  readonly then: 'ends' | 'turns';
  /** Why a new try could not help, or would do harm. */
  readonly why: string;
}

/** What runs on the instance that is to become a node: what is wrong there is wrong at the next try. */
const ON_THE_NEW: readonly StepKind[] = ['init', 'prepare', 'join'];
const OF_AN_ACTION: readonly StepKind[] = [
  ...ON_THE_NEW,
  'confirm',
  'demote',
  'drain',
  'shift',
  'leave',
  'forget',
  'lock',
  'erase',
];

export const FINAL_ERRORS: readonly FinalError[] = [
  ends('DeadlineReached', OF_AN_ACTION, 'the time of the action is over: AWS ends the hook now, with or without us'),
  ends('Unconfirmed', ['confirm'], 'as DeadlineReached; what has joined is not ended for it, and the tidy confirms it'),
  ends('HeldTooLong', ['hold'], 'AWS ends the hook now, and a person holds the cluster'),
  ends('Superseded', [...OF_AN_ACTION, 'hold'], 'another execution acts on the instance: two must not'),
  ends('InstanceGone', ON_THE_NEW, 'there is no instance that could join'),
  ends('DockerMissing', ON_THE_NEW, 'cloud-init has ended: the image brings no Docker, and will bring none'),
  ends('CloudInitFailed', ON_THE_NEW, 'cloud-init runs once in the life of an instance'),
  ends('ToolMissing', ON_THE_NEW, 'cloud-init has ended: the image lacks the tool, and will lack it'),
  ends('CurlTooOld', ON_THE_NEW, 'cloud-init has ended: the image brings an old curl, and will bring no other'),
  ends('ForeignSwarm', ON_THE_NEW, 'skep takes no engine out of a swarm that it does not know'),
  ends('FormerManager', ON_THE_NEW, 'the engine was fenced when the cluster was recovered, for good'),
  ends('InitFailed', ['init'], 'Docker has said why it founds no swarm: options and addresses stay as they are'),
  ends('AddressPoolOverlap', ['init'], 'a pool is chosen once, at the founding: a person must choose another'),
  ends('FoundedOtherwise', ['init'], 'a swarm keeps the options that it was founded with'),
  ends('Autolocked', [...ON_THE_NEW, 'confirm'], 'only a person can unlock the swarm, or have it lock no more'),
  ends('UnknownNode', ['confirm'], 'managers that have a leader know no such node: it was taken out since it joined'),
  ends(
    'LeavingNode',
    ['confirm'],
    'the node is taken out of the swarm by somebody else: a launch must not bring it back',
  ),
  ends('MissedRecovery', ['confirm'], 'the node stays one of the old epoch, of whom no document takes a command'),
  ends('QuorumNotLost', ['recover'], 'there is nothing to recover, and a recovery would make a second swarm'),
  ends('NotFenced', ['fence'], 'to go on beside a manager that still runs would make a second swarm'),
  turns('Held', [...OF_AN_ACTION, 'mend', 'rotate'], 'a person holds the cluster: nothing is changed until that ends'),
  turns(
    'NotFounded',
    ['lock', 'inspect', 'mend', 'rotate', 'shift'],
    'there is no swarm yet: the founder is looked for, or nothing is to be done',
  ),
  turns('HeardTooLate', ['init'], 'whether the swarm is still there is asked at once, and looked at more often'),
  turns('LockTaken', ['join', 'confirm', 'demote', 'leave'], 'it queues for its turn again'),
  turns('OnlyManager', ['demote'], 'nobody else could demote it: it waits for another manager'),
  turns('QuorumWouldBreak', ['demote'], 'nothing was done: it waits without the lock for another manager'),
  turns('StillManager', ['drain', 'leave', 'forget'], 'the node is a manager after all, and is demoted first'),
  turns('NotLast', ['leave'], 'the swarm has other nodes: it waits for them as any last manager does'),
  turns('NodeUnresponsive', ['leave'], 'the instance does not answer: EC2 and the managers are asked instead'),
  turns('InstanceUnreachable', ['leave', 'survey', 'fence'], 'the instance does not answer: others are asked instead'),
];

function ends(error: string, of: readonly StepKind[], why: string): FinalError {
  return { error, of, then: 'ends', why };
}

function turns(error: string, of: readonly StepKind[], why: string): FinalError {
  return { error, of, then: 'turns', why };
}

/** Whether a step is not tried again after this error. */
export function isFinal(step: StepKind, error: string): boolean {
  return FINAL_ERRORS.some((row) => row.error === error && row.of.includes(step));
}

/** Whether it ends the step for good. What only turns it may be asked again, by another state or when the action comes back. */
export function isEnd(step: StepKind, error: string): boolean {
  return FINAL_ERRORS.some((row) => row.error === error && row.of.includes(step) && row.then === 'ends');
}
