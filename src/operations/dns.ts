// Keeps the names of a cluster in DNS in step with its Ready nodes.
import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import type { EC2Client } from '@aws-sdk/client-ec2';
import type { Route53Client } from '@aws-sdk/client-route-53';

import { describeGroup, groupsOfCluster } from '../aws/auto-scaling.ts';
import type { Group } from '../aws/auto-scaling.ts';
import { liveAddresses } from '../aws/ec2.ts';
import { changeRecords, domainOf, isInSync, recordsOf } from '../aws/route53.ts';
import type { Raise } from '../core/alarm-metric.ts';
import { goneAfter, holdOf, holdUntil } from '../core/dns/hold.ts';
import { addressesOf, batchesOf, planRecords } from '../core/dns/records.ts';
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
    await reconcileName(ports, named);
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

/** A node of the group leaves. No new client is sent to it, and clients that know its address get the time to notice. */
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
  const isNews = before.gone[instance] === undefined;
  const state =
    isNews || mayBeSynced(before, now) ? await reconcileName(ports, named, drained ? instance : undefined) : before;
  if (state === undefined) {
    return { wait: now < until ? BUSY : 0, kept: false };
  }
  return unnamedOf(ports, leaver, state, { ttl: named.ttl, until, isNews });
}

async function unnamedOf(
  ports: DnsPorts,
  { instance, drained }: Leaver,
  state: NameItem,
  { ttl, until, isNews }: { readonly ttl: number; readonly until: number; readonly isNews: boolean },
): Promise<Unnamed> {
  const kept = !drained && state.kept.includes(instance);
  const wait = kept || drained ? 0 : holdOf(instance, state, { ttl, until, now: ports.now() });
  return { wait: wait > 0 && isNews && (await isDead(ports, instance)) ? 0 : wait, kept };
}

/** A client that still knows its address is not served by waiting. */
async function isDead({ ec2 }: DnsPorts, instance: string): Promise<boolean> {
  const live = await liveAddresses(ec2, [instance]);
  return live.has(instance) && live.get(instance) === undefined;
}

/** How often Route 53 is asked whether all servers know a change, however many executions wait for it. Seconds. */
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
    await reconcileName(ports, named);
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

/** How often one execution looks again for others that came meanwhile, and the pause before each look, ms: two requests a second at most for a name. */
const ROUNDS = 20;
const PAUSE = 1000;

/**
 * Makes the records of a name what they should be, for all nodes that have come or gone by then. One execution at a time works on a name.
 *
 * @param drained the instance that loses its record even if no other node is there
 * @returns undefined while somebody else is at work
 */
async function reconcileName(ports: DnsPorts, named: Named, drained?: string): Promise<NameItem | undefined> {
  const { store, owner, now, pause } = ports;
  const own = owner();
  if (!(await store.take(named, own, now()))) {
    return undefined;
  }
  let state: NameItem | undefined;
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      state = await reconcileOnce(ports, named, drained);
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

async function reconcileOnce(ports: DnsPorts, named: Named, drained: string | undefined): Promise<NameItem> {
  const { store, route53, ec2, now, raise, log } = ports;
  const { cluster, zone, name } = named;
  const [before, nodes] = await Promise.all([store.read(named), store.nodes(cluster, named.groups)]);
  // The groups may be those of another stage, with a cluster of the same name: then the table has none of their nodes.
  if (nodes.ready.length + nodes.leaving.length + before.named.length === 0) {
    return before;
  }
  const shown = await recordsOf(route53, zone, name);
  const ready = addressesOf(nodes.ready, await liveAddresses(ec2, nodes.ready), shown);
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
    gone: goneAfter(before.gone, { named: plan.named, leaving: nodes.leaving, changedAt: changedAt ?? at, now: at }),
    change: synced ? undefined : change,
    changedAt: synced ? undefined : changedAt,
    lookedAt: at,
    syncedAt: synced ? at : before.syncedAt,
  };
}

const ownerOf = ({ stage, region }: DnsPorts, cluster: string): string => `${stage}/${cluster}/${region}`;
