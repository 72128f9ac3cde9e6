import { describe, expect, it } from '@jest/globals';

import { statusOf } from '../../../../src/core/verdict/status.ts';
import type { Status, StatusFacts, StatusGroups } from '../../../../src/core/verdict/status.ts';
import type { RecordedNode } from '../../../../src/core/verdict/no-nodes.ts';
import { group, managerGroup } from '../../support/tidy-facts.ts';
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
    expect([status.level, status.ok, status.reasons.map(({ name }) => name)]).toStrictEqual([level, ok, names]);
  });

  it.each([
    ['of what a tidy saw', verdict(), [NOW - 9000, NOW - 600]],
    ['of a tidy that is long ago', verdict({ asOf: NOW - 3600 }), [NOW - 9000, NOW - 3600]],
    ['of what nobody has looked at', undefined, [null, null]],
  ])('has the times %s', (_what, last, times) => {
    const { since, asOf } = statusOf('demo', last, NOW);
    expect([since, asOf]).toEqual(times);
  });

  it('says how old a verdict is, and what it was', () => {
    expect(statusOf('demo', verdict({ level: 'degraded', reasons, asOf: NOW - 2699 }), NOW).reasons).toEqual([
      {
        name: 'NotSeenForLong',
        what: 'no tidy has looked at it for 44 minutes; it was degraded then',
        next: 'look at the rule and the executions of the state machine tidy, and at the function verdict',
      },
      { name: 'DeadLetters', what: 'w', next: 'n' },
    ]);
  });

  it('tells nothing that is no reason yet, where only the verdict was read', () => {
    expect(statusOf('demo', verdict({ findings: { InServiceNotReady: NOW - 600 } }), NOW).reasons).toEqual([]);
  });
});

