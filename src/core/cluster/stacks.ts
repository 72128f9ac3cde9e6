// The stacks that a cluster's file asks for, each with its template and its parameters, in the order in which they are made.
import { secondsOf } from './file.ts';
import type { ClusterFile, FileGroup } from './file.ts';

export type TemplateName = 'network' | 'cluster' | 'group';

/** A parameter is a text, or what another stack tells when it is there. */
export type ParameterWish = string | { readonly stack: string; readonly output: string };

export interface StackWish {
  readonly name: string;
  readonly template: TemplateName;
  /** Of a group's stack: its name in the file. */
  readonly group: string | undefined;
  readonly parameters: Readonly<Record<string, ParameterWish>>;
  /** What it is, for a person. */
  readonly what: string;
}

/** Clusters, stages and groups are named in lower case: the capitals cannot be part of a name, so no two stacks meet in one. */
const clusterStack = (stage: string, cluster: string): string => `skep-${stage}-Swarm-${cluster}`;
const networkStack = (stage: string, cluster: string): string => `${clusterStack(stage, cluster)}-Network`;
const groupPrefix = (stage: string, cluster: string): string => `${clusterStack(stage, cluster)}-Group-`;

export type Part =
  { readonly template: 'network' | 'cluster' } | { readonly template: 'group'; readonly group: string };

/** Which part of the cluster a stack is; undefined where it is none. */
export function partOf(stage: string, cluster: string, stack: string): Part | undefined {
  if (stack === networkStack(stage, cluster)) {
    return { template: 'network' };
  }
  if (stack === clusterStack(stage, cluster)) {
    return { template: 'cluster' };
  }
  const prefix = groupPrefix(stage, cluster);
  return stack.startsWith(prefix) ? { template: 'group', group: stack.slice(prefix.length) } : undefined;
}

/** Network, cluster, managers, workers: each needs what comes before it. */
export function wishedStacks(file: ClusterFile): StackWish[] {
  const groups = Object.entries(file.groups);
  const ofRole = (role: FileGroup['role']): StackWish[] =>
    groups.filter(([, group]) => group.role === role).map(([name, group]) => groupWish(file, name, group));
  return [...networkWish(file), clusterWish(file), ...ofRole('manager'), ...ofRole('worker')];
}

function networkWish({ stage, cluster, network }: ClusterFile): StackWish[] {
  if (network.new === undefined) {
    return [];
  }
  const { cidr, zones, egress } = network.new;
  const [first = '', second = '', third = ''] = zones;
  return [
    {
      name: networkStack(stage, cluster),
      template: 'network',
      group: undefined,
      parameters: {
        VpcCidr: cidr,
        // Four times as many addresses as one of the three subnets has.
        SubnetBits: String(30 - Number(cidr.split('/')[1])),
        FirstZone: first,
        SecondZone: second,
        ThirdZone: third,
        Egress: egress,
      },
      what: `a VPC with the network ${cidr} and private subnets in ${zones.join(', ')}`,
    },
  ];
}

/** What a stack of the network tells, or what the file gives in its place. */
function ofNetwork({ stage, cluster, network }: ClusterFile, output: string, given: string | undefined): ParameterWish {
  return network.new === undefined ? (given ?? '') : { stack: networkStack(stage, cluster), output };
}

function subnetsOf(file: ClusterFile): ParameterWish {
  return ofNetwork(file, 'SubnetIds', file.network.given?.subnets.join(','));
}

function clusterWish(file: ClusterFile): StackWish {
  const { stage, cluster, swarm, logs, dns = '', registry, network } = file;
  return {
    name: clusterStack(stage, cluster),
    template: 'cluster',
    group: undefined,
    parameters: {
      Stage: stage,
      Cluster: cluster,
      VpcId: ofNetwork(file, 'VpcId', network.given?.vpc),
      DataPathPort: String(swarm.dataPathPort),
      LogRetentionDays: String(logs.retentionDays),
      ZoneName: dns,
      Registry: registry ? 'yes' : 'no',
      ...balancerParameters(file),
    },
    what: sharedWords(file),
  };
}

