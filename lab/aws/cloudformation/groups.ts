// Auto Scaling groups, their hooks and launch templates that a template makes: real groups of the lab, with real instances.
import { z } from 'zod';

import { groupArn } from '../services/auto-scaling.ts';
import type { AutoScaling } from '../services/auto-scaling.ts';
import type { Group, Hook } from '../services/group.ts';
import { checkHook } from '../services/group-limits.ts';
import { AwsError } from '../services/service.ts';
import type { Json, JsonObject } from '../stack/stack.ts';
import type { Account, AccountRecord } from './account.ts';
import { HandlerError, textOf } from './handler.ts';
import type { Handler, UpdatePolicy } from './handler.ts';
import { LaunchTemplates, templateOf } from './launch-templates.ts';
import { RECORDS } from './records.ts';
import { flag } from '../services/inputs.ts';

const GROUP_TYPE = 'AWS::AutoScaling::AutoScalingGroup';

const number = z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]);
const inert = z.json().optional();

const hook = z.strictObject({
  LifecycleHookName: z.string(),
  LifecycleTransition: z.enum(['autoscaling:EC2_INSTANCE_LAUNCHING', 'autoscaling:EC2_INSTANCE_TERMINATING']),
  HeartbeatTimeout: number.default(3600),
  DefaultResult: z.enum(['CONTINUE', 'ABANDON']).default('ABANDON'),
  NotificationMetadata: z.string().optional(),
});
const ownHook = hook.extend({ AutoScalingGroupName: z.string(), LifecycleHookName: z.string().optional() });
const percentage = number.optional();
const group = z.strictObject({
  AutoScalingGroupName: z.string().optional(),
  MinSize: number,
  MaxSize: number,
  DesiredCapacity: number.optional(),
  VPCZoneIdentifier: z.array(z.string()).min(1),
  LaunchTemplate: templateOf.optional(),
  MixedInstancesPolicy: z
    .strictObject({
      InstancesDistribution: inert,
      LaunchTemplate: z.strictObject({ LaunchTemplateSpecification: templateOf, Overrides: inert }),
    })
    .optional(),
  LifecycleHookSpecificationList: z.array(hook).default([]),
  HealthCheckType: z.literal('EC2').optional(),
  HealthCheckGracePeriod: number.default(0),
  TargetGroupARNs: z.array(z.string()).default([]),
  InstanceMaintenancePolicy: z
    .strictObject({ MinHealthyPercentage: percentage, MaxHealthyPercentage: percentage })
    .optional(),
  InstanceLifecyclePolicy: z
    .strictObject({ RetentionTriggers: z.strictObject({ TerminateHookAbandon: z.enum(['retain', 'terminate']) }) })
    .optional(),
  DeletionProtection: inert,
  CapacityRebalance: inert,
  NewInstancesProtectedFromScaleIn: z.literal(false).optional(),
  Tags: z.array(z.strictObject({ Key: z.string(), Value: z.string(), PropagateAtLaunch: flag })).default([]),
});
type GroupProperties = z.output<typeof group>;

interface Sources {
  readonly account: Account;
  readonly autoScaling: AutoScaling;
  /** Which profile the instances of a group are to have; undefined for none. */
  readonly setProfile: (group: string, profile: string | undefined) => void;
  readonly hasProfile: (nameOrArn: string) => boolean;
}

export class MadeGroups {
  readonly #sources: Sources;
  readonly #templates: LaunchTemplates;

  constructor(sources: Sources) {
    this.#sources = sources;
    this.#templates = new LaunchTemplates(sources.account, sources.hasProfile);
  }

  get handlers(): Readonly<Record<string, Handler>> {
    return {
      ...this.#securityGroups(),
      'AWS::EC2::LaunchTemplate': this.#templates.handler,
      [GROUP_TYPE]: this.#groups(),
      'AWS::AutoScaling::LifecycleHook': this.#hooks(),
    };
  }

