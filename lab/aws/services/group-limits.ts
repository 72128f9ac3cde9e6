// What Auto Scaling would not create: hooks and tags over their limits.
import type { Hook } from './group.ts';
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

function invalid(member: string, most: number): AwsError {
  return new AwsError(
    'ValidationError',
    `1 validation error detected: Value at '${member}' failed to satisfy constraint: Member must have length less than or equal to ${most}`,
  );
}
