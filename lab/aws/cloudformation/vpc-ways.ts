// The route tables and endpoints of the account: those that templates have made, and the main table that every VPC has by itself.
import { DEFAULT_VPC } from '../services/ec2.ts';
import type { Ways } from '../services/vpc-ways.ts';
import type { Account, AccountRecord } from './account.ts';
import { textOf, texts } from './handler.ts';

const EVERYWHERE = '0.0.0.0/0';
/** Somebody has given it to the account's own VPC: none of the instances has a public address. */
const DEFAULT_NAT = 'nat-0a1b2c3d4e5f60718';

export function waysOf(account: Account): Ways {
  return {
    tables: [...account.all('AWS::EC2::VPC').map(mainTable), ...madeTables(account)],
    endpoints: endpoints(account),
  };
}

function mainTable({ id, properties }: AccountRecord): Ways['tables'][number] {
  const local = { network: textOf(properties['CidrBlock']), target: 'local' };
  return {
    id: id.replace('vpc-', 'rtb-'),
    vpcId: id,
    isMain: true,
    subnets: [],
    routes: id === DEFAULT_VPC ? [local, { network: EVERYWHERE, target: DEFAULT_NAT }] : [local],
  };
}

const of = (account: Account, type: string, member: string, id: string): AccountRecord[] =>
  account.all(type).filter(({ properties }) => properties[member] === id);

const madeTables = (account: Account): Ways['tables'] =>
  account.all('AWS::EC2::RouteTable').map(({ id, properties }) => {
    const vpcId = textOf(properties['VpcId']);
    const vpc = account.find('AWS::EC2::VPC', vpcId);
    return {
      id,
      vpcId,
      isMain: false,
      subnets: of(account, 'AWS::EC2::SubnetRouteTableAssociation', 'RouteTableId', id).map((one) =>
        textOf(one.properties['SubnetId']),
      ),
      routes: [
        { network: textOf(vpc?.properties['CidrBlock']), target: 'local' },
        ...of(account, 'AWS::EC2::Route', 'RouteTableId', id).map((one) => ({
          network: textOf(one.properties['DestinationCidrBlock']),
          target: textOf(one.properties['NatGatewayId']) || textOf(one.properties['GatewayId']),
        })),
      ],
    };
  });

const endpoints = (account: Account): Ways['endpoints'] =>
  account.all('AWS::EC2::VPCEndpoint').map(({ id, properties }) => ({
    id,
    vpcId: textOf(properties['VpcId']),
    // As CloudFormation has it where a template says nothing.
    type: textOf(properties['VpcEndpointType']) || 'Gateway',
    service: textOf(properties['ServiceName']),
    privateDns: properties['PrivateDnsEnabled'] === true || properties['PrivateDnsEnabled'] === 'true',
    subnets: texts(properties['SubnetIds']),
  }));
