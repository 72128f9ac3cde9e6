// What becomes of members by other ways than scaling: people detach, attach and protect them, zones are evened out, and they grow too old.
//
// Attaching and detaching run no lifecycle hook (Auto Scaling user guide, lifecycle hooks). What AWS does not document is in docs/lab.md.
import { countsFor } from './replacement.ts';
import type { Group, Member } from './group.ts';
import { checkDecrement, checkDesired } from './group-limits.ts';
import { AwsError } from './service.ts';

interface Hands {
  readonly now: () => number;
  readonly managed: (instanceId: string) => { readonly group: Group; readonly member: Member };
  /** Of an instance that runs; undefined of any other. */
  readonly zoneOf: (instanceId: string) => string | undefined;
  readonly changed: (group: Group, member: Member) => void;
  readonly reconcile: (group: Group) => void;
}

export class Memberships {
  readonly #hands: Hands;

  constructor(hands: Hands) {
    this.#hands = hands;
  }

  /** DetachInstances: it runs on, and no group is concerned with it. @throws {AwsError} */
  detach(instanceId: string, decrement: boolean): void {
    const { group, member } = this.#hands.managed(instanceId);
    if (member.lifecycle !== 'InService' && member.lifecycle !== 'Standby') {
      throw new AwsError('ValidationError', `The instance ${instanceId} is ${member.lifecycle}`);
    }
    if (decrement) {
      checkDecrement(group);
      group.desired = Math.max(0, group.desired - 1);
    }
    group.members.delete(instanceId);
    this.#hands.reconcile(group);
  }

  /** AttachInstances: it counts from now on, and the desired capacity grows with it. @throws {AwsError} */
  attach(group: Group, instanceId: string): void {
    const [zone, since] = [this.#hands.zoneOf(instanceId), this.#hands.now()];
    if (zone === undefined || !group.zones.includes(zone)) {
      throw new AwsError('ValidationError', `Invalid Instance ID(s): ${instanceId}`);
    }
    checkDesired(group, group.desired + 1);
    group.desired += 1;
    const member: Member = {
      ...{ instanceId, zone, since, lifecycle: 'InService', healthy: true, inServiceSince: since },
    };
    group.members.set(instanceId, member);
    this.#hands.changed(group, member);
  }

  /** SetInstanceProtection. @throws {AwsError} */
  protect(instanceId: string, isProtected: boolean): void {
    const { group, member } = this.#hands.managed(instanceId);
    member.isProtected = isProtected;
    this.#hands.reconcile(group);
  }

  /** The group has other zones from now on, and its instances are evened out over them (the process AZRebalance). */
  setZones(group: Group, zones: readonly string[]): void {
    group.zones = zones;
    const present = [...group.members.values()].filter(countsFor);
    const inZone = (zone: string): Member[] => present.filter((one) => one.zone === zone && one.isOutOfPlace !== true);
    const mayMove = ({ isProtected }: Member): boolean => isProtected !== true;
    for (const member of present.filter((one) => !zones.includes(one.zone) && mayMove(one))) {
      member.isOutOfPlace = true;
    }
    const even = Math.ceil(group.desired / zones.length);
    for (const zone of zones) {
      const surplus = Math.max(0, inZone(zone).length - even);
      for (const member of inZone(zone).filter(mayMove).slice(0, surplus)) {
        member.isOutOfPlace = true;
      }
    }
    this.#hands.reconcile(group);
  }

  /** As time goes on: one at a time, when the group is as it should be. */
  look(group: Group): void {
    const { lifetime } = group;
    const members = [...group.members.values()];
    if (
      lifetime === undefined ||
      members.some(({ lifecycle }) => lifecycle !== 'InService' && lifecycle !== 'Standby')
    ) {
      return;
    }
    const isOld = ({ inServiceSince = Infinity, isProtected }: Member): boolean =>
      isProtected !== true && this.#hands.now() - inServiceSince > lifetime;
    const [oldest] = members.filter(isOld).toSorted((a, b) => a.since - b.since);
    if (oldest !== undefined && !members.some(({ isExpired }) => isExpired === true)) {
      oldest.isExpired = true;
    }
  }
}
