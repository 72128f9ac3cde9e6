// CloudFormation's look for drift: how resources differ now from what their stack has made.
import {
  DescribeStackDriftDetectionStatusCommand,
  DetectStackDriftCommand,
  paginateDescribeStackResourceDrifts,
} from '@aws-sdk/client-cloudformation';
import type { CloudFormationClient, StackResourceDrift } from '@aws-sdk/client-cloudformation';

import type { DriftedResource } from '../core/cluster/drift.ts';

/** Takes some seconds, which pass in `pause`. Of types that CloudFormation cannot look at, nothing is said. */
export async function findDrift(
  client: CloudFormationClient,
  stack: string,
  pause: () => Promise<void>,
): Promise<DriftedResource[]> {
  const { StackDriftDetectionId: id } = await client.send(new DetectStackDriftCommand({ StackName: stack }));
  for (;;) {
    const seen = await client.send(new DescribeStackDriftDetectionStatusCommand({ StackDriftDetectionId: id }));
    if (seen.DetectionStatus === 'DETECTION_FAILED') {
      throw new Error(seen.DetectionStatusReason ?? 'CloudFormation says no reason');
    }
    if (seen.DetectionStatus === 'DETECTION_COMPLETE') {
      return readDrift(client, stack);
    }
    await pause();
  }
}

async function readDrift(client: CloudFormationClient, stack: string): Promise<DriftedResource[]> {
  const found: DriftedResource[] = [];
  const input = { StackName: stack, StackResourceDriftStatusFilters: ['MODIFIED' as const, 'DELETED' as const] };
  for await (const page of paginateDescribeStackResourceDrifts({ client }, input)) {
    found.push(...(page.StackResourceDrifts ?? []).map(driftedOf));
  }
  return found;
}

const driftedOf = (drift: StackResourceDrift): DriftedResource => ({
  logicalId: drift.LogicalResourceId ?? '',
  type: drift.ResourceType ?? '',
  differences: (drift.PropertyDifferences ?? []).map((one) => ({
    path: one.PropertyPath ?? '',
    expected: one.ExpectedValue ?? '',
    actual: one.ActualValue ?? '',
  })),
});
