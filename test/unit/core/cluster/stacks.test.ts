// From a file to the stacks that it asks for: what each of them is told, and what a person reads of it.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { partOf, wishedStacks } from '../../../../src/core/cluster/stacks.ts';
import type { ParameterWish, StackWish } from '../../../../src/core/cluster/stacks.ts';
import { parse, textOf } from '../../../cluster/templates.ts';
import type { ClusterTemplate } from '../../../cluster/templates.ts';
import {
  CLUSTER,
  fileOf,
  GIVEN,
  INTERNAL,
  MANAGERS,
  NETWORK,
  RAW,
  WEB,
  withGroup,
} from '../../support/cluster-files.ts';
import type { Raw } from '../../support/cluster-files.ts';

type Parameters = Readonly<Record<string, ParameterWish>>;

const wishes = (changes: Raw = {}): StackWish[] => wishedStacks(fileOf({ ...RAW, ...changes }));
const named = (name: string, all: readonly StackWish[]): StackWish | undefined => all.find((one) => one.name === name);
const told = (name: string, changes?: Raw): Parameters | undefined => named(name, wishes(changes))?.parameters;
const words = (name: string, changes?: Raw): string | undefined => named(name, wishes(changes))?.what;
const ofNetwork = (output: string): ParameterWish => ({ stack: NETWORK, output });
const ofCluster = (output: string): ParameterWish => ({ stack: CLUSTER, output });

const PUBLIC = ['subnet-0aaaaaaaaaaaaaaaa', 'subnet-0bbbbbbbbbbbbbbbb'];
const SCRIPT = '#!/bin/sh\n';
const POLICY = 'arn:aws:iam::123456789012:policy/more';

describe('a stack', () => {
  it.each([
    ['dev', 'blue', CLUSTER, { template: 'cluster' }],
    ['dev', 'blue', NETWORK, { template: 'network' }],
    ['dev', 'blue', WEB, { template: 'group', group: 'web' }],
    ['dev', 'blu', CLUSTER, undefined],
    ['dev-Swarm', 'blue', CLUSTER, undefined],
  ])('of stage %s and cluster %s: %s', (stage, cluster, name, part) => {
    expect(partOf(stage, cluster, name)).toEqual(part);
  });

  it('says of which template and group it is, and its name tells the same', () => {
    for (const { name, template, group: of } of wishes()) {
      expect(partOf('dev', 'blue', name)).toEqual({ template, ...(of === undefined ? {} : { group: of }) });
    }
  });

  it('has a name that no stack of another cluster has', () => {
    const names = ['a', 'a-a', 'a-group-a', 'a-network'];
    const groups = { a: RAW.groups.managers };
    const all = names.flatMap((stage) =>
      names.flatMap((cluster) => wishes({ stage, cluster, groups }).map(({ name }) => name)),
    );
    expect(new Set(all).size).toBe(all.length);
  });
});

describe('the stack of a network', () => {
  it('is told what the file says', () => {
    expect(told(NETWORK)).toEqual({
      ...{ VpcCidr: '10.0.0.0/16', SubnetBits: '14', Egress: 'nat' },
      ...{ FirstZone: 'eu-west-1a', SecondZone: 'eu-west-1b', ThirdZone: 'eu-west-1c' },
    });
  });

  it('has a third zone only where there are three', () => {
    const network = { new: { cidr: '10.0.0.0/24', zones: ['eu-west-1a', 'eu-west-1b'], egress: 'endpoints' } };
    expect(told(NETWORK, { network })).toMatchObject({ SubnetBits: '6', ThirdZone: '', Egress: 'endpoints' });
  });

  it('is not there where the network is given', () => {
    expect(told(NETWORK, { network: GIVEN })).toBeUndefined();
  });
});

