// DescribeRouteTables and DescribeVpcEndpoints: the ways out of the account's VPCs, and whether an instance reaches Systems Manager by them.
import { z } from 'zod';

import type { Instance } from './instance.ts';
import { pageOf } from './pages.ts';

interface Route {
  readonly network: string;
  /** `local`, `nat-...` or `igw-...` */
  readonly target: string;
}

interface RouteTable {
  readonly id: string;
  readonly vpcId: string;
  readonly isMain: boolean;
  readonly subnets: readonly string[];
  readonly routes: readonly Route[];
}

interface VpcEndpoint {
  readonly id: string;
  readonly vpcId: string;
  readonly type: string;
  readonly service: string;
  readonly privateDns: boolean;
  readonly subnets: readonly string[];
}

export interface Ways {
  readonly tables: readonly RouteTable[];
  readonly endpoints: readonly VpcEndpoint[];
}

export const describeWays = z.strictObject({
  Filters: z.array(z.strictObject({ Name: z.literal('vpc-id'), Values: z.array(z.string()).max(200) })).default([]),
  MaxResults: z.coerce.number().int().min(5).max(1000).optional(),
  NextToken: z.string().optional(),
});
type WaysRequest = z.infer<typeof describeWays>;

const chosen = <T extends { readonly vpcId: string }>(all: readonly T[], { Filters: filters }: WaysRequest): T[] =>
  all.filter(({ vpcId }) => filters.every(({ Values }) => Values.includes(vpcId)));

export function describeTables({ tables }: Ways, request: WaysRequest): unknown {
  const { MaxResults: limit, NextToken: token } = request;
  const { items, next } = pageOf(chosen(tables, request), { limit, token }, 100, 'InvalidNextToken');
  return { RouteTables: items.map(describeTable), ...(next === undefined ? {} : { NextToken: next }) };
}

const describeTable = ({ id, vpcId, isMain, subnets, routes }: RouteTable): Record<string, unknown> => ({
  RouteTableId: id,
  VpcId: vpcId,
  Associations: [
    ...(isMain ? [{ RouteTableAssociationId: id.replace('rtb-', 'rtbassoc-'), RouteTableId: id, Main: true }] : []),
    ...subnets.map((SubnetId) => ({
      RouteTableAssociationId: SubnetId.replace('subnet-', 'rtbassoc-'),
      RouteTableId: id,
      SubnetId,
      Main: false,
    })),
  ],
  Routes: routes.map(({ network, target }) => ({
    DestinationCidrBlock: network,
    ...(target.startsWith('nat-') ? { NatGatewayId: target } : { GatewayId: target }),
    State: 'active',
  })),
});

export function describeEndpoints({ endpoints }: Ways, request: WaysRequest): unknown {
  const { MaxResults: limit, NextToken: token } = request;
  const { items, next } = pageOf(chosen(endpoints, request), { limit, token }, 1000, 'InvalidNextToken');
  return { VpcEndpoints: items.map(describeEndpoint), ...(next === undefined ? {} : { NextToken: next }) };
}

const describeEndpoint = ({ id, vpcId, type, service, privateDns, subnets }: VpcEndpoint): Record<string, unknown> => ({
  VpcEndpointId: id,
  VpcEndpointType: type,
  VpcId: vpcId,
  ServiceName: service,
  State: 'available',
  SubnetIds: subnets,
  PrivateDnsEnabled: privateDns,
});

/** No instance here has a public address, so an internet gateway is no way out. Endpoints are reached from everywhere in their VPC. */
export function reaches(
  { tables, endpoints }: Ways,
  { vpcId, subnetId }: Pick<Instance, 'vpcId' | 'subnetId'>,
): boolean {
  const table =
    tables.find(({ subnets }) => subnets.includes(subnetId)) ?? tables.find((one) => one.vpcId === vpcId && one.isMain);
  const isOut = table?.routes.some(({ network, target }) => network === '0.0.0.0/0' && target.startsWith('nat-'));
  const answering = endpoints.filter((one) => one.vpcId === vpcId && one.type === 'Interface' && one.privateDns);
  return (
    isOut === true || ['.ssm', '.ssmmessages'].every((name) => answering.some(({ service }) => service.endsWith(name)))
  );
}