  /** One cannot go while an instance has it. */
  #securityGroups(): Readonly<Record<string, Handler>> {
    const type = 'AWS::EC2::SecurityGroup';
    const remove = ({ id }: AccountRecord): void => {
      const owner = this.#sources.account.all(GROUP_TYPE).find(({ id: name, properties }) => {
        const members = this.#sources.autoScaling.groups.get(name)?.members.size ?? 0;
        return members > 0 && this.#templates.securityGroupsFor(specificationOf(read(group, properties))).includes(id);
      });
      if (owner !== undefined) {
        throw new HandlerError('InvalidRequest', `resource ${id} has a dependent object`);
      }
    };
    const handler = RECORDS[type];
    return handler === undefined ? {} : { [type]: { ...handler, effects: { remove } } };
  }

  #groups(): Handler {
    const { autoScaling } = this.#sources;
    return {
      nameProperty: 'AutoScalingGroupName',
      idOf: (_wanted, name) => name,
      attributesOf: (id) => ({ AutoScalingGroupARN: groupArn(id) }),
      effects: {
        create: (record) => {
          this.#create(record);
        },
        update: (record, before, policy) => {
          this.#update(record, before, policy);
        },
        isStable: ({ id }) => {
          const made = autoScaling.group(id);
          const inService = [...made.members.values()].filter(({ lifecycle }) => lifecycle === 'InService');
          return inService.length >= made.desired;
        },
        actual: ({ id, properties }) => actualOf(autoScaling.group(id), read(group, properties)),
        remove: ({ id }) => {
          asHandler(() => {
            autoScaling.setBounds(id, { min: 0, max: 0 }, 0);
          });
        },
        isGone: ({ id }) => {
          const left = autoScaling.groups.get(id);
          if (left !== undefined && left.members.size === 0) {
            autoScaling.deleteGroup(id);
          }
          return !autoScaling.groups.has(id);
        },
        notStable: ({ id }) => {
          const { members, min = 0, max = 0, desired } = autoScaling.group(id);
          return `Group did not stabilize. {current/minSize/maxSize/desiredCapacity} group size = {${members.size}/${min}/${max}/${desired}}.`;
        },
      },
    };
  }

  #create(record: AccountRecord): void {
    const { autoScaling } = this.#sources;
    const it = read(group, record.properties);
    const made = this.#checked(it);
    asHandler(() => {
      const created = autoScaling.createGroup(
        {
          name: record.id,
          ...settingsOf(it),
          zones: made.zones,
          vpcId: made.vpcId,
          subnets: made.subnets,
          min: it.MinSize,
          max: it.MaxSize,
          machine: { dockerAfter: 0, agentAfter: 0, securityGroups: made.securityGroups },
        },
        0,
      );
      // Before the first instance is launched: that is why they stand in the group.
      putHooks(created, it);
      this.#sources.setProfile(record.id, made.profile);
      autoScaling.setDesired(record.id, it.DesiredCapacity ?? it.MinSize);
    });
  }

  #update(record: AccountRecord, before: JsonObject, { ignoresUnmodifiedSizes }: UpdatePolicy): void {
    const { autoScaling } = this.#sources;
    const [it, was] = [read(group, record.properties), read(group, before)];
    const made = this.#checked(it);
    asHandler(() => {
      const changed = autoScaling.group(record.id);
      const machine = { ...changed.machine, securityGroups: made.securityGroups };
      Object.assign(changed, {
        ...settingsOf(it),
        zones: made.zones,
        vpcId: made.vpcId,
        subnets: made.subnets,
        machine,
      });
      putHooks(changed, it, was);
      this.#sources.setProfile(record.id, made.profile);
      const sizes = ({ MinSize, MaxSize, DesiredCapacity }: GroupProperties): string =>
        JSON.stringify([MinSize, MaxSize, DesiredCapacity]);
      if (!ignoresUnmodifiedSizes || sizes(it) !== sizes(was)) {
        const wanted = it.DesiredCapacity ?? Math.min(it.MaxSize, Math.max(it.MinSize, changed.desired));
        autoScaling.setBounds(record.id, { min: it.MinSize, max: it.MaxSize }, wanted);
      }
    });
  }

  /** What CreateAutoScalingGroup looks at. */
  #checked(it: GroupProperties): {
    zones: readonly string[];
    vpcId: string;
    subnets: Group['subnets'];
    profile: string | undefined;
    securityGroups: readonly string[];
  } {
    const { account } = this.#sources;
    checkSizes(it);
    asHandler(() => {
      for (const one of it.LifecycleHookSpecificationList) checkHook(hookOf(one));
    });
    const subnets = it.VPCZoneIdentifier.map((id) => {
      const subnet = account.find('AWS::EC2::Subnet', id);
      if (subnet === undefined) {
        throw invalid(`The subnet ID '${id}' does not exist`);
      }
      return subnet;
    });
    const zones = subnets.map(({ properties }) => textOf(properties['AvailabilityZone']));
    const vpcs = new Set(subnets.map(({ properties }) => textOf(properties['VpcId'])));
    const [vpcId = ''] = vpcs;
    if (vpcs.size > 1) {
      throw invalid(`The subnets [${it.VPCZoneIdentifier.join(', ')}] are of different VPCs`);
    }
    for (const arn of it.TargetGroupARNs) {
      if (!account.exists('AWS::ElasticLoadBalancingV2::TargetGroup', arn)) {
        throw invalid('Provided Target Groups may not be valid. Please ensure they exist and try again.');
      }
    }
    const specification = specificationOf(it);
    return {
      zones: [...new Set(zones)],
      vpcId,
      subnets: subnets.map(({ id, properties }) => ({ id, zone: textOf(properties['AvailabilityZone']) })),
      profile: this.#templates.profileFor(specification, vpcId),
      securityGroups: this.#templates.securityGroupsFor(specification),
    };
  }

  #hooks(): Handler {
    const { autoScaling } = this.#sources;
    const put = ({ id, properties }: AccountRecord): void => {
      const it = read(ownHook, properties);
      const made = hookOf({ ...it, LifecycleHookName: nameOfHook(id) });
      asHandler(() => {
        checkHook(made);
        autoScaling.group(it.AutoScalingGroupName).hooks.set(made.name, made);
      });
    };
    return {
      nameProperty: 'LifecycleHookName',
      idOf: ({ properties }, name) => `${textOf(properties['AutoScalingGroupName'])}|${name}`,
      refOf: nameOfHook,
      refers: { AutoScalingGroupName: GROUP_TYPE },
      effects: {
        create: put,
        update: put,
        remove: ({ id, properties }) => {
          const owner = autoScaling.groups.get(read(ownHook, properties).AutoScalingGroupName);
          owner?.hooks.delete(nameOfHook(id));
        },
      },
    };
  }
}