describe('the stack of what all groups share', () => {
  it('is told of a file that asks for nothing more', () => {
    expect(told(CLUSTER)).toEqual({
      ...{ Stage: 'dev', Cluster: 'blue', VpcId: ofNetwork('VpcId') },
      ...{ DataPathPort: '4789', LogRetentionDays: '30', ZoneName: '', Registry: 'no' },
      ...{ LoadBalancer: 'none', LoadBalancerPort: '443', LoadBalancerClients: '', LoadBalancerSubnetIds: '' },
    });
  });

  it.each<[what: string, changes: Raw, parameters: Parameters]>([
    ['its registry', { registry: true }, { Registry: 'yes' }],
    ['its zone', { dns: 'blue.internal' }, { ZoneName: 'blue.internal' }],
    ['the network that is given', { network: GIVEN }, { VpcId: GIVEN.given.vpc }],
    [
      'a load balancer where the nodes are',
      { loadBalancer: INTERNAL },
      {
        ...{ LoadBalancer: 'internal', LoadBalancerPort: '443', LoadBalancerClients: '10.0.0.0/8' },
        LoadBalancerSubnetIds: ofNetwork('SubnetIds'),
      },
    ],
    [
      'a load balancer where the nodes are, in the network that is given',
      { loadBalancer: INTERNAL, network: GIVEN },
      { LoadBalancerSubnetIds: GIVEN.given.subnets.join(',') },
    ],
    [
      'a load balancer elsewhere',
      { loadBalancer: { ...{ scheme: 'internet-facing', clients: '0.0.0.0/0' }, port: 8443, subnets: PUBLIC } },
      { LoadBalancer: 'internet-facing', LoadBalancerPort: '8443', LoadBalancerSubnetIds: PUBLIC.join(',') },
    ],
  ])('is told of %s', (_what, changes, parameters) => {
    expect(told(CLUSTER, changes)).toMatchObject(parameters);
  });
});

describe('the stack of a group', () => {
  it('is told of a group that asks for nothing more', () => {
    expect(told(MANAGERS)).toEqual({
      ...{ Stage: 'dev', Cluster: 'blue', Role: 'manager', SubnetIds: ofNetwork('SubnetIds') },
      ...{ SecurityGroupIds: ofCluster('ManagerSecurityGroupIds'), ClusterPolicyArn: ofCluster('NodePolicyArn') },
      ...{ TargetGroupArn: '', DnsZoneId: '', DnsName: '' },
      ...{ ImageId: RAW.image, RootDevice: '/dev/xvda', RootGiB: '30', ExtraPolicyArn: '', ExtraScript: '' },
      ...{ InstanceType: 't4g.small', SecondInstanceType: '', ThirdInstanceType: '', FourthInstanceType: '' },
      ...{ MinSize: '3', MaxSize: '3', OnDemandPercent: '100' },
      ...{ HookTimeout: '1800', Labels: '{}', Availability: 'active' },
      ...{ ReplaceDown: '', ReplaceAnnounced: '', ReplaceShare: '', ReplaceImpaired: '', RebalanceRecommendation: '' },
    });
  });

  it('is told what else its group asks for', () => {
    const changes = {
      ...{ image: 'ami-0fedcba9876543210', rootDevice: '/dev/sda1', rootGiB: 50, policy: POLICY, script: SCRIPT },
      ...{ types: ['m7g.large', 'm6g.large', 'c7g.large', 'c6g.large'], dnsName: 'web.blue.internal' },
      replace: { down: false, announced: '24h', share: 20, impaired: true, recommended: 'drain' },
    };
    expect(told(WEB, withGroup('web', changes))).toMatchObject({
      ...{ ImageId: 'ami-0fedcba9876543210', RootDevice: '/dev/sda1', RootGiB: '50' },
      ...{ InstanceType: 'm7g.large', SecondInstanceType: 'm6g.large' },
      ...{ ThirdInstanceType: 'c7g.large', FourthInstanceType: 'c6g.large' },
      ...{ ExtraPolicyArn: POLICY, ExtraScript: SCRIPT, DnsName: 'web.blue.internal' },
      ...{ MinSize: '2', MaxSize: '6', OnDemandPercent: '70', HookTimeout: '1800', Labels: '{"tier":"web"}' },
      ...{ ReplaceDown: 'false', ReplaceAnnounced: '24h', ReplaceShare: '20', ReplaceImpaired: 'true' },
      RebalanceRecommendation: 'drain',
    });
  });

  it('of workers has no way to the ports of managers', () => {
    expect(told(WEB)).toMatchObject({ Role: 'worker', SecurityGroupIds: ofCluster('WorkerSecurityGroupIds') });
  });

  it('takes the image of the file where the group names none', () => {
    expect(told(WEB, { rootDevice: '/dev/sda1' })).toMatchObject({ ImageId: RAW.image, RootDevice: '/dev/sda1' });
  });

  it('is where the given network is', () => {
    expect(told(WEB, { network: GIVEN })).toMatchObject({ SubnetIds: GIVEN.given.subnets.join(',') });
  });

  it('is behind the load balancer where its group says so', () => {
    const of = (name: string): unknown =>
      told(name, { loadBalancer: INTERNAL, ...withGroup('web', { loadBalancer: true }) })?.['TargetGroupArn'];
    expect([of(WEB), of(MANAGERS)]).toEqual([ofCluster('TargetGroupArn'), '']);
  });

  const DNS = { dns: 'blue.internal' };
  it.each<[what: string, name: string, has: boolean, changes: Raw]>([
    ['managers have a name in the zone', MANAGERS, true, DNS],
    ['workers have none where the file says none', WEB, false, DNS],
    [
      'workers have the one that the file says',
      WEB,
      true,
      { ...DNS, ...withGroup('web', { dnsName: 'web.blue.internal' }) },
    ],
    ['nobody has one where there is no zone', MANAGERS, false, {}],
    ['workers have none where there is no zone', WEB, false, withGroup('web', { dnsName: 'web.blue.internal' })],
  ])('%s', (_what, name, has, changes) => {
    expect(told(name, changes)?.['DnsZoneId']).toEqual(has ? ofCluster('ZoneId') : '');
  });
});