describe('what is looked at between two tidies', () => {
  const table: StatusFacts = {
    forced: undefined,
    lastFailure: undefined,
    hold: undefined,
    state: { status: 'founded' },
  };
  const own = [managerGroup([{ instance: 'i-1', lifecycle: 'InService' }]), group([])];
  const groups = (changes: Partial<StatusGroups> = {}): StatusFacts => ({
    ...table,
    groups: { stage: 'dev', own, refused: [], ...changes },
  });
  const broken = { name: 'HookBroken', level: 'degraded' as const, what: 'w', next: 'n' };
  const waiting = group([{ instance: 'i-2', lifecycle: 'Pending:Wait' }]);
  const inService = group([{ instance: 'i-2', lifecycle: 'InService' }]);
  const READY = { instance: 'i-1', phase: 'ready' as const, leaseUntil: 0 };
  const joining = (leaseUntil: number): RecordedNode => ({ instance: 'i-2', phase: 'joining', leaseUntil });
  const asked = (some: StatusGroups['own'], recorded: readonly RecordedNode[]): StatusFacts => ({
    ...groups({ own: some }),
    recorded,
  });
  const noRole = {
    name: 'odd',
    because: undefined,
    now: { cluster: 'prod', role: undefined, hooks: [] },
    instances: [],
  };

  it.each<[string, Verdict | undefined, StatusFacts, string, string[]]>([
    ['groups and hooks that are as they should be', verdict(), groups(), 'healthy', []],
    [
      'the terminate hook of the managers is missing',
      verdict(),
      groups({ own: [managerGroup([], { hooks: [] })] }),
      'critical',
      ['HookBroken', 'QuorumUnguarded'],
    ],
    [
      'a hook of the workers is missing',
      verdict(),
      groups({ own: [group([], { hooks: [] })] }),
      'degraded',
      ['HookBroken'],
    ],
    [
      'a group has the cluster in its tag, and no role',
      verdict(),
      groups({ refused: [noRole] }),
      'degraded',
      ['GroupRefused'],
    ],
    [
      'a hook that was mended since the last tidy',
      verdict({ level: 'degraded', reasons: [broken] }),
      groups(),
      'healthy',
      [],
    ],
    [
      'a hook of which a tidy said that it is broken, where Auto Scaling cannot be asked',
      verdict({ level: 'degraded', reasons: [broken] }),
      table,
      'degraded',
      ['HookBroken'],
    ],
    [
      'an instance that the last tidy saw waiting a while ago, and that waits still',
      verdict({ hooks: { 'i-2 Pending:Wait': NOW - 900 } }),
      groups({ own: [...own, waiting] }),
      'degraded',
      ['HookOpenTooLong'],
    ],
    [
      'an instance that waits since a moment ago, where the table was not asked',
      verdict(),
      groups({ own: [...own, waiting] }),
      'healthy',
      [],
    ],
    ['the same, where it was', verdict(), asked([...own, waiting], [READY]), 'changing', ['NotNodesYet']],
    [
      'an instance that joins',
      verdict(),
      asked([...own, waiting], [READY, joining(NOW + 60)]),
      'changing',
      ['NotNodesYet'],
    ],
    [
      'an instance in service that has joined',
      verdict(),
      asked([...own, inService], [READY, { ...READY, instance: 'i-2' }]),
      'healthy',
      [],
    ],
    [
      'an instance in service that is no node',
      verdict(),
      asked([...own, inService], [READY]),
      'degraded',
      ['InServiceNotReady'],
    ],
    [
      'an instance in service that an execution is at work on',
      verdict(),
      asked([...own, inService], [READY, joining(NOW + 60)]),
      'changing',
      ['NotNodesYet'],
    ],
    [
      'an instance in service that leaves, since AWS has warned of it',
      verdict(),
      asked([...own, inService], [READY, { ...joining(NOW + 60), phase: 'leaving' }]),
      'changing',
      ['NotNodesYet'],
    ],
    [
      'an instance in service whose execution has ended before it was a node',
      verdict(),
      asked([...own, inService], [READY, joining(NOW)]),
      'degraded',
      ['InServiceNotReady'],
    ],
    [
      'instances that are not to be nodes now',
      verdict(),
      asked(
        [
          ...own,
          group(
            ['Standby', 'Warmed:Stopped', 'Terminating:Wait', 'Detaching'].map((lifecycle) => ({
              instance: 'i-3',
              lifecycle,
            })),
          ),
        ],
        [READY],
      ),
      'healthy',
      [],
    ],
    [
      'one that joins, beside a broken hook',
      verdict(),
      asked([...own, group([{ instance: 'i-2', lifecycle: 'Pending:Wait' }], { hooks: [] })], [READY]),
      'degraded',
      ['HookBroken', 'NotNodesYet'],
    ],
    [
      'what one tidy saw and does not tell yet',
      verdict({ findings: { InServiceNotReady: NOW - 600 } }),
      groups(),
      'changing',
      ['InServiceNotReady'],
    ],
    [
      'the same of a hook, which has been looked at anew',
      verdict({ findings: { HookBroken: NOW - 600 } }),
      groups(),
      'healthy',
      [],
    ],
    [
      'what one tidy saw, and two have seen',
      verdict({
        level: 'degraded',
        reasons: [{ ...broken, name: 'ManagersMissing' }],
        findings: { ManagersMissing: NOW - 1200 },
      }),
      groups(),
      'degraded',
      ['ManagersMissing'],
    ],
    [
      'what one tidy saw, and EC2 says now',
      verdict({ findings: { ManagersMissing: NOW - 600 } }),
      { ...table, managers: { known: ['i-1', 'i-2', 'i-3'], gone: ['i-1'] } },
      'degraded',
      ['ManagersMissing'],
    ],
    [
      'what two tidies saw, and EC2 says now: it is told once',
      verdict({ level: 'degraded', reasons: [{ ...broken, name: 'ManagersMissing' }] }),
      { ...table, managers: { known: ['i-1', 'i-2', 'i-3'], gone: ['i-1'] } },
      'degraded',
      ['ManagersMissing'],
    ],
    [
      'a tidy that failed once, of which no look would say that it is over',
      verdict({ findings: { TidyFailed: NOW - 600 } }),
      groups(),
      'healthy',
      [],
    ],
    ['nodes on record, where Auto Scaling cannot be asked', verdict(), { ...table, recorded: [READY] }, 'healthy', []],
    [
      'an instance that waits, of a cluster that no tidy has looked at',
      undefined,
      groups({ own: [...own, waiting] }),
      'unknown',
      ['NeverSeen'],
    ],
    [
      'what one tidy saw, and is a reason already',
      verdict({ level: 'degraded', reasons, findings: { DeadLetters: NOW - 600 } }),
      groups(),
      'degraded',
      ['DeadLetters'],
    ],
    [
      'a broken hook, and no tidy for an hour',
      verdict({ asOf: NOW - 3600 }),
      groups({ own: [group([], { hooks: [] })] }),
      'unknown',
      ['NotSeenForLong', 'HookBroken'],
    ],
    [
      'a cluster that nobody has founded and no tidy has looked at',
      undefined,
      { ...groups({ own: [] }), state: { status: 'new' } },
      'unknown',
      ['NeverSeen', 'NotFounded'],
    ],
    [
      'a cluster that nobody has founded, and of which nothing else was wrong',
      verdict(),
      { ...groups({ own: [] }), state: { status: 'new' } },
      'degraded',
      ['NotFounded'],
    ],
  ])('%s', (_what, last, looked, level, names) => {
    const status = statusOf('prod', last, NOW, looked);
    expect([status.level, status.ok, status.reasons.map(({ name }) => name)]).toStrictEqual([
      level,
      level === 'healthy',
      names,
    ]);
    expect(status.reasons.filter(({ next }) => next === '')).toEqual([]);
  });

  it('says since when a level is so: since now, where the look has found it', () => {
    const held: StatusFacts = { ...table, hold: { since: NOW - 60, because: '' } };
    const degraded = verdict({ level: 'degraded', reasons });
    expect(statusOf('prod', verdict(), NOW, held)).toMatchObject({ level: 'degraded', since: NOW });
    expect(statusOf('prod', degraded, NOW, held)).toMatchObject({ level: 'degraded', since: NOW - 9000 });
  });

  it('says of what one tidy saw when that was, and how long to wait', () => {
    expect(statusOf('prod', verdict({ findings: { InServiceNotReady: NOW - 600 } }), NOW, groups()).reasons).toEqual([
      {
        name: 'InServiceNotReady',
        what: 'a tidy saw this at 2023-11-14T22:03:20Z: it is told in full if the next one still sees it',
        next: 'wait 10 minutes at most, or look at once: skep tidy',
      },
    ]);
  });

  const known = ['i-1', 'i-2', 'i-3'];
  it.each<[string, string[], Pick<Status, 'level' | 'reasons'>]>([
    ['all managers are there', [], { level: 'healthy', reasons: [] }],
    [
      'as many are gone as the quorum can lose',
      ['i-2'],
      {
        level: 'degraded',
        reasons: [
          {
            name: 'ManagersMissing',
            what: 'EC2 says now that 1 of 3 managers are gone or stopped: i-2',
            next: 'look at the manager group in the console: is an instance being launched, and why did the last one go?',
          },
        ],
      },
    ],
    [
      'more are gone',
      ['i-1', 'i-2'],
      {
        level: 'critical',
        reasons: [
          {
            name: 'NoQuorum',
            what: 'EC2 says now that 2 of 3 managers are gone or stopped: i-1, i-2. That leaves no majority, and the swarm takes no change',
            next: 'bring managers back; if they are gone for good: skep recover prod',
          },
        ],
      },
    ],
  ])('tells what EC2 says of the managers: %s', (_what, gone, expected) => {
    expect(statusOf('prod', verdict(), NOW, { ...table, managers: { known, gone } })).toMatchObject(expected);
  });
});
