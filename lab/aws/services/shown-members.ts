// The members of groups as Auto Scaling's describe calls show them: as they were a moment ago, where a scenario asks for it.
import type { Clock } from '../../time/clock.ts';
import type { Group, Lifecycle, Member } from './group.ts';
import { Lagging } from './lagging.ts';

interface Shown {
  readonly member: Member;
  /** Undefined when it has left the group. */
  readonly lifecycle: Lagging<Lifecycle | undefined>;
}

export class ShownMembers {
  readonly #clock: Clock;
  readonly #lag: (() => number) | undefined;
  readonly #groups = new Map<string, Map<string, Shown>>();

  /** @param lag asked once for each member; without it everything is shown as it is */
  constructor(clock: Clock, lag: (() => number) | undefined) {
    this.#clock = clock;
    this.#lag = lag;
  }

  note(group: Group, member: Member): void {
    if (this.#lag === undefined) {
      return;
    }
    const members = this.#groups.get(group.name) ?? new Map<string, Shown>();
    this.#groups.set(group.name, members);
    const shown = members.get(member.instanceId) ?? { member, lifecycle: new Lagging(this.#clock, this.#lag()) };
    members.set(member.instanceId, shown);
    shown.lifecycle.note(member.lifecycle.endsWith('Terminated') ? undefined : member.lifecycle);
  }

  /** Without those of its warm pool, as in DescribeAutoScalingGroups. */
  of(group: Group): readonly Member[] {
    return this.#all(group).filter((one) => !isWarm(one));
  }

  /** Of its warm pool, as in DescribeWarmPool. */
  warm(group: Group): readonly Member[] {
    return this.#all(group).filter(isWarm);
  }

  #all(group: Group): readonly Member[] {
    if (this.#lag === undefined) {
      return [...group.members.values(), ...(group.warmPool?.members.values() ?? [])];
    }
    return [...(this.#groups.get(group.name)?.values() ?? [])].flatMap(({ member, lifecycle: { seen } }) =>
      seen === undefined ? [] : [{ ...member, lifecycle: seen }],
    );
  }
}

const isWarm = ({ lifecycle }: Member): boolean => lifecycle.startsWith('Warmed:');

export function describeMember(member: Member): Record<string, unknown> {
  const { instanceId, zone, lifecycle, healthy, isProtected = false } = member;
  return {
    InstanceId: instanceId,
    AvailabilityZone: zone,
    LifecycleState: lifecycle,
    HealthStatus: healthy ? 'Healthy' : 'Unhealthy',
    ProtectedFromScaleIn: isProtected,
  };
}
