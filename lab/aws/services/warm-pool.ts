// Warm pools: instances that stand beside a group until it wants more, stopped or running (Auto Scaling user guide, warm pools).
//
// They have the same lifecycle hooks as the group, with other origins and destinations. What AWS does not document is in docs/lab.md.
import type { Group, Member, WarmPool } from './group.ts';
import { POOL_LAUNCH, POOL_RETURN, POOL_START, POOL_TERMINATION } from './passages.ts';
import type { Passage } from './passages.ts';
import { AwsError } from './service.ts';

/** What is not said stays as it was. */
export interface PoolWish {
  readonly state?: WarmPool['state'] | undefined;
  readonly min?: number | undefined;
  /** -1: as far as the group may grow. */
  readonly prepared?: number | undefined;
  readonly reuse?: boolean | undefined;
}

interface Hands {
  readonly changed: (group: Group, member: Member) => void;
  readonly wait: (group: Group, member: Member, passage: Passage) => void;
  /** A new instance, which is nowhere yet. */
  readonly launch: (group: Group) => Member;
  /** Nothing can be launched now: then it is tried again later. */
  readonly refuses: (group: Group) => boolean;
  /** Nobody waits for it in a hook any more. */
  readonly close: (instanceId: string) => void;
  readonly reconcile: (group: Group) => void;
  readonly ec2: {
    readonly isRunning: (id: string) => boolean;
    readonly isThere: (id: string) => boolean;
    readonly stop: (id: string) => void;
    readonly start: (id: string) => void;
    readonly kill: (id: string) => void;
  };
}

const RESTS: ReadonlySet<string> = new Set(['Warmed:Stopped', 'Warmed:Running', 'Warmed:Hibernated']);

/** What AWS takes by itself. */
const NEW_POOL = { state: 'Stopped', min: 0, prepared: undefined, reuse: false, isDeleted: false } as const;

/** UpdateAutoScalingGroup takes no more. */
const LARGEST = 500;

/** In its group, or in the pool beside it. */
export const memberOf = ({ members, warmPool }: Group, instanceId: string): Member | undefined =>
  members.get(instanceId) ?? warmPool?.members.get(instanceId);

const stays = ({ lifecycle }: Member): boolean =>
  !lifecycle.startsWith('Warmed:Terminat') && !lifecycle.endsWith(':Retained');

function sizeOf({ desired, max = LARGEST }: Group, { isDeleted, min, prepared }: WarmPool): number {
  return isDeleted ? 0 : Math.max(min, (prepared ?? max) - desired, 0);
}

/** Nothing comes to it or goes from it. */
export function isPoolAtRest(group: Group): boolean {
  const { warmPool } = group;
  return (
    warmPool === undefined ||
    (warmPool.members.size === sizeOf(group, warmPool) &&
      [...warmPool.members.values()].every(({ lifecycle }) => RESTS.has(lifecycle)))
  );
}

export class WarmPools {
  readonly #hands: Hands;

  constructor(hands: Hands) {
    this.#hands = hands;
  }

  /** PutWarmPool. @throws {AwsError} */
  put(group: Group, wish: PoolWish): void {
    const before = group.warmPool;
    if (before?.isDeleted === true) {
      throw new AwsError('ValidationError', `The warm pool of ${group.name} is being deleted.`);
    }
    const said = Object.fromEntries(Object.entries(wish).filter(([, value]) => value !== undefined));
    const wanted: WarmPool = { ...NEW_POOL, members: new Map(), ...before, ...said };
    group.warmPool = { ...wanted, prepared: wanted.prepared === -1 ? undefined : wanted.prepared };
    this.#hands.reconcile(group);
  }

  /** DeleteWarmPool: its instances pass the terminate hook, unless it is forced. @throws {AwsError} */
  delete(group: Group, isForced: boolean): void {
    const pool = group.warmPool;
    if (pool === undefined) {
      throw new AwsError('ValidationError', `No warm pool found for Auto Scaling group ${group.name}`);
    }
    pool.isDeleted = true;
    for (const member of isForced ? [...pool.members.values()] : []) {
      this.#hands.close(member.instanceId);
      this.#remove(group, member);
    }
    this.#hands.reconcile(group);
  }

  /** What is missing is launched, and what is too much goes, the oldest first. */
  fill(group: Group): void {
    const pool = group.warmPool;
    if (pool === undefined) {
      return;
    }
    const there = [...pool.members.values()].filter(stays);
    const more = sizeOf(group, pool) - there.length;
    for (const member of there.slice(0, Math.max(0, -more))) {
      this.#end(group, member);
    }
    const mayLaunch = more > 0 && !this.#hands.refuses(group);
    for (let missing = mayLaunch ? more : 0; missing > 0; missing -= 1) {
      const member = this.#hands.launch(group);
      pool.members.set(member.instanceId, member);
      this.#become(group, member, 'Warmed:Pending');
    }
    if (pool.isDeleted && pool.members.size === 0) {
      delete group.warmPool;
    }
  }

