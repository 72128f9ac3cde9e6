// Auto Scaling: launches that AWS has refused, by a quota or for want of capacity. No event of a lifecycle hook tells of them.
import { DescribeScalingActivitiesCommand } from '@aws-sdk/client-auto-scaling';
import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';

import type { RefusedLaunch } from '../core/cluster/silent.ts';

/** The last ones are enough: a group repeats itself. */
const LAST = 20;

export async function refusedLaunches(client: AutoScalingClient, group: string): Promise<RefusedLaunch[]> {
  const { Activities: activities = [] } = await client.send(
    new DescribeScalingActivitiesCommand({ AutoScalingGroupName: group, MaxRecords: LAST }),
  );
  return activities
    .filter(({ StatusCode: status, Description: what = '' }) => status === 'Failed' && what.startsWith('Launching'))
    .map(({ ActivityId: id = '', StatusMessage: because = 'it does not say why.' }) => ({ id, group, because }));
}
