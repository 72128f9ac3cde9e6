// Whether Auto Scaling, which a lifecycle event is said to come from, knows better.
import type { Action } from './event.ts';

/** What DescribeAutoScalingInstances says of one. */
export interface ShownInstance {
  readonly group: string;
  readonly lifecycle: string;
  readonly zone: string;
}

/**
 * An instance that is well is not ended because an event says so, since anybody who may start an execution can write such an event. An instance that
 * goes back to a warm pool is `Warmed:Pending:Wait`, and one that gets a new root volume is `ReplacingRootVolume:Wait`.
 */
const WELL = ['InService', 'Standby', 'EnteringStandby'];

/**
 * Whether Auto Scaling, which the event is said to come from, knows better. It may lag behind its own events, by seconds: the caller
 * asks again before it believes this.
 */
export function contradictionOf(action: Action, shown: ShownInstance | null | undefined): string | undefined {
  if (shown === null || shown === undefined) {
    return undefined;
  }
  if (shown.group !== action.group) {
    return `${action.instance} is in group ${shown.group}, not in ${action.group}`;
  }
  return action.kind === 'terminate' && action.ask === 'leave' && WELL.includes(shown.lifecycle)
    ? `${action.instance} is to be terminated, says the event; Auto Scaling says that it is ${shown.lifecycle}`
    : undefined;
}
