// The types of resources that are records and nothing more: they have ids, refer to each other, and hold each other.
import { HandlerError, hexId, madeUpName, textOf } from './handler.ts';
import type { Handler, Wanted } from './handler.ts';

const VPC = 'AWS::EC2::VPC';
const SUBNET = 'AWS::EC2::Subnet';
const SECURITY_GROUP = 'AWS::EC2::SecurityGroup';
const ROUTE_TABLE = 'AWS::EC2::RouteTable';

const dependent =
  (kind: string) =>
  (id: string): string =>
    `The ${kind} '${id}' has dependencies and cannot be deleted.`;

const text = ({ properties }: Wanted, name: string): string => textOf(properties[name]);

const arnOf = ({ account: { place } }: Wanted, service: string, rest: string): string =>
  `arn:${place.partition}:${service}:${place.region}:${place.account}:${rest}`;

const hex = ({ random }: Wanted): string => random.hex(16);

const EC2: Readonly<Record<string, Handler>> = {
  'AWS::EC2::VPC': {
    idOf: hexId('vpc'),
    attributesOf: (id, wanted) => ({
      VpcId: id,
      CidrBlock: text(wanted, 'CidrBlock'),
      DefaultSecurityGroup: hexId('sg')(wanted),
    }),
    heldBy: {
      types: [
        SUBNET,
        SECURITY_GROUP,
        'AWS::EC2::VPCGatewayAttachment',
        'AWS::EC2::VPCEndpoint',
        'AWS::EC2::NatGateway',
      ],
      message: dependent('vpc'),
    },
  },
  'AWS::EC2::Subnet': {
    idOf: (wanted) => {
      checkSubnet(wanted);
      return hexId('subnet')(wanted);
    },
    attributesOf: (id, wanted) => ({
      SubnetId: id,
      VpcId: text(wanted, 'VpcId'),
      AvailabilityZone: text(wanted, 'AvailabilityZone'),
      CidrBlock: text(wanted, 'CidrBlock'),
    }),
    refers: { VpcId: VPC, AvailabilityZone: 'AWS::EC2::AvailabilityZone' },
    heldBy: {
      types: [
        'AWS::EC2::NatGateway',
        'AWS::EC2::VPCEndpoint',
        'AWS::AutoScaling::AutoScalingGroup',
        'AWS::ElasticLoadBalancingV2::LoadBalancer',
      ],
      message: dependent('subnet'),
    },
  },
  'AWS::EC2::RouteTable': {
    idOf: hexId('rtb'),
    attributesOf: (id) => ({ RouteTableId: id }),
    refers: { VpcId: VPC },
    heldBy: { types: ['AWS::EC2::SubnetRouteTableAssociation'], message: dependent('routeTable') },
  },
  'AWS::EC2::Route': {
    idOf: (wanted) => `${text(wanted, 'RouteTableId')}|${text(wanted, 'DestinationCidrBlock')}`,
    attributesOf: (_id, wanted) => ({ CidrBlock: text(wanted, 'DestinationCidrBlock') }),
    refers: {
      RouteTableId: ROUTE_TABLE,
      NatGatewayId: 'AWS::EC2::NatGateway',
      GatewayId: 'AWS::EC2::InternetGateway',
    },
  },
  'AWS::EC2::SubnetRouteTableAssociation': {
    idOf: hexId('rtbassoc'),
    attributesOf: (id) => ({ Id: id }),
    refers: { RouteTableId: ROUTE_TABLE, SubnetId: SUBNET },
  },
  'AWS::EC2::InternetGateway': {
    idOf: hexId('igw'),
    attributesOf: (id) => ({ InternetGatewayId: id }),
    heldBy: { types: ['AWS::EC2::VPCGatewayAttachment'], message: dependent('internetGateway') },
  },
  'AWS::EC2::VPCGatewayAttachment': {
    idOf: (wanted) => `IGW|${text(wanted, 'VpcId')}`,
    attributesOf: () => ({ AttachmentType: 'IGW' }),
    refers: { VpcId: VPC, InternetGatewayId: 'AWS::EC2::InternetGateway' },
  },
  'AWS::EC2::EIP': {
    idOf: ({ random }) => `198.51.100.${1 + Math.floor(random.next() * 250)}`,
    attributesOf: (id, wanted) => ({ PublicIp: id, AllocationId: hexId('eipalloc')(wanted) }),
  },
  'AWS::EC2::NatGateway': {
    seconds: 20,
    idOf: hexId('nat'),
    attributesOf: (id) => ({ NatGatewayId: id }),
    refers: { VpcId: VPC, SubnetId: SUBNET },
  },
  'AWS::EC2::VPCEndpoint': {
    seconds: 10,
    idOf: hexId('vpce'),
    attributesOf: (id) => ({ Id: id }),
    refers: { VpcId: VPC, RouteTableIds: ROUTE_TABLE, SubnetIds: SUBNET, SecurityGroupIds: SECURITY_GROUP },
  },
  'AWS::EC2::SecurityGroup': {
    idOf: hexId('sg'),
    attributesOf: (id, wanted) => ({ GroupId: id, Id: id, VpcId: text(wanted, 'VpcId') }),
    refers: { VpcId: VPC },
    heldBy: {
      types: [
        'AWS::EC2::SecurityGroupIngress',
        'AWS::EC2::SecurityGroupEgress',
        'AWS::EC2::VPCEndpoint',
        'AWS::ElasticLoadBalancingV2::LoadBalancer',
      ],
      message: (id) => `resource ${id} has a dependent object`,
    },
  },
  'AWS::EC2::SecurityGroupIngress': {
    idOf: hexId('sgr'),
    attributesOf: (id) => ({ Id: id }),
    refers: { GroupId: SECURITY_GROUP, SourceSecurityGroupId: SECURITY_GROUP },
  },
  'AWS::EC2::SecurityGroupEgress': {
    idOf: hexId('sgr'),
    attributesOf: (id) => ({ Id: id }),
    refers: { GroupId: SECURITY_GROUP, DestinationSecurityGroupId: SECURITY_GROUP },
  },
};

