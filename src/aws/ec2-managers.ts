// EC2, for a recovery: which instances may be managers, whether they run, and their end.
import { TerminateInstancesCommand, paginateDescribeInstances } from '@aws-sdk/client-ec2';
import type { EC2Client, Filter } from '@aws-sdk/client-ec2';

import type { Candidate } from '../core/recovery.ts';

type State = Exclude<Candidate['state'], 'gone'>;

const STATES: readonly State[] = ['pending', 'running', 'stopping', 'stopped', 'shutting-down', 'terminated'];
const ALIVE: readonly State[] = ['pending', 'running', 'stopping', 'stopped', 'shutting-down'];
/** AWS: at most 200 values per filter. */
const VALUES = 200;

/** Those that carry the tags of a manager group of the cluster, which groups hand on to what they launch. */
export async function findManagers(client: EC2Client, cluster: string): Promise<Map<string, State>> {
  return look(client, [
    { Name: 'tag:skep:cluster', Values: [cluster] },
    { Name: 'tag:skep:role', Values: ['manager'] },
    { Name: 'instance-state-name', Values: [...ALIVE] },
  ]);
}

/** What EC2 does not show is missing. By filter, since by id one unknown instance fails the whole call. */
export async function statesOf(client: EC2Client, instances: readonly string[]): Promise<Map<string, State>> {
  const found = new Map<string, State>();
  for (let start = 0; start < instances.length; start += VALUES) {
    const Values = instances.slice(start, start + VALUES);
    for (const [instance, state] of await look(client, [{ Name: 'instance-id', Values }])) {
      found.set(instance, state);
    }
  }
  return found;
}

/** The instance that has this private address now. @param address `ip:port` */
export async function instanceAt(client: EC2Client, address: string): Promise<string | undefined> {
  const [ip = ''] = address.split(':');
  const found = await look(client, [
    { Name: 'private-ip-address', Values: [ip] },
    { Name: 'instance-state-name', Values: [...ALIVE] },
  ]);
  return [...found.keys()][0];
}

export async function terminate(client: EC2Client, instances: readonly string[]): Promise<void> {
  await client.send(new TerminateInstancesCommand({ InstanceIds: [...instances] }));
}

async function look(client: EC2Client, Filters: Filter[]): Promise<Map<string, State>> {
  const found = new Map<string, State>();
  for await (const page of paginateDescribeInstances({ client }, { Filters })) {
    for (const { Instances: instances = [] } of page.Reservations ?? []) {
      for (const { InstanceId: id = '', State: state } of instances) {
        const name = STATES.find((one) => one === state?.Name);
        // A word that EC2 did not have when this was written: not known to be off is not off.
        found.set(id, name ?? 'running');
      }
    }
  }
  return found;
}
