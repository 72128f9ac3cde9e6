// What a group does next about its capacity: how many it launches, which it terminates. Nothing but its own members is looked at.
import type { Member, Group, HealthyRange, InstanceRefresh } from './group.ts';
import { isPoolAtRest } from './warm-pool.ts';

/** Of a refresh in a group without a policy that says nothing itself. */
export const REFRESH_DEFAULT: HealthyRange = { minHealthy: 90, maxHealthy: 100 };

export interface Change {
  readonly launch: number;
  readonly terminate: readonly Member[];
  /** Those of them that are only too many: nothing takes their place. */
  readonly scaledIn: readonly Member[];
  /** The refresh has nothing left to do. */
  readonly refreshed: boolean;
}

type Capacity = Pick<Group, 'members' | 'desired' | 'maintenance' | 'launchesAfter' | 'refresh'>;

/** Whether it counts for the capacity of its group. */
export const countsFor = ({ lifecycle }: Member): boolean =>
  !lifecycle.startsWith('Terminat') && lifecycle !== 'Standby';

/** It goes on by itself: forwards, or back. */
export const isReplacing = ({ status }: Pick<InstanceRefresh, 'status'>): boolean =>
  status === 'InProgress' || status === 'RollbackInProgress';

/** All of it is in service, healthy and running. What is in standby is a person's. */
export function hasWhatItWants(group: Group, isRunning: (id: string) => boolean): boolean {
  const { members, desired, refresh } = group;
  const counted = [...members.values()].filter(({ lifecycle }) => lifecycle !== 'Standby');
  return (
    isPoolAtRest(group) &&
    counted.length === desired &&
    (refresh === undefined || !(isReplacing(refresh) || refresh.status === 'Cancelling')) &&
    counted.every((one) => one.lifecycle === 'InService' && one.healthy && isRunning(one.instanceId))
  );
}

/** Where the next instance is launched. */
export function emptiestZone({ zones, members }: Pick<Group, 'zones' | 'members'>): string {
  const count = (zone: string): number =>
    [...members.values()].filter((it) => it.zone === zone && countsFor(it)).length;
  return [...zones].toSorted((a, b) => count(a) - count(b))[0] ?? 'eu-west-1a';
}

export function planChange(group: Capacity): Change {
  const members = [...group.members.values()];
  const present = members.filter(countsFor);
  const leaving = members.filter(({ lifecycle }) => lifecycle === 'Terminating:Wait');
  const { due, most } = replacementsOf(group, present, leaving);
  const left = present.filter((member) => !due.now.includes(member));
  // What a cancelled refresh has launched may still come; then the surplus goes.
  const cancelled = group.refresh?.status === 'Cancelling' ? left.length : 0;
  const target = Math.max(group.desired, cancelled, Math.min(most, group.desired + due.later.length));
  const surplus = surplusOf(left, due.later, left.length - target);
  const coming = group.launchesAfter === 'termination-ends' ? leaving.length + due.now.length : 0;
  return {
    launch: Math.max(0, target - left.length - coming),
    terminate: [...due.now, ...surplus],
    scaledIn: surplus.filter((member) => !due.later.includes(member)),
    refreshed: isRefreshed(group, present, leaving),
  };
}

interface Replacements {
  readonly due: { readonly now: readonly Member[]; readonly later: readonly Member[] };
  /** So many may be there at once. */
  readonly most: number;
}

function replacementsOf(group: Capacity, present: readonly Member[], leaving: readonly Member[]): Replacements {
  const refresh = group.refresh !== undefined && isReplacing(group.refresh) ? group.refresh : undefined;
  const isOld = ({ instanceId }: Member): boolean => refresh?.of.has(instanceId) === true;
  const inService = present.filter(({ lifecycle }) => lifecycle === 'InService');
  const unhealthy = inService.filter(({ healthy, isExpired }) => !healthy || isExpired === true);
  const outOfPlace = inService.filter((one) => one.isOutOfPlace === true && !unhealthy.includes(one));
  const range = refresh?.range ?? group.maintenance;
  if (range === undefined) {
    return withoutPolicy(group.desired, inService, { unhealthy, outOfPlace });
  }
  const { least, most } = limitsOf(group.desired, range);
  const old = inService.filter((one) => isOld(one) && !unhealthy.includes(one) && !outOfPlace.includes(one));
  const all = [...unhealthy, ...old, ...outOfPlace];
  const waitsFor = (members: readonly Member[]): boolean => refresh?.awaitsTermination === true && members.some(isOld);
  // What the refresh waits for keeps only the refresh waiting: health checks go on, and replace what is dead, its replacements too.
  const allowed = (ahead: readonly Member[], members: readonly Member[]): readonly Member[] =>
    waitsFor(ahead) ? members.filter((one) => !one.healthy) : members;
  // An unhealthy one counts until it is replaced: else a group that is unhealthy altogether could never launch first.
  const now = allowed(leaving, all).slice(0, Math.max(0, inService.length - least));
  const later = all.filter((one) => !now.includes(one));
  return { due: { now, later: allowed([...leaving, ...now], later) }, most };
}

