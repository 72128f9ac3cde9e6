// EC2's own names on the wire: `Instances` of the SDK is `instancesSet` of the XML.
const NAMES: Readonly<Record<string, string>> = {
  Reservations: 'reservationSet',
  Instances: 'instancesSet',
  TerminatingInstances: 'instancesSet',
  State: 'instanceState',
  CurrentState: 'currentState',
  Tags: 'tagSet',
  // Of a network interface; of an answer about security groups.
  Groups: 'groupSet',
  SecurityGroups: 'securityGroupInfo',
  UserIdGroupPairs: 'groups',
  Description: 'groupDescription',
  NetworkInterfaces: 'networkInterfaceSet',
  PrivateIpAddresses: 'privateIpAddressesSet',
};

export function describeForEc2(output: unknown): Record<string, unknown> {
  return rename(output) as Record<string, unknown>;
}

function rename(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(rename);
  }
  if (typeof value !== 'object' || value === null || value instanceof Date) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [NAMES[name] ?? lowerFirst(name), rename(inner)]),
  );
}

const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);
