// The record of a cluster's managers: whom documents for "a manager" are sent to, and whether one may go.
import type { LeaderRecord, Manager } from './claim.ts';

/** The record with a manager that was confirmed; undefined where it says so already. */
export function withManager(record: LeaderRecord | undefined, manager: Manager): LeaderRecord | undefined {
  if (record === undefined) {
    return { leader: manager, managers: [manager], term: 1 };
  }
  const { leader, managers, term } = record;
  const known = managers.some(({ nodeId, address }) => nodeId === manager.nodeId && address === manager.address);
  // One that joined again has another node id.
  const others = managers.filter(({ instance }) => instance !== manager.instance);
  return known ? undefined : { leader, managers: [...others, manager], term: term + 1 };
}

/** The record without a manager that was demoted; undefined where it says so already. Whoever else is known leads on, or is asked who does. */
export function withoutManager(record: LeaderRecord | undefined, instance: string): LeaderRecord | undefined {
  if (record?.managers.some((manager) => manager.instance === instance) !== true) {
    return undefined;
  }
  const managers = record.managers.filter((manager) => manager.instance !== instance);
  const [first] = managers;
  const leader = record.leader.instance === instance && first !== undefined ? first : record.leader;
  return { leader, managers, term: record.term + 1 };
}

/**
 * Whether a manager that lives may go, as far as the table knows: not before as many are left as the groups want. SwarmKit alone
 * would let three become one within seconds.
 *
 * @param target the sum of what the cluster's manager groups want
 */
export function mayLeave(record: LeaderRecord | undefined, instance: string, target: number): boolean {
  const others = record?.managers.filter((manager) => manager.instance !== instance) ?? [];
  return others.length > 0 && others.length >= target;
}
