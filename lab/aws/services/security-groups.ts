// DescribeSecurityGroups: whom the security groups of the account let in.
import { z } from 'zod';

import { pageOf } from './pages.ts';
import { AwsError } from './service.ts';

interface IngressRule {
  readonly protocol: string;
  /** Undefined for all ports. */
  readonly ports: readonly [from: number, to: number] | undefined;
  readonly group: string | undefined;
  readonly network: string | undefined;
}

export interface SecurityGroup {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly vpcId: string;
  readonly owner: string;
  readonly ingress: readonly IngressRule[];
}

export const describeGroups = z.strictObject({
  GroupIds: z.array(z.string()).optional(),
  Filters: z
    .array(z.strictObject({ Name: z.enum(['group-id', 'vpc-id']), Values: z.array(z.string()).max(200) }))
    .default([]),
  MaxResults: z.coerce.number().int().min(5).max(1000).optional(),
  NextToken: z.string().optional(),
});

export function describeSecurityGroups(
  all: readonly SecurityGroup[],
  { GroupIds: ids, Filters: filters, MaxResults: limit, NextToken: token }: z.infer<typeof describeGroups>,
): unknown {
  const unknown = ids?.find((id) => !all.some((one) => one.id === id));
  if (unknown !== undefined) {
    throw new AwsError('InvalidGroup.NotFound', `The security group '${unknown}' does not exist`);
  }
  const valueOf = { 'group-id': (one: SecurityGroup) => one.id, 'vpc-id': (one: SecurityGroup) => one.vpcId };
  const wanted = all
    .filter(({ id }) => ids === undefined || ids.includes(id))
    .filter((one) => filters.every(({ Name, Values }) => Values.includes(valueOf[Name](one))));
  const { items, next } = pageOf(wanted, { limit, token }, Number.POSITIVE_INFINITY, 'InvalidNextToken');
  return { SecurityGroups: items.map(describe), ...(next === undefined ? {} : { NextToken: next }) };
}

const describe = ({ id, name, description, vpcId, owner, ingress }: SecurityGroup): Record<string, unknown> => ({
  GroupId: id,
  GroupName: name,
  Description: description,
  VpcId: vpcId,
  OwnerId: owner,
  IpPermissions: ingress.map(({ protocol, ports, group, network }) => ({
    IpProtocol: protocol,
    ...(ports === undefined ? {} : { FromPort: ports[0], ToPort: ports[1] }),
    UserIdGroupPairs: group === undefined ? [] : [{ GroupId: group, UserId: owner }],
    IpRanges: network === undefined ? [] : [{ CidrIp: network }],
  })),
});
