// The templates of cluster/: what AWS's schemas take, what they refer to, and what must hold of every one.
import { describe, expect, it } from '@jest/globals';

import { AGENT_SERVICES } from '../../src/core/agent-services.ts';
import { hookProblems } from '../../src/core/lifecycle/hooks.ts';
import type { HookFacts } from '../../src/core/lifecycle/hooks.ts';
import { referenceProblems } from './reference-problems.ts';
import { schemaProblems } from './schema-problems.ts';
import { structureProblems } from './structure-problems.ts';
import { asText, at, NAMES, parse, textOf } from './templates.ts';
import type { ClusterTemplate, Json, TemplateName } from './templates.ts';

const problems = (template: ClusterTemplate): string[] => [
  ...schemaProblems(template),
  ...referenceProblems(template),
  ...structureProblems(template),
];

describe.each(NAMES)('the template %s', (name) => {
  it('is what AWS takes, and has nothing that must not be', () => {
    expect(problems(parse(textOf(name)))).toEqual([]);
  });

  it('is small enough to be sent without a bucket', () => {
    expect(Buffer.byteLength(textOf(name))).toBeLessThan(51_200);
  });
});

/** One mistake: what is planted into which template, by its text, and what must be said of it. */
type Mistake = readonly [what: string, template: TemplateName, old: string | RegExp, planted: string, said: string];

