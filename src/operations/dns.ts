// Keeps the names of a cluster in DNS in step with its Ready nodes.
import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import type { EC2Client } from '@aws-sdk/client-ec2';
import type { Route53Client } from '@aws-sdk/client-route-53';

import { describeGroup, groupsOfCluster } from '../aws/auto-scaling.ts';
import type { Group } from '../aws/auto-scaling.ts';
import { liveAddresses } from '../aws/ec2.ts';
import { changeRecords, domainOf, isInSync, recordsOf } from '../aws/route53.ts';
import type { Raise } from '../core/alarm-metric.ts';
import { holdOf, holdUntil } from '../core/dns/hold.ts';
import { batchesOf, planRecords } from '../core/dns/records.ts';
import type { ShownRecord } from '../core/dns/records.ts';
import { nameIn, readDnsTags } from '../core/dns/wish.ts';
import type { DnsWish } from '../core/dns/wish.ts';
import { nodeRole } from '../core/names.ts';
import type { DnsStore, NameItem, NameKey } from '../store/dns-store.ts';
import type { Holds } from '../store/holds.ts';

export interface DnsPorts {
  readonly autoScaling: AutoScalingClient;
  readonly ec2: EC2Client;
  readonly route53: Route53Client;
  readonly store: DnsStore;
  readonly holds: Holds;
  readonly stage: string;
  readonly region: string;
  readonly raise: Raise;
  readonly log: (message: string, about: Record<string, unknown>) => void;
  /** Epoch seconds. */
  readonly now: () => number;
  /** Of this call, so that a lease is told from another's. */
  readonly owner: () => string;
  readonly pause: (ms: number) => Promise<unknown>;
  /** Of zones that were asked for before. */
  readonly domains: Map<string, string>;
}

interface Named extends NameKey {
  readonly ttl: number;
  /** The groups whose nodes it names. */
  readonly groups: ReadonlySet<string>;
}

/** A node of the group has become Ready. */
export async function nameNode(ports: DnsPorts, group: string, instance: string): Promise<void> {
  const found = await describeGroup(ports.autoScaling, group);
  const named = found?.cluster === undefined ? undefined : await nameOf(ports, found.cluster, found);
  if (named === undefined || (await isHeld(ports, named.cluster))) {
    return;
  }
  if (!(await ports.store.read(named)).named.includes(instance)) {
    await settleName(ports, named);
  }
}

export interface Leaver {
  readonly cluster: string;
  readonly group: string;
  readonly instance: string;
  /** Its tasks are gone: its record goes, whether or not another node is there. */
  readonly drained: boolean;
  /** When it began to leave, by when it must be gone, and the timeout of its hook. Epoch seconds, seconds. */
  readonly since: number;
  readonly deadline: number;
  readonly timeout: number;
}

export interface Unnamed {
  /** It is asked again after so many seconds; 0: it may go on. */
  readonly wait: number;
  /** It keeps its record, since no other node is there. */
  readonly kept: boolean;
}

const FREE: Unnamed = { wait: 0, kept: false };
/** Somebody else is at work on the name. */
const BUSY = 3;

/** A node of the group leaves: no client is to be sent to it any more, and those that were get the time to notice. */
export async function unnameNode(ports: DnsPorts, leaver: Leaver): Promise<Unnamed> {
  const { cluster, group, instance, drained, since, deadline, timeout } = leaver;
  const found = await describeGroup(ports.autoScaling, group);
  const named = found === undefined ? undefined : await nameOf(ports, cluster, found);
  if (named === undefined || (await isHeld(ports, cluster))) {
    return FREE;
  }
  const now = ports.now();
  const until = holdUntil(since, deadline, timeout);
  const before = await ports.store.read(named);
  const isTold = before.gone[instance] === undefined;
  const state =
    isTold || mayBeSynced(before, now) ? await settleName(ports, named, drained ? instance : undefined) : before;
  if (state === undefined) {
    return { wait: now < until ? BUSY : 0, kept: false };
  }
  return unnamedOf(ports, leaver, state, { ttl: named.ttl, until, isTold });
}

async function unnamedOf(
  ports: DnsPorts,
  { instance, drained }: Leaver,
  state: NameItem,
  { ttl, until, isTold }: { readonly ttl: number; readonly until: number; readonly isTold: boolean },
): Promise<Unnamed> {
  const kept = !drained && state.kept.includes(instance);
  const wait = kept || drained ? 0 : holdOf(instance, state, { ttl, until, now: ports.now() });
  return { wait: wait > 0 && isTold && (await isDead(ports, instance)) ? 0 : wait, kept };
}

/** A client that still knows its address is not served by waiting. */
async function isDead({ ec2 }: DnsPorts, instance: string): Promise<boolean> {
  const live = await liveAddresses(ec2, [instance]);
  return live.has(instance) && live.get(instance) === undefined;
}

/** So often it is asked whether a change is known to all servers, however many wait for it. Seconds. */
const LOOK_AGAIN = 10;

const mayBeSynced = ({ change, lookedAt }: NameItem, now: number): boolean =>
  change !== undefined && now - (lookedAt ?? now) >= LOOK_AGAIN;

/** The tidy's: all names of the cluster, looked at anew. */
export async function repairNames(ports: DnsPorts, cluster: string): Promise<number> {
  if (await isHeld(ports, cluster)) {
    return 0;
  }
  const groups = await groupsOfCluster(ports.autoScaling, cluster);
  const names = new Map<string, Named>();
  for (const group of groups) {
    const named = await nameOf(ports, cluster, group, groups);
    if (named !== undefined) {
      names.set(`${named.zone} ${named.name}`, named);
    }
  }
  for (const named of names.values()) {
    await settleName(ports, named);
  }
  return names.size;
}

