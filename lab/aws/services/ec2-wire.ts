// EC2's own names on the wire: `Instances` of the SDK is `instancesSet` of the XML. One that is different only there has the list that it stands in
// before it.
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
  'SecurityGroups.Description': 'groupDescription',
  InstanceStatuses: 'instanceStatusSet',
  Events: 'eventsSet',
  NetworkInterfaces: 'networkInterfaceSet',
  RouteTables: 'routeTableSet',
  Routes: 'routeSet',
  Associations: 'associationSet',
  VpcEndpoints: 'vpcEndpointSet',
  SubnetIds: 'subnetIdSet',
  // An instance has a word of its own for it, above.
  'Routes.State': 'state',
  'VpcEndpoints.State': 'state',
  PrivateIpAddresses: 'privateIpAddressesSet',
};

export function describeForEc2(output: unknown): Record<string, unknown> {
  return rename(output) as Record<string, unknown>;
}

/** @param parent the name that the SDK gives to what the value stands in */
function rename(value: unknown, parent = ''): unknown {
  if (Array.isArray(value)) {
    return value.map((one) => rename(one, parent));
  }
  if (typeof value !== 'object' || value === null || value instanceof Date) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      NAMES[`${parent}.${name}`] ?? NAMES[name] ?? lowerFirst(name),
      rename(inner, name),
    ]),
  );
}

const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);