  /** One of the pool goes into the group. @returns whether there was one */
  gives(group: Group): boolean {
    const { ec2, wait } = this.#hands;
    const members = group.warmPool?.members ?? new Map<string, Member>();
    const member = [...members.values()].find((one) => RESTS.has(one.lifecycle) && ec2.isThere(one.instanceId));
    if (member === undefined) {
      return false;
    }
    members.delete(member.instanceId);
    group.members.set(member.instanceId, member);
    Object.assign(member, { comesFromPool: true, inServiceSince: undefined });
    this.#become(group, member, 'Pending');
    if (ec2.isRunning(member.instanceId)) {
      wait(group, member, POOL_START);
    } else {
      ec2.start(member.instanceId);
    }
    return true;
  }

  /** A group that scales in gives what served back, where that is its policy and there is room. @returns whether the pool takes it */
  takesBack(group: Group, member: Member): boolean {
    const pool = group.warmPool;
    const isRoom = pool !== undefined && [...pool.members.values()].filter(stays).length < sizeOf(group, pool);
    if (pool?.reuse !== true || !isRoom || member.lifecycle !== 'InService') {
      return false;
    }
    group.members.delete(member.instanceId);
    pool.members.set(member.instanceId, member);
    Object.assign(member, { comesFromPool: false, isOutOfPlace: false, isExpired: false });
    this.#hands.wait(group, member, POOL_RETURN);
    return true;
  }

  /** Its machine is up. */
  started(group: Group, instanceId: string): void {
    const member = group.warmPool?.members.get(instanceId);
    if (member?.lifecycle === 'Warmed:Pending') {
      this.#hands.wait(group, member, POOL_LAUNCH);
    }
  }

  stopped(group: Group, instanceId: string): void {
    const pool = group.warmPool;
    const member = pool?.members.get(instanceId);
    if (pool !== undefined && member?.lifecycle === 'Warmed:Pending:Proceed') {
      this.#become(group, member, pool.state === 'Hibernated' ? 'Warmed:Hibernated' : 'Warmed:Stopped');
      this.#hands.reconcile(group);
    }
  }

  /** A hook has ended in which it came into the pool, or was to go from it. */
  proceed(group: Group, member: Member, result: 'CONTINUE' | 'ABANDON', passage: Passage): void {
    const terminates = passage.transition === 'autoscaling:EC2_INSTANCE_TERMINATING';
    if (result === 'ABANDON' && terminates && group.retain) {
      this.#become(group, member, passage === POOL_RETURN ? 'Warmed:Pending:Retained' : 'Warmed:Terminating:Retained');
    } else if (result === 'ABANDON' || passage === POOL_TERMINATION) {
      this.#remove(group, member);
    } else {
      this.#rest(group, member);
    }
  }

  /** Of what is retained in the pool, TerminateInstanceInAutoScalingGroup is the only end. @returns whether it was one */
  endRetained(group: Group, instanceId: string): boolean {
    const member = group.warmPool?.members.get(instanceId);
    if (member?.lifecycle.endsWith(':Retained') !== true) {
      return false;
    }
    this.#remove(group, member);
    return true;
  }

  /** As time goes on: what somebody has ended, or stopped while the pool runs, is replaced. */
  look(group: Group): void {
    const { ec2 } = this.#hands;
    for (const member of [...(group.warmPool?.members.values() ?? [])].filter(({ lifecycle }) =>
      RESTS.has(lifecycle),
    )) {
      const isWell =
        member.lifecycle === 'Warmed:Running' ? ec2.isRunning(member.instanceId) : ec2.isThere(member.instanceId);
      if (!isWell) {
        this.#end(group, member);
      }
    }
  }

  #rest(group: Group, member: Member): void {
    const { ec2, reconcile } = this.#hands;
    if (group.warmPool?.state === 'Running') {
      this.#become(group, member, 'Warmed:Running');
    } else if (ec2.isRunning(member.instanceId)) {
      this.#become(group, member, 'Warmed:Pending:Proceed');
      ec2.stop(member.instanceId);
    } else {
      this.#end(group, member);
    }
    reconcile(group);
  }

  #end(group: Group, member: Member): void {
    this.#hands.close(member.instanceId);
    this.#hands.wait(group, member, POOL_TERMINATION);
  }

  #remove(group: Group, member: Member): void {
    this.#become(group, member, 'Warmed:Terminated');
    group.warmPool?.members.delete(member.instanceId);
    this.#hands.ec2.kill(member.instanceId);
  }

  #become(group: Group, member: Member, lifecycle: Member['lifecycle']): void {
    member.lifecycle = lifecycle;
    this.#hands.changed(group, member);
  }
}
