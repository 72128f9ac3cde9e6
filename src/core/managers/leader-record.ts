// The record of a cluster's managers: whom documents for "a manager" are sent to, and whether one may go.
//
// Nothing refreshes it. Every document that runs on a manager tells the raft's members in its result, and where they differ from the
// record, it is written anew. What is wrong with it in between costs a try: a document on what is no manager says so.
import { createHash } from 'node:crypto';

import * as z from 'zod';

import type { LeaderRecord, Manager } from '../model.ts';
import { instanceId } from '../names.ts';

/** As the pattern of the join document has it: what lies in the record by somebody's hand must not make SSM refuse a command. */
const address = z.string().regex(/^[0-9]{1,3}(\.[0-9]{1,3}){3}:[0-9]{1,5}$/);
export const managerShape = z.object({ instance: instanceId, nodeId: z.string().min(1).max(64), address });
const stored = z.looseObject({
  leader: z.unknown(),
  managers: z.array(z.unknown()).catch([]),
  term: z.unknown(),
  asOf: z.number().catch(0),
});

export interface ReadRecord {
  /** Undefined where there is none, or nothing in it is of use. */
  readonly record: LeaderRecord | undefined;
  /** What is wrong with it. */
  readonly defect: string | undefined;
}

/** Never throws: a record that somebody wrote by hand must not stop a cluster. What is of use in it is used. */
export function readRecord(item: unknown): ReadRecord {
  const read = stored.safeParse(item).data;
  const leader = managerShape.safeParse(read?.leader).data;
  const named = managersIn(read?.managers ?? [], leader);
  const [first] = named;
  if (read === undefined || first === undefined) {
    const defect = item === undefined ? 'the leader record is missing' : 'the leader record names no manager';
    return { record: undefined, defect };
  }
  const { managers, term, asOf } = read;
  const record = { leader: leader ?? first, managers: named, term: isTerm(term) ? term : 0, asOf };
  const sound = managers.filter((one) => managerShape.safeParse(one).success).length;
  const defects = [leader === undefined, sound === 0, sound < managers.length, !isTerm(term)];
  return {
    record,
    defect: defects.includes(true) ? 'a part of the leader record is not what skep writes' : undefined,
  };
}

function managersIn(told: readonly unknown[], leader: Manager | undefined): readonly Manager[] {
  const managers = told.flatMap((one) => managerShape.safeParse(one).data ?? []);
  return managers.length === 0 && leader !== undefined ? [leader] : managers;
}

const isTerm = (term: unknown): term is number => typeof term === 'number' && Number.isSafeInteger(term) && term >= 0;

/**
 * The term of the next record: one more. Where it was lost, the time of day: more than any count has come to, so that whoever has
 * read an older record never takes the new one for it.
 *
 * @param now epoch seconds
 */
export function nextTerm(term: unknown, now: number): number {
  return isTerm(term) && term > 0 ? term + 1 : now;
}

export type Managers = Pick<LeaderRecord, 'leader' | 'managers'>;

/** With a manager that was confirmed; undefined where the record says so already. */
export function withManager(record: Managers | undefined, confirmed: Manager): Managers | undefined {
  if (record === undefined) {
    return { leader: confirmed, managers: [confirmed] };
  }
  const { leader, managers } = record;
  const known = managers.some(({ nodeId, address: at }) => nodeId === confirmed.nodeId && at === confirmed.address);
  // One that joined again has another node id.
  const others = managers.filter(({ instance }) => instance !== confirmed.instance);
  return known ? undefined : { leader, managers: [...others, confirmed] };
}

/** Without a manager that was demoted; undefined where the record says so already. Another one that is known leads on, or is asked which one does. */
export function withoutManager(record: Managers | undefined, instance: string): Managers | undefined {
  if (record?.managers.some((one) => one.instance === instance) !== true) {
    return undefined;
  }
  const managers = record.managers.filter((one) => one.instance !== instance);
  const [first] = managers;
  const leader = record.leader.instance === instance && first !== undefined ? first : record.leader;
  return { leader, managers };
}

