// The ways by which an instance passes a lifecycle hook: where it waits meanwhile, and what the event says of it. The same type of event means
// different things (Auto Scaling user guide: warm pools, root volume replacement).
import type { Hook, Lifecycle } from './group.ts';

export interface Passage {
  readonly transition: Hook['transition'];
  readonly waits: Lifecycle;
  readonly origin: 'EC2' | 'AutoScalingGroup' | 'WarmPool';
  readonly destination: 'EC2' | 'AutoScalingGroup' | 'WarmPool';
  readonly action?: 'ReplaceRootVolume';
}

const WITHIN = { origin: 'AutoScalingGroup', destination: 'AutoScalingGroup', action: 'ReplaceRootVolume' } as const;

/** Until an instance is up from its new root volume, ms. */
export const ROOT_VOLUME_TIME = 60_000;

export const LAUNCH: Passage = {
  transition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
  waits: 'Pending:Wait',
  origin: 'EC2',
  destination: 'AutoScalingGroup',
};
export const TERMINATION: Passage = {
  transition: 'autoscaling:EC2_INSTANCE_TERMINATING',
  waits: 'Terminating:Wait',
  origin: 'AutoScalingGroup',
  destination: 'EC2',
};
/** Before its root volume is replaced, and after that, when its disk is blank. */
export const ROOT_VOLUME_GOES: Passage = { ...TERMINATION, ...WITHIN, waits: 'ReplacingRootVolume:Wait' };
export const ROOT_VOLUME_COMES: Passage = { ...LAUNCH, ...WITHIN };
/** Into the warm pool, new or back from the group; out of it, into the group or for good. */
export const POOL_LAUNCH: Passage = { ...LAUNCH, waits: 'Warmed:Pending:Wait', destination: 'WarmPool' };
export const POOL_RETURN: Passage = { ...TERMINATION, waits: 'Warmed:Pending:Wait', destination: 'WarmPool' };
export const POOL_START: Passage = { ...LAUNCH, origin: 'WarmPool' };
export const POOL_TERMINATION: Passage = { ...TERMINATION, waits: 'Warmed:Terminating:Wait', origin: 'WarmPool' };

const DETAIL_TYPES = {
  'autoscaling:EC2_INSTANCE_LAUNCHING': 'EC2 Instance-launch Lifecycle Action',
  'autoscaling:EC2_INSTANCE_TERMINATING': 'EC2 Instance-terminate Lifecycle Action',
} as const;

export interface OpenAction {
  readonly token: string;
  readonly group: string;
  readonly hook: Hook;
  readonly instanceId: string;
  readonly passage: Passage;
  readonly since: number;
  cancel: () => void;
}

export const eventOf = ({ token, group, hook, instanceId, passage }: OpenAction, groupArn: string) => ({
  'detail-type': DETAIL_TYPES[passage.transition],
  resources: [groupArn],
  detail: {
    LifecycleActionToken: token,
    AutoScalingGroupName: group,
    LifecycleHookName: hook.name,
    EC2InstanceId: instanceId,
    LifecycleTransition: passage.transition,
    ...(hook.metadata === undefined ? {} : { NotificationMetadata: hook.metadata }),
    Origin: passage.origin,
    Destination: passage.destination,
    ...(passage.action === undefined ? {} : { Action: passage.action }),
  },
});
