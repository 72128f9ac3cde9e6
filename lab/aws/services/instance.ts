// An instance: what EC2 keeps of it, which filters find it, and what DescribeInstances tells of it.
import { AwsError } from './service.ts';

export type InstanceState = 'pending' | 'running' | 'stopping' | 'stopped' | 'shutting-down' | 'terminated';

export interface Instance {
  readonly instanceId: string;
  readonly zone: string;
  readonly launchTime: number;
  tags: Readonly<Record<string, string>>;
  readonly hopLimit: number;
  readonly securityGroups: readonly string[];
  readonly userData: string | undefined;
  /** Its clock's difference from ours, ms. */
  readonly clockAhead: number;
  readonly vpcId: string;
  readonly subnetId: string;
  state: InstanceState;
  privateIp: string | undefined;
  /** Of a second interface. */
  secondIp: string | undefined;
}

export const STATE_CODES: Readonly<Record<InstanceState, number>> = {
  pending: 0,
  running: 16,
  stopping: 64,
  stopped: 80,
  'shutting-down': 32,
  terminated: 48,
};

/** The first one is its own. A terminated instance has none any more. */
const addressesOf = ({ state, privateIp, secondIp }: Instance): string[] =>
  state === 'terminated' ? [] : [privateIp, secondIp].filter((address) => address !== undefined);

/** By which of its values a filter finds an instance. */
export function valuesOf(instance: Instance, name: string): readonly string[] {
  const addresses = addressesOf(instance);
  switch (name) {
    case 'instance-id':
      return [instance.instanceId];
    case 'instance-state-name':
      return [instance.state];
    case 'availability-zone':
      return [instance.zone];
    case 'vpc-id':
      return [instance.vpcId];
    case 'private-ip-address':
      return addresses.slice(0, 1);
    case 'network-interface.addresses.private-ip-address':
      return addresses;
    case 'ip-address':
      // None has an address outside.
      return [];
    default:
      if (name.startsWith('tag:')) {
        return [instance.tags[name.slice('tag:'.length)] ?? ''];
      }
      throw new AwsError('InvalidParameterValue', `the lab does not know the filter ${name}`);
  }
}

export function describeInstance(instance: Instance, profile: string | undefined): Record<string, unknown> {
  const { instanceId, state, zone, launchTime, tags, hopLimit } = instance;
  const addresses = addressesOf(instance);
  return {
    InstanceId: instanceId,
    State: { Code: STATE_CODES[state], Name: state },
    // A terminated instance has neither any more.
    ...(state === 'terminated' ? {} : { VpcId: instance.vpcId, SubnetId: instance.subnetId }),
    ...(addresses.length === 0
      ? {}
      : {
          PrivateIpAddress: addresses[0],
          NetworkInterfaces: addresses.map((address) => ({
            Groups: instance.securityGroups.map((GroupId) => ({ GroupId })),
            PrivateIpAddress: address,
            PrivateIpAddresses: [{ PrivateIpAddress: address, Primary: true }],
          })),
        }),
    Placement: { AvailabilityZone: zone },
    LaunchTime: new Date(launchTime),
    MetadataOptions: {
      HttpTokens: 'required',
      HttpPutResponseHopLimit: hopLimit,
      HttpEndpoint: 'enabled',
    },
    ...(profile === undefined
      ? {}
      : { IamInstanceProfile: { Arn: `arn:aws:iam::123456789012:instance-profile/${profile}`, Id: profile } }),
    Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
  };
}
