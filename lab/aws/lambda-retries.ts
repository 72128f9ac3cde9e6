// How often, and how long, Lambda tries an asynchronous event again.
import type { RetryPolicy } from './events/bus.ts';
import type { Stack } from './stack/stack.ts';

/** Of a function that says nothing about it. */
const DEFAULT: RetryPolicy = { maximumEventAgeSeconds: 21_600, maximumRetryAttempts: 2 };

/** Undefined where there is no such function. */
export function retriesOf(
  stack: Pick<Stack, 'functions' | 'eventInvokeConfigs'>,
  arn: string,
): RetryPolicy | undefined {
  const deployed = stack.functions.find((one) => one.arn === arn);
  return deployed === undefined
    ? undefined
    : (stack.eventInvokeConfigs.find(({ functionName }) => functionName === deployed.name) ?? DEFAULT);
}