const nameOfHook = (id: string): string => id.split('|')[1] ?? '';

function specificationOf({ LaunchTemplate, MixedInstancesPolicy }: GroupProperties): z.output<typeof templateOf> {
  const mixed = MixedInstancesPolicy?.LaunchTemplate.LaunchTemplateSpecification;
  const [one, ...more] = [LaunchTemplate, mixed].filter((each) => each !== undefined);
  if (one === undefined || more.length > 0) {
    const known = 'LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy';
    throw invalid(`Valid requests must contain either ${known} parameter.`);
  }
  return one;
}

function checkSizes({ MinSize: min, MaxSize: max, DesiredCapacity: desired }: GroupProperties): void {
  if (max < min) {
    throw invalid(`Max bound, ${max}, must be greater than or equal to min bound, ${min}`);
  }
  if (desired !== undefined && (desired < min || desired > max)) {
    throw invalid(`Desired capacity:${desired} must be between the specified min size:${min} and max size:${max}`);
  }
}

type Settings = Pick<Group, 'tags' | 'notPropagated' | 'retain' | 'maintenance' | 'gracePeriod'>;

function settingsOf(it: GroupProperties): Settings {
  const { InstanceMaintenancePolicy: range, InstanceLifecyclePolicy: policy } = it;
  const maintenance =
    range?.MinHealthyPercentage === undefined || range.MaxHealthyPercentage === undefined
      ? undefined
      : { minHealthy: range.MinHealthyPercentage, maxHealthy: range.MaxHealthyPercentage };
  return {
    tags: Object.fromEntries(it.Tags.map(({ Key, Value }) => [Key, Value])),
    notPropagated: new Set(it.Tags.filter((tag) => !tag.PropagateAtLaunch).map(({ Key }) => Key)),
    retain: policy?.RetentionTriggers.TerminateHookAbandon === 'retain',
    maintenance,
    gracePeriod: it.HealthCheckGracePeriod * 1000,
  };
}

/** Those that the template had before and has no more are taken away; those of others stay. */
function putHooks(made: Group, it: GroupProperties, was?: GroupProperties): void {
  const wanted = it.LifecycleHookSpecificationList.map(hookOf);
  for (const { LifecycleHookName: name } of was?.LifecycleHookSpecificationList ?? []) made.hooks.delete(name);
  for (const one of wanted) made.hooks.set(one.name, one);
}

/** Of what a template says of a group, that which the operations of Auto Scaling can change. */
function actualOf({ min = 0, max = 0, hooks, tags, notPropagated }: Group, it: GroupProperties): JsonObject {
  const order = it.LifecycleHookSpecificationList.map(({ LifecycleHookName }) => LifecycleHookName);
  const place = (name: string): number => (order.includes(name) ? order.indexOf(name) : order.length);
  return {
    MinSize: min,
    MaxSize: max,
    LifecycleHookSpecificationList: [...hooks.values()]
      .toSorted((one, other) => place(one.name) - place(other.name))
      .map(({ name, transition, heartbeatTimeout, defaultResult, metadata }) => ({
        LifecycleHookName: name,
        LifecycleTransition: transition,
        DefaultResult: defaultResult,
        HeartbeatTimeout: heartbeatTimeout,
        ...(metadata === undefined ? {} : { NotificationMetadata: metadata }),
      })),
    Tags: Object.entries(tags).map(([Key, Value]) => ({
      Key,
      Value,
      PropagateAtLaunch: notPropagated?.has(Key) !== true,
    })),
  };
}

const hookOf = (it: z.output<typeof hook>): Hook => ({
  name: it.LifecycleHookName,
  transition: it.LifecycleTransition,
  heartbeatTimeout: it.HeartbeatTimeout,
  defaultResult: it.DefaultResult,
  metadata: it.NotificationMetadata,
});

const invalid = (message: string): HandlerError =>
  new HandlerError('InvalidRequest', `${message} (Service: AutoScaling, Status Code: 400)`);

function asHandler(make: () => void): void {
  try {
    make();
  } catch (error) {
    throw error instanceof AwsError ? invalid(error.message) : error;
  }
}

function read<S extends z.ZodType>(schema: S, properties: Json): z.output<S> {
  const parsed = schema.safeParse(properties);
  if (!parsed.success) {
    throw new HandlerError('InvalidRequest', `not as the lab knows it: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}
