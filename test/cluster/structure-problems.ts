// What must hold of every template that makes a cluster, whatever AWS would take: security, and what has cost other people their swarms.
import { asText, at, isObject, objectsIn } from './templates.ts';
import type { ClusterResource, ClusterTemplate, Json, JsonObject } from './templates.ts';

type Rule = (template: ClusterTemplate) => readonly string[];

export function structureProblems(template: ClusterTemplate): string[] {
  return RULES.flatMap((rule) => rule(template));
}

const RULES: readonly Rule[] = [
  hooksInline,
  nothingWaitsForSignals,
  sizeIsLeftAlone,
  managersAreKept,
  managersAreNotSpot,
  healthIsEc2s,
  metadataIsClosed,
  disksAreEncrypted,
  noPublicAddress,
  noOpenIngress,
  bucketsAreClosed,
  policiesAreNarrow,
  nothingMovesByItself,
  nothingIsNamed,
];

const ofType = (template: ClusterTemplate, type: string): [string, ClusterResource][] =>
  Object.entries(template.Resources).filter(([, resource]) => resource.Type === type);
const groups = (template: ClusterTemplate): [string, ClusterResource][] =>
  ofType(template, 'AWS::AutoScaling::AutoScalingGroup');
const launchData = (template: ClusterTemplate): [string, Json][] =>
  ofType(template, 'AWS::EC2::LaunchTemplate').map(([id, it]) => [id, at(it.Properties, 'LaunchTemplateData')]);
const list = (value: Json): readonly Json[] => (Array.isArray(value) ? value : []);
const ifManager = (value: Json): Json => (at(value, 'Fn::If', 0) === 'IsManager' ? at(value, 'Fn::If', 1) : null);

/** A hook that is a resource of its own comes after the first instances, and may go before the last. */
function hooksInline(template: ClusterTemplate): string[] {
  const own = ofType(template, 'AWS::AutoScaling::LifecycleHook').map(([id]) => `${id}: a hook of its own`);
  const without = groups(template).flatMap(([id, { Properties }]) => {
    const hooks = list(at(Properties, 'LifecycleHookSpecificationList'));
    const transitions = hooks.map((hook) => at(hook, 'LifecycleTransition'));
    return ['LAUNCHING', 'TERMINATING'].flatMap((end) =>
      transitions.includes(`autoscaling:EC2_INSTANCE_${end}`) ? [] : [`${id}: no inline hook for ${end}`],
    );
  });
  return [...own, ...without];
}

/** The hook is what a group waits for. CloudFormation's own rolling has cost quorums. */
function nothingWaitsForSignals(template: ClusterTemplate): string[] {
  return Object.entries(template.Resources).flatMap(([id, { CreationPolicy, UpdatePolicy = {} }]) => [
    ...(CreationPolicy === undefined ? [] : [`${id}: CreationPolicy`]),
    ...['AutoScalingRollingUpdate', 'AutoScalingReplacingUpdate', 'AutoScalingInstanceRefresh']
      .filter((policy) => Object.hasOwn(UpdatePolicy, policy))
      .map((policy) => `${id}: ${policy}`),
  ]);
}

function sizeIsLeftAlone(template: ClusterTemplate): string[] {
  return groups(template).flatMap(([id, { Properties, UpdatePolicy }]) => [
    ...(Object.hasOwn(Properties, 'DesiredCapacity') ? [`${id}: DesiredCapacity undoes what scaling chose`] : []),
    ...(at(UpdatePolicy, 'AutoScalingScheduledAction', 'IgnoreUnmodifiedGroupSizeProperties') === true
      ? []
      : [`${id}: an update sets its size`]),
    ...(Properties['DeletionProtection'] === 'prevent-force-deletion' ? [] : [`${id}: can be deleted by force`]),
  ]);
}

function managersAreKept(template: ClusterTemplate): string[] {
  return groups(template).flatMap(([id, { Properties }]) => {
    const retained = at(
      ifManager(at(Properties, 'InstanceLifecyclePolicy')),
      'RetentionTriggers',
      'TerminateHookAbandon',
    );
    const maintenance = ifManager(at(Properties, 'InstanceMaintenancePolicy'));
    const terminate = list(at(Properties, 'LifecycleHookSpecificationList')).find(
      (hook) => at(hook, 'LifecycleTransition') === 'autoscaling:EC2_INSTANCE_TERMINATING',
    );
    return [
      ...(retained === 'retain' ? [] : [`${id}: managers are not retained`]),
      ...(at(maintenance, 'MinHealthyPercentage') === 100 && at(maintenance, 'MaxHealthyPercentage') === 200
        ? []
        : [`${id}: a manager goes before its replacement is there`]),
      ...(ifManager(at(terminate, 'DefaultResult')) === 'ABANDON'
        ? []
        : [`${id}: a manager's hook ends with CONTINUE`]),
    ];
  });
}

function managersAreNotSpot(template: ClusterTemplate): string[] {
  const asserted = objectsIn(Object.values(template.Rules))
    .map((it) => JSON.stringify(at(it, 'Assert')))
    .includes('{"Fn::Equals":[{"Ref":"OnDemandPercent"},"100"]}');
  return groups(template).length === 0 || asserted ? [] : ['Rules: managers may be spot'];
}

function healthIsEc2s(template: ClusterTemplate): string[] {
  return groups(template).flatMap(([id, { Properties }]) =>
    Properties['HealthCheckType'] === 'EC2' ? [] : [`${id}: a load balancer's health check may end every manager`],
  );
}

