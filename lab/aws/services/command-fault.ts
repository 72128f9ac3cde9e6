// What a scenario makes of commands of a document: ends that the script has no part in, and agents that lose it, or are late.
import { failedWithoutOutput, resultOf, truncated } from './agent-result.ts';
import type { Result } from './agent-result.ts';

export type FaultOutcome =
  /** The script does not run; the agent reports this exit code, with an output that says so. */
  | { readonly exitCode: number }
  /** The script does not run. What the agent reports, if it does. */
  | { readonly status: 'TimedOut' | 'Cancelled' | 'Undeliverable' | 'DeliveryTimedOut' }
  /** The script does not run, and the agent reports no output: it refused the command (-1), or lost it (1, 0). */
  | { readonly status: 'Failed'; readonly code: -1 | 0 | 1 }
  /** The process of the agent that watches over the script is killed: the script runs to its end, of which nobody hears. */
  | { readonly effect: 'lost' }
  /** The agent is started anew while the script runs, and then tells the truth; or it updates itself, which takes longer. */
  | { readonly effect: 'agent-restarts' | 'agent-updates'; readonly by: number }
  /** The machine is started anew while the script runs. */
  | { readonly effect: 'reboot'; readonly by: number }
  /** The truth, so much later, ms. */
  | { readonly effect: 'late'; readonly by: number }
  /** The agent has taken it, and begins so much later, ms: it was busy, or its machine stood still. */
  | { readonly effect: 'begins-late'; readonly by: number }
  /** The script did all; of what it said the end is missing. */
  | { readonly effect: 'cut-off' }
  /** The event of its end comes twice. */
  | { readonly effect: 'twice' };

export interface CommandFault {
  readonly verb: string;
  /** On which instances; without it on any. */
  readonly on?: (instanceId: string) => boolean;
  readonly outcome: FaultOutcome;
  times: number;
}

/** The first that fits, one time less. */
export function takeFault(faults: readonly CommandFault[], verb: string, instanceId: string): FaultOutcome | undefined {
  const fault = faults.find((one) => one.verb === verb && one.times > 0 && (one.on?.(instanceId) ?? true));
  if (fault === undefined) {
    return undefined;
  }
  fault.times -= 1;
  return fault.outcome;
}

/** How the command ends without its script; undefined where the script runs. */
export function endWithoutScript(outcome: FaultOutcome | undefined): Result | 'undeliverable' | 'silence' | undefined {
  if (outcome === undefined || 'effect' in outcome) {
    return undefined;
  }
  if ('exitCode' in outcome) {
    return resultOf({ exitCode: outcome.exitCode, stdout: '{"error":"Injected"}\n', stderr: '', timedOut: false });
  }
  switch (outcome.status) {
    case 'Failed':
      return failedWithoutOutput(outcome.code);
    case 'TimedOut':
      return { status: 'TimedOut', details: 'ExecutionTimedOut', code: 137, stdout: '', stderr: '' };
    case 'Cancelled':
      return { status: 'Cancelled', details: 'Cancelled', code: 137, stdout: '', stderr: '' };
    case 'Undeliverable':
      return 'undeliverable';
    case 'DeliveryTimedOut':
      return 'silence';
  }
}

/** As if it had said too much: what was to be read, its last line, is gone. */
export const cutOff = (result: Result): Result => ({ ...result, stdout: truncated('.'.repeat(24_000)) });
