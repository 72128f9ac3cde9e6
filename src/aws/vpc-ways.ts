// EC2: the ways out of VPCs, by routes and by endpoints.
import { paginateDescribeRouteTables, paginateDescribeVpcEndpoints } from '@aws-sdk/client-ec2';
import type { EC2Client, RouteTable, VpcEndpoint } from '@aws-sdk/client-ec2';

import type { VpcFacts } from '../core/adopt/facts.ts';
import { chunks } from '../core/chunks.ts';
import { FILTER_VALUES } from './ec2-filters.ts';

export async function waysOf(client: EC2Client, vpcs: readonly string[]): Promise<VpcFacts> {
  const tables: RouteTable[] = [];
  const endpoints: VpcEndpoint[] = [];
  for (const Values of chunks(vpcs, FILTER_VALUES)) {
    const Filters = [{ Name: 'vpc-id', Values }];
    for await (const page of paginateDescribeRouteTables({ client }, { Filters })) {
      tables.push(...(page.RouteTables ?? []));
    }
    for await (const page of paginateDescribeVpcEndpoints({ client }, { Filters })) {
      endpoints.push(...(page.VpcEndpoints ?? []));
    }
  }
  return { tables: tables.map(asTable), endpoints: endpoints.filter(answers).map(asEndpoint) };
}

function asTable({ VpcId: vpc = '', Associations = [], Routes = [] }: RouteTable): VpcFacts['tables'][number] {
  return {
    vpc,
    isMain: Associations.some(({ Main }) => Main === true),
    subnets: Associations.flatMap(({ SubnetId }) => SubnetId ?? []),
    // What a route led to may be gone: then it is a black hole.
    routes: Routes.filter(({ State }) => State === 'active').map(({ DestinationCidrBlock = '', GatewayId = '' }) => ({
      network: DestinationCidrBlock,
      gateway: gatewayOf(GatewayId),
    })),
  };
}

const gatewayOf = (id: string): 'local' | 'internet' | 'other' =>
  id === 'local' ? 'local' : id.startsWith('igw-') ? 'internet' : 'other';

/** Without private DNS an agent would have to be told its name. */
const answers = ({ State, VpcEndpointType, PrivateDnsEnabled }: VpcEndpoint): boolean =>
  String(State).toLowerCase() === 'available' && VpcEndpointType === 'Interface' && PrivateDnsEnabled === true;

const asEndpoint = ({ VpcId: vpc = '', ServiceName: service = '' }: VpcEndpoint): VpcFacts['endpoints'][number] => ({
  vpc,
  service,
});
