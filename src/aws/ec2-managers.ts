// EC2, for a recovery: which instances may be managers, whether they run, and their end.
import { TerminateInstancesCommand, paginateDescribeInstances } from '@aws-sdk/client-ec2';
import type { EC2Client, Filter, Instance } from '@aws-sdk/client-ec2';

import { chunks } from '../core/chunks.ts';
import type { Candidate } from '../core/managers/recovery.ts';
import { FILTER_VALUES } from './ec2-filters.ts';

type State = Exclude<Candidate['state'], 'gone'>;

const STATES: readonly State[] = ['pending', 'running', 'stopping', 'stopped', 'shutting-down', 'terminated'];
const ALIVE: readonly State[] = ['pending', 'running', 'stopping', 'stopped', 'shutting-down'];

/** Those that carry the tags of a manager group of the cluster, which groups hand on to what they launch. */
export async function findManagers(client: EC2Client, cluster: string): Promise<Map<string, State>> {
  return statesWhere(client, [
    { Name: 'tag:skep:cluster', Values: [cluster] },
    { Name: 'tag:skep:role', Values: ['manager'] },
    { Name: 'instance-state-name', Values: [...ALIVE] },
  ]);
}

/** What EC2 does not show is missing. By filter, since by id one unknown instance fails the whole call. */
export async function statesOf(client: EC2Client, instances: readonly string[]): Promise<Map<string, State>> {
  const found = new Map<string, State>();
  for (const Values of chunks(instances, FILTER_VALUES)) {
    for (const [instance, state] of await statesWhere(client, [{ Name: 'instance-id', Values }])) {
      found.set(instance, state);
    }
  }
  return found;
}

/**
 * The instance that has this private address now. VPCs may overlap: one in a VPC of the swarm's own instances is meant before any other.
 * Where there is none, one elsewhere still counts, since managers may be in a peered VPC: rather a recovery that is refused than two swarms.
 *
 * @param address `ip:port`
 * @param beside instances of the swarm
 */
export async function instanceAt(
  client: EC2Client,
  address: string,
  beside: readonly string[],
): Promise<string | undefined> {
  const [ip = ''] = address.split(':');
  const there = await list(client, [
    { Name: 'private-ip-address', Values: [ip] },
    { Name: 'instance-state-name', Values: [...ALIVE] },
  ]);
  if (there.length < 2) return there[0]?.InstanceId;
  const own = await list(client, [{ Name: 'instance-id', Values: beside.slice(0, FILTER_VALUES) }]);
  const networks = new Set(own.map(({ VpcId: vpc }) => vpc));
  return (there.find(({ VpcId: vpc }) => vpc !== undefined && networks.has(vpc)) ?? there[0])?.InstanceId;
}

export async function terminate(client: EC2Client, instances: readonly string[]): Promise<void> {
  await client.send(new TerminateInstancesCommand({ InstanceIds: [...instances] }));
}

async function statesWhere(client: EC2Client, Filters: Filter[]): Promise<Map<string, State>> {
  const found = await list(client, Filters);
  return new Map(
    found.map(({ InstanceId: id = '', State: state }) => [
      id,
      // A word that EC2 did not have when this was written: not known to be off is not off.
      STATES.find((one) => one === state?.Name) ?? 'running',
    ]),
  );
}

async function list(client: EC2Client, Filters: Filter[]): Promise<Instance[]> {
  const found: Instance[] = [];
  for await (const page of paginateDescribeInstances({ client }, { Filters })) {
    found.push(...(page.Reservations ?? []).flatMap(({ Instances: instances = [] }) => instances));
  }
  return found;
}