/** Two subnets of one VPC must not overlap; the lab looks for the same block only. */
function checkSubnet(wanted: Wanted): void {
  const block = text(wanted, 'CidrBlock');
  const taken = wanted.account
    .all(SUBNET)
    .some(({ properties }) => properties['VpcId'] === text(wanted, 'VpcId') && properties['CidrBlock'] === block);
  if (taken) {
    throw new HandlerError('InvalidRequest', `The CIDR '${block}' conflicts with another subnet`);
  }
}

const OTHERS: Readonly<Record<string, Handler>> = {
  'AWS::Logs::LogGroup': {
    nameProperty: 'LogGroupName',
    idOf: (_wanted, name) => name,
    attributesOf: (id, wanted) => ({ Arn: arnOf(wanted, 'logs', `log-group:${id}:*`) }),
  },
  'AWS::Route53::HostedZone': {
    seconds: 10,
    idOf: ({ random }) => `Z0${random.hex(18).toUpperCase()}`,
    attributesOf: (id) => ({ Id: id, NameServers: [0, 1, 2, 3].map((at) => `ns-${at}.awsdns-0${at}.example`) }),
  },
  'AWS::S3::Bucket': {
    seconds: 10,
    nameProperty: 'BucketName',
    idOf: (_wanted, name) => name.toLowerCase().slice(0, 63),
    attributesOf: (id, { account: { place } }) => ({
      Arn: `arn:${place.partition}:s3:::${id}`,
      DomainName: `${id}.s3.amazonaws.com`,
      RegionalDomainName: `${id}.s3.${place.region}.amazonaws.com`,
    }),
  },
  'AWS::S3::BucketPolicy': {
    idOf: (wanted) => `${text(wanted, 'Bucket')}|policy`,
    refOf: (id) => id.replace(/\|policy$/, ''),
    refers: { Bucket: 'AWS::S3::Bucket' },
  },
  'AWS::ElasticLoadBalancingV2::LoadBalancer': {
    seconds: 20,
    nameProperty: 'Name',
    idOf: (wanted, name) =>
      arnOf(wanted, 'elasticloadbalancing', `loadbalancer/net/${name.slice(0, 32)}/${hex(wanted)}`),
    attributesOf: (id, { account: { place } }) => {
      const full = id.replace(/^.*:loadbalancer\//, '');
      const [, name = '', end = ''] = full.split('/');
      return {
        LoadBalancerArn: id,
        LoadBalancerFullName: full,
        LoadBalancerName: name,
        DNSName: `${name}-${end}.elb.${place.region}.amazonaws.com`,
        CanonicalHostedZoneID: 'Z2IFOLAFXWLO4F',
      };
    },
    refers: { Subnets: SUBNET, SecurityGroups: SECURITY_GROUP },
  },
  'AWS::ElasticLoadBalancingV2::TargetGroup': {
    nameProperty: 'Name',
    idOf: (wanted, name) => arnOf(wanted, 'elasticloadbalancing', `targetgroup/${name.slice(0, 32)}/${hex(wanted)}`),
    attributesOf: (id) => ({
      TargetGroupArn: id,
      TargetGroupFullName: id.replace(/^.*:(?=targetgroup\/)/, ''),
      TargetGroupName: id.split('/')[1] ?? '',
    }),
    refers: { VpcId: VPC },
    heldBy: {
      types: ['AWS::ElasticLoadBalancingV2::Listener'],
      message: (id) => `Target group '${id}' is currently in use by a listener or a rule`,
    },
  },
  'AWS::ElasticLoadBalancingV2::Listener': {
    idOf: (wanted) => `${text(wanted, 'LoadBalancerArn').replace(':loadbalancer/', ':listener/')}/${hex(wanted)}`,
    attributesOf: (id) => ({ ListenerArn: id }),
    refers: { LoadBalancerArn: 'AWS::ElasticLoadBalancingV2::LoadBalancer' },
  },
};

export const RECORDS: Readonly<Record<string, Handler>> = { ...EC2, ...OTHERS };

/** Its own name, or one that is made up. */
export function nameOf({ nameProperty }: Handler, wanted: Wanted): string {
  const given = nameProperty === undefined ? undefined : wanted.properties[nameProperty];
  return typeof given === 'string' ? given : madeUpName(wanted);
}
