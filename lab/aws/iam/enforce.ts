// IAM over the services of the lab: what it asks them, and what it says.
import type { Clock } from '../../time/clock.ts';
import { groupArn } from '../services/auto-scaling.ts';
import type { AutoScaling } from '../services/auto-scaling.ts';
import type { Ec2 } from '../services/ec2.ts';
import type { ParameterStore } from '../services/parameter-store.ts';
import type { Stack } from '../stack/stack.ts';
import { beside } from '../stack/stack.ts';
import { Iam } from './iam.ts';
import type { Facts } from './iam.ts';
import { OnBehalf } from './on-behalf.ts';
import { Profiles } from './profiles.ts';

interface Sources {
  readonly clock: Clock;
  readonly ec2: Ec2;
  readonly autoScaling: AutoScaling;
  readonly parameterStore: ParameterStore;
  /** From the launch of an instance until its tags count, ms. */
  readonly resourceTags: number | undefined;
  /** Called for each statement without which a call would not have been allowed. */
  readonly onNeeded: ((statement: string) => void) | undefined;
}

export interface Enforcement {
  readonly iam: Iam;
  readonly profiles: Profiles;
  readonly onBehalf: OnBehalf;
}

/**
 * @throws StackError for policies that the lab would not play as AWS does
 * @throws AwsError where AWS would not deploy the stack
 */
export function enforce(stack: Stack, others: readonly Stack[], sources: Sources): Enforcement {
  const profiles = new Profiles(sources.autoScaling, stack.stage);
  sources.ec2.profileOf = (instanceId) => {
    const name = profiles.of(instanceId)?.name ?? '';
    return name === '' ? undefined : name;
  };
  const iam = new Iam([stack, ...others], factsOf(sources, profiles), sources.onNeeded);
  const onBehalf = new OnBehalf(iam, beside(stack, others), profiles);
  onBehalf.deploy();
  return { iam, profiles, onBehalf };
}

function factsOf({ clock, ec2, autoScaling, parameterStore, resourceTags = 0 }: Sources, profiles: Profiles): Facts {
  return {
    groupArn,
    groupTags: (name) => autoScaling.groups.get(name)?.tags ?? {},
    groupOf: (instanceId) => autoScaling.groupOf(instanceId)?.name,
    instanceTags: (instanceId) => {
      const instance = ec2.instances.get(instanceId);
      return instance !== undefined && clock.now() >= instance.launchTime + resourceTags ? instance.tags : {};
    },
    parameterKey: (name) => parameterStore.keyOf(name),
    profileOf: (instanceId) => profiles.of(instanceId),
  };
}
