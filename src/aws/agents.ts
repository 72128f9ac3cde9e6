// What SSM says of the agent of an instance.
import { DescribeInstanceInformationCommand } from '@aws-sdk/client-ssm';
import type { SSMClient } from '@aws-sdk/client-ssm';

import { chunks } from '../core/chunks.ts';

/** AWS: at most 50 of them on a page. */
const AT_ONCE = 50;

/** Of each of them: whether its agent is there, was there, or has never made itself known. */
export async function agentsOf(
  client: SSMClient,
  instances: readonly string[],
): Promise<Map<string, 'online' | 'lost' | 'never'>> {
  const agents = new Map<string, 'online' | 'lost' | 'never'>(instances.map((instance) => [instance, 'never']));
  for (const Values of chunks(instances, AT_ONCE)) {
    const { InstanceInformationList: found = [] } = await client.send(
      new DescribeInstanceInformationCommand({ Filters: [{ Key: 'InstanceIds', Values }], MaxResults: AT_ONCE }),
    );
    for (const { InstanceId: id = '', PingStatus: ping } of found) {
      agents.set(id, ping === 'Online' ? 'online' : 'lost');
    }
  }
  return agents;
}

export async function agentOf(client: SSMClient, instance: string): Promise<'online' | 'lost' | 'never'> {
  return (await agentsOf(client, [instance])).get(instance) ?? 'never';
}
