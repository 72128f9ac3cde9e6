// A group as a scenario describes it, with its hooks and the role of its instances.
import { launchHook, terminateHook } from '../../src/core/names.ts';
import { DEFAULT_VPC } from '../aws/services/ec2.ts';
import type { Group } from '../aws/services/group.ts';
import { checkHook } from '../aws/services/group-limits.ts';
import type { Lab } from '../lab.ts';
import { ownMetadata } from './schema.ts';
import type { GroupSpec } from './schema.ts';

export function makeGroup(lab: Lab, name: string, spec: GroupSpec, cluster: string): void {
  const stage = spec.stage ?? lab.stack.stage;
  const group = lab.autoScaling.createGroup(
    {
      ...{
        name,
        ...belongingOf(spec, cluster),
        zones: spec.zones,
        maintenance: spec.maintenance,
        lifetime: spec.lifetime,
      },
      healthCheckType: spec.setup.healthCheckType,
      suspended: spec.setup.suspended,
      capacityRebalance: spec.setup.capacityRebalance,
      launchesAfter: spec.launchesAfter,
      retainedEndsBy: spec.retainedEndsBy,
      subnets: isolatedSubnets(lab, name, spec),
      ...launchedAs(spec, securityGroupOf(lab, name, spec)),
    },
    0,
  );
  const { managedInstanceCore, nodePolicy, tags } = spec.instanceRole;
  lab.profiles.set(name, {
    name: `skep-${name}`,
    stage,
    role: spec.role,
    tags: tags ?? { 'skep:cluster': cluster, 'skep:role': spec.role },
    managedInstanceCore,
    withoutNodePolicy: !nodePolicy,
  });
  const hooks = [
    {
      spec: spec.launchHook,
      name: launchHook(stage),
      transition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
      otherwise: 'CONTINUE',
    },
    {
      spec: spec.terminateHook,
      name: terminateHook(stage),
      transition: 'autoscaling:EC2_INSTANCE_TERMINATING',
      // A manager that may not go is retained, not killed (docs/decisions/managers-one-at-a-time.md).
      otherwise: spec.role === 'manager' ? 'ABANDON' : 'CONTINUE',
    },
  ] as const;
  for (const hook of spec.byHand ? [] : hooks) {
    const { timeout, metadata, defaultResult } = hook.spec;
    const made = {
      name: hook.spec.name ?? hook.name,
      transition: hook.transition,
      heartbeatTimeout: timeout,
      defaultResult: defaultResult ?? hook.otherwise,
      metadata: metadata === null ? undefined : (metadata ?? ownMetadata(cluster, spec, timeout)),
    };
    checkHook(made);
    group.hooks.set(made.name, made);
  }
  lab.autoScaling.setDesired(name, spec.desired);
  putWarmPool(lab, group, spec);
}

function putWarmPool({ autoScaling }: Lab, group: Group, { warmPool }: GroupSpec): void {
  if (warmPool !== undefined) {
    autoScaling.warmPools.put(group, warmPool);
  }
}

/** What makes it a group of the cluster: nothing of that has one that somebody had before. */
const belongingOf = ({ tags, byHand, role }: GroupSpec, cluster: string): Pick<Group, 'tags' | 'retain'> => ({
  tags: tags ?? (byHand ? {} : { 'skep:cluster': cluster, 'skep:role': role }),
  retain: role === 'manager' && !byHand,
});

/** What its instances boot as: the first version of its launch template. */
function launchedAs(
  { agentAfter, dockerAfter, clock, speaksFrom, setup, image }: GroupSpec,
  securityGroups: readonly string[] | undefined,
): Pick<Group, 'machine' | 'versions' | 'version'> {
  const machine: Group['machine'] = {
    ...{ agentAfter, dockerAfter, clockAhead: clock, speaksFrom, hopLimit: setup.hopLimit, userData: setup.userData },
    ...image,
    securityGroups,
  };
  return { machine, versions: [machine], version: 1 };
}

/** One of its own, where the scenario says what it lets in. */
function securityGroupOf({ cloudFormation, random }: Lab, name: string, { setup }: GroupSpec): string[] | undefined {
  if (setup.ports === undefined) {
    return undefined;
  }
  const id = `sg-0${random.hex(16)}`;
  const SecurityGroupIngress = setup.ports.map((text) => {
    const [IpProtocol = '', port = ''] = text.split(' ');
    return { IpProtocol, FromPort: Number(port), ToPort: Number(port), SourceSecurityGroupId: id };
  });
  cloudFormation.account.add('AWS::EC2::SecurityGroup', id, {
    GroupDescription: name,
    VpcId: DEFAULT_VPC,
    SecurityGroupIngress,
  });
  return [id];
}

/** With a route table of their own, which leads nowhere. */
function isolatedSubnets(
  { cloudFormation: { account }, random }: Lab,
  name: string,
  { zones, setup }: GroupSpec,
): Group['subnets'] {
  if (!setup.isolated) {
    return undefined;
  }
  const table = `rtb-0${random.hex(16)}`;
  account.add('AWS::EC2::RouteTable', table, { VpcId: DEFAULT_VPC });
  return zones.map((zone, index) => {
    const id = `subnet-0${random.hex(16)}`;
    account.add('AWS::EC2::Subnet', id, {
      VpcId: DEFAULT_VPC,
      AvailabilityZone: zone,
      CidrBlock: `172.31.${128 + index}.0/24`,
    });
    account.add('AWS::EC2::SubnetRouteTableAssociation', `${name}-${zone}`, { RouteTableId: table, SubnetId: id });
    return { id, zone };
  });
}
