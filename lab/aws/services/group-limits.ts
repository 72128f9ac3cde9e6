// What Auto Scaling would not create: hooks and tags over their limits.
import type { Group, Hook } from './group.ts';
import { QUOTAS } from './quotas.ts';
import { AwsError } from './service.ts';

/** As PutLifecycleHook. @throws {AwsError} */
export function checkHook({ name, heartbeatTimeout, metadata }: Omit<Hook, 'transition' | 'defaultResult'>): void {
  const { min, value: max } = QUOTAS.hookTimeout;
  if (heartbeatTimeout < min || heartbeatTimeout > max) {
    throw new AwsError('ValidationError', `HeartbeatTimeout must be between ${min} and ${max} seconds.`);
  }
  if (name.length > QUOTAS.hookName.value || !/^[A-Za-z0-9\-_/]+$/.test(name)) {
    throw invalid('lifecycleHookName', QUOTAS.hookName.value);
  }
  if (metadata !== undefined && (metadata.length > QUOTAS.hookMetadata.value || !/^[\x20-\x7e]+$/.test(metadata))) {
    throw invalid('notificationMetadata', QUOTAS.hookMetadata.value);
  }
}

/** How long heartbeats can hold an action, seconds. */
export function globalTimeout(heartbeatTimeout: number): number {
  return Math.min(QUOTAS.hookGlobalTimeout.value, 100 * heartbeatTimeout);
}

/** As CreateOrUpdateTags. @throws {AwsError} */
export function checkTags(tags: Readonly<Record<string, string>>): void {
  if (Object.keys(tags).length > QUOTAS.tags.value) {
    throw new AwsError('ValidationError', `A group can have at most ${QUOTAS.tags.value} tags.`);
  }
  for (const [key, value] of Object.entries(tags)) {
    if (key.length === 0 || key.length > QUOTAS.tagKey.value) {
      throw invalid('key', QUOTAS.tagKey.value);
    }
    if (value.length > QUOTAS.tagValue.value) {
      throw invalid('value', QUOTAS.tagValue.value);
    }
  }
}

/** As UpdateAutoScalingGroup. @throws {AwsError} */
export function checkBounds({ min, max, desired }: Required<Pick<Group, 'min' | 'max' | 'desired'>>): void {
  if (max < min) {
    throw new AwsError('ValidationError', `Max bound, ${max}, must be greater than or equal to min bound, ${min}`);
  }
  if (desired < min || desired > max) {
    const range = `must be between the specified min size:${min} and max size:${max}`;
    throw new AwsError('ValidationError', `Desired capacity:${desired} ${range}`);
  }
}

/** As SetDesiredCapacity. @throws {AwsError} */
export function checkDesired({ min = 0, max = Infinity }: Pick<Group, 'min' | 'max'>, desired: number): void {
  const [bound, value] = desired > max ? (['above max', max] as const) : (['below min', min] as const);
  if (desired > max || desired < min) {
    throw new AwsError(
      'ValidationError',
      `New SetDesiredCapacity value ${desired} is ${bound} value ${value} for the AutoScalingGroup.`,
    );
  }
}

/** As TerminateInstanceInAutoScalingGroup. @throws {AwsError} */
export function checkDecrement({ min = 0, desired }: Pick<Group, 'min' | 'desired'>): void {
  if (desired > 0 && desired <= min) {
    throw new AwsError(
      'ValidationError',
      `Currently, desiredSize equals minSize (${min}). Terminating instance without replacement will violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.`,
    );
  }
}

/** What its instances get of its tags. */
export function launchTags({ tags, notPropagated }: Group): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).filter(([key]) => notPropagated?.has(key) !== true));
}

function invalid(member: string, most: number): AwsError {
  return new AwsError(
    'ValidationError',
    `1 validation error detected: Value at '${member}' failed to satisfy constraint: Member must have length less than or equal to ${most}`,
  );
}