const isHeld = async ({ holds }: DnsPorts, cluster: string): Promise<boolean> =>
  (await holds.read(cluster)) !== undefined;

async function nameOf(
  ports: DnsPorts,
  cluster: string,
  group: Group,
  known?: readonly Group[],
): Promise<Named | undefined> {
  const wish = wishOf(ports, group, cluster);
  if (wish === undefined) {
    return undefined;
  }
  const groups = known ?? (await groupsOfCluster(ports.autoScaling, cluster));
  const domain = wish.name === undefined ? await knownDomain(ports, wish.zone) : '';
  const name = nameIn(wish, cluster, domain);
  const same = groups.filter((other) => {
    const its = wishOf(ports, other, cluster);
    return its?.zone === wish.zone && nameIn(its, cluster, domain) === name;
  });
  return { cluster, zone: wish.zone, name, ttl: wish.ttl, groups: new Set([group, ...same].map((one) => one.name)) };
}

async function knownDomain({ route53, domains }: DnsPorts, zone: string): Promise<string> {
  const domain = domains.get(zone) ?? (await domainOf(route53, zone));
  domains.set(zone, domain);
  return domain;
}

function wishOf({ raise }: DnsPorts, { dns, role, name: group }: Group, cluster: string): DnsWish | undefined {
  const parsed = nodeRole.safeParse(role);
  const wish = parsed.success ? readDnsTags(dns ?? {}, parsed.data) : undefined;
  if (typeof wish === 'string') {
    raise('DnsFailed', `group ${group}: ${wish}`, { cluster });
    return undefined;
  }
  return wish;
}

/** So often one looks once more for those who came meanwhile, and so long it waits for them, ms: a name is two requests a second at most. */
const ROUNDS = 20;
const PAUSE = 1000;

/**
 * One at a time for each name, for all that have come or gone by then.
 *
 * @param drained goes, whoever else is there
 * @returns undefined while somebody else is at work
 */
async function settleName(ports: DnsPorts, named: Named, drained?: string): Promise<NameItem | undefined> {
  const { store, owner, now, pause } = ports;
  const own = owner();
  if (!(await store.take(named, own, now()))) {
    return undefined;
  }
  let state: NameItem | undefined;
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      state = await settleOnce(ports, named, drained);
      if (!(await store.keep(named, own, state))) {
        return state;
      }
      await pause(PAUSE);
      if (await store.release(named, own)) {
        return state;
      }
    }
  } finally {
    await store.release(named, own, { whateverWasAsked: true });
  }
  return state;
}

async function settleOnce(ports: DnsPorts, named: Named, drained: string | undefined): Promise<NameItem> {
  const { store, route53, ec2, now, raise, log } = ports;
  const { cluster, zone, name } = named;
  const [before, nodes] = await Promise.all([store.read(named), store.nodes(cluster, named.groups)]);
  // Of a group of another stage, which has a cluster of the same name, the table has nobody.
  if (nodes.ready.length + nodes.leaving.length + before.named.length === 0) {
    return before;
  }
  const shown = await recordsOf(route53, zone, name);
  const ready = addressesOf(await liveAddresses(ec2, nodes.ready), nodes.ready, shown);
  const leaving = new Set(nodes.leaving.filter((one) => one !== drained));
  const plan = planRecords({ name, ttl: named.ttl, owner: ownerOf(ports, cluster), ready, leaving }, shown);
  if (typeof plan === 'string') {
    raise('DnsFailed', plan, { cluster, zone });
    // It has no record of skep's, so there is nothing to wait for.
    return { ...before, named: [], kept: [], gone: {} };
  }
  let { change, changedAt } = before;
  for (const batch of batchesOf(plan.changes)) {
    change = await changeRecords(route53, zone, name, batch);
    changedAt = now();
    log('names changed', { cluster, name, change, changes: batch.length });
  }
  const at = now();
  const synced = change !== undefined && plan.changes.length === 0 && (await isInSync(route53, change));
  return {
    named: plan.named,
    kept: plan.kept,
    gone: goneBy(before, plan.named, nodes.leaving, changedAt ?? at, at),
    change: synced ? undefined : change,
    changedAt: synced ? undefined : changedAt,
    lookedAt: at,
    syncedAt: synced ? at : before.syncedAt,
  };
}

/** One answer of EC2 that lacks an instance proves nothing: it keeps the record that it has. */
function addressesOf(
  live: ReadonlyMap<string, string | undefined>,
  ready: readonly string[],
  shown: readonly ShownRecord[],
): Map<string, string> {
  return new Map(
    ready.flatMap((instance) => {
      const known = shown.find(({ setId }) => setId === instance)?.values[0];
      const address = live.has(instance) ? live.get(instance) : known;
      return address === undefined ? [] : [[instance, address] as const];
    }),
  );
}

/** A day: no hook waits for longer than two, and nobody who leaves needs it for longer than an hour. */
const REMEMBERED = 86_400;

function goneBy(
  before: NameItem,
  named: readonly string[],
  leaving: readonly string[],
  changedAt: number,
  now: number,
): Record<string, number> {
  const told = new Set(named);
  const remembered = Object.entries(before.gone).filter(
    ([instance, at]) => !told.has(instance) && now - at < REMEMBERED,
  );
  const fresh = leaving.filter((instance) => !told.has(instance)).map((instance) => [instance, changedAt] as const);
  return Object.fromEntries([...fresh, ...remembered]);
}

const ownerOf = ({ stage, region }: DnsPorts, cluster: string): string => `${stage}/${cluster}/${region}`;
