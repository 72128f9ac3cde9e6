// What one instance settles: everything holds for a launch that went well, one point that is wrong fails in its line, and what was not come to
// is neither.
import { describe, expect, it } from '@jest/globals';

import { LAUNCH_COSTS, launchFindings } from '../../../../src/core/verify/launch.ts';
import type { LaunchSeen } from '../../../../src/core/verify/launch.ts';

const GOOD: LaunchSeen = {
  group: 'workers',
  instance: 'i-0123456789abcdef0',
  refusals: ['InvalidInstanceId'],
  agentAfter: 45,
  knownAfter: 1,
  probe: { status: 'Failed', responseCode: 10, stdout: '{"ok":false,"error":"Expired"}' },
  scaleOut: ['SUCCEEDED'],
  lifecycle: 'InService',
  commands: [
    { document: 'skep-dev-shift', status: 'Failed' },
    { document: 'skep-dev-join', status: 'Success' },
  ],
  scaleIn: ['SUCCEEDED'],
  gone: true,
  desired: { before: 2, after: 2 },
  refusedAfter: 'InvalidInstanceId',
};
const WENT_WELL = { seen: true } as const;

const PLANTED: readonly (readonly [what: string, id: string, change: Partial<LaunchSeen>, said: string])[] = [
  [
    'another name before the agent is there',
    'launch-refused-early',
    { refusals: ['InvalidInstanceId', 'AccessDeniedException'] },
    'AccessDeniedException',
  ],
  ['an agent that comes late', 'launch-agent', { agentAfter: 601 }, 'after 601 s'],
  ['a command that is not known for long', 'launch-known', { knownAfter: 30 }, 'after 30 s'],
  ['a command that is never known', 'launch-known', { knownAfter: Number.POSITIVE_INFINITY }, 'never'],
  [
    'a pattern that the agent refuses',
    'launch-patterns',
    { probe: { status: 'Failed', responseCode: -1, stdout: '' } },
    'Failed, exit code -1, without output',
  ],
  [
    'a script that begins after its time',
    'launch-patterns',
    { probe: { status: 'Failed', responseCode: 40, stdout: '{}' } },
    'exit code 40, with output',
  ],
  [
    'a script without a result',
    'launch-patterns',
    { probe: { status: 'Failed', responseCode: 10, stdout: '' } },
    'without output',
  ],
  ['a launch that nobody hears of', 'launch-event', { scaleOut: [] }, 'no execution'],
  ['two executions of one launch', 'launch-event', { scaleOut: ['SUCCEEDED', 'SUCCEEDED'] }, 'SUCCEEDED, SUCCEEDED'],
  ['a launch that fails', 'launch-event', { scaleOut: ['FAILED'] }, 'FAILED'],
  ['a launch that is given up', 'launch-in-service', { lifecycle: 'gone' }, 'gone'],
  ['commands that are not listed', 'launch-commands', { commands: [] }, 'no join among 0'],
  [
    'a join that is listed without its end',
    'launch-commands',
    { commands: [{ document: 'skep-dev-join', status: 'Pending' }] },
    'Pending',
  ],
  ['a leave that nobody hears of', 'terminate-event', { scaleIn: [] }, 'no execution'],
  ['two executions of one leave', 'terminate-event', { scaleIn: ['FAILED', 'SUCCEEDED'] }, 'FAILED, SUCCEEDED'],
  ['an instance that stays', 'terminate-gone', { gone: false }, 'still there'],
  ['a group that wants one more', 'terminate-gone', { desired: { before: 2, after: 3 } }, 'it wants 3, not 2'],
  ['another name for what is gone', 'gone-refused', { refusedAfter: 'ValidationException' }, 'ValidationException'],
  ['a command to what is gone that is taken', 'gone-refused', { refusedAfter: 'nothing' }, 'nothing'],
];

it('a launch that went well has nothing that is wrong', () => {
  expect(launchFindings(GOOD, WENT_WELL).filter(({ verdict }) => verdict !== 'holds')).toEqual([]);
});

describe('a launch that is wrong in one point', () => {
  it.each(PLANTED)('%s fails %s, and nothing else', (_what, id, change, said) => {
    const found = launchFindings({ ...GOOD, ...change }, WENT_WELL).filter(({ verdict }) => verdict !== 'holds');

    expect(found).toEqual([
      expect.objectContaining({ id, verdict: 'wrong', seen: expect.stringContaining(said), rests: expect.any(String) }),
    ]);
  });

  it('is planted for each assumption', () => {
    expect([...new Set(PLANTED.map(([, id]) => id))].toSorted()).toEqual(LAUNCH_COSTS.map(({ id }) => id).toSorted());
  });
});

it('what was not come to is not settled, and says why; what was is judged', () => {
  const seen: LaunchSeen = { group: 'workers', instance: 'i-1', refusals: ['InvalidInstanceId'], agentAfter: 700 };
  const found = launchFindings(seen, { problem: 'it ended early (ExpiredTokenException)' });

  expect(found.slice(0, 3).map(({ id, verdict, seen: why }) => [id, verdict, why])).toEqual([
    ['launch-refused-early', 'holds', 'as expected'],
    ['launch-agent', 'wrong', 'after 700 s'],
    ['launch-known', 'not settled', 'it ended early (ExpiredTokenException)'],
  ]);
  expect(found.filter(({ verdict }) => verdict === 'not settled')).toHaveLength(8);
});

it('each says before what it costs', () => {
  expect(LAUNCH_COSTS.filter(({ cost }) => cost.length < 5)).toEqual([]);
  expect(LAUNCH_COSTS).toHaveLength(10);
});