describe('a template', () => {
  type Parameter = Partial<ClusterTemplate['Parameters'][string]>;
  const templates = {
    network: parse(textOf('network')),
    cluster: parse(textOf('cluster')),
    group: parse(textOf('group')),
  };
  const optional = <T>(value: T): fc.Arbitrary<T | undefined> => fc.option(fc.constant(value), { nil: undefined });
  const files = fc
    .record({
      network: fc.constantFrom<Raw>(RAW.network, GIVEN),
      dns: optional('blue.internal'),
      registry: fc.boolean(),
      loadBalancer: optional(INTERNAL),
      more: optional({ ...{ policy: POLICY, script: SCRIPT, dnsName: 'web.blue.internal' }, replace: { share: 20 } }),
      served: fc.boolean(),
    })
    .map(({ more, served, ...file }) => ({
      ...file,
      ...withGroup('web', { ...more, loadBalancer: served && file.loadBalancer !== undefined }),
    }));

  const isTaken = (value: string, { AllowedPattern = '', AllowedValues = [value] }: Parameter): boolean =>
    AllowedValues.map(String).includes(value) && new RegExp(AllowedPattern).test(value);

  it('is told of all of its parameters, with values that it takes, and of outputs that there are', () => {
    fc.assert(
      fc.property(files, (file) => {
        const all = wishes(file);
        const isThere = ({ stack, output }: Exclude<ParameterWish, string>): boolean =>
          Object.hasOwn(templates[named(stack, all)?.template ?? 'group'].Outputs, output);
        for (const { template, parameters } of all) {
          const wanted = templates[template].Parameters;
          expect(Object.keys(parameters).toSorted()).toEqual(Object.keys(wanted).toSorted());
          const wrong = Object.entries(parameters).filter(([name, value]) =>
            typeof value === 'string' ? !isTaken(value, wanted[name] ?? {}) : !isThere(value),
          );
          expect(wrong).toEqual([]);
        }
      }),
    );
  });
});

describe('a person reads', () => {
  it.each<[what: string, name: string, changes: Raw, said: string]>([
    [
      'a network',
      NETWORK,
      {},
      'a VPC with the network 10.0.0.0/16 and private subnets in eu-west-1a, eu-west-1b, eu-west-1c',
    ],
    ['what groups share', CLUSTER, {}, 'security groups, a log group and a policy for the nodes'],
    [
      'more that groups share',
      CLUSTER,
      { registry: true, dns: 'blue.internal', loadBalancer: INTERNAL },
      'security groups, a log group and a policy for the nodes, a bucket for images, the private zone blue.internal, ' +
        'a load balancer, internal, for 10.0.0.0/8',
    ],
    ['a group whose size is fixed', MANAGERS, {}, '3 manager(s), t4g.small'],
    ['a group that scales, partly spot', WEB, {}, '2 to 6 worker(s), m7g.large or m6g.large, 30 % spot'],
  ])('of %s', (_what, name, changes, said) => {
    expect(words(name, changes)).toBe(said);
  });
});
