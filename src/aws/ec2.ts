// EC2: which instances still live.
import {
  DescribeInstancesCommand,
  paginateDescribeInstanceStatus,
  paginateDescribeInstances,
} from '@aws-sdk/client-ec2';
import type { EC2Client, Instance, InstanceStatus, InstanceStatusEvent } from '@aws-sdk/client-ec2';

import { chunks } from '../core/chunks.ts';
import type { ScheduledEvent } from '../core/tidy/facts.ts';
import { FILTER_VALUES } from './ec2-filters.ts';
import { errorName } from './errors.ts';

/** What EC2 shows of an instance. */
interface Ec2Instance {
  readonly state: string;
  /** All that it has: of each of its interfaces, and those by which it is known outside. None of one that is gone. */
  readonly addresses: readonly string[];
}

/**
 * What EC2 says of these instances; those that it does not show are missing. By filter, since by id one unknown instance fails the
 * whole call. A page that cannot be had fails it all: half a view must not look like a whole one.
 */
export async function shownInstances(
  client: EC2Client,
  instances: readonly string[],
): Promise<Map<string, Ec2Instance>> {
  const shown = new Map<string, Ec2Instance>();
  for (const one of await instancesWith(client, 'instance-id', instances)) {
    shown.set(one.InstanceId ?? '', { state: one.State?.Name ?? '', addresses: addressesIn(one) });
  }
  return shown;
}

/** The states of these instances; those that EC2 does not show are missing. */
export async function instanceStates(client: EC2Client, instances: readonly string[]): Promise<Map<string, string>> {
  const shown = await shownInstances(client, instances);
  return new Map([...shown].map(([instance, { state }]) => [instance, state]));
}

/** All addresses that an instance has. None where EC2 does not show it. */
export async function addressesOf(client: EC2Client, instance: string): Promise<readonly string[]> {
  return (await shownInstances(client, [instance])).get(instance)?.addresses ?? [];
}

function addressesIn({
  NetworkInterfaces: interfaces = [],
  PrivateIpAddress: own,
  PublicIpAddress: outside,
}: Instance): string[] {
  const all = [
    own,
    outside,
    ...interfaces
      .flatMap(({ PrivateIpAddresses: addresses = [] }) => addresses)
      .flatMap(({ PrivateIpAddress: address, Association: association }) => [address, association?.PublicIp]),
  ];
  return [...new Set(all.flatMap((address) => (address === undefined || address === '' ? [] : [address])))];
}

/** Which instances have this address, inside or outside: of more than one where networks overlap, of none where it is a NAT's. */
export async function instancesWithAddress(client: EC2Client, address: string): Promise<string[]> {
  const filters = ['private-ip-address', 'network-interface.addresses.private-ip-address', 'ip-address'];
  const found = await Promise.all(filters.map((name) => instancesWith(client, name, [address])));
  return [...new Set(found.flat().flatMap(({ InstanceId: id }) => id ?? []))];
}

async function instancesWith(client: EC2Client, filter: string, values: readonly string[]): Promise<Instance[]> {
  const found: Instance[] = [];
  for (const Values of chunks(values, FILTER_VALUES)) {
    for await (const page of paginateDescribeInstances({ client }, { Filters: [{ Name: filter, Values }] })) {
      found.push(...(page.Reservations ?? []).flatMap(({ Instances: instances = [] }) => instances));
    }
  }
  return found;
}

/** Which instances have these private addresses. Of more than one where networks overlap. */
export async function instancesAt(client: EC2Client, addresses: readonly string[]): Promise<Map<string, string[]>> {
  const owners = new Map<string, string[]>();
  const found = await instancesWith(client, 'private-ip-address', addresses);
  for (const { InstanceId: id = '', PrivateIpAddress: address = '' } of found) {
    owners.set(address, [...(owners.get(address) ?? []), id]);
  }
  return owners;
}

/**
 * Those of them that EC2 says that there are not. Asked for one by one, by id: then it says so by an error, where a list would only lack
 * them, as it does when it is not whole.
 */
export async function instancesNotFound(client: EC2Client, instances: readonly string[]): Promise<Set<string>> {
  const notFound = new Set<string>();
  for (const instance of instances) {
    try {
      await client.send(new DescribeInstancesCommand({ InstanceIds: [instance] }));
    } catch (error) {
      if (errorName(error) !== 'InvalidInstanceID.NotFound') {
        throw error;
      }
      notFound.add(instance);
    }
  }
  return notFound;
}

/** Where each is reached from inside; undefined for one that does not run, and nothing for one that the answer lacks. */
export async function liveAddresses(
  client: EC2Client,
  instances: readonly string[],
): Promise<Map<string, string | undefined>> {
  const addresses = new Map<string, string | undefined>();
  for (const one of await instancesWith(client, 'instance-id', instances)) {
    const { InstanceId: id, PrivateIpAddress: address, State: state } = one;
    if (id !== undefined) {
      addresses.set(id, state?.Name === 'running' ? address : undefined);
    }
  }
  return addresses;
}

/** What EC2 announces of an instance. One that is over stays in its list for a while, and says so at the beginning of its description. */
const SCHEDULED = ['instance-retirement', 'instance-stop', 'instance-reboot', 'system-reboot', 'system-maintenance'];
const IS_OVER = /^\[(Completed|Canceled)\]/;

/** For each instance of the account that has any: the soonest, and one that is over only where there is no other. */
export async function scheduledEvents(client: EC2Client): Promise<Map<string, ScheduledEvent>> {
  const scheduled = new Map<string, ScheduledEvent>();
  for (const { InstanceId: id = '', Events: events = [] } of await statusesWith(client, 'event.code', SCHEDULED)) {
    const [first] = events.map(eventOf).toSorted((one, other) => rank(one) - rank(other));
    if (first !== undefined) {
      scheduled.set(id, first);
    }
  }
  return scheduled;
}

const eventOf = ({ Code: code, Description: text = '', NotBefore: from }: InstanceStatusEvent): ScheduledEvent => ({
  code: code ?? '',
  at: Math.floor((from?.getTime() ?? 0) / 1000),
  isOver: IS_OVER.test(text),
});

const rank = ({ isOver, at }: ScheduledEvent): number => (isOver === true ? Infinity : at);

/** Instances of the account whose status checks fail, and since when, epoch seconds. Filters of one call must all hold, so there are two. */
export async function impairedInstances(client: EC2Client, now: number): Promise<Map<string, number>> {
  const impaired = new Map<string, number>();
  for (const filter of ['instance-status.status', 'system-status.status']) {
    for (const { InstanceId: id = '', InstanceStatus: own, SystemStatus: host } of await statusesWith(client, filter, [
      'impaired',
    ])) {
      const times = [own, host]
        .flatMap((status) => status?.Details ?? [])
        .flatMap(({ ImpairedSince: since }) => (since === undefined ? [] : [Math.floor(since.getTime() / 1000)]));
      impaired.set(id, Math.min(now, ...times));
    }
  }
  return impaired;
}

async function statusesWith(client: EC2Client, filter: string, values: readonly string[]): Promise<InstanceStatus[]> {
  const found: InstanceStatus[] = [];
  const Filters = [{ Name: filter, Values: [...values] }];
  for await (const page of paginateDescribeInstanceStatus({ client }, { Filters })) {
    found.push(...(page.InstanceStatuses ?? []));
  }
  return found;
}
