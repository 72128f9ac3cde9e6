// EC2: which instances still live. Only the tidy needs it here; its client is three times the size of the others.
import { paginateDescribeInstances } from '@aws-sdk/client-ec2';
import type { EC2Client } from '@aws-sdk/client-ec2';

const ALIVE = ['pending', 'running', 'stopping', 'stopped'];

/** AWS: at most 200 values per filter. */
const VALUES = 200;

/** Those of the instances that EC2 knows as alive. By filter, since by id one unknown instance fails the whole call. */
export async function aliveInstances(client: EC2Client, instances: readonly string[]): Promise<Set<string>> {
  const alive = new Set<string>();
  for (let start = 0; start < instances.length; start += VALUES) {
    const Values = instances.slice(start, start + VALUES);
    const Filters = [
      { Name: 'instance-id', Values },
      { Name: 'instance-state-name', Values: ALIVE },
    ];
    for await (const page of paginateDescribeInstances({ client }, { Filters })) {
      for (const { Instances: found = [] } of page.Reservations ?? []) {
        for (const { InstanceId: id } of found) {
          alive.add(id ?? '');
        }
      }
    }
  }
  return alive;
}
