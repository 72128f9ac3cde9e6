// How a cluster is, for who asks: the last verdict, unless it is too old to be believed.
import type { Level } from './findings.ts';
import type { Reason, Verdict } from './verdict.ts';

export interface Status {
  readonly cluster: string;
  /** `unknown`: nobody has looked yet, or not for long. */
  readonly level: Level | 'unknown';
  readonly ok: boolean;
  /** Epoch seconds. */
  readonly since: number | null;
  readonly asOf: number | null;
  readonly reasons: readonly Pick<Reason, 'name' | 'what' | 'next'>[];
}

/** Three scheduled tidies. Seconds. */
const OLD = 1800;

/** @param now epoch seconds */
export function statusOf(cluster: string, verdict: Verdict | undefined, now: number): Status {
  if (verdict === undefined) {
    const what = 'no tidy has looked at it yet: it has no swarm, or was declared a moment ago';
    const next = 'wait for the next tidy, ten minutes at most after its first manager is there';
    return {
      cluster,
      level: 'unknown',
      ok: false,
      since: null,
      asOf: null,
      reasons: [{ name: 'NeverSeen', what, next }],
    };
  }
  const { level, since, asOf } = verdict;
  const reasons = verdict.reasons.map(({ name, what, next }) => ({ name, what, next }));
  if (now - asOf < OLD) {
    return { cluster, level, ok: level === 'healthy', since, asOf, reasons };
  }
  const minutes = Math.floor((now - asOf) / 60);
  const old = {
    name: 'NotSeenForLong',
    what: `no tidy has looked at it for ${minutes} minutes; it was ${level} then`,
    next: 'look at the rule and the executions of the state machine tidy, and at the function verdict',
  };
  return { cluster, level: 'unknown', ok: false, since, asOf, reasons: [old, ...reasons] };
}