function metadataIsClosed(template: ClusterTemplate): string[] {
  return launchData(template).flatMap(([id, data]) => {
    const options = at(data, 'MetadataOptions');
    return [
      ...(at(options, 'HttpTokens') === 'required' ? [] : [`${id}: instance metadata answers without a token`]),
      ...(at(options, 'HttpPutResponseHopLimit') === 1 ? [] : [`${id}: containers reach instance metadata`]),
    ];
  });
}

function disksAreEncrypted(template: ClusterTemplate): string[] {
  return launchData(template).flatMap(([id, data]) => {
    const disks = list(at(data, 'BlockDeviceMappings')).map((mapping) => at(mapping, 'Ebs', 'Encrypted'));
    return disks.length > 0 && disks.every((encrypted) => encrypted === true) ? [] : [`${id}: a disk is not encrypted`];
  });
}

function noPublicAddress(template: ClusterTemplate): string[] {
  const launched = launchData(template).flatMap(([id, data]) => {
    const interfaces = list(at(data, 'NetworkInterfaces')).map((it) => at(it, 'AssociatePublicIpAddress'));
    return interfaces.length > 0 && interfaces.every((associates) => associates === false)
      ? []
      : [`${id}: an instance may get a public address`];
  });
  const subnets = ofType(template, 'AWS::EC2::Subnet').flatMap(([id, { Properties }]) =>
    Properties['MapPublicIpOnLaunch'] === false ? [] : [`${id}: gives public addresses`],
  );
  const addresses = ofType(template, 'AWS::EC2::EIP').map(([id]) => `${id}: a public address`);
  return [...launched, ...subnets, ...addresses];
}

const EVERYBODY = ['0.0.0.0/0', '::/0'];

function noOpenIngress(template: ClusterTemplate): string[] {
  const single = ofType(template, 'AWS::EC2::SecurityGroupIngress').map(([id, it]) => [id, it.Properties] as const);
  const within = ofType(template, 'AWS::EC2::SecurityGroup').flatMap(([id, { Properties }]) =>
    list(at(Properties, 'SecurityGroupIngress')).map((rule) => [id, isObject(rule) ? rule : {}] as const),
  );
  return [...single, ...within].flatMap(([id, rule]) => [
    ...(isOpen(template, rule) ? [`${id}: everybody may connect`] : []),
    ...(reaches(rule, 22) ? [`${id}: port 22 is open`] : []),
  ]);
}

function isOpen(template: ClusterTemplate, rule: JsonObject): boolean {
  return ['CidrIp', 'CidrIpv6'].some((key) => {
    const from = at(rule, key);
    const chosen = at(from, 'Ref') === null ? from : (template.Parameters[asText(at(from, 'Ref'))]?.Default ?? null);
    return EVERYBODY.includes(asText(chosen)) || at(from, 'Fn::If') !== null;
  });
}

const reaches = (rule: JsonObject, port: number): boolean =>
  rule['IpProtocol'] === '-1' || (Number(rule['FromPort']) <= port && Number(rule['ToPort']) >= port);

function bucketsAreClosed(template: ClusterTemplate): string[] {
  return ofType(template, 'AWS::S3::Bucket').flatMap(([id, { Properties, DeletionPolicy }]) => {
    const blocks = Object.values(at(Properties, 'PublicAccessBlockConfiguration') ?? {});
    return [
      ...(blocks.length === 4 && blocks.every((one) => one === true) ? [] : [`${id}: may become public`]),
      ...(at(Properties, 'BucketEncryption') === null ? [`${id}: is not encrypted`] : []),
      ...(DeletionPolicy === 'Retain' ? [] : [`${id}: goes with its stack`]),
    ];
  });
}

function policiesAreNarrow(template: ClusterTemplate): string[] {
  return Object.entries(template.Resources).flatMap(([id, { Properties }]) =>
    objectsIn(Properties)
      .filter((it) => it['Effect'] === 'Allow')
      .flatMap((statement) => [
        ...([statement['Action']].flat().some((action) => asText(action).includes('*'))
          ? [`${id}: allows any action`]
          : []),
        ...([statement['Resource']].flat().includes('*') ? [`${id}: allows it on everything`] : []),
      ]),
  );
}

/** What another person's change elsewhere would change here, at the next update for whatever reason. */
function nothingMovesByItself(template: ClusterTemplate): string[] {
  const parameters = Object.entries(template.Parameters).flatMap(([name, { Type }]) =>
    Type.startsWith('AWS::SSM::Parameter') ? [`${name}: moves with each update`] : [],
  );
  const resources = Object.entries(template.Resources).flatMap(([id, { Properties }]) => {
    const text = JSON.stringify(Properties);
    return [
      ...(text.includes('"Fn::GetAZs"') ? [`${id}: the order of zones changes`] : []),
      ...(/"\$(Latest|Default)"/.test(text) ? [`${id}: a launch template without its number`] : []),
    ];
  });
  return [...parameters, ...resources];
}

/** Names collide where a stack is made anew, or twice. */
function nothingIsNamed(template: ClusterTemplate): string[] {
  const names = ['RoleName', 'ManagedPolicyName', 'InstanceProfileName', 'LaunchTemplateName', 'AutoScalingGroupName'];
  names.push('BucketName', 'LogGroupName', 'GroupName');
  return Object.entries(template.Resources).flatMap(([id, { Properties }]) =>
    names.filter((name) => Object.hasOwn(Properties, name)).map((name) => `${id}: ${name} is given`),
  );
}
