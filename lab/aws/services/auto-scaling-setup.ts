// How somebody sets groups up that exist: CreateOrUpdateTags, DeleteTags, DeleteLifecycleHook, and the retention of UpdateAutoScalingGroup.
import { z } from 'zod';

import type { AutoScaling } from './auto-scaling.ts';
import { AwsError } from './service.ts';
import type { Operation } from './service.ts';
import { awsName as name, flag } from './inputs.ts';

const tag = z.strictObject({
  ResourceId: name,
  ResourceType: z.literal('auto-scaling-group'),
  Key: z.string().min(1),
  Value: z.string().default(''),
  PropagateAtLaunch: flag.default(false),
});
const put = z.strictObject({ Tags: z.array(tag).min(1) });
/** Key and value must be as they are, as on AWS; a value that is left out is any. */
const remove = z.strictObject({ Tags: z.array(tag.extend({ Value: z.string().optional() })).min(1) });
const hook = z.strictObject({ AutoScalingGroupName: name, LifecycleHookName: name });

export const lifecyclePolicy = z.strictObject({
  RetentionTriggers: z.strictObject({ TerminateHookAbandon: z.enum(['retain', 'terminate']) }),
});

export function retain(
  autoScaling: AutoScaling,
  group: string,
  policy: z.infer<typeof lifecyclePolicy> | undefined,
): void {
  if (policy !== undefined) {
    autoScaling.group(group).retain = policy.RetentionTriggers.TerminateHookAbandon === 'retain';
  }
}

export function setupOperations(autoScaling: AutoScaling): Record<string, Operation> {
  return {
    CreateOrUpdateTags: (input) => {
      for (const { ResourceId: group, Key, Value, PropagateAtLaunch } of put.parse(input).Tags) {
        const found = autoScaling.group(group);
        autoScaling.setTags(group, { ...found.tags, [Key]: Value });
        found.notPropagated = PropagateAtLaunch ? minus(found.notPropagated, Key) : plus(found.notPropagated, Key);
      }
      return {};
    },
    DeleteTags: (input) => {
      for (const { ResourceId: group, Key, Value } of remove.parse(input).Tags) {
        const { tags } = autoScaling.group(group);
        const isMeant = ([key, value]: [string, string]): boolean =>
          key === Key && (Value === undefined || Value === value);
        autoScaling.setTags(group, Object.fromEntries(Object.entries(tags).filter((one) => !isMeant(one))));
      }
      return {};
    },
    DeleteLifecycleHook: (input) => {
      const { AutoScalingGroupName: group, LifecycleHookName: asked } = hook.parse(input);
      deleteHook(autoScaling, group, asked);
      return {};
    },
  };
}

/** What waits in it goes on: a launch is abandoned, a termination continued (DeleteLifecycleHook in AWS's API reference). */
function deleteHook(autoScaling: AutoScaling, group: string, asked: string): void {
  const { hooks } = autoScaling.group(group);
  const found = hooks.get(asked);
  if (found === undefined) {
    throw new AwsError('ValidationError', `No Lifecycle Hook found with name: ${asked}`);
  }
  hooks.delete(asked);
  const open = [...autoScaling.actions.values()].filter((one) => one.group === group && one.hook.name === asked);
  for (const action of open) {
    autoScaling.complete(action, found.transition.endsWith('LAUNCHING') ? 'ABANDON' : 'CONTINUE');
  }
}

const plus = (keys: ReadonlySet<string> | undefined, key: string): ReadonlySet<string> =>
  new Set([...(keys ?? []), key]);

const minus = (keys: ReadonlySet<string> | undefined, key: string): ReadonlySet<string> =>
  new Set([...(keys ?? [])].filter((one) => one !== key));