const MISTAKES: readonly Mistake[] = [
  ['a misspelt property', 'group', 'VPCZoneIdentifier:', 'VpcZoneIdentifier:', 'no property VpcZoneIdentifier'],
  ['a misspelt property deep inside', 'group', 'TerminateHookAbandon:', 'TerminateHookAbandoned:', 'no property'],
  ['a property left out', 'group', 'MaxSize: { Ref: MaxSize }', '', 'MaxSize is missing'],
  ['a list that is none', 'group', 'Roles: [{ Ref: NodeRole }]', 'Roles: NodeRole', 'a list is wanted'],
  ['a type that AWS lacks', 'network', 'AWS::EC2::NatGateway', 'AWS::EC2::NATGateway', 'AWS has no type'],
  ['a text for a number', 'group', 'HttpPutResponseHopLimit: 1', 'HttpPutResponseHopLimit: one', 'integer is wanted'],
  ['a reference to nothing', 'group', '{ Ref: LaunchTemplate }', '{ Ref: Template }', 'refers to Template'],
  ['an attribute that there is not', 'group', '[NodeRole, Arn]', '[NodeRole, ARN]', 'no attribute ARN'],
  ['a variable of a text that leads nowhere', 'group', '${Cluster} ${Role}', '${Clusters} ${Role}', 'Clusters'],
  ['a reference to what may not be there', 'network', 'Condition: HasThirdZone', 'Condition: HasNat', 'only if'],
  ['a condition that there is not', 'cluster', 'Condition: HasZone', 'Condition: HasZones', 'no such condition'],
  ['a parameter that nothing uses', 'group', 'VolumeSize: { Ref: RootGiB }', 'VolumeSize: 30', 'nothing uses this'],
  ['a launch hook left out', 'group', 'EC2_INSTANCE_LAUNCHING', 'EC2_INSTANCE_TERMINATING', 'no inline hook'],
  ['a creation policy', 'group', '    UpdatePolicy:', '    CreationPolicy: {}\n    UpdatePolicy:', 'CreationPolicy'],
  ['a rolling update', 'group', 'AutoScalingScheduledAction:', 'AutoScalingRollingUpdate:', 'AutoScalingRollingUpdate'],
  [
    'a desired capacity',
    'group',
    'MinSize: { Ref: MinSize }',
    'MinSize: { Ref: MinSize }\n      DesiredCapacity: 3',
    'Desired',
  ],
  ['an update that sets sizes', 'group', 'SizeProperties: true', 'SizeProperties: false', 'sets its size'],
  ['deletion by force', 'group', 'DeletionProtection: prevent-force-deletion', 'DeletionProtection: none', 'by force'],
  [
    'managers that are not retained',
    'group',
    'TerminateHookAbandon: retain',
    'TerminateHookAbandon: terminate',
    'retained',
  ],
  [
    'managers that go first',
    'group',
    'MinHealthyPercentage: 100',
    'MinHealthyPercentage: 50',
    'before its replacement',
  ],
  ['a manager ended by time', 'group', '[IsManager, ABANDON, CONTINUE]', '[IsManager, CONTINUE, ABANDON]', 'CONTINUE'],
  ['managers on spot', 'group', "{ Ref: OnDemandPercent }, '100'", "{ Ref: OnDemandPercent }, '50'", 'may be spot'],
  ['health by a load balancer', 'group', 'HealthCheckType: EC2', 'HealthCheckType: ELB', 'health check'],
  ['metadata without a token', 'group', 'HttpTokens: required', 'HttpTokens: optional', 'without a token'],
  ['metadata for containers', 'group', 'HopLimit: 1', 'HopLimit: 2', 'containers reach'],
  ['a disk in clear', 'group', 'Encrypted: true', 'Encrypted: false', 'not encrypted'],
  ['a public address', 'group', 'AssociatePublicIpAddress: false', 'AssociatePublicIpAddress: true', 'public address'],
  ['a public subnet', 'network', 'MapPublicIpOnLaunch: false', 'MapPublicIpOnLaunch: true', 'public addresses'],
  ['ingress from everybody', 'network', 'CidrIp: { Ref: VpcCidr }', 'CidrIp: 0.0.0.0/0', 'everybody'],
  ['ingress from everybody by default', 'network', 'Default: 10.0.0.0/16', 'Default: 0.0.0.0/0', 'everybody'],
  ['SSH', 'cluster', 'FromPort: 2377', 'FromPort: 22', 'port 22'],
  [
    'a bucket that may become public',
    'cluster',
    'BlockPublicPolicy: true',
    'BlockPublicPolicy: false',
    'become public',
  ],
  [
    'a bucket that goes',
    'cluster',
    /Condition: HasRegistry\n {4}DeletionPolicy: Retain/,
    'Condition: HasRegistry',
    'goes with',
  ],
  ['a policy for anything', 'cluster', 's3:GetObject', 's3:*', 'any action'],
  ['a policy on everything', 'cluster', 'Resource: { Fn::GetAtt: [LogGroup, Arn] }', "Resource: '*'", 'on everything'],
  ['an image that moves', 'group', 'AWS::EC2::Image::Id', 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', 'moves'],
  [
    'zones by their order',
    'network',
    '{ Ref: FirstZone }',
    "{ Fn::Select: [0, { Fn::GetAZs: '' }] }",
    'order of zones',
  ],
  [
    'a template without its number',
    'group',
    '{ Fn::GetAtt: [LaunchTemplate, LatestVersionNumber] }',
    '$Latest',
    'number',
  ],
  [
    'a name',
    'group',
    'Roles: [{ Ref: NodeRole }]',
    'InstanceProfileName: x\n      Roles: [{ Ref: NodeRole }]',
    'is given',
  ],
];

describe('a mistake is found', () => {
  it.each(MISTAKES)('%s', (_what, name, old, planted, said) => {
    const text = textOf(name);
    const broken = text.replace(old, planted.replaceAll('$', '$$$$'));
    expect(broken).not.toBe(text);
    const found = problems(parse(broken));
    expect(found.join('\n')).toContain(said);
  });

  it.each([
    ['a YAML alias', 'Description: a', 'Description: &a a\nX: *a'],
    ['a key that stands twice', 'Description: a', 'Description: a\nDescription: b'],
    ['a member that no template has', 'Description: a', 'Description: a\nMapping: {}'],
  ])('%s', (_what, old, planted) => {
    const template =
      "AWSTemplateFormatVersion: '2010-09-09'\nDescription: a\nParameters: {}\nResources: {}\nOutputs: {}\n";
    expect(() => parse(template)).not.toThrow();
    expect(() => parse(template.replace(old, planted))).toThrow();
  });
});

it('the network has an endpoint of each service that an SSM agent calls', () => {
  const services = Object.values(parse(textOf('network')).Resources)
    .filter(({ Type }) => Type === 'AWS::EC2::VPCEndpoint')
    .map(({ Properties }) =>
      asText(at(Properties, 'ServiceName', 'Fn::Sub')).replace('com.amazonaws.${AWS::Region}.', ''),
    );

  expect(services).toEqual(expect.arrayContaining([...AGENT_SERVICES]));
});

describe('the hooks of a group', () => {
  const { Properties } = parse(textOf('group')).Resources['Group'] ?? {};

  /** As CloudFormation would make it of these parameters. */
  function hook(given: Json, parameters: Readonly<Record<string, string>>): HookFacts {
    const filled = (text: Json): string =>
      asText(text).replaceAll(/\$\{(\w+)\}/g, (_all, name: string) => parameters[name] ?? `no ${name}`);
    const result = at(given, 'DefaultResult');
    return {
      name: filled(at(given, 'LifecycleHookName', 'Fn::Sub')),
      transition: asText(at(given, 'LifecycleTransition')),
      metadata: filled(at(given, 'NotificationMetadata', 'Fn::Sub')),
      timeout: Number(parameters[asText(at(given, 'HeartbeatTimeout', 'Ref'))]),
      defaultResult: asText(
        at(result, 'Fn::If') === null ? result : at(result, 'Fn::If', parameters['Role'] === 'manager' ? 1 : 2),
      ),
    };
  }

  it.each([
    ['manager', 'active'],
    ['manager', 'drain'],
    ['worker', 'active'],
  ] as const)('are as skep wants them, for a %s that is %s', (role, availability) => {
    const parameters = { Stage: 'prod', Cluster: 'blue', Role: role, HookTimeout: '1800', Availability: availability };
    const hooks = [0, 1].map((index) =>
      hook(at(Properties, 'LifecycleHookSpecificationList', index), { ...parameters, Labels: '{"tier":"web"}' }),
    );
    expect(hookProblems('prod', 'blue', { name: 'g', role, hooks })).toEqual([]);
    expect(hookProblems('dev', 'blue', { name: 'g', role, hooks })).not.toEqual([]);
  });
});
