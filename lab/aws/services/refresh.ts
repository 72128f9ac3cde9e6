// Instance refreshes: how one begins, fails, is cancelled and rolled back. What it replaces next is replacement.ts's.
import type { Group, HealthyRange, InstanceRefresh, Member, RefreshStatus } from './group.ts';
import { REFRESH_DEFAULT, countsFor, isReplacing } from './replacement.ts';
import { AwsError } from './service.ts';

export interface RefreshWish {
  readonly range: Partial<HealthyRange>;
  readonly awaitsTermination: boolean;
  readonly alarms?: readonly string[];
  readonly autoRollback?: boolean;
  /** Of the launch template: what is launched from now on. */
  readonly version?: number | undefined;
}

interface Hands {
  readonly now: () => number;
  readonly newId: () => string;
  readonly terminate: (group: Group, member: Member) => void;
  readonly reconcile: (group: Group) => void;
}

/** For so long AWS tries to get one replacement into service. */
const PATIENCE = 3_600_000;

const ENDED: ReadonlySet<RefreshStatus> = new Set([
  ...(['Successful', 'Failed', 'Cancelled', 'RollbackSuccessful', 'RollbackFailed'] as const),
]);

export class Refreshes {
  readonly #hands: Hands;

  constructor(hands: Hands) {
    this.#hands = hands;
  }

  /** Replaces all that are in the group now, in a range of its own, else in that of the group. @throws {AwsError} */
  start(group: Group, wish: RefreshWish): InstanceRefresh {
    const { now, newId, reconcile } = this.#hands;
    if (group.refresh !== undefined && !ENDED.has(group.refresh.status)) {
      throw new AwsError('InstanceRefreshInProgress', 'An Instance Refresh is already in progress');
    }
    const version = versionOf(group, wish);
    const range = { ...REFRESH_DEFAULT, ...group.maintenance, ...wish.range };
    if (range.maxHealthy - range.minHealthy > 100) {
      throw new AwsError('ValidationError', 'The healthy percentages may differ by at most 100.');
    }
    const of = new Set([...group.members.values()].filter(countsFor).map(({ instanceId }) => instanceId));
    if (group.refresh !== undefined) {
      group.formerRefreshes = [group.refresh, ...(group.formerRefreshes ?? [])];
    }
    group.refresh = {
      ...{ id: newId(), startedAt: now(), endedAt: undefined, status: 'InProgress', reason: undefined, range },
      ...{ awaitsTermination: wish.awaitsTermination, of, total: of.size, progressAt: now(), version },
      ...{ alarms: wish.alarms ?? [], autoRollback: wish.autoRollback ?? false },
    };
    launchFrom(group, version?.to);
    reconcile(group);
    return group.refresh;
  }

  /** What is under way is waited for. @throws {AwsError} */
  cancel(group: Group): InstanceRefresh {
    const refresh = active(group);
    if (refresh.status === 'Cancelling') {
      throw new AwsError('ActiveInstanceRefreshNotFound', 'The instance refresh is being cancelled already');
    }
    refresh.status = 'Cancelling';
    refresh.reason = 'Cancelled due to user request.';
    launchFrom(group, refresh.version?.from);
    this.#hands.reconcile(group);
    return refresh;
  }

  /** @throws {AwsError} */
  rollback(group: Group): InstanceRefresh {
    const refresh = active(group);
    if (refresh.version === undefined) {
      throw new AwsError('IrreversibleInstanceRefresh', 'There is no desired configuration to roll back from.');
    }
    this.#rollBack(group, refresh, 'Rolled back due to user request.');
    return refresh;
  }

  /** An alarm rings. */
  heard(group: Group, alarm: string): void {
    if (group.refresh?.status === 'InProgress' && group.refresh.alarms.includes(alarm)) {
      this.#fail(group, group.refresh, `The alarm ${alarm} went into the ALARM state.`);
    }
  }

  /** As time goes on. */
  look(group: Group): void {
    const { refresh } = group;
    if (refresh === undefined || !isReplacing(refresh) || this.#hands.now() - refresh.progressAt < PATIENCE) {
      return;
    }
    const reason = 'No replacement came into service within an hour.';
    if (refresh.status === 'InProgress') {
      this.#fail(group, refresh, reason);
    } else {
      this.#end(refresh, 'RollbackFailed', reason);
    }
  }

  /** The group has looked at what is to be done next. @param refreshed whether the refresh has nothing left to do */
  looked(group: Group, refreshed: boolean): void {
    const { refresh } = group;
    if (refresh === undefined) {
      return;
    }
    if (refreshed && isReplacing(refresh)) {
      this.#end(refresh, refresh.status === 'InProgress' ? 'Successful' : 'RollbackSuccessful', refresh.reason);
    } else if (refresh.status === 'Cancelling' && isAtRest(group)) {
      this.#end(refresh, 'Cancelled', refresh.reason);
      this.#hands.reconcile(group);
    }
  }

  #fail(group: Group, refresh: InstanceRefresh, reason: string): void {
    if (refresh.autoRollback) {
      this.#rollBack(group, refresh, reason);
      return;
    }
    this.#end(refresh, 'Failed', reason);
    launchFrom(group, refresh.version?.from);
    this.#endLaunches(group, refresh);
    this.#hands.reconcile(group);
  }

  #rollBack(group: Group, refresh: InstanceRefresh, reason: string): void {
    const launched = [...group.members.values()].filter(
      (one) => countsFor(one) && one.since >= refresh.startedAt && !refresh.of.has(one.instanceId),
    );
    Object.assign(refresh, { status: 'RollbackInProgress', reason, progressAt: this.#hands.now() });
    launchFrom(group, refresh.version?.from);
    this.#endLaunches(group, refresh);
    refresh.of = new Set(launched.map(({ instanceId }) => instanceId));
    this.#hands.reconcile(group);
  }

  /** A knob without another answer, since AWS does not say which goes: what waits in its launch hook, and no old instance. */
  #endLaunches(group: Group, refresh: InstanceRefresh): void {
    for (const member of [...group.members.values()]) {
      if (member.lifecycle.startsWith('Pending') && !refresh.of.has(member.instanceId)) {
        this.#hands.terminate(group, member);
      }
    }
  }

  #end(refresh: InstanceRefresh, status: RefreshStatus, reason: string | undefined): void {
    Object.assign(refresh, { status, reason, endedAt: this.#hands.now() });
  }
}

function active({ name, refresh }: Group): InstanceRefresh {
  if (refresh === undefined || ENDED.has(refresh.status)) {
    throw new AwsError('ActiveInstanceRefreshNotFound', `No in progress or pending Instance Refresh found for ${name}`);
  }
  return refresh;
}

function versionOf(group: Group, { version, autoRollback }: RefreshWish): InstanceRefresh['version'] {
  if (version === undefined) {
    if (autoRollback === true) {
      throw new AwsError('ValidationError', 'AutoRollback needs a desired configuration.');
    }
    return undefined;
  }
  if (group.versions?.[version - 1] === undefined) {
    throw new AwsError('ValidationError', `The specified launch template version ${version} does not exist.`);
  }
  return { from: group.version ?? 1, to: version };
}

function launchFrom(group: Group, version: number | undefined): void {
  const machine = version === undefined ? undefined : group.versions?.[version - 1];
  if (machine !== undefined) {
    Object.assign(group, { machine, version });
  }
}

/** Nothing comes or goes. */
const isAtRest = ({ members }: Group): boolean =>
  [...members.values()].every(({ lifecycle }) => !lifecycle.startsWith('Pending') && lifecycle !== 'Terminating:Wait');
