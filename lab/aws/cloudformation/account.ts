// What CloudFormation has made in the account, beside what was there before: records with ids, which refer to each other.
import { DEFAULT_SECURITY_GROUP, DEFAULT_VPC } from '../services/ec2.ts';
import type { Json, JsonObject, Place } from '../stack/stack.ts';

export interface AccountRecord {
  readonly type: string;
  /** The physical id. */
  readonly id: string;
  /** Of the stack that it belongs to; undefined for what is older, or was kept when its stack went. */
  stackId: string | undefined;
  properties: JsonObject;
  attributes: Readonly<Record<string, Json>>;
}

/** Of an account that nobody has touched: in its own VPC there is one in each zone. */
const DEFAULT_SUBNETS: Readonly<Record<string, string>> = {
  a: 'subnet-0a1b2c3d4e5f6071a',
  b: 'subnet-0a1b2c3d4e5f6071b',
  c: 'subnet-0a1b2c3d4e5f6071c',
};

export class Account {
  readonly records = new Map<string, AccountRecord>();
  readonly place: Place;

  constructor(place: Place) {
    this.place = place;
    this.add('AWS::EC2::VPC', DEFAULT_VPC, { CidrBlock: '172.31.0.0/16' });
    this.add('AWS::EC2::SecurityGroup', DEFAULT_SECURITY_GROUP, {
      GroupDescription: 'default VPC security group',
      VpcId: DEFAULT_VPC,
      SecurityGroupIngress: [{ IpProtocol: '-1', SourceSecurityGroupId: DEFAULT_SECURITY_GROUP }],
    });
    for (const [letter, id] of Object.entries(DEFAULT_SUBNETS)) {
      const block = `172.31.${'abc'.indexOf(letter) * 16}.0/20`;
      this.add('AWS::EC2::Subnet', id, {
        VpcId: DEFAULT_VPC,
        AvailabilityZone: `${place.region}${letter}`,
        CidrBlock: block,
      });
    }
  }

  /** Something that is older than all stacks. */
  add(type: string, id: string, properties: JsonObject): void {
    this.records.set(id, { type, id, stackId: undefined, properties, attributes: {} });
  }

  get zones(): readonly string[] {
    return Object.keys(DEFAULT_SUBNETS).map((letter) => `${this.place.region}${letter}`);
  }

  find(type: string, id: string): AccountRecord | undefined {
    const found = this.records.get(id);
    return found?.type === type ? found : undefined;
  }

  all(type: string): readonly AccountRecord[] {
    return [...this.records.values()].filter((one) => one.type === type);
  }

  /** Also of what is AWS's own: zones, and images, of which the lab has every one whose id is well-formed. */
  exists(type: string, id: string): boolean {
    switch (type) {
      case 'AWS::EC2::AvailabilityZone':
        return this.zones.includes(id);
      case 'AWS::EC2::Image':
        return /^ami-([0-9a-f]{8}|[0-9a-f]{17})$/.test(id);
      default:
        return this.find(type, id) !== undefined;
    }
  }

  /** Records of these types that name it somewhere in their properties. */
  naming(id: string, types: readonly string[]): readonly AccountRecord[] {
    return [...this.records.values()].filter((one) => types.includes(one.type) && names(one.properties, id));
  }
}

function names(value: Json, id: string): boolean {
  if (Array.isArray(value)) {
    return value.some((one: Json) => names(one, id));
  }
  return typeof value === 'object' && value !== null
    ? Object.values(value).some((one) => names(one, id))
    : value === id;
}