function balancerParameters(file: ClusterFile): StackWish['parameters'] {
  const { loadBalancer } = file;
  if (loadBalancer === undefined) {
    return { LoadBalancer: 'none', LoadBalancerPort: '443', LoadBalancerClients: '', LoadBalancerSubnetIds: '' };
  }
  return {
    LoadBalancer: loadBalancer.scheme,
    LoadBalancerPort: String(loadBalancer.port),
    LoadBalancerClients: loadBalancer.clients,
    LoadBalancerSubnetIds: loadBalancer.subnets?.join(',') ?? subnetsOf(file),
  };
}

function sharedWords({ registry, dns, loadBalancer }: ClusterFile): string {
  return [
    'security groups, a log group and a policy for the nodes',
    ...(registry ? ['a bucket for images'] : []),
    ...(dns === undefined ? [] : [`the private zone ${dns}`]),
    ...(loadBalancer === undefined ? [] : [`a load balancer, ${loadBalancer.scheme}, for ${loadBalancer.clients}`]),
  ].join(', ');
}

function groupWish(file: ClusterFile, name: string, group: FileGroup): StackWish {
  const { stage, cluster } = file;
  const shared = (output: string): ParameterWish => ({ stack: clusterStack(stage, cluster), output });
  return {
    name: `${groupPrefix(stage, cluster)}${name}`,
    template: 'group',
    group: name,
    parameters: {
      Stage: stage,
      Cluster: cluster,
      Role: group.role,
      SubnetIds: subnetsOf(file),
      SecurityGroupIds: shared(group.role === 'manager' ? 'ManagerSecurityGroupIds' : 'WorkerSecurityGroupIds'),
      TargetGroupArn: group.loadBalancer ? shared('TargetGroupArn') : '',
      ClusterPolicyArn: shared('NodePolicyArn'),
      DnsZoneId: hasName(file, group) ? shared('ZoneId') : '',
      DnsName: group.dnsName ?? '',
      ...machineParameters(file, group),
      ...sizeParameters(group),
      ...replaceParameters(group),
    },
    what: groupWords(group),
  };
}

/** Managers by default, workers under a name that the file says. */
const hasName = ({ dns }: ClusterFile, { role, dnsName }: FileGroup): boolean =>
  dns !== undefined && (role === 'manager' || dnsName !== undefined);

function machineParameters(file: ClusterFile, group: FileGroup): Record<string, string> {
  const [first = '', second = '', third = '', fourth = ''] = group.types;
  return {
    ImageId: group.image ?? file.image,
    RootDevice: group.rootDevice ?? file.rootDevice,
    RootGiB: String(group.rootGiB),
    InstanceType: first,
    SecondInstanceType: second,
    ThirdInstanceType: third,
    FourthInstanceType: fourth,
    ExtraPolicyArn: group.policy ?? '',
    ExtraScript: group.script ?? '',
  };
}

function sizeParameters({
  size,
  max = size,
  spotPercent,
  hookTimeout,
  labels,
  availability,
}: FileGroup): Record<string, string> {
  return {
    MinSize: String(size),
    MaxSize: String(max),
    OnDemandPercent: String(100 - spotPercent),
    HookTimeout: String(secondsOf(hookTimeout)),
    Labels: JSON.stringify(labels),
    Availability: availability,
  };
}

/** Empty for what the file leaves out: then the group has no such tag. */
function replaceParameters({ replace }: FileGroup): Record<string, string> {
  return {
    ReplaceDown: String(replace.down ?? ''),
    ReplaceAnnounced: replace.announced ?? '',
    ReplaceShare: String(replace.share ?? ''),
    ReplaceImpaired: String(replace.impaired ?? ''),
    RebalanceRecommendation: replace.recommended ?? '',
  };
}

function groupWords({ role, size, max = size, types, spotPercent }: FileGroup): string {
  const count = max === size ? `${size}` : `${size} to ${max}`;
  const spot = spotPercent === 0 ? '' : `, ${spotPercent} % spot`;
  return `${count} ${role}(s), ${types.join(' or ')}${spot}`;
}
