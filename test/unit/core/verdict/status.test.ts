import { describe, expect, it } from '@jest/globals';

import { statusOf } from '../../../../src/core/verdict/status.ts';
import type { Verdict } from '../../../../src/core/verdict/verdict.ts';

const NOW = 1_700_000_000;
const verdict = (changes: Partial<Verdict> = {}): Verdict => ({
  level: 'healthy',
  reasons: [],
  since: NOW - 9000,
  asOf: NOW - 600,
  version: 1,
  lastGood: NOW - 600,
  findings: {},
  hooks: {},
  lock: undefined,
  ...changes,
});
const reasons = [{ name: 'DeadLetters', level: 'degraded' as const, what: 'w', next: 'n' }];

describe('the status of a cluster', () => {
  it.each<[string, Verdict | undefined, string, boolean, string[]]>([
    ['healthy', verdict(), 'healthy', true, []],
    ['degraded', verdict({ level: 'degraded', reasons }), 'degraded', false, ['DeadLetters']],
    ['critical', verdict({ level: 'critical', reasons }), 'critical', false, ['DeadLetters']],
    ['one that nobody has looked at', undefined, 'unknown', false, ['NeverSeen']],
    ['healthy, half an hour ago', verdict({ asOf: NOW - 1800 }), 'unknown', false, ['NotSeenForLong']],
    ['healthy, a second less ago', verdict({ asOf: NOW - 1799 }), 'healthy', true, []],
    [
      'degraded, an hour ago',
      verdict({ level: 'degraded', reasons, asOf: NOW - 3600 }),
      'unknown',
      false,
      ['NotSeenForLong', 'DeadLetters'],
    ],
  ])('%s', (_what, last, level, ok, names) => {
    const status = statusOf('demo', last, NOW);
    expect([status.level, status.ok, status.reasons.map(({ name }) => name)]).toEqual([level, ok, names]);
  });
});
