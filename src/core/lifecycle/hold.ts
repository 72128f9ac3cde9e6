// A person stops everything: what a hold says, and how long what it holds may wait.
import * as z from 'zod';

import type { Hold, Plan } from '../model.ts';
import { LEASE_MARGIN, latestDeadlineOf } from './deadline.ts';
import { DEFAULT_PATIENCE } from './event.ts';

export const holdItem: z.ZodType<Hold> = z.object({ since: z.number(), because: z.string() });

/** A hold is meant for the time that a person looks. One that is older was forgotten, perhaps. Seconds. */
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

/** Until when the execution is trusted to be at work on what it holds: nobody else may take it over meanwhile. */
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
