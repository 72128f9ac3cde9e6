// What SSM says of the agent of an instance.
import { DescribeInstanceInformationCommand } from '@aws-sdk/client-ssm';
import type { SSMClient } from '@aws-sdk/client-ssm';

export async function agentOf(client: SSMClient, instance: string): Promise<'online' | 'lost' | 'never'> {
  const { InstanceInformationList: [found] = [] } = await client.send(
    new DescribeInstanceInformationCommand({ Filters: [{ Key: 'InstanceIds', Values: [instance] }] }),
  );
  if (found === undefined) {
    return 'never';
  }
  return found.PingStatus === 'Online' ? 'online' : 'lost';
}