/** A member of the raft, as a manager told it. */
export interface Member {
  readonly nodeId: string;
  /** By the label that skep sets; undefined for one that nobody labelled. */
  readonly instance: string | undefined;
  /** `demoting`: a member still, and told to become a worker. */
  readonly reach: 'leader' | 'reachable' | 'unreachable' | 'demoting';
  readonly address: string | undefined;
}

/** What documents on a manager tell under `managers`; undefined where they did not, or in a way that this version does not know. */
export function readMembers(told: unknown): readonly Member[] | undefined {
  const lines = z.array(z.string()).safeParse(told).data;
  const members = (lines ?? []).map((line): Member | undefined => {
    const [nodeId = '', label, reach, at] = line.split(' ');
    const known = (['leader', 'reachable', 'unreachable', 'demoting'] as const).find((one) => one === reach);
    return nodeId === '' || known === undefined
      ? undefined
      : { nodeId, instance: instanceId.safeParse(label).data, reach: known, address: address.safeParse(at).data };
  });
  const whole = members.filter((member) => member !== undefined);
  return whole.length === 0 || whole.length < members.length ? undefined : whole;
}

/** The record as the managers tell it; undefined where it says so already, or they told of nobody who can be asked. */
export function withMembers(record: Managers | undefined, members: readonly Member[]): Managers | undefined {
  const before = record ?? { leader: undefined, managers: [] };
  const able = members.filter(isAble);
  const asked = new Map(able.flatMap((member) => asManager(member, before.managers)));
  // In the order of before: who is asked first for an instance is to stay the same.
  const stayed = before.managers.flatMap(({ nodeId }) => asked.get(nodeId) ?? []);
  const managers = [...new Set([...stayed, ...asked.values()])];
  const leading = able.find(({ reach }) => reach === 'leader');
  // One that skep does not know may lead: then whoever is known will do.
  const leader = [leading, before.leader].map((one) => asked.get(one?.nodeId ?? '')).find(isKnown) ?? managers[0];
  if (leader === undefined) {
    return undefined;
  }
  const next = { leader, managers };
  return record !== undefined && digestOf(record) === digestOf(next) ? undefined : next;
}

const isKnown = (one: Manager | undefined): boolean => one !== undefined;

/** Whether what the managers told is another record than that of this digest, as far as it can be told without reading it. */
export function differsFrom(digest: string, members: readonly Member[]): boolean {
  const told = withMembers(undefined, members);
  const able = members.filter(isAble);
  return told === undefined || told.managers.length < able.length || digestOf(told) !== digest;
}

const isAble = ({ reach }: Member): boolean => reach === 'leader' || reach === 'reachable';

/** By its label; one that nobody has labelled yet by its node id, where that is on record. */
function asManager({ nodeId, instance, address: at }: Member, before: readonly Manager[]): [string, Manager][] {
  const known = before.find((one) => one.nodeId === nodeId);
  const named = { instance: instance ?? known?.instance, nodeId, address: at ?? known?.address };
  const { data } = managerShape.safeParse(named);
  return data === undefined ? [] : [[nodeId, data]];
}

/** Tells two records apart without reading one: a command carries that of the record which it was sent by. */
export function digestOf({ leader, managers }: Managers): string {
  const lines = managers.map(({ instance, nodeId, address: at }) => `${instance} ${nodeId} ${at}`).toSorted();
  return createHash('sha256')
    .update([leader.instance, ...lines].join('\n'))
    .digest('hex')
    .slice(0, 12);
}

/**
 * Whether a manager that lives may go, as far as the table knows: not before as many are left as the groups want. SwarmKit alone
 * would let three become one within seconds.
 *
 * @param target the sum of what the cluster's manager groups want
 */
export function mayLeave(record: Managers | undefined, instance: string, target: number): boolean {
  const others = record?.managers.filter((one) => one.instance !== instance) ?? [];
  return others.length > 0 && others.length >= target;
}
