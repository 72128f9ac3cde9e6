// EC2: whom security groups let in.
import { paginateDescribeSecurityGroups } from '@aws-sdk/client-ec2';
import type { EC2Client, IpPermission } from '@aws-sdk/client-ec2';

import type { Ingress } from '../core/adopt/facts.ts';
import { chunks } from '../core/chunks.ts';
import { FILTER_VALUES } from './ec2-filters.ts';

/** By id. Those that there are: by filter, since by id an unknown one fails the whole call. */
export async function ingressOf(client: EC2Client, ids: readonly string[]): Promise<Map<string, Ingress[]>> {
  const found = new Map<string, Ingress[]>();
  for (const Values of chunks(ids, FILTER_VALUES)) {
    const Filters = [{ Name: 'group-id', Values }];
    for await (const page of paginateDescribeSecurityGroups({ client }, { Filters })) {
      for (const { GroupId: id = '', IpPermissions: permissions = [] } of page.SecurityGroups ?? []) {
        found.set(id, permissions.map(asIngress));
      }
    }
  }
  return found;
}

const asIngress = (permission: IpPermission): Ingress => ({
  protocol: permission.IpProtocol ?? '',
  from: permission.FromPort ?? 0,
  to: permission.ToPort ?? 65_535,
  groups: (permission.UserIdGroupPairs ?? []).flatMap(({ GroupId }) => GroupId ?? []),
  networks: (permission.IpRanges ?? []).flatMap(({ CidrIp }) => CidrIp ?? []),
  others: (permission.PrefixListIds ?? []).length > 0,
});
