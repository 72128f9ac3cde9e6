// A person stops everything: what a hold says, and how long what it holds may wait.
import * as z from 'zod';

import type { Hold, Plan } from '../model.ts';
import { keys } from '../names.ts';
import type { Key } from '../names.ts';
import { LEASE_MARGIN, latestDeadlineOf } from './deadline.ts';
import { DEFAULT_PATIENCE } from './event.ts';

export const holdItem: z.ZodType<Hold> = z.object({ since: z.number(), because: z.string() });

/** A hold is meant to last while a person looks at the cluster. One that is older than this may be forgotten. Seconds. */
const FORGOTTEN_AFTER = 3600;

/** @param now epoch seconds */
export const isForgotten = ({ since }: Hold, now: number): boolean => now - since >= FORGOTTEN_AFTER;

export function holdText(cluster: string, { since, because }: Hold): string {
  const reason = because === '' ? '' : ` (${because})`;
  return `${cluster} is held since ${new Date(since * 1000).toISOString()}${reason}: skep unhold ${cluster}`;
}

/** The moment after which AWS would end the hook by itself: no heartbeat helps any more. Never, where there is no hook. */
export function heldUntil({ hook }: Pick<Plan, 'hook'>): number {
  return hook === undefined ? Number.POSITIVE_INFINITY : latestDeadlineOf(hook);
}

/** Until when a held execution is trusted to be alive: no other execution may take its action over meanwhile. */
export function heldLease(plan: Pick<Plan, 'hook' | 'deadline'>, now: number): number {
  const { hook, deadline = now } = plan;
  return (hook === undefined ? deadline : latestDeadlineOf(hook)) + LEASE_MARGIN;
}

/** After a hold an action has all of its time again: what was held for an hour must not be given up at once. */
export function afterHold(
  plan: Pick<Plan, 'hook' | 'deadline' | 'patience'>,
  now: number,
): { readonly deadline: number; readonly leaseUntil: number } {
  const deadline = Math.min(heldUntil(plan), Math.max(plan.deadline ?? now, now + (plan.patience ?? DEFAULT_PATIENCE)));
  return { deadline, leaseUntil: deadline + LEASE_MARGIN };
}

/** The item of the lifecycle action that a plan is about: it has the lease. */
export function actionKey({ route, group, instance }: Plan): Key {
  const transition = `autoscaling:EC2_INSTANCE_${route === 'leave' ? 'TERMINATING' : 'LAUNCHING'}`;
  return keys.action(group ?? '', instance ?? '', transition);
}
