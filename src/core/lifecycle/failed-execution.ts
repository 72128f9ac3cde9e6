// What becomes of an action whose execution failed, and of the instance of a launch that failed.
import * as z from 'zod';

import type { AlarmMetric } from '../alarm-metric.ts';
import { ABANDONS_IN_A_ROW } from './claim.ts';
import { CLOSED_ERRORS } from '../errors.ts';
import type { ClosedError } from '../errors.ts';
import { replacement } from './event.ts';
import { clusterName, instanceId } from '../names.ts';

/** New runs for one event. After that a person must look: the hook ends by its own timeout, the tidy compares. */
const RUNS = 3;

export interface FailedExecution {
  readonly arn: string;
  readonly status: string;
  readonly error: string | undefined;
  /** The execution's input; undefined if the event left it out (it does above 248 KiB). */
  readonly input: Readonly<Record<string, unknown>> | undefined;
  /** Which run for its event this was: 0 for the one that the event started. */
  readonly run: number;
}

export type Settlement =
  | { readonly kind: 'closed'; readonly error: ClosedError }
  | { readonly kind: 'again'; readonly name: string; readonly input: Record<string, unknown> }
  | { readonly kind: 'give-up'; readonly because: string };

/**
 * StopExecution, a machine's timeout and States.Runtime skip every Catch, so the action is still open: one more run takes it over.
 *
 * @param short a short, stable name for the failed execution: starting the same replacement twice starts one.
 */
export function settlementOf(failed: FailedExecution, short: string): Settlement {
  const { error, input, run } = failed;
  if (isClosed(error)) {
    return { kind: 'closed', error };
  }
  if (input === undefined || run >= RUNS) {
    return { kind: 'give-up', because: `${failed.status} after ${run + 1} run(s): ${error ?? 'stopped'}` };
  }
  return {
    kind: 'again',
    name: `again-${run + 1}-${short}`,
    input: { ...input, skep: { replaces: [...runsBefore(input), failed.arn], attempt: run + 1 } },
  };
}

/** A run that came too late to work on the action took nothing over: then the one before it still is its owner. */
function runsBefore({ skep }: Readonly<Record<string, unknown>>): string[] {
  return replacement.safeParse(skep).data?.replaces ?? [];
}

function isClosed(error: string | undefined): error is ClosedError {
  return error !== undefined && Object.hasOwn(CLOSED_ERRORS, error);
}

/** What a document says of an engine that is in a swarm which nobody declared, or in another one than the cluster's. */
export const isOfForeignSwarm = (error: string): boolean => error === 'ForeignSwarm' || error === 'FoundedOtherwise';

export interface LaunchEnd {
  readonly result: 'ABANDON' | 'CONTINUE';
  readonly error: ClosedError;
  readonly cause: string;
}

/**
 * @param inARow how many launches of the group have failed one after the other, this one included
 * @param keep it is a manager that may still be in the raft: ABANDON would end it, and with it perhaps the quorum
 * @param unfinished no hook waits for it, and it only ran out of time: nothing was undone
 * @param isForeign its engine is in a swarm that is not the cluster's: to end it could end that swarm
 */
export function launchEndOf(
  inARow: number,
  failure: { readonly Error: string; readonly Cause: string },
  { keep, unfinished }: { readonly keep: boolean; readonly unfinished: boolean },
  isForeign = isOfForeignSwarm(failure.Error),
): LaunchEnd {
  const cause = `${failure.Error}: ${failure.Cause}`;
  if (isForeign) {
    return { result: 'CONTINUE', error: 'SwarmLeftAlone', cause };
  }
  if (unfinished) {
    return { result: 'CONTINUE', error: 'JoinUnfinished', cause };
  }
  if (keep) {
    return { result: 'CONTINUE', error: 'ManagerKept', cause };
  }
  return inARow > ABANDONS_IN_A_ROW
    ? { result: 'CONTINUE', error: 'LaunchContinued', cause }
    : { result: 'ABANDON', error: 'LaunchAbandoned', cause };
}

/** A tidy's join of an instance in service is no launch: it must not trip the breaker of the group's launches. */
export const isLaunchOf = (hook: { readonly actionToken?: string | undefined }, isForeign: boolean): boolean =>
  hook.actionToken !== undefined && !isForeign;

/** What rings of an execution that ended its action, or was given up, and what the verdict of its cluster is told. */
export function noticesOf(settlement: Exclude<Settlement, { kind: 'again' }>): {
  readonly alarm?: AlarmMetric;
  readonly record?: 'forced' | 'failed';
} {
  if (settlement.kind === 'give-up' || settlement.error === 'Forced') {
    return { alarm: 'ForcedCompletion', record: 'forced' };
  }
  return settlement.error === 'ManagerRetained' ? { alarm: 'ManagerHeld', record: 'failed' } : { record: 'failed' };
}

const lifecycleInput = z.object({ detail: z.object({ EC2InstanceId: instanceId, NotificationMetadata: z.string() }) });
const metadata = z.object({ cluster: clusterName });

/** Whose action it was; undefined where the execution was started with anything else, or its input was too long to be told. */
export function concernedBy(
  input: FailedExecution['input'],
): { readonly cluster: string; readonly instance: string } | undefined {
  const { data } = lifecycleInput.safeParse(input);
  const { data: told } = metadata.safeParse(parsed(data?.detail.NotificationMetadata ?? ''));
  return data === undefined || told === undefined
    ? undefined
    : { cluster: told.cluster, instance: data.detail.EC2InstanceId };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