/**
 * Those that are unhealthy all go at once, and as many are launched. For zones that are evened out Auto Scaling launches first, and has a tenth of
 * the group more for it, at least one instance.
 */
function withoutPolicy(
  desired: number,
  inService: readonly Member[],
  { unhealthy, outOfPlace }: { readonly unhealthy: readonly Member[]; readonly outOfPlace: readonly Member[] },
): Replacements {
  const spare = Math.max(0, inService.length - unhealthy.length - desired);
  const [now, later] = [outOfPlace.slice(0, spare), outOfPlace.slice(spare)];
  const more = later.length === 0 ? 0 : Math.max(1, Math.floor(desired / 10));
  return { due: { now: [...unhealthy, ...now], later }, most: desired + more };
}

/** At least one can be replaced at a time, whatever the percentages come to. */
function limitsOf(desired: number, { minHealthy, maxHealthy }: HealthyRange): { least: number; most: number } {
  const least = Math.ceil((desired * minHealthy) / 100);
  const most = Math.floor((desired * maxHealthy) / 100);
  // All of them, and no more than all, can only mean one at a time and launched first (instance-refresh-overview).
  return maxHealthy > 100 || minHealthy === 100
    ? { least, most: Math.max(most, desired + 1) }
    : { least: Math.min(least, desired - 1), most };
}

function isRefreshed({ refresh, desired }: Capacity, present: readonly Member[], leaving: readonly Member[]): boolean {
  return (
    refresh !== undefined &&
    isReplacing(refresh) &&
    present.length === desired &&
    present.every(({ lifecycle, instanceId }) => lifecycle === 'InService' && !refresh.of.has(instanceId)) &&
    !(refresh.awaitsTermination && leaving.some(({ instanceId }) => refresh.of.has(instanceId)))
  );
}

/**
 * First those that would be replaced anyway; then from the fullest zone, the oldest first: the default termination policy. Where only protected ones
 * are left, the group stays larger than it is wanted.
 */
function surplusOf(members: readonly Member[], replaced: readonly Member[], count: number): Member[] {
  const left = members.filter(({ isProtected }) => isProtected !== true).toSorted((a, b) => a.since - b.since);
  const chosen = left.filter((one) => replaced.includes(one)).slice(0, Math.max(0, count));
  // Of each zone its members in their order, and those that are chosen are taken from its front: a group may be of thousands.
  const zones = Map.groupBy(
    left.filter((one) => !chosen.includes(one)).map((member, order) => ({ member, order })),
    ({ member }) => member.zone,
  );
  const sizes = [...zones.values()].map((queue) => ({ queue, taken: 0 }));
  const sizeOf = ({ queue, taken }: (typeof sizes)[number]): number => queue.length - taken;
  const orderOf = ({ queue, taken }: (typeof sizes)[number]): number => queue[taken]?.order ?? Infinity;
  while (chosen.length < count) {
    const [fullest] = sizes.toSorted((a, b) => sizeOf(b) - sizeOf(a) || orderOf(a) - orderOf(b));
    const next = fullest?.queue[fullest.taken];
    if (fullest === undefined || next === undefined) break;
    fullest.taken += 1;
    chosen.push(next.member);
  }
  return chosen;
}

/** What an instance of the group is launched with, in that zone. */
export function bootOf({ vpcId, subnets, machine }: Group, zone: string) {
  const { dockerAfter, clockAhead, speaksFrom, hopLimit, userData, securityGroups } = machine;
  const subnetId = subnets?.find((one) => one.zone === zone)?.id;
  return { vpcId, subnetId, dockerAfter, clockAhead, speaksFrom, hopLimit, userData, securityGroups };
}
