// Whether `skep verify --launch` may start an instance in a group: not where nothing of it could join, or leave again.
import type { Hold } from '../model.ts';
import { isUnderWay } from '../upgrade/refresh.ts';
import type { RefreshSeen } from '../upgrade/refresh.ts';

export interface LaunchFacts {
  readonly group: string;
  readonly hold: Hold | undefined;
  /** The last refresh of the group. */
  readonly last: RefreshSeen | undefined;
  /** Its suspended processes. */
  readonly suspended: readonly string[];
}

/** @returns undefined where it may */
export function whyNotLaunch({ group, hold, last, suspended }: LaunchFacts): string | undefined {
  if (hold !== undefined) {
    return `the cluster is held (${hold.because || 'no reason was given'}): nodes would neither join nor leave. End the hold first: skep unhold`;
  }
  if (last !== undefined && isUnderWay(last)) {
    return `a refresh of ${group} is under way (${last.status}, ${last.done} %): wait for it, or end it with skep refresh ${group} --cancel`;
  }
  return suspended.includes('Launch')
    ? `the process Launch of ${group} is suspended, so that it launches nothing: resume it first`
    : undefined;
}
